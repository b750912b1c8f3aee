"""What goes in and out of handlers/users.py and handlers/profile.py."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validates_schema

from authsvc.core import names
from authsvc.schemas.base import AnyOf, Checked, Password, Picture, Text

SUFFIXES = ("Jr.", "Sr.", "II", "III", "IV", "V")


class PersonFields(Schema):
    """What people say of themselves; settings decide about phone numbers and departments in the flow."""

    username = Text(150)
    first_name = Text(100, blank="keep")
    middle_name = Text(100, blank="null")
    last_name = Text(100, blank="keep")
    suffix = Text(10, blank="null", choices=SUFFIXES)
    phone_number = Text(40, blank="null")
    department = Text(100, blank="null")


class RegisterBody(PersonFields):
    """`password2` or `password_confirm` must match when sent; an empty username is none."""

    email = Checked(names.address, required=True)
    password = Password(required=True)
    password2 = Password(blank=True)
    password_confirm = Password(blank=True)
    captcha_token = Text(100, blank="null")

    @pre_load
    def _no_empty_username(self, data: Any, **_: Any) -> Any:
        return {name: value for name, value in data.items() if name != "username" or value not in ("", None)}

    @validates_schema
    def _passwords_match(self, data: dict[str, Any], **_: Any) -> None:
        for name in ("password2", "password_confirm"):
            if name in data and data[name] != data["password"]:
                raise ValidationError("Passwords do not match.", name)


class EmployeeRegisterBody(RegisterBody):
    """The same; an employee may bring the company id that he has."""

    company_id = Checked(names.company_id, 32, blank="null")


class ProfileBody(PersonFields):
    """The own profile's writable fields; each is optional and keeps its value when left out, in PATCH and PUT.

    Another `email` needs `current_password`, and is the person's once the link mailed to it was used.
    """

    profile_picture = Picture()
    email = Text(254)
    current_password = Password(blank=True)


class SystemRole(Schema):
    """One assignment of a person, switched-off ones included."""

    id = fields.Int(required=True)
    system_name = fields.Str(required=True)
    system_slug = fields.Str(required=True)
    role_name = fields.Str(required=True)
    assigned_at = fields.AwareDateTime(required=True)
    last_logged_on = fields.AwareDateTime(required=True, allow_none=True)
    is_active = fields.Bool(required=True)


class PersonReply(Schema):
    """What PROFILE and EMPLOYEE have in common."""

    id = fields.Int(required=True)
    email = fields.Email(required=True)
    username = fields.Str(required=True)
    first_name = fields.Str(required=True)
    middle_name = fields.Str(required=True, allow_none=True)
    last_name = fields.Str(required=True)
    full_name = fields.Str(required=True)
    suffix = fields.Str(required=True, allow_none=True)
    phone_number = fields.Str(required=True, allow_none=True)
    company_id = fields.Str(required=True)
    department = fields.Str(required=True, allow_none=True)
    status = fields.Str(required=True)
    notified = fields.Bool(required=True)
    is_active = fields.Bool(required=True)
    profile_picture = fields.Url(required=True, allow_none=True, require_tld=False)
    date_joined = fields.AwareDateTime(required=True)
    last_login = fields.AwareDateTime(required=True, allow_none=True)
    otp_enabled = fields.Bool(required=True)
    system_roles = fields.List(fields.Nested(SystemRole), required=True)


class Profile(PersonReply):
    """PROFILE: a staff user as he sees himself."""

    is_staff = fields.Bool(required=True)
    is_superuser = fields.Bool(required=True)


class Employee(PersonReply):
    """EMPLOYEE: an employee as he sees himself."""

    type = fields.Str(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


OWN_PROFILE = AnyOf(Profile, Employee)


class Colleague(Profile):
    """A staff user in a list or a lookup that knows employees too."""

    type = fields.Str(required=True)


class Me(Schema):
    """Staff or employee, and the PROFILE or EMPLOYEE that goes with it."""

    type = fields.Str(required=True)
    data = AnyOf(Profile, Employee, required=True)


class Card(Schema):
    """The directory card: what every colleague may see."""

    id = fields.Int(required=True)
    type = fields.Str(required=True)
    email = fields.Email(required=True)
    first_name = fields.Str(required=True)
    last_name = fields.Str(required=True)
    full_name = fields.Str(required=True)
    company_id = fields.Str(required=True)
    department = fields.Str(required=True, allow_none=True)
    profile_picture = fields.Url(required=True, allow_none=True, require_tld=False)
