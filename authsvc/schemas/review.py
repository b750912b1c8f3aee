"""What goes in and out of handlers/review.py."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from authsvc.schemas.base import AnyOf, PageQuery, Text
from authsvc.schemas.users import Colleague, Employee, Profile

_ACTIONS = {"approve": "Approved", "reject": "Rejected"}
_STATUSES = ("Pending", "Approved", "Rejected")


class EmployeesQuery(PageQuery):
    """A page of employees, by status and search."""

    status = Text(20, choices=_STATUSES, load_default=None)
    search = Text(100, blank="null", load_default=None)


class DecisionBody(Schema):
    """`action` (approve, reject), or the `status` that it leads to."""

    action = Text(20, choices=_ACTIONS)
    status = Text(20, choices=_ACTIONS.values())

    @validates_schema
    def _one(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError("This field is required.", "action")
        if "action" in data and data.get("status", decided(data)) != decided(data):
            raise ValidationError("Action and status contradict each other.", "status")


def decided(body: dict[str, Any]) -> str:
    """The status that a body asks for."""
    return _ACTIONS[body["action"]] if "action" in body else str(body["status"])


class Decided(Schema):
    """The decision, as it stands now."""

    success = fields.Bool(required=True)
    message = fields.Str(required=True)
    user_id = fields.Int(required=True)
    status = fields.Str(required=True)


class Pending(Schema):
    """Who waits for approval; `results` is the same list by its old name."""

    count = fields.Int(required=True)
    users = fields.List(fields.Nested(Employee), required=True)
    results = fields.List(fields.Nested(Employee), required=True)


class HelpDesk(Schema):
    """Everybody of the help desk: `users` are its staff (PROFILE), `all_users` also the employees, each with `type`."""

    count = fields.Int(required=True)
    system_users_count = fields.Int(required=True)
    employees_count = fields.Int(required=True)
    users = fields.List(fields.Nested(Profile), required=True)
    all_users = fields.List(AnyOf(Colleague, Employee), required=True)
