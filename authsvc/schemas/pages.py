"""What goes in and out of pages/sign_in.py."""

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


class SignInForm(Schema):
    """The page's form as it is sent, either step; what is wrong is said on the page."""

    next = Text(2000, blank="keep", load_default="")
    email = fields.Raw(load_default="", metadata={"type": "string"})
    password = fields.Raw(load_default="", metadata={"type": "string"})
    remember_me = Flag(blank=True, load_default=False)
    captcha_session = Text(200, blank="keep", load_default="")
    captcha_response = Text(50, blank="keep", load_default="")
    temporary_token = Text(200, blank="keep", load_default="")
    otp_code = fields.Raw(load_default="", metadata={"type": "string"})
