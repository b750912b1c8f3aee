"""What goes in and out of handlers/tts.py."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from authsvc.core import names
from authsvc.schemas.assignments import REQUIRED, Assignment
from authsvc.schemas.base import MAX_ID, AnyOf, Checked, JsonObject, Reference, Text, Whole
from authsvc.schemas.managed_users import RoleName
from authsvc.schemas.roles import Role
from authsvc.schemas.users import Card

_MAX_BATCH = 1000
_IDS = {"type": "array", "items": {"type": "integer"}, "maxItems": _MAX_BATCH}


class TurnsQuery(Schema):
    """`system` (tts when left out) and `role`; old callers say `role_name` or `role_id` and get a bare array."""

    system = Text(50, load_default="tts")
    role = Text(150, blank="null")
    role_name = Text(150, blank="null")
    role_id = Whole()

    @validates_schema
    def _role_is_named(self, data: dict[str, Any], **_: Any) -> None:
        if not (data.get("role") or data.get("role_name") or data.get("role_id")):
            raise ValidationError(REQUIRED, "role")


class Turns(Schema):
    """Who takes turns, and who is next: null where nobody is."""

    user_ids = fields.List(fields.Int(), required=True)
    system = fields.Str(required=True)
    role = fields.Str(required=True)
    count = fields.Int(required=True)
    next_user_id = fields.Int(required=True, allow_none=True)


class NextBody(Schema):
    """Whose turn to hand out."""

    system = Text(50, load_default="tts")
    role = Text(150, required=True)


class Turn(Schema):
    """One turn."""

    user_id = fields.Int(required=True)
    turn = fields.Int(required=True)


class InfosBody(Schema):
    """Up to 1,000 ids; old callers say `employee_cookie_ids` and get an object keyed by id."""

    user_ids = fields.Raw(metadata=_IDS)
    employee_cookie_ids = fields.Raw(metadata=_IDS)

    @validates_schema
    def _ids(self, data: dict[str, Any], **_: Any) -> None:
        name = "user_ids" if "user_ids" in data or "employee_cookie_ids" not in data else "employee_cookie_ids"
        if name not in data:
            raise ValidationError(REQUIRED, "user_ids")
        ids = data[name]
        if not isinstance(ids, list) or len(ids) > _MAX_BATCH:
            raise ValidationError(f"Expected a list of at most {_MAX_BATCH} ids.", name)
        if ids and (set(map(type, ids)) != {int} or min(ids) < 1 or max(ids) > MAX_ID):
            raise ValidationError("A valid integer is required.", name)


class InfoRole(Schema):
    """One assignment of a person."""

    system = fields.Str(required=True)
    system_slug = fields.Str(required=True)
    role = fields.Str(required=True)
    is_active = fields.Bool(required=True)


class Info(Schema):
    """A person as programs see him."""

    id = fields.Int(required=True)
    email = fields.Email(required=True)
    first_name = fields.Str(required=True)
    last_name = fields.Str(required=True)
    full_name = fields.Str(required=True)
    company_id = fields.Str(required=True)
    profile_picture = fields.Url(required=True, allow_none=True, require_tld=False)
    department = fields.Str(required=True, allow_none=True)
    position = fields.Str(required=True, allow_none=True)
    is_active = fields.Bool(required=True)
    date_joined = fields.AwareDateTime(required=True)
    system_roles = fields.List(fields.Nested(InfoRole), required=True)


INFO = AnyOf(Info, Card)


class Infos(Schema):
    """Who was found, and the ids of nobody."""

    users = fields.List(INFO, required=True)
    not_found = fields.List(fields.Int(), required=True)


class AssignAgentBody(Schema):
    """`user_id` (of old: userID), `role` (`role_id`, `role_name`), `system_slug` (tts when left out)."""

    user_id = Whole()
    userID = Whole()  # noqa: N815 - the old front end's name
    role = Reference()
    role_id = Reference()
    role_name = Reference()
    system_slug = Text(50, load_default="tts")
    settings = JsonObject(load_default=dict)

    @validates_schema
    def _named(self, data: dict[str, Any], **_: Any) -> None:
        missing = {}
        if "user_id" not in data and "userID" not in data:
            missing["user_id"] = [REQUIRED]
        if not {"role", "role_id", "role_name"} & data.keys():
            missing["role"] = [REQUIRED]
        if missing:
            raise ValidationError(missing)


class Assigned(Assignment):
    """ASSIGNMENT, and whether it is new."""

    message = fields.Str(required=True)


class NewRoleBody(Schema):
    """A role of `system`, tts when left out."""

    name = Checked(names.label, 150, required=True)
    description = Text(2000, blank="keep", multiline=True)
    system = Reference()


class CreatedRole(Role):
    """ROLE."""

    message = fields.Str(required=True)


class OfferedRole(RoleName):
    """A role, to choose from, and its system."""

    system_slug = fields.Str(required=True)


class FormData(Schema):
    """What the assignment forms offer."""

    assignments = fields.List(fields.Nested(Assignment), required=True)
    roles = fields.List(fields.Nested(OfferedRole), required=True)
    users = fields.List(fields.Nested(Card), required=True)
