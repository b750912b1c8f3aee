"""What goes in and out of handlers/systems.py."""

from marshmallow import Schema, fields


class PublicSystems(Schema):
    """What anybody may know of a system; the reply is an array of these."""

    class Meta:
        many = True

    id = fields.Int(required=True)
    name = fields.Str(required=True)
    slug = fields.Str(required=True)
