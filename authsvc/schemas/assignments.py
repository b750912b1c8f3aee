"""What goes in and out of handlers/assignments.py. Old clients know some fields by other names: both are taken."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from authsvc.schemas.base import Flag, JsonObject, PageQuery, Reference, Whole
from authsvc.schemas.systems import PublicSystem

REQUIRED = "This field is required."


class Assignment(Schema):
    """ASSIGNMENT: who holds which role of which system."""

    id = fields.Int(required=True)
    assignment_id = fields.Int(metadata={"description": "In lists, where LEGACY_ASSIGNMENT_IDS makes `id` the user's."})
    user_id = fields.Int(required=True)
    email = fields.Email(required=True)
    username = fields.Str(required=True)
    first_name = fields.Str(required=True)
    middle_name = fields.Str(required=True, allow_none=True)
    last_name = fields.Str(required=True)
    full_name = fields.Str(required=True)
    user_is_active = fields.Bool(required=True)
    system_id = fields.Int(required=True)
    system_slug = fields.Str(required=True)
    system_name = fields.Str(required=True)
    role_id = fields.Int(required=True)
    role = fields.Str(required=True)
    role_name = fields.Str(required=True)
    is_active = fields.Bool(required=True)
    settings = fields.Dict(required=True)
    assigned_at = fields.AwareDateTime(required=True)
    assigned_by = fields.Int(required=True, allow_none=True)
    last_logged_on = fields.AwareDateTime(required=True, allow_none=True)


class AssignmentsQuery(PageQuery):
    """Filters; system and role by id or name."""

    user = Whole()
    system = Reference()
    role = Reference()
    is_active = Flag()


class NewAssignment(Schema):
    """`user|user_id`, `system|system_id` (id or slug), `role|role_id` (id, or name within the system)."""

    user = Whole()
    user_id = Whole()
    system = Reference()
    system_id = Reference()
    role = Reference()
    role_id = Reference()
    is_active = Flag(load_default=True)
    settings = JsonObject(load_default=dict)

    @validates_schema
    def _named(self, data: dict[str, Any], **_: Any) -> None:
        missing = {n: [REQUIRED] for n in ("user", "system", "role") if n not in data and f"{n}_id" not in data}
        if missing:
            raise ValidationError(missing)


class AssignmentBody(Schema):
    """What may change; user and system never do."""

    role = Reference()
    role_id = Reference()
    is_active = Flag()
    settings = JsonObject()


class SettingsBody(Schema):
    """New settings for the one assignment that user, system and role name."""

    user_id = Whole(required=True)
    system = Reference()
    role = Reference()
    settings = JsonObject(required=True)


class SystemUsers(Schema):
    """Everybody who holds a role of a system."""

    system = fields.Nested(PublicSystem, required=True)
    users_count = fields.Int(required=True)
    users = fields.List(fields.Nested(Assignment), required=True)
