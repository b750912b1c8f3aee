"""The two cookies of a session, set and deleted with equal attributes (RFC 6265), and the one of a known device."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from aiohttp import hdrs, web
from aiohttp._cookie_helpers import parse_cookie_header
from aiohttp.helpers import reify

from authsvc.core import devices
from authsvc.settings import Settings

ACCESS, REFRESH, DEVICE = "access_token", "refresh_token", "device"


def _cookies(request: web.BaseRequest) -> Mapping[str, str]:
    """Those of all Cookie headers: HTTP/2 may split them, and not every proxy joins them again (RFC 9113 8.2.3).

    Of two cookies of one name the last counts.
    """
    header = "; ".join(request.headers.getall(hdrs.COOKIE, ()))
    return MappingProxyType({name: morsel.value for name, morsel in parse_cookie_header(header)})


# aiohttp's own reads the first header only, and everything that asks for a cookie asks a request.
_cookies.__name__ = "cookies"
web.BaseRequest.cookies = reify(_cookies)  # type: ignore[method-assign]


class Pair(NamedTuple):
    """What both cookies hold. refresh_life: seconds; less than usual near the end of the session."""

    access: str
    refresh: str
    refresh_life: int
    remember: bool


def set_pair(response: web.StreamResponse, settings: Settings, pair: Pair) -> None:
    """Both cookies, for as long as their tokens are good; without `remember` they end with the browser."""
    _set(response, settings, ACCESS, pair.access, settings.access_ttl if pair.remember else None)
    _set(response, settings, REFRESH, pair.refresh, pair.refresh_life if pair.remember else None)


def set_access(response: web.StreamResponse, settings: Settings, access: str) -> None:
    """A new access token beside the refresh cookie, which stays; it ends with the browser."""
    _set(response, settings, ACCESS, access, None)


def _set(response: web.StreamResponse, settings: Settings, name: str, value: str, life: int | None) -> None:
    secure = settings.secure_cookies
    response.set_cookie(name, value, path="/", httponly=True, samesite="Lax", secure=secure, max_age=life)


def clear(response: web.StreamResponse, settings: Settings) -> None:
    """Delete both."""
    for name in (ACCESS, REFRESH):
        response.del_cookie(name, path="/", httponly=True, samesite="Lax", secure=settings.secure_cookies)


def device_of(request: web.Request) -> devices.Device | None:
    """The device that the browser says it is."""
    return devices.read(request.cookies.get(DEVICE))


def set_device(response: web.StreamResponse, settings: Settings, device: devices.Device) -> None:
    """Let the browser be known at its next sign-in."""
    _set(response, settings, DEVICE, str(device), devices.MAX_AGE)
