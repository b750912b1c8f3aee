"""Passwords: forgotten, reset, changed, checked; and the proof of an address."""

from aiohttp import web

from authsvc.errors import CaptchaRequired, LockedOut, Overloaded, WrongPassword
from authsvc.flows import prove_address, recover_password
from authsvc.flows.change_password import change_password, password_is
from authsvc.keys import BODY, ORIGIN, SERVICE, caller_of
from authsvc.replies import reply
from authsvc.routing import api, kind_of
from authsvc.schemas import passwords as s


@api(body=s.ForgotBody, reply=s.Said, errors=(CaptchaRequired,), forms=True)
async def forgot(request: web.Request) -> web.Response:
    """Mail a link for a new password to whoever has this address; the answer is always the same."""
    body = request[BODY]
    await recover_password.forgot(
        request.app[SERVICE], kind_of(request), body["email"], body.get("captcha_token"), request[ORIGIN]
    )
    return reply({"message": "If an account has this address, a link to set a new password was mailed to it."})


@api(body=s.ResetBody, reply=s.Said, errors=(LockedOut, Overloaded), forms=True)
async def reset(request: web.Request) -> web.Response:
    """Set a new password with the token of a mailed link; all sessions end."""
    body = request[BODY]
    field, password = s.sent(body, "password", "new_password")
    svc, kinds = request.app[SERVICE], frozenset({kind_of(request)})
    await recover_password.reset(svc, kinds, body["token"], password, field, request[ORIGIN])
    return reply({"message": "The password was changed. Sign in with the new one."})


@api(body=s.ChangeBody, reply=s.Detail, errors=(LockedOut, Overloaded), forms=True)
async def change(request: web.Request) -> web.Response:
    """Change the own password; all other sessions end."""
    body = request[BODY]
    await change_password(
        request.app[SERVICE],
        caller_of(request),
        current=s.sent(body, *s.CURRENT),
        new=("new_password", body["new_password"]),
        origin=request[ORIGIN],
    )
    return reply({"detail": "The password was changed."})


@api(body=s.CheckBody, reply=s.PasswordRight, errors=(WrongPassword, LockedOut, Overloaded), forms=True)
async def check(request: web.Request) -> web.Response:
    """Is this the own current password?"""
    _, password = s.sent(request[BODY], "current_password", "password")
    if not await password_is(request.app[SERVICE], caller_of(request), password, request[ORIGIN]):
        raise WrongPassword(verified=False)
    return reply({"detail": "The password is correct.", "verified": True})


@api(body=s.ConfirmBody, reply=s.Confirmed, errors=(LockedOut,), forms=True)
async def confirm_address(request: web.Request) -> web.Response:
    """Prove an address with the token of a mailed link."""
    email = await prove_address.confirm(request.app[SERVICE], request[BODY]["token"], request[ORIGIN])
    return reply({"message": "The address was confirmed.", "email": email})
