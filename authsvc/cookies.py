"""The two cookies of a session, set and deleted with equal attributes (RFC 6265), and the one of a known device."""

from aiohttp import web

from authsvc.core import devices
from authsvc.settings import Settings

ACCESS, REFRESH, DEVICE = "access_token", "refresh_token", "device"


def set_pair(response: web.StreamResponse, settings: Settings, access: str, refresh: str, *, remember: bool) -> None:
    """Both cookies; without `remember` they end with the browser."""
    for name, value, life in ((ACCESS, access, settings.access_ttl), (REFRESH, refresh, settings.refresh_ttl)):
        response.set_cookie(
            name,
            value,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=settings.secure_cookies,
            max_age=life if remember else None,
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
