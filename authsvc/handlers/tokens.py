"""Access and refresh tokens."""

import datetime as dt
from functools import lru_cache

from aiohttp import web

from authsvc import cookies
from authsvc.browser import needs_captcha
from authsvc.core.jsons import dump
from authsvc.core.person import Kind, Person
from authsvc.errors import (
    AccountDisabled,
    ApiError,
    CaptchaRequired,
    CaptchaRequiredFirst,
    InvalidCredentials,
    LockedOut,
    LockedOutFirst,
    Malformed,
    NotAuthenticated,
    OtpRequired,
    Overloaded,
    Rejected,
    TokenNotValid,
)
from authsvc.flows.refresh import Refreshed, access_token_of, check_token, refresh
from authsvc.flows.show_profile import shown
from authsvc.flows.sign_in import Credentials, access_token_only
from authsvc.keys import BODY, ORIGIN, SERVICE, caller_of
from authsvc.presented import basic
from authsvc.replies import raw, reply
from authsvc.routing import BOTH_KINDS, api, row_of
from authsvc.schemas import sessions as s
from authsvc.schemas.base import AnyOf

_REFUSALS: tuple[type[ApiError], ...] = (
    NotAuthenticated,
    TokenNotValid,
    InvalidCredentials,
    OtpRequired,
    CaptchaRequiredFirst,
    Rejected,
    AccountDisabled,
    LockedOutFirst,
    Overloaded,
)


@api(body=s.RefreshBody, reply=s.Refreshed, errors=(NotAuthenticated, TokenNotValid), forms=True)
async def rotate(request: web.Request) -> web.Response:
    """New tokens for a refresh token in the body, else in the cookie (which is then set anew)."""
    by_body = request[BODY].get("refresh")
    found = await _refreshed(request, by_body or request.cookies.get(cookies.REFRESH))
    svc = request.app[SERVICE]
    response = reply({"access": found.access, "refresh": found.refresh, "expires_in": svc.settings.access_ttl})
    if not by_body:
        _set_cookies(request, response, found)
    return response


@api(body=s.Empty, reply=s.RefreshedCookie, errors=(NotAuthenticated, TokenNotValid), forms=True)
async def rotate_cookie(request: web.Request) -> web.Response:
    """New cookies for the refresh cookie; a bad one is cleared together with the access cookie."""
    svc = request.app[SERVICE]
    try:
        found = await _refreshed(request, request.cookies.get(cookies.REFRESH))
    except TokenNotValid as err:
        err.clears_cookies = True
        raise
    response = reply(
        {
            "message": "Token refreshed",
            "access": found.access,
            "expires_in": svc.settings.access_ttl,
            "user_type": found.kind.value,
        }
    )
    _set_cookies(request, response, found)
    return response


def _set_cookies(request: web.Request, response: web.Response, found: Refreshed) -> None:
    pair = cookies.Pair(found.access, found.refresh, found.refresh_life, found.remember)
    cookies.set_pair(response, request.app[SERVICE].settings, pair)


async def _refreshed(request: web.Request, token: str | None) -> Refreshed:
    if not token:
        raise NotAuthenticated
    row = row_of(request)
    return await refresh(request.app[SERVICE], token, row.kinds if row else BOTH_KINDS, request[ORIGIN])


@api(body=s.VerifyBody, reply=s.Empty, errors=(TokenNotValid,), forms=True)
async def verify(request: web.Request) -> web.Response:
    """Is this access or refresh token good now?"""
    await check_token(request.app[SERVICE], request[BODY]["token"])
    return reply({})


@api(reply=AnyOf(s.ValidatedUser, s.ValidatedEmployee))
async def validate(request: web.Request) -> web.Response:
    """Is the presented access token good now, and whose is it?"""
    svc, caller = request.app[SERVICE], caller_of(request)
    found = svc.known.remembered_person(caller.person) or await shown(svc, caller.person)
    head = _about(caller.person, caller.session_id, caller.expires_at)
    now = svc.clock()
    return raw(b'%b"%b.%06dZ",%b' % (head, _second(int(now)), int(now % 1 * 1e6), found.json[1:]))


@lru_cache(maxsize=4096)
def _about(person: Person, session_id: int, expires_at: int) -> bytes:
    """What stays the same of a token's validation, up to the moment of it."""
    about = {
        "valid": True,
        "user_id": person.id,
        "user_type": person.kind.value,
        "session_id": session_id,
        "expires_at": dt.datetime.fromtimestamp(expires_at, dt.UTC),
    }
    return dump(about)[:-1] + b',"token_validated_at":'


@lru_cache(maxsize=4)
def _second(at: int) -> bytes:
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()


@api(reply=s.AccessToken, errors=_REFUSALS)
async def obtain_basic(request: web.Request) -> web.Response:
    """An access token for HTTP Basic credentials, else for the refresh cookie, which stays as it is."""
    try:
        credentials, wrong = basic(request), None
    except Malformed as err:
        credentials, wrong = None, err
    access = await (_by_password(request, *credentials) if credentials else _by_cookie(request, wrong))
    return reply({"access": access, "expires_in": request.app[SERVICE].settings.access_ttl})


async def _by_password(request: web.Request, name: str, password: str) -> str:
    # A program's failures count for no browser; but where a browser's need a captcha, this is no way around it.
    given = Credentials(name, password, captcha_due=await needs_captcha(request), device=cookies.device_of(request))
    try:
        return await access_token_only(request.app[SERVICE], Kind.STAFF, given, request[ORIGIN])
    except CaptchaRequired as err:  # whoever speaks Basic gets 401 and the code that says why
        raise CaptchaRequiredFirst from err
    except LockedOut as err:
        raise LockedOutFirst(retry_after=err.retry_after) from err


async def _by_cookie(request: web.Request, wrong: Malformed | None) -> str:
    """wrong: what to say of a header that cannot be read, where no good cookie is beside it."""
    token = request.cookies.get(cookies.REFRESH)
    if not token:
        raise wrong or NotAuthenticated
    try:
        return await access_token_of(request.app[SERVICE], token, BOTH_KINDS)
    except TokenNotValid as err:
        raise wrong or err from None
