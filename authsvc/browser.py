"""The browser session: an encrypted, strict cookie that counts failures for the captcha, and never says who you are."""

import contextlib
import warnings
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.web_exceptions import NotAppKeyWarning
from aiohttp_session import AbstractStorage, get_session
from aiohttp_session.cookie_storage import EncryptedCookieStorage

from authsvc.core.sealing import derived_key
from authsvc.errors import InvalidCredentials
from authsvc.settings import Settings

# aiohttp-session hangs itself on the request by plain strings, of which aiohttp warns once per process.
warnings.filterwarnings("ignore", category=NotAppKeyWarning, module="aiohttp_session")

FAILURES = "failures"
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


@contextlib.asynccontextmanager
async def counting_failures(request: web.Request) -> AsyncIterator[None]:
    """Remember a failed sign-in in this browser, and forget all after a good one."""
    try:
        yield
    except InvalidCredentials:
        session = await get_session(request)
        session[FAILURES] = int(session.get(FAILURES, 0)) + 1
        raise
    if "browser" in request.cookies:
        session = await get_session(request)
        session.pop(FAILURES, None)
