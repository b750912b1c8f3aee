"""What goes in and out of handlers/otp.py."""

from marshmallow import Schema, fields

from authsvc.schemas.base import Password, Text


class RequestBody(Schema):
    """One of: a challenge's token; address and password; nothing, signed in; an address alone (told nothing)."""

    temporary_token = Text(200, blank="null")
    email = Text(254, blank="null")
    password = Password()
    captcha_token = Text(100, blank="null")


class Requested(Schema):
    """The same whether a mail was sent or not."""

    message = fields.Str(required=True)
    expires_in_minutes = fields.Int(required=True)


class EnableBody(Schema):
    """A mailed code; the password too where the client asks for it."""

    otp_code = Text(50, required=True)
    password = Password()


class DisableBody(Schema):
    """Password and code."""

    otp_code = Text(50, required=True)
    password = Password(required=True)


class ConfirmBody(Schema):
    """The first code of an authenticator app."""

    otp_code = Text(50, required=True)


class Enabled(Schema):
    """The recovery codes are shown this once."""

    message = fields.Str(required=True)
    otp_enabled = fields.Bool(required=True)
    recovery_codes = fields.List(fields.Str())


class Disabled(Schema):
    """It is off."""

    message = fields.Str(required=True)
    otp_enabled = fields.Bool(required=True)


class Verified(Schema):
    """Both are right; neither was spent."""

    verified = fields.Bool(required=True)


class AppSecret(Schema):
    """What an authenticator app needs: base32, otpauth URI, and the same as a QR code (SVG data URI)."""

    secret = fields.Str(required=True)
    otpauth_uri = fields.Str(required=True)
    qr = fields.Str(required=True)


class RecoveryCodes(Schema):
    """Ten codes, shown this once."""

    recovery_codes = fields.List(fields.Str(), required=True)
