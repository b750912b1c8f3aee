"""The browser session: an encrypted, strict cookie that counts failures for the captcha, and never says who you are."""

import contextlib
import warnings
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.web_exceptions import NotAppKeyWarning
from aiohttp_session import AbstractStorage, get_session
from aiohttp_session.cookie_storage import EncryptedCookieStorage

from authsvc.core.sealing import derived_key
from authsvc.errors import InvalidCredentials, OtpRequired
from authsvc.guard import FREE_TRIES
from authsvc.settings import Settings

# aiohttp-session hangs itself on the request by plain strings, of which aiohttp warns once per process.
warnings.filterwarnings("ignore", category=NotAppKeyWarning, module="aiohttp_session")

_FAILURES = "failures"
_MAX_AGE = 3600  # seconds


def storage(settings: Settings) -> AbstractStorage:
    """Where aiohttp-session keeps it: in the cookie itself, encrypted with a key of its own."""
    return EncryptedCookieStorage(
        derived_key(settings.secret, "browser session"),
        cookie_name="browser",
        max_age=_MAX_AGE,
        secure=settings.secure_cookies,
        httponly=True,
        samesite="Strict",
    )


async def failures_of(request: web.Request) -> int:
    """Failed sign-ins in this browser, over all accounts, since the last right password there; an hour at most."""
    return int((await get_session(request)).get(_FAILURES, 0))


async def needs_captcha(request: web.Request) -> bool:
    """Does its next sign-in need a captcha, whoever's account that is?"""
    return await failures_of(request) >= FREE_TRIES


@contextlib.asynccontextmanager
async def counting_failures(request: web.Request) -> AsyncIterator[bool]:
    """Remember a wrong password in this browser, and forget all after a right one; gives whether a captcha is due."""
    try:
        yield await needs_captcha(request)
    except InvalidCredentials:
        (await get_session(request))[_FAILURES] = await failures_of(request) + 1
        raise
    except OtpRequired:
        await _forget(request)
        raise
    await _forget(request)


async def _forget(request: web.Request) -> None:
    if "browser" in request.cookies:
        (await get_session(request)).pop(_FAILURES, None)
