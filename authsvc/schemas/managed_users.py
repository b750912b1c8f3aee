"""What goes in and out of handlers/managed_users.py."""

from typing import Any

from marshmallow import Schema, fields, pre_load

from authsvc.core import names
from authsvc.schemas.assignments import Assignment
from authsvc.schemas.base import Checked, Cursor, Flag, Password, Reference, Text, Whole
from authsvc.schemas.systems import PublicSystem
from authsvc.schemas.users import Card, PersonFields

STATUSES = ("Pending", "Approved", "Rejected")
ORDERINGS = ("id", "-id", "email", "-email")


class UsersQuery(Schema):
    """Filters, order and page. Each word of `search` is the beginning of a word of name, address, username …"""

    limit = Whole(1, 500, load_default=100)
    cursor = Cursor(of=(int, str), load_default=None)
    ordering = Text(10, choices=ORDERINGS, load_default="id")
    search = Text(200, blank="null", load_default=None)
    status = Text(10, choices=STATUSES, load_default=None)
    is_active = Flag(load_default=None)
    system = Reference(load_default=None)
    role = Reference(load_default=None)

    @pre_load
    def _empty_is_none(self, data: Any, **_: Any) -> Any:
        return {name: value for name, value in data.items() if name not in ("system", "role") or value != ""}


class NewUser(PersonFields):
    """A new user, by superusers; without a password he gets a link to set one."""

    email = Checked(names.address, required=True)
    password = Password()
    company_id = Checked(names.company_id_form, 32, blank="null")
    status = Text(10, choices=STATUSES)
    is_active = Flag()
    is_staff = Flag()
    is_superuser = Flag()


class UserBody(PersonFields):
    """What may change of a user; what the caller may not set must be unchanged."""

    email = Text(254)
    company_id = Text(32)
    status = Text(10, choices=STATUSES)
    notified = Flag()
    is_active = Flag()
    is_staff = Flag()
    is_superuser = Flag()
    unlock = Flag()
    system_role_id = Whole()
    system_role_is_active = Flag()


class InviteBody(PersonFields):
    """`email`, `system` with `role`, or `role_id` alone; of old: user_id, system_id, role_id."""

    email = Checked(names.address)
    user_id = Whole()
    system = Reference()
    system_id = Reference()
    role = Reference()
    role_id = Reference()

    @pre_load
    def _empty_is_none(self, data: Any, **_: Any) -> Any:
        named = ("user_id", "system", "system_id", "role", "role_id")
        return {name: value for name, value in data.items() if name not in named or value not in ("", None)}


class Invitation(Schema):
    """An invitation; status is pending, accepted, revoked or expired."""

    id = fields.Int(required=True)
    email = fields.Email(required=True)
    status = fields.Str(required=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    system = fields.Str(required=True)
    role = fields.Str(required=True)
    invited_by = fields.Int(required=True)


class Invited(Schema):
    """`invitation` for who must follow a link, `assignment` for who has the role now."""

    message = fields.Str(required=True)
    user = fields.Email(required=True)
    role = fields.Str(required=True)
    system = fields.Str(required=True)
    company_id = fields.Str()
    invitation = fields.Nested(Invitation(only=("id", "email", "status", "expires_at")))
    assignment = fields.Nested(Assignment)


class AcceptBody(PersonFields):
    """The token of the link, a password, and what the person says of himself."""

    token = Text(200, required=True)
    password = Password(required=True)
    password_confirm = Password()


class Accepted(Schema):
    """`user`: the address to sign in with now."""

    message = fields.Str(required=True)
    user = fields.Email(required=True)


class RoleName(Schema):
    """A role, to choose from."""

    id = fields.Int(required=True)
    name = fields.Str(required=True)


class OfferedSystem(PublicSystem):
    """A system and the roles that can be given there."""

    roles = fields.List(fields.Nested(RoleName), required=True)


class Offers(Schema):
    """What an invitation can be made of."""

    available_users = fields.List(fields.Nested(Card), required=True)
    systems = fields.List(fields.Nested(OfferedSystem), required=True)
