"""What goes in and out of handlers/captcha.py."""

from marshmallow import Schema, fields

from authsvc.schemas.base import Text


class GenerateBody(Schema):
    """What the token will be good for; left out: for any of these."""

    purpose = Text(20, blank="null", choices=("sign_in", "register", "forgot"))


class Challenge(Schema):
    """An image and the same as sound, as data URIs."""

    session_id = fields.Str(required=True)
    image = fields.Str(required=True)
    audio = fields.Str(required=True)
    expires_in = fields.Int(required=True)


class AnswerBody(Schema):
    """What was read or heard; upper and lower case are the same."""

    session_id = Text(200, required=True)
    response = Text(50, required=True)


class Answered(Schema):
    """`captcha_token` only with a right answer."""

    valid = fields.Bool(required=True)
    session_id = fields.Str(required=True)
    captcha_token = fields.Str()


class RequiredQuery(Schema):
    """Left out: for this browser and network."""

    email = Text(254, blank="null")


class Required(Schema):
    """Whether the next attempt needs one."""

    required = fields.Bool(required=True)
    email = fields.Str(required=True, allow_none=True)
    failed_attempts = fields.Int(required=True)
