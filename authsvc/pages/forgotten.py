"""The page for a forgotten password: an address goes in, and the same is said whether somebody has it or not."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from authsvc import bodies
from authsvc.errors import ApiError, CaptchaRequired, Invalid
from authsvc.flows import captcha, landing, recover_password
from authsvc.keys import BODY, ORIGIN, SERVICE
from authsvc.pages.forms import captcha_token, form_page
from authsvc.replies import HTML
from authsvc.routing import api, kind_of
from authsvc.schemas import pages as s
from authsvc.schemas.passwords import ForgotBody

_SAID = "If an account has this address, a link to set a new password was mailed to it. It works for an hour."


@api(media=HTML)
async def show(request: web.Request) -> web.Response:
    """The form for a forgotten password."""
    return await _form(request, {"email": ""})


@api(body=s.ForgotForm, media=HTML, errors=(Invalid,), forms=True)
async def submit(request: web.Request) -> web.Response:
    """Mail a link for a new password to whoever has the address."""
    form, kind = request[BODY], kind_of(request)
    try:
        body = bodies.load(ForgotBody, {"email": form["email"]})
        token = await captcha_token(request, form)
        await recover_password.forgot(request.app[SERVICE], kind, body["email"], token, request[ORIGIN])
    except ApiError as err:
        return await _form(request, form, err)
    return form_page("done.html", title="Look into your mail", text=_SAID)


async def _form(request: web.Request, form: Mapping[str, Any], err: ApiError | None = None) -> web.Response:
    kind, svc = kind_of(request), request.app[SERVICE]
    needs_one = isinstance(err, CaptchaRequired) or (isinstance(err, Invalid) and bool(form["captcha_session"]))
    challenge = await captcha.generate(svc, "forgot") if needs_one else None
    action = landing.FORGOTTEN_PAGES[kind]
    back, email = landing.SIGN_IN_PAGES[kind], form["email"] if isinstance(form["email"], str) else ""
    return form_page("forgotten.html", err, action=action, back=back, email=email, captcha=challenge)
