"""What goes in and out of handlers/systems.py."""

from marshmallow import Schema, fields

from authsvc.core import names
from authsvc.schemas.base import Checked, Flag, PageQuery, Text


class PublicSystem(Schema):
    """What anybody may know of a system."""

    id = fields.Int(required=True)
    name = fields.Str(required=True)
    slug = fields.Str(required=True)


class System(Schema):
    """SYSTEM."""

    id = fields.Int(required=True)
    name = fields.Str(required=True)
    slug = fields.Str(required=True)
    description = fields.Str(required=True)
    url = fields.Url(required=True, allow_none=True, require_tld=False)
    is_active = fields.Bool(required=True)
    created_at = fields.AwareDateTime(required=True)


class SystemsQuery(PageQuery):
    """`slug`: only this one."""

    slug = Text(50, blank="null")


class NewSystem(Schema):
    """A system; its slug is made from its name when left out."""

    name = Checked(names.label, 150, required=True)
    slug = Checked(names.slug, 50)
    description = Text(2000, blank="keep", multiline=True)
    url = Checked(names.web_address, 500, blank="null")


class SystemBody(Schema):
    """What may change of a system; slug and is_active by superusers only."""

    name = Checked(names.label, 150)
    slug = Checked(names.slug, 50)
    description = Text(2000, blank="keep", multiline=True)
    url = Checked(names.web_address, 500, blank="null")
    is_active = Flag()


class DeleteQuery(Schema):
    """`force=true`: with everything that hangs on it."""

    force = Flag(load_default=False)
