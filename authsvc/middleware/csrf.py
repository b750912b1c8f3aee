"""Cross-site request forgery: an unsafe request that a browser sends with cookies must come from our own pages.

The browser says where a request comes from (Origin, Fetch Metadata); programs say nothing and pass.
A bearer token is never attached by a browser on its own, so requests that live on one pass too.
"""

from aiohttp import web

from authsvc.errors import PermissionDenied
from authsvc.keys import CALLER, SERVICE
from authsvc.routing import Handler
from authsvc.settings import Settings

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_TRUSTED_SITES = frozenset({None, "same-origin", "none"})


@web.middleware
async def csrf(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse with 403 before anything is read or changed."""
    if request.method not in _SAFE:
        caller = request[CALLER]
        by_bearer = caller is not None and not caller.by_cookie
        if not by_bearer and not from_own_page(request, request.app[SERVICE].settings):
            raise PermissionDenied("Cross-site requests are refused.")
    return await handler(request)


def from_own_page(request: web.Request, settings: Settings) -> bool:
    """Does the request come from an allowed origin, or from no browser page at all?"""
    origin = request.headers.get("Origin")
    if origin is not None:
        return origin in settings.own_origins
    return request.headers.get("Sec-Fetch-Site") in _TRUSTED_SITES
