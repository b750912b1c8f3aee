"""What goes in and out of pages/sign_in.py and pages/forgotten.py."""

from marshmallow import Schema, fields

from authsvc.schemas.base import Flag, Text


class SignInQuery(Schema):
    """`next`: the path to go to afterwards; `logout=1`: end the session first; `go=1`: straight on to the usual system.

    What makes no sense counts as not sent: a page has to be seen.
    """

    next = fields.Raw(load_default="", metadata={"type": "string"})
    logout = fields.Raw(load_default="", metadata={"type": "string"})
    go = fields.Raw(load_default="", metadata={"type": "string"})


class SignInState(Schema):
    """Who asks is signed in here, or not; and where he would go."""

    signed_in = fields.Bool(required=True)
    next = fields.Str(required=True, allow_none=True)


class ForgotForm(Schema):
    """The page's form as it is sent; what is wrong is said on the page."""

    email = fields.Raw(load_default="", metadata={"type": "string"})
    captcha_session = Text(200, blank="keep", load_default="")
    captcha_response = Text(200, blank="keep", load_default="")


class SignInForm(ForgotForm):
    """The same for signing in, either step."""

    next = fields.Raw(load_default="", metadata={"type": "string"})
    password = fields.Raw(load_default="", metadata={"type": "string"})
    remember_me = Flag(blank=True, load_default=False)
    temporary_token = Text(200, blank="keep", load_default="")
    otp_code = fields.Raw(load_default="", metadata={"type": "string"})
