"""Signing in and out."""

import contextlib

from aiohttp import web

from authsvc import cookies
from authsvc.core.person import Kind
from authsvc.core.profiles import shown
from authsvc.errors import (
    AccountDisabled,
    ApiError,
    InvalidCredentials,
    NotAuthenticated,
    Overloaded,
    Rejected,
    TokenNotValid,
    WrongAccountType,
)
from authsvc.flows import landing
from authsvc.flows.sign_in import SignedIn, sign_in
from authsvc.flows.sign_out import Presented, sign_out
from authsvc.keys import BODY, ORIGIN, SERVICE
from authsvc.presented import bearer
from authsvc.replies import reply
from authsvc.routing import BOTH_KINDS, api, row_of
from authsvc.same_site import from_own_page
from authsvc.schemas import sessions as s

_REFUSALS: tuple[type[ApiError], ...] = (InvalidCredentials, Rejected, AccountDisabled, Overloaded)
_ASK = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign out</title>
<h1>Sign out</h1><form method="post" action="/logout/"><button>Sign out</button></form></html>"""


async def _sign_in(request: web.Request) -> SignedIn:
    body = request[BODY]
    return await sign_in(
        request.app[SERVICE],
        Kind.STAFF,
        email=body["email"],
        password=body["password"],
        remember=body["remember_me"],
        origin=request[ORIGIN],
    )


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
    response = reply({**more, **data})
    cookies.set_pair(response, svc.settings, found.access, found.refresh, remember=found.remember)
    return response


@api(body=s.SignInBody, reply=s.SignedIn, errors=_REFUSALS, forms=True)
async def obtain(request: web.Request) -> web.Response:
    """Sign in with e-mail address and password; the answer of a password grant."""
    return await _signed_in(request, await _sign_in(request))


@api(body=s.SignInBody, reply=s.SignedInApi, errors=_REFUSALS, forms=True)
async def login_api(request: web.Request) -> web.Response:
    """Sign in with e-mail address and password; answers also say `success`."""
    try:
        found = await _sign_in(request)
    except _REFUSALS as err:
        err.extra["success"] = False
        raise
    return await _signed_in(request, found, success=True, otp_required=False)


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


@api(status=303)
async def logout_page(request: web.Request) -> web.Response:
    """End this session and go to the sign-in page; a cross-site link gets a page with a button instead."""
    svc = request.app[SERVICE]
    if request.method == "HEAD" or not from_own_page(request, svc.settings):
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
