"""What goes in and out of pages/sign_in.py and pages/forgotten.py."""

from marshmallow import Schema, fields

from authsvc.schemas.base import Flag, Text


class SignInQuery(Schema):
    """`next`: the path to go to afterwards; `logout`: end the session first; `go`: straight on to the usual system."""

    next = Text(2000, blank="keep", load_default="")
    logout = Flag(load_default=False)
    go = Flag(load_default=False)


class SignInState(Schema):
    """Who asks is signed in here, or not; and where he would go."""

    signed_in = fields.Bool(required=True)
    next = fields.Str(required=True, allow_none=True)


class ForgotForm(Schema):
    """The page's form as it is sent; what is wrong is said on the page."""

    email = fields.Raw(load_default="", metadata={"type": "string"})
    captcha_session = Text(200, blank="keep", load_default="")
    captcha_response = Text(50, blank="keep", load_default="")


class SignInForm(ForgotForm):
    """The same for signing in, either step."""

    next = Text(2000, blank="keep", load_default="")
    password = fields.Raw(load_default="", metadata={"type": "string"})
    remember_me = Flag(blank=True, load_default=False)
    temporary_token = Text(200, blank="keep", load_default="")
    otp_code = fields.Raw(load_default="", metadata={"type": "string"})
