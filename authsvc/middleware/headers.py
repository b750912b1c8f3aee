"""Security headers and CORS on every response, set as it is sent: errors and redirects have them too."""

from aiohttp import hdrs, web, web_response

from authsvc import unmatched
from authsvc.errors import NotFound
from authsvc.keys import REPLY_HEADERS, REQUEST_ID, SERVICE
from authsvc.routing import Access, Handler, row_of
from authsvc.settings import Settings
from authsvc.usual_headers import ALWAYS

# What aiohttp's parser refuses it answers itself, past every signal; there is no other switch for its banner.
web_response.SERVER_SOFTWARE = "authsvc"  # type: ignore[attr-defined]

_FIRST = next(iter(ALWAYS))
_CORS_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_CORS_HEADERS = "accept, authorization, content-type, x-requested-with, x-csrftoken"


@web.middleware
async def preflight(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer CORS preflights; who is not on the list gets no CORS header and the browser refuses for us."""
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        if await unmatched.is_internal(request, request.headers["Access-Control-Request-Method"], request.rel_url):
            raise NotFound
        return web.Response(
            status=204,
            headers={
                "Access-Control-Allow-Methods": _CORS_METHODS,
                "Access-Control-Allow-Headers": _CORS_HEADERS,
                "Access-Control-Max-Age": "600",
            },
        )
    return await handler(request)


async def on_prepare(request: web.Request, response: web.StreamResponse) -> None:
    """Signal on_response_prepare."""
    headers = response.headers
    if _FIRST not in headers:  # JSON answers begin with them
        for name, value in ALWAYS.items():
            headers.setdefault(name, value)
    if request_id := request.get(REQUEST_ID):
        headers["X-Request-ID"] = request_id
    settings = request.app[SERVICE].settings
    if settings.is_https:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if hdrs.ORIGIN in request.headers and not _is_internal(request, response):
        _allow_origin(request, response, settings)
    if more := request.get(REPLY_HEADERS):
        for name, value in more.items():
            headers.setdefault(name, value)
    headers.pop(hdrs.SERVER, None)


def _is_internal(request: web.Request, response: web.StreamResponse) -> bool:
    """Internal paths, and preflights of them, have no CORS headers."""
    row = row_of(request)
    if row is None:
        return request.method == "OPTIONS" and response.status == NotFound.status
    return row.access is Access.INTERNAL


def _allow_origin(request: web.Request, response: web.StreamResponse, settings: Settings) -> None:
    origin = request.headers.get(hdrs.ORIGIN)
    if origin in settings.cors_origins:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Access-Control-Expose-Headers"] = "Link, Retry-After, RateLimit, RateLimit-Policy"
