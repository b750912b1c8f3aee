"""What pages with a form have in common: what was wrong in sentences, and a captcha inside where one is needed."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from authsvc.errors import ApiError, Invalid
from authsvc.flows import captcha
from authsvc.keys import ORIGIN, SERVICE
from authsvc.pages.render import page
from authsvc.replies import hinting

_LABELS = {"email": "E-mail address", "otp_code": "Code", "captcha_response": "Captcha"}


def form_page(template: str, err: ApiError | None = None, **values: Any) -> web.Response:
    """A page whose address has no secret in it; with an error, its status and its sentences, as `errors`.

    Without a referrer some browsers would not say whose form they send.
    """
    response = page(template, err.status if err else 200, errors=_sentences(err) if err else [], **values)
    response.headers["Referrer-Policy"] = "same-origin"
    return hinting(response, err) if err else response


async def captcha_token(request: web.Request, form: Mapping[str, Any]) -> str | None:
    """The token of the captcha that was in the form; None when there was none, Invalid when it was not solved."""
    if not form["captcha_session"]:
        return None
    given = form["captcha_session"], form["captcha_response"]
    token = await captcha.verify(request.app[SERVICE], *given, request[ORIGIN])
    if token is None:
        raise Invalid({"captcha": ["These are not the characters of the picture."]})
    return token


def _sentences(err: ApiError) -> list[str]:
    if not isinstance(err, Invalid):
        return [err.detail]
    return [
        f"{_LABELS.get(name, name.capitalize())}: {sentence}"
        for name, found in err.fields.items()
        for sentence in found
    ]
