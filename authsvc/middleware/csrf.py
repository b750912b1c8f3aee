"""Cross-site request forgery: an unsafe request that a browser sends with cookies must come from our own pages.

The browser says where a request comes from (Origin, Fetch Metadata); programs say nothing and pass.
A bearer token is never attached by a browser on its own, so requests that live on one pass too.
"""

from collections.abc import Callable

from aiohttp import web

from authsvc.errors import PermissionDenied
from authsvc.keys import CALLER
from authsvc.same_site import from_own_page
from authsvc.service import Service

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def gate(svc: Service) -> Callable[[web.Request], None]:
    """For rows of unsafe methods: refuse with 403 before anything is read or changed."""
    settings = svc.settings

    def check(request: web.Request) -> None:
        caller = request[CALLER]
        by_bearer = caller is not None and not caller.by_cookie
        if not by_bearer and not from_own_page(request, settings):
            raise PermissionDenied("Cross-site requests are refused.")

    return check
