"""Signing in and out."""

import contextlib
from typing import Any

from aiohttp import web

from authsvc import entrance
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
from authsvc.flows.sign_in import SignedIn
from authsvc.flows.sign_out import sign_out
from authsvc.keys import BODY, ORIGIN, SERVICE, UNREADABLE, caller_of, id_of
from authsvc.replies import reply
from authsvc.routing import BOTH_KINDS, api, row_of
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
_WRONG_CODE: tuple[type[ApiError], ...] = (OtpInvalid, LockedOut, Overloaded)


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
    response = reply(data)
    entrance.leave_cookies(request, response, found)
    return response


@api(body=s.SignInBody, reply=s.SignedIn, errors=_REFUSALS, forms=True)
async def obtain(request: web.Request) -> web.Response:
    """Sign in with e-mail address and password; the answer of a password grant."""
    return await _signed_in(request, await entrance.first_step(request, request[BODY]))


@api(body=s.SignInBody, reply=AnyOf(s.SignedInApi, s.OtpAsked), errors=_REFUSALS, forms=True)
async def login_api(request: web.Request) -> web.Response:
    """Sign in with e-mail address and password; answers say `success`, and a wanted code is no error."""
    try:
        found = await entrance.first_step(request, request[BODY])
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
        found = await entrance.first_step(request, request[BODY])
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
    return await _signed_in(request, await entrance.second_step(request, request[BODY]))


@api(body=s.OtpBody, reply=s.EmployeeSignedIn, errors=_WRONG_CODE, forms=True)
async def verify_otp_employee(request: web.Request) -> web.Response:
    """The second step of an employee's sign-in: a code for the challenge of the first."""
    return _employee_signed_in(request, await entrance.second_step(request, request[BODY]))


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


@api(
    body=s.RefreshBody,
    reply=s.Message,
    errors=(NotAuthenticated, TokenNotValid, WrongAccountType),
    forgives=True,
    forms=True,
)
async def logout(request: web.Request) -> web.Response:
    """End this session, known by any of its tokens, also by an expired one."""
    row = row_of(request)
    await _end(request, row.kinds if row else BOTH_KINDS)
    return _signed_out(request)


@api(body=s.RefreshBody, reply=s.Message, forgives=True, forms=True)
async def logout_anyway(request: web.Request) -> web.Response:
    """End this session if there is one; clear the cookies in any case."""
    with contextlib.suppress(NotAuthenticated, TokenNotValid):
        await _end(request, BOTH_KINDS)
    return _signed_out(request)


async def _end(request: web.Request, kinds: frozenset[Kind]) -> None:
    """End what was presented. What is wrong with the body matters where nothing else of a session came."""
    try:
        await sign_out(request.app[SERVICE], entrance.presented(request), kinds, request[ORIGIN])
    except (NotAuthenticated, TokenNotValid) as err:
        raise request.get(UNREADABLE, err) from None


def _signed_out(request: web.Request) -> web.Response:
    response = reply({"message": "Logout successful"})
    entrance.take_cookies(request, response)
    return response
