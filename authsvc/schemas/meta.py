"""What goes out of handlers/meta.py."""

from marshmallow import Schema, fields

LINKS = fields.Dict(keys=fields.Str(), values=fields.Str(), metadata={"description": "Names and paths."})
DOCUMENT = fields.Dict(metadata={"description": "An OpenAPI 3.1 document."})


class Health(Schema):
    """It is well."""

    status = fields.Str(required=True)


class KeySet(Schema):
    """A JWK Set (RFC 7517)."""

    keys = fields.List(fields.Dict(), required=True)
