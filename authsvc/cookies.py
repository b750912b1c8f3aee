"""The two cookies of a session, set and deleted with equal attributes (RFC 6265), and the one of a known device."""

from typing import NamedTuple

from aiohttp import web

from authsvc.core import devices
from authsvc.settings import Settings

ACCESS, REFRESH, DEVICE = "access_token", "refresh_token", "device"


class Pair(NamedTuple):
    """What both cookies hold. refresh_life: seconds; less than usual near the end of the session."""

    access: str
    refresh: str
    refresh_life: int
    remember: bool


def set_pair(response: web.StreamResponse, settings: Settings, pair: Pair) -> None:
    """Both cookies, for as long as their tokens are good; without `remember` they end with the browser."""
    for name, value, life in ((ACCESS, pair.access, settings.access_ttl), (REFRESH, pair.refresh, pair.refresh_life)):
        response.set_cookie(
            name,
            value,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=settings.secure_cookies,
            max_age=life if pair.remember else None,
        )


def clear(response: web.StreamResponse, settings: Settings) -> None:
    """Delete both."""
    for name in (ACCESS, REFRESH):
        response.del_cookie(name, path="/", httponly=True, samesite="Lax", secure=settings.secure_cookies)


def device_of(request: web.Request) -> devices.Device | None:
    """The device that the browser says it is."""
    return devices.read(request.cookies.get(DEVICE))


def set_device(response: web.StreamResponse, settings: Settings, device: devices.Device) -> None:
    """Let the browser be known at its next sign-in."""
    response.set_cookie(
        DEVICE,
        str(device),
        path="/",
        httponly=True,
        samesite="Lax",
        secure=settings.secure_cookies,
        max_age=devices.MAX_AGE,
    )
