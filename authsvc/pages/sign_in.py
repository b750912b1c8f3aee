"""The sign-in pages of staff and of employees, and the link that signs out. No script is needed on any of them."""

import contextlib
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from authsvc import bodies, cookies, entrance, guard
from authsvc.browser import needs_captcha
from authsvc.core.person import Kind, Person
from authsvc.errors import (
    ApiError,
    CaptchaRequired,
    Invalid,
    InvalidCredentials,
    NotAuthenticated,
    OtpRequired,
    TokenNotValid,
)
from authsvc.flows import captcha, landing
from authsvc.flows.refresh import access_token_of
from authsvc.flows.sign_in import SignedIn
from authsvc.flows.sign_out import sign_out
from authsvc.keys import BODY, CALLER, ORIGIN, QUERY, SERVICE
from authsvc.pages.forms import captcha_token, form_page
from authsvc.pages.render import wants_json
from authsvc.replies import HTML, reply
from authsvc.routing import BOTH_KINDS, api, kind_of
from authsvc.schemas import pages as s
from authsvc.schemas.sessions import OtpBody, SignInBody

_TITLES = {Kind.STAFF: "Sign in", Kind.EMPLOYEE: "Sign in to the help desk"}
_METHODS = {"email": "the code that was mailed to you", "totp": "a code of your authenticator app"}
_NO_FORM: Mapping[str, Any] = {"email": "", "remember_me": False}
_YES = ("1", "true", "on")


@api(query=s.SignInQuery, reply=s.SignInState, or_status=(303,))
async def show(request: web.Request) -> web.Response:
    """The sign-in form; where somebody is signed in, his way on, or with `logout=1` the way out."""
    svc, query, kind = request.app[SERVICE], request[QUERY], kind_of(request)
    wanted = landing.own_path(query["next"])
    if query["logout"] in _YES:
        return await _left(request, kind, wanted)
    person, access = await _signed_in_before(request, kind)
    known = await svc.known.person(svc.db, person) if person else None
    if wants_json(request):
        return reply({"signed_in": known is not None, "next": wanted})
    if known is None:
        challenge = await captcha.generate(svc, "sign_in") if await needs_captcha(request) else None
        return _form(kind, _NO_FORM, wanted, None, challenge)
    if wanted:
        response = web.Response(status=303, headers={"Location": wanted})
    else:
        doors = await landing.doors(svc, kind, known.profile)
        goes = query["go"] in _YES and bool(doors)
        response = form_page("signed_in.html", email=known.profile["email"], doors=doors, goes=goes)
    if access:
        cookies.set_access(response, svc.settings, access)
    return response


@api(body=s.SignInForm, status=303, media=HTML, errors=(Invalid,), forms=True)
async def submit(request: web.Request) -> web.Response:
    """Sign in with what the form holds: address and password, then the code of a second factor if there is one."""
    form, kind = request[BODY], kind_of(request)
    to = landing.own_path(form["next"]) or f"{landing.SIGN_IN_PAGES[kind]}?go=1"
    try:
        found = await _signed_in(request, form)
    except OtpRequired as err:
        return _code_form(kind, form, token=err.extra["temporary_token"], methods=err.extra["methods"])
    except ApiError as err:
        if form["temporary_token"]:
            return _code_form(kind, form, err, token=form["temporary_token"], methods=())
        return await _again(request, kind, form, err)
    await _ended(request)  # the session before, of whoever it was: its cookies are gone now, and nobody could end it
    response = web.Response(status=303, headers={"Location": to})
    entrance.leave_cookies(request, response, found)
    return response


@api(status=303, or_status=(200,), media=HTML)
async def leave(request: web.Request) -> web.Response:
    """End this session and go to the sign-in page; a cross-site link gets a page with a button instead."""
    if not entrance.by_own_link(request):
        return form_page("sign_out.html")
    kind = await _ended(request) or Kind.STAFF
    response = web.Response(status=303, headers={"Location": landing.SIGN_IN_PAGES[kind]})
    entrance.take_cookies(request, response)
    return response


async def _left(request: web.Request, kind: Kind, wanted: str | None) -> web.Response:
    if not entrance.by_own_link(request):
        return form_page("sign_out.html")
    await _ended(request)
    response = reply({"signed_in": False, "next": wanted}) if wants_json(request) else _form(kind, _NO_FORM, wanted)
    entrance.take_cookies(request, response)
    return response


async def _signed_in_before(request: web.Request, kind: Kind) -> tuple[Person | None, str | None]:
    """Who is signed in; and an access token for the cookie, where only the refresh cookie was left of a session."""
    svc, caller, token = request.app[SERVICE], request[CALLER], request.cookies.get(cookies.REFRESH)
    if caller is not None and caller.person.kind is kind:
        return caller.person, None
    if token:
        with contextlib.suppress(TokenNotValid):
            access = await access_token_of(svc, token, frozenset({kind}))
            return svc.tokens.read(access).person, access
    return None, None


async def _ended(request: web.Request) -> Kind | None:
    with contextlib.suppress(NotAuthenticated, TokenNotValid):
        return await sign_out(request.app[SERVICE], entrance.presented(request), BOTH_KINDS, request[ORIGIN])
    return None


async def _signed_in(request: web.Request, form: Mapping[str, Any]) -> SignedIn:
    if form["temporary_token"]:
        code = form["otp_code"]
        if isinstance(code, str):
            code = "".join(code.split())  # apps show digits in groups
        return await entrance.second_step(request, bodies.load(OtpBody, {**form, "otp_code": code}))
    body = bodies.load(SignInBody, {name: form[name] for name in ("email", "password", "remember_me")})
    body["captcha_token"] = await captcha_token(request, form)
    return await entrance.first_step(request, body)


async def _again(request: web.Request, kind: Kind, form: Mapping[str, Any], err: ApiError) -> web.Response:
    """The form once more, with what was wrong, and with a captcha where the next try needs one."""
    svc, needs_one = request.app[SERVICE], isinstance(err, CaptchaRequired)
    if isinstance(err, Invalid):
        needs_one = bool(form["captcha_session"])
    elif isinstance(err, InvalidCredentials):
        failures = await captcha.failures_of(svc, str(form["email"]), cookies.device_of(request))
        needs_one = failures >= guard.FREE_TRIES or await needs_captcha(request)
    challenge = await captcha.generate(svc, "sign_in") if needs_one else None
    return _form(kind, form, landing.own_path(form["next"]), err, challenge)


def _form(
    kind: Kind,
    form: Mapping[str, Any],
    wanted: str | None,
    err: ApiError | None = None,
    challenge: captcha.Challenge | None = None,
) -> web.Response:
    email = form["email"] if isinstance(form["email"], str) else ""
    values = {"email": email, "remember": form["remember_me"], "captcha": challenge}
    return form_page("sign_in.html", err, forgotten=landing.FORGOTTEN_PAGES[kind], **values, **_head(kind, wanted))


def _code_form(kind: Kind, form: Mapping[str, Any], err: ApiError | None = None, **values: Any) -> web.Response:
    ways = " or ".join(_METHODS[method] for method in values.pop("methods")) or "the code"
    return form_page("sign_in_code.html", err, ways=ways, **values, **_head(kind, landing.own_path(form["next"])))


def _head(kind: Kind, wanted: str | None) -> dict[str, str]:
    return {"title": _TITLES[kind], "action": landing.SIGN_IN_PAGES[kind], "next": wanted or ""}
