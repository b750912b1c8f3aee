"""What goes in and out of handlers/roles.py."""

from marshmallow import Schema, fields

from authsvc.core import names
from authsvc.schemas.base import Checked, Flag, PageQuery, Reference, Text
from authsvc.schemas.systems import PublicSystem

ALL = 100_000  # more roles than any system has


class Role(Schema):
    """ROLE."""

    id = fields.Int(required=True)
    name = fields.Str(required=True)
    system = fields.Int(required=True)
    system_slug = fields.Str(required=True)
    system_name = fields.Str(required=True)
    description = fields.Str(required=True)
    is_custom = fields.Bool(required=True)
    created_at = fields.AwareDateTime(required=True)


class RolesQuery(PageQuery):
    """`system`: id or slug; also by its old name."""

    system = Reference()
    system__slug = Text(50, blank="null")


class NewRole(Schema):
    """A role of a system, named by id or slug."""

    system = Reference(required=True)
    name = Checked(names.label, 150, required=True)
    description = Text(2000, blank="keep", multiline=True)
    is_custom = Flag()


class RoleBody(Schema):
    """What may change of a role; it never changes its system."""

    name = Checked(names.label, 150)
    description = Text(2000, blank="keep", multiline=True)
    is_custom = Flag()


class SystemRoles(Schema):
    """All roles of a system."""

    system = fields.Nested(PublicSystem, required=True)
    roles_count = fields.Int(required=True)
    roles = fields.List(fields.Nested(Role), required=True)
