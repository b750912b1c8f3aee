"""Cross-site request forgery: an unsafe request that a browser sends with cookies must come from our own pages.

The browser says where a request comes from (Origin, Fetch Metadata); programs say nothing and pass.
A bearer token is never attached by a browser on its own, so requests that live on one pass too.
"""

from aiohttp import web

from authsvc.errors import PermissionDenied
from authsvc.keys import CALLER, SERVICE
from authsvc.routing import Handler
from authsvc.same_site import from_own_page

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@web.middleware
async def csrf(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse with 403 before anything is read or changed."""
    if request.method not in SAFE:
        caller = request[CALLER]
        by_bearer = caller is not None and not caller.by_cookie
        if not by_bearer and not from_own_page(request, request.app[SERVICE].settings):
            raise PermissionDenied("Cross-site requests are refused.")
    return await handler(request)
