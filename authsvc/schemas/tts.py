"""What goes in and out of handlers/tts.py."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from authsvc.core import names
from authsvc.schemas.assignments import REQUIRED
from authsvc.schemas.base import Checked, JsonObject, Reference, Text, Whole

_MAX_BATCH = 1000


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

    user_ids = fields.Raw()
    employee_cookie_ids = fields.Raw()

    @validates_schema
    def _ids(self, data: dict[str, Any], **_: Any) -> None:
        name = "user_ids" if "user_ids" in data or "employee_cookie_ids" not in data else "employee_cookie_ids"
        if name not in data:
            raise ValidationError(REQUIRED, "user_ids")
        ids = data[name]
        if not isinstance(ids, list) or len(ids) > _MAX_BATCH:
            raise ValidationError(f"Expected a list of at most {_MAX_BATCH} ids.", name)
        if any(type(i) is not int or not 1 <= i < 2**31 for i in ids):
            raise ValidationError("A valid integer is required.", name)


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


class NewRoleBody(Schema):
    """A role of `system`, tts when left out."""

    name = Checked(names.label, 150, required=True)
    description = Text(2000, blank="keep", multiline=True)
    system = Reference()


class FormData(Schema):
    """What the assignment forms offer."""

    assignments = fields.List(fields.Dict(), required=True)
    roles = fields.List(fields.Dict(), required=True)
    users = fields.List(fields.Dict(), required=True)
