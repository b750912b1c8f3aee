"""What goes in and out of handlers/passwords.py. Old clients know some fields by other names: both are taken."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from authsvc.core import names
from authsvc.schemas.base import Checked, Password, Text

REQUIRED = "This field is required."
CURRENT = ("current_password", "old_password")
NEW_CONFIRM = ("new_password_confirm", "confirm_password")


def sent(data: dict[str, Any], *field_names: str) -> tuple[str, str]:
    """Which of several names of a field was sent, and its value; the first name when none was."""
    return next(((name, data[name]) for name in field_names if name in data), (field_names[0], ""))


class ForgotBody(Schema):
    """An address that somebody may have."""

    email = Checked(names.typed_address, required=True)
    captcha_token = Text(100, blank="null")


class ResetBody(Schema):
    """The token of the mailed link and the new password, as `password` or `new_password`."""

    token = Text(200, required=True)
    password = Password()
    new_password = Password()
    password_confirm = Password()
    confirm_password = Password()

    @validates_schema
    def _one_new_password(self, data: dict[str, Any], **_: Any) -> None:
        name, value = sent(data, "password", "new_password")
        if not value:
            raise ValidationError(REQUIRED, name)
        confirm, again = sent(data, "password_confirm", "confirm_password")
        if not again:
            raise ValidationError(REQUIRED, confirm)
        if again != value:
            raise ValidationError("Passwords do not match.", confirm)


class ChangeBody(Schema):
    """The current and the new password; a confirmation must match when sent."""

    current_password = Password()
    old_password = Password()
    new_password = Password(required=True)
    new_password_confirm = Password(blank=True)
    confirm_password = Password(blank=True)

    @validates_schema
    def _consistent(self, data: dict[str, Any], **_: Any) -> None:
        if not sent(data, *CURRENT)[1]:
            raise ValidationError(REQUIRED, CURRENT[0])
        confirm, again = sent(data, *NEW_CONFIRM)
        if again and again != data.get("new_password"):
            raise ValidationError("Passwords do not match.", confirm)


class CheckBody(Schema):
    """A password that may be the current one."""

    current_password = Password()
    password = Password()

    @validates_schema
    def _one(self, data: dict[str, Any], **_: Any) -> None:
        if not sent(data, "current_password", "password")[1]:
            raise ValidationError(REQUIRED, "current_password")


class Said(Schema):
    """A sentence for people."""

    message = fields.Str(required=True)


class Detail(Schema):
    """A sentence for people."""

    detail = fields.Str(required=True)


class PasswordRight(Detail):
    """The password is right."""

    verified = fields.Bool(required=True)


class ConfirmBody(Schema):
    """The token of a link that proves an address."""

    token = Text(200, required=True)


class LinkState(Schema):
    """What is behind a page for a mailed link."""

    valid = fields.Bool(required=True)


class Confirmed(Schema):
    """The address that was proven."""

    message = fields.Str(required=True)
    email = fields.Email(required=True)


class LinkQuery(Schema):
    """The token of a mailed link."""

    token = Text(200, blank="keep", load_default="")


class ResetForm(Schema):
    """A page's form as it is sent; what is wrong is said on the page."""

    token = Text(200, blank="keep", load_default="")
    password = fields.Raw(load_default="", metadata={"type": "string"})
    password_confirm = fields.Raw(load_default="", metadata={"type": "string"})
