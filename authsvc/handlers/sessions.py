"""Signing in and out."""

import contextlib
from typing import Any

from aiohttp import web

from authsvc import cookies
from authsvc.browser import counting_failures
from authsvc.core.person import Kind
from authsvc.core.profiles import shown
from authsvc.errors import (
    AccountDisabled,
    ApiError,
    CaptchaRequired,
    InvalidCredentials,
    LockedOut,
    NotAuthenticated,
    NotFound,
    OtpInvalid,
    OtpRequired,
    Overloaded,
    PendingApproval,
    Rejected,
    TokenNotValid,
    WrongAccountType,
)
from authsvc.flows import landing, own_sessions
from authsvc.flows.sign_in import Credentials, SignedIn, answer_challenge, sign_in
from authsvc.flows.sign_out import Presented, sign_out
from authsvc.keys import BODY, ORIGIN, SERVICE, caller_of, id_of
from authsvc.presented import bearer
from authsvc.replies import reply
from authsvc.routing import BOTH_KINDS, api, kind_of, row_of
from authsvc.schemas import sessions as s
from authsvc.schemas.base import AnyOf

_REFUSALS: tuple[type[ApiError], ...] = (
    InvalidCredentials,
    OtpRequired,
    OtpInvalid,
    PendingApproval,
    Rejected,
    AccountDisabled,
    CaptchaRequired,
    LockedOut,
    Overloaded,
)
_WRONG_CODE: tuple[type[ApiError], ...] = (InvalidCredentials, OtpInvalid, LockedOut, Overloaded)
_ASK = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign out</title>
<h1>Sign out</h1><form method="post" action="/logout/"><button>Sign out</button></form></html>"""


async def _sign_in(request: web.Request) -> SignedIn:
    body = request[BODY]
    given = Credentials(
        email=body["email"],
        password=body["password"],
        otp_code=body.get("otp_code"),
        captcha_token=body.get("captcha_token"),
        remember=body["remember_me"],
        device=cookies.device_of(request),
    )
    async with counting_failures(request):
        return await sign_in(request.app[SERVICE], kind_of(request), given, request[ORIGIN])


async def _signed_in(request: web.Request, found: SignedIn, **more: bool) -> web.Response:
    svc = request.app[SERVICE]
    data = {
        "message": "Login successful",
        "access": found.access,
        "refresh": found.refresh,
        "expires_in": svc.settings.access_ttl,
        "user": shown(found.profile, svc.settings.public_url),
        "redirect": await landing.systems_of(svc, found.profile),
    }
    return _with_cookies(request, found, {**more, **data})


def _employee_signed_in(request: web.Request, found: SignedIn) -> web.Response:
    settings = request.app[SERVICE].settings
    data = {
        "success": True,
        "access": found.access,
        "refresh": found.refresh,
        "expires_in": settings.access_ttl,
        "employee": shown(found.profile, settings.public_url),
    }
    return _with_cookies(request, found, data)


def _with_cookies(request: web.Request, found: SignedIn, data: dict[str, Any]) -> web.Response:
    response, settings = reply(data), request.app[SERVICE].settings
    cookies.set_pair(response, settings, found.access, found.refresh, remember=found.remember)
    cookies.set_device(response, settings, found.device)
    return response


@api(body=s.SignInBody, reply=s.SignedIn, errors=_REFUSALS, forms=True)
async def obtain(request: web.Request) -> web.Response:
    """Sign in with e-mail address and password; the answer of a password grant."""
    return await _signed_in(request, await _sign_in(request))


@api(body=s.SignInBody, reply=AnyOf(s.SignedInApi, s.OtpAsked), errors=_REFUSALS, forms=True)
async def login_api(request: web.Request) -> web.Response:
    """Sign in with e-mail address and password; answers say `success`, and a wanted code is no error."""
    try:
        found = await _sign_in(request)
    except OtpRequired as err:
        return reply({"success": False, "otp_required": True, **err.extra, "message": err.detail})
    except ApiError as err:
        err.extra["success"] = False
        raise
    return await _signed_in(request, found, success=True, otp_required=False)


@api(body=s.SignInBody, reply=AnyOf(s.EmployeeSignedIn, s.EmployeeOtpAsked), errors=_REFUSALS, forms=True)
async def login_employee(request: web.Request) -> web.Response:
    """Sign an employee in; answers say `success`, and a wanted code is no error."""
    try:
        found = await _sign_in(request)
    except OtpRequired as err:
        asked = {"requires_otp": True, "otp_required": True, "email": request[BODY]["email"], "message": err.detail}
        return reply({"success": False, **err.extra, **asked})
    except ApiError as err:
        err.extra["success"] = False
        raise
    return _employee_signed_in(request, found)


@api(body=s.OtpBody, reply=s.SignedIn, errors=_WRONG_CODE, forms=True)
async def verify_otp(request: web.Request) -> web.Response:
    """The second step of a sign-in: a code for the challenge of the first."""
    return await _signed_in(request, await _answered(request))


@api(body=s.OtpBody, reply=s.EmployeeSignedIn, errors=_WRONG_CODE, forms=True)
async def verify_otp_employee(request: web.Request) -> web.Response:
    """The second step of an employee's sign-in: a code for the challenge of the first."""
    return _employee_signed_in(request, await _answered(request))


async def _answered(request: web.Request) -> SignedIn:
    token, code = request[BODY]["temporary_token"], request[BODY]["otp_code"]
    device, origin = cookies.device_of(request), request[ORIGIN]
    return await answer_challenge(request.app[SERVICE], kind_of(request), token, code, device, origin)


@api(reply=s.OwnSession, many=True)
async def list_own(request: web.Request) -> web.Response:
    """The own live sessions."""
    return reply(await own_sessions.show(request.app[SERVICE], caller_of(request)))


@api(status=204, errors=(NotFound,))
async def end_own(request: web.Request) -> web.Response:
    """End one of the own sessions."""
    await own_sessions.end(request.app[SERVICE], caller_of(request), id_of(request), request[ORIGIN])
    return web.Response(status=204)


@api(reply=s.Message)
async def logout_all(request: web.Request) -> web.Response:
    """End all own sessions, this one too."""
    await own_sessions.end_all(request.app[SERVICE], caller_of(request), request[ORIGIN])
    return _signed_out(request)


@api(body=s.RefreshBody, reply=s.Message, errors=(NotAuthenticated, TokenNotValid, WrongAccountType), forms=True)
async def logout(request: web.Request) -> web.Response:
    """End this session, known by any of its tokens, also by an expired one."""
    row = row_of(request)
    kinds = row.kinds if row else BOTH_KINDS
    await sign_out(request.app[SERVICE], _presented(request), kinds, request[ORIGIN])
    return _signed_out(request)


@api(body=s.RefreshBody, reply=s.Message, forms=True)
async def logout_anyway(request: web.Request) -> web.Response:
    """End this session if there is one; clear the cookies in any case."""
    with contextlib.suppress(NotAuthenticated, TokenNotValid):
        await sign_out(request.app[SERVICE], _presented(request), BOTH_KINDS, request[ORIGIN])
    return _signed_out(request)


@api(status=303, or_status=(200,), media="text/html")
async def logout_page(request: web.Request) -> web.Response:
    """End this session and go to the sign-in page; a cross-site link gets a page with a button instead."""
    svc = request.app[SERVICE]
    if request.method == "HEAD" or request.headers.get("Sec-Fetch-Site") == "cross-site":
        return web.Response(text=_ASK, content_type="text/html")
    kind = Kind.STAFF
    with contextlib.suppress(NotAuthenticated, TokenNotValid):
        kind = await sign_out(svc, _presented(request), BOTH_KINDS, request[ORIGIN])
    response = web.Response(status=303, headers={"Location": landing.SIGN_IN_PAGES[kind]})
    cookies.clear(response, svc.settings)
    return response


def _presented(request: web.Request) -> Presented:
    body = request.get(BODY, {})
    return Presented(
        bearer(request),
        request.cookies.get(cookies.ACCESS),
        body.get("refresh"),
        request.cookies.get(cookies.REFRESH),
    )


def _signed_out(request: web.Request) -> web.Response:
    response = reply({"message": "Logout successful"}, headers={"Clear-Site-Data": '"cookies"'})
    cookies.clear(response, request.app[SERVICE].settings)
    return response
