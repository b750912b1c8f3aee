"""Security headers and CORS on every response, set as it is sent: errors and redirects have them too."""

from aiohttp import hdrs, web, web_response

from authsvc import unmatched
from authsvc.errors import NotFound
from authsvc.keys import REPLY_HEADERS, REQUEST_ID, SERVICE
from authsvc.routing import Access, Handler, row_of
from authsvc.settings import Settings

_CSP = (
    "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": _CSP,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Origin",
}
# What aiohttp's parser refuses it answers itself, past every signal; there is no other switch for its banner.
web_response.SERVER_SOFTWARE = "authsvc"  # type: ignore[attr-defined]

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
    settings = request.app[SERVICE].settings
    for name, value in _ALWAYS.items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", "no-store")
    if request_id := request.get(REQUEST_ID):
        headers["X-Request-ID"] = request_id
    if settings.is_https:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if not _is_internal(request, response):
        _allow_origin(request, response, settings)
    for name, value in request.get(REPLY_HEADERS, {}).items():
        headers.setdefault(name, value)
    headers.popall(hdrs.SERVER, None)


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
