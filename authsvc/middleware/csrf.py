"""Cross-site request forgery: an unsafe request that a browser sends with cookies must come from our own pages.

The browser says where a request comes from (Origin, Fetch Metadata); programs say nothing and pass.
A bearer token is never attached by a browser on its own, so requests that live on one pass too. Where somebody has
to be signed in, so does who shows no cookie of ours: nobody's session is used, and a stale token is told so with 401.
"""

from collections.abc import Callable

from aiohttp import web

from authsvc import cookies
from authsvc.errors import PermissionDenied
from authsvc.keys import CALLER
from authsvc.middleware import access
from authsvc.routing import Route
from authsvc.same_site import from_own_page
from authsvc.service import Service

_COOKIES = frozenset({cookies.ACCESS, cookies.REFRESH})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def gate(row: Route, svc: Service) -> Callable[[web.Request], None]:
    """For rows of unsafe methods: refuse with 403 before anything is read or changed."""
    settings, needs_session = svc.settings, access.needs_session(row)

    def is_exempt(request: web.Request) -> bool:
        caller = request[CALLER]
        if caller is None:
            return needs_session and _COOKIES.isdisjoint(request.cookies)
        return not caller.by_cookie

    def check(request: web.Request) -> None:
        if not is_exempt(request) and not from_own_page(request, settings):
            raise PermissionDenied("Cross-site requests are refused.")

    return check
