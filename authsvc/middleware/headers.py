"""Security headers and CORS on every answer, errors and redirects included."""

from collections.abc import Callable

from aiohttp import hdrs, web, web_response

from authsvc.errors import NotFound
from authsvc.keys import REPLY_HEADERS, REQUEST_ID
from authsvc.routing import Access, Route
from authsvc.service import Service
from authsvc.usual_headers import ALWAYS

# What aiohttp's parser refuses it answers itself, past everything of ours; there is no other switch for its banner.
web_response.SERVER_SOFTWARE = "authsvc"  # type: ignore[attr-defined]

_FIRST = next(iter(ALWAYS))


async def without_banner(request: web.Request, response: web.StreamResponse) -> None:
    """Signal on_response_prepare: aiohttp says what it is unless it is taken back here."""
    del response.headers[hdrs.SERVER]
    if _FIRST not in response.headers:  # to `CONNECT a:80`, which has no path for a route, aiohttp answers itself
        response.headers.extend(ALWAYS)


def finishing(row: Route | None, svc: Service) -> Callable[[web.Request, web.StreamResponse], None]:
    """Add to an answer of this row what it has not yet."""
    settings, is_https = svc.settings, svc.settings.is_https
    counts = row is not None and row.limit is not None and settings.limits
    is_internal = row is not None and row.access is Access.INTERNAL

    def finish(request: web.Request, response: web.StreamResponse) -> None:
        headers = response.headers
        if _FIRST not in headers:  # JSON answers begin with them
            for name, value in ALWAYS.items():
                headers.setdefault(name, value)
        headers["X-Request-ID"] = request[REQUEST_ID]
        if is_https:
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        if counts and (more := request.get(REPLY_HEADERS)):
            headers.update(more)
        if hdrs.ORIGIN in request.headers and not is_internal and not _is_hidden_preflight(request, response):
            origin = request.headers[hdrs.ORIGIN]
            if origin in settings.cors_origins:
                headers["Access-Control-Allow-Origin"] = origin
                headers["Access-Control-Allow-Credentials"] = "true"
                headers["Access-Control-Expose-Headers"] = "Link, Retry-After, RateLimit, RateLimit-Policy"

    return finish


def _is_hidden_preflight(request: web.Request, response: web.StreamResponse) -> bool:
    """Internal paths, and preflights of them, have no CORS headers."""
    return request.method == "OPTIONS" and response.status == NotFound.status
