"""What goes in and out of handlers/sessions.py and handlers/tokens.py."""

from marshmallow import Schema, fields

from authsvc.schemas.base import Flag, Password, Text, Token
from authsvc.schemas.users import Employee, Profile


class SignInBody(Schema):
    """Any text may be tried as an address: what is none belongs to nobody."""

    email = Text(254, required=True)
    password = Password(required=True)
    otp_code = Text(50, blank="null")
    captcha_token = Text(100, blank="null")
    remember_me = Flag(blank=True, load_default=True)


class SignedInUser(Profile):
    """PROFILE, as it is part of a sign-in's answer."""


class OtpBody(Schema):
    """A challenge's token and a mailed code, an authenticator's or a recovery code."""

    temporary_token = Text(200, required=True)
    otp_code = Text(50, required=True)


class OtpAsked(Schema):
    """The password was right; a code of the second factor is needed, with this token."""

    success = fields.Bool(required=True)
    otp_required = fields.Bool(required=True)
    temporary_token = fields.Str(required=True)
    expires_in = fields.Int(required=True)
    methods = fields.List(fields.Str(), required=True)
    message = fields.Str(required=True)


class OwnSession(Schema):
    """A live session of the caller."""

    id = fields.Int(required=True)
    created_at = fields.AwareDateTime(required=True)
    last_used_at = fields.AwareDateTime(required=True)
    ip = fields.Str(required=True, allow_none=True)
    user_agent = fields.Str(required=True, allow_none=True)
    current = fields.Bool(required=True)


class Redirect(Schema):
    """Where to go next: the systems in which the person holds an active role."""

    primary_system = fields.Str(required=True, allow_none=True)
    url = fields.Url(required=True, allow_none=True, require_tld=False)
    available_systems = fields.Dict(keys=fields.Str(), values=fields.Url(require_tld=False), required=True)


class SignedIn(Schema):
    """SIGNED_IN: the tokens, also set as cookies, and whose they are."""

    message = fields.Str(required=True)
    access = fields.Str(required=True)
    refresh = fields.Str(required=True)
    expires_in = fields.Int(required=True)
    user = fields.Nested(SignedInUser, required=True)
    redirect = fields.Nested(Redirect, required=True)


class SignedInApi(SignedIn):
    """SIGNED_IN as the old front ends' sign-in path says it."""

    success = fields.Bool(required=True)
    otp_required = fields.Bool(required=True)


class EmployeeSignedIn(Schema):
    """An employee's sign-in: the tokens, also set as cookies, and his EMPLOYEE."""

    success = fields.Bool(required=True)
    access = fields.Str(required=True)
    refresh = fields.Str(required=True)
    expires_in = fields.Int(required=True)
    employee = fields.Nested(Employee, required=True)


class EmployeeOtpAsked(OtpAsked):
    """The same for an employee."""

    requires_otp = fields.Bool(required=True)
    email = fields.Str(required=True)


class RefreshBody(Schema):
    """The refresh token, unless it comes as a cookie."""

    refresh = Token(blank="null")


class Refreshed(Schema):
    """New tokens for a program."""

    access = fields.Str(required=True)
    refresh = fields.Str(required=True)
    expires_in = fields.Int(required=True)


class RefreshedCookie(Schema):
    """A new access token for a browser; both tokens are also set as cookies."""

    message = fields.Str(required=True)
    access = fields.Str(required=True)
    expires_in = fields.Int(required=True)
    user_type = fields.Str(required=True)


class AccessToken(Schema):
    """An access token and its life in seconds."""

    access = fields.Str(required=True)
    expires_in = fields.Int(required=True)


class VerifyBody(Schema):
    """An access or a refresh token."""

    token = Token(required=True)


class Empty(Schema):
    """Nothing."""


class Message(Schema):
    """A sentence for people."""

    message = fields.Str(required=True)


class Validated(Schema):
    """The presented token is good, and whose it is."""

    valid = fields.Bool(required=True)
    user_id = fields.Int(required=True)
    user_type = fields.Str(required=True)
    session_id = fields.Int(required=True)
    expires_at = fields.AwareDateTime(required=True)
    token_validated_at = fields.AwareDateTime(required=True)


class ValidatedUser(Profile, Validated):
    """The presented token is good; with the PROFILE of whose it is."""


class ValidatedEmployee(Employee, Validated):
    """The presented token is good; with the EMPLOYEE of whose it is."""
