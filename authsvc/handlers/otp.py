"""The second factor."""

from aiohttp import web

from authsvc import cookies
from authsvc.browser import counting_failures
from authsvc.core import names
from authsvc.core.person import Caller
from authsvc.errors import ApiError, CaptchaRequired, Conflict, InvalidCredentials, LockedOut, OtpInvalid, Overloaded
from authsvc.flows import own_second_factor as own
from authsvc.flows import request_code
from authsvc.keys import BODY, CALLER, ORIGIN, SERVICE, caller_of
from authsvc.replies import reply
from authsvc.routing import api, kind_of
from authsvc.schemas import otp as s

_SENT = {"message": "If the account uses codes, one was mailed to its address.", "expires_in_minutes": 5}
_WRONG: tuple[type[ApiError], ...] = (OtpInvalid, LockedOut)


@api(body=s.RequestBody, reply=s.Requested, errors=(*_WRONG, InvalidCredentials, CaptchaRequired, Overloaded))
async def request(request: web.Request) -> web.Response:
    """Mail a one-time code: again for a sign-in under way, with address and password, or to oneself."""
    svc, body, caller = request.app[SERVICE], request[BODY], request[CALLER]
    if body.get("temporary_token"):
        await request_code.again(svc, kind_of(request), body["temporary_token"], request[ORIGIN])
    elif body.get("email") and body.get("password"):
        async with counting_failures(request) as captcha_due:
            await request_code.with_password(
                svc,
                kind_of(request),
                body["email"],
                body["password"],
                body.get("captcha_token"),
                captcha_due,
                cookies.device_of(request),
                request[ORIGIN],
            )
    elif caller is not None and _is_own(caller, body.get("email")):
        await own.send_code(svc, caller)
    return reply(_SENT)


def _is_own(caller: Caller, email: str | None) -> bool:
    """Clients name the address of whoever is signed in, or none."""
    return not email or names.canonical_email(email) == names.canonical_email(caller.email)


@api(reply=s.Requested)
async def request_signed_in(request: web.Request) -> web.Response:
    """Mail a one-time code for changing the account to oneself."""
    await own.send_code(request.app[SERVICE], caller_of(request))
    return reply(_SENT)


@api(body=s.EnableBody, reply=s.Enabled, errors=(*_WRONG, Conflict))
async def enable(request: web.Request) -> web.Response:
    """Switch the second factor on with a mailed code."""
    body = request[BODY]
    fresh = await own.enable(
        request.app[SERVICE], caller_of(request), body["otp_code"], body.get("password"), request[ORIGIN]
    )
    return reply({"message": "The second factor is on.", "otp_enabled": True, "recovery_codes": fresh})


@api(body=s.DisableBody, reply=s.Disabled, errors=(*_WRONG, Conflict))
async def disable(request: web.Request) -> web.Response:
    """Switch the second factor off with password and code."""
    body = request[BODY]
    await own.disable(request.app[SERVICE], caller_of(request), body["otp_code"], body["password"], request[ORIGIN])
    return reply({"message": "The second factor is off.", "otp_enabled": False})


@api(body=s.DisableBody, reply=s.Verified, errors=_WRONG)
async def check_before_disabling(request: web.Request) -> web.Response:
    """Check password and code before disabling, without spending the code."""
    body = request[BODY]
    await own.check_before_disabling(
        request.app[SERVICE], caller_of(request), body["otp_code"], body["password"], request[ORIGIN]
    )
    return reply({"verified": True})


@api(reply=s.AppSecret, errors=(Conflict,))
async def set_up_app(request: web.Request) -> web.Response:
    """A new secret for an authenticator app, with its QR code."""
    return reply(await own.set_up_app(request.app[SERVICE], caller_of(request)))


@api(body=s.ConfirmBody, reply=s.Enabled, errors=_WRONG)
async def confirm_app(request: web.Request) -> web.Response:
    """Confirm an authenticator app with its first code; switches the second factor on."""
    fresh = await own.confirm_app(request.app[SERVICE], caller_of(request), request[BODY]["otp_code"], request[ORIGIN])
    more = {"recovery_codes": fresh} if fresh else {}
    return reply({"message": "The authenticator was confirmed.", "otp_enabled": True, **more})


@api(body=s.DisableBody, reply=s.RecoveryCodes, errors=(*_WRONG, Conflict))
async def renew_recovery_codes(request: web.Request) -> web.Response:
    """Ten new recovery codes instead of all others."""
    body = request[BODY]
    fresh = await own.renew_recovery_codes(
        request.app[SERVICE], caller_of(request), body["otp_code"], body["password"], request[ORIGIN]
    )
    return reply({"recovery_codes": fresh})
