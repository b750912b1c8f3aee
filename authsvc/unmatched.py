"""What is said of a request that no row answers."""

from typing import NoReturn

from aiohttp import web
from yarl import URL

from authsvc import internal
from authsvc.errors import NotFound
from authsvc.routing import ROWS, Access, Route

_CORS_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_CORS_HEADERS = "accept, authorization, content-type, x-requested-with, x-csrftoken"


async def nowhere(request: web.Request) -> web.Response:
    """Answer CORS preflights; HTTPNotFound, or HTTPMethodNotAllowed where other methods are answered.

    Who is not on the CORS list gets no header of it (middleware/headers.py), and the browser refuses for us.
    """
    wanted = request.headers.get("Access-Control-Request-Method")
    if request.method != "OPTIONS" or wanted is None:
        await _refuse(request)
    if await is_internal(request, wanted, request.rel_url):
        raise NotFound
    return web.Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": _CORS_METHODS,
            "Access-Control-Allow-Headers": _CORS_HEADERS,
            "Access-Control-Max-Age": "600",
        },
    )


async def _refuse(request: web.Request) -> NoReturn:
    methods: set[str] = set()
    for resource in request.app.router.resources():
        if resource is not request.match_info.route.resource:
            methods |= (await resource.resolve(request))[1]
    raise web.HTTPMethodNotAllowed(request.method, methods) if methods else web.HTTPNotFound


async def slash_form(request: web.Request) -> URL | None:
    """Where the same request would be answered with a slash at the end of its path."""
    if request.path.endswith("/") or request.path.startswith("//"):
        return None
    there = request.rel_url.with_path(request.rel_url.raw_path + "/", encoded=True, keep_query=True)
    row = await _row(request, request.method, there)
    return there if row is not None and not (_is_internal(row) and not internal.is_inside(request)) else None


async def is_hidden(request: web.Request, method: str, path: URL) -> bool:
    """Is this an internal path, and the request from outside? To who asks from there it does not exist."""
    return await is_internal(request, method, path) and not internal.is_inside(request)


async def is_internal(request: web.Request, method: str, path: URL) -> bool:
    """Is this a path for the internal network?"""
    return _is_internal(await _row(request, method, path))


def _is_internal(row: Route | None) -> bool:
    return row is not None and row.access is Access.INTERNAL


async def _row(request: web.Request, method: str, path: URL) -> Route | None:
    found = await request.app.router.resolve(request.clone(method=method, rel_url=path))
    return request.app[ROWS].get(found.route)
