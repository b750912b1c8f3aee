"""Whether a browser sent a request from a page of ours: Origin (RFC 6454) and Fetch Metadata say so."""

from aiohttp import web

from authsvc.settings import Settings

_TRUSTED_SITES = frozenset({None, "same-origin", "none"})


def from_own_page(request: web.Request, settings: Settings) -> bool:
    """Does the request come from an allowed origin, or from no browser page at all?"""
    origin = request.headers.get("Origin")
    if origin not in (None, "null"):
        return origin in settings.own_origins
    if origin == "null":  # what browsers say on pages with Referrer-Policy: no-referrer
        return request.headers.get("Sec-Fetch-Site") == "same-origin"
    return request.headers.get("Sec-Fetch-Site") in _TRUSTED_SITES
