"""What is said of a request that no row answers."""

from typing import NoReturn

from aiohttp import web
from yarl import URL

from authsvc import internal
from authsvc.errors import NotFound
from authsvc.routing import ROWS, Access

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
    methods = await _methods(request, request.rel_url)
    raise web.HTTPMethodNotAllowed(request.method, methods) if methods else web.HTTPNotFound


async def slash_form(request: web.Request) -> URL | None:
    """Where there is something, for this method or another, with a slash at the end of the path."""
    if not request.path.startswith("/") or request.path.endswith("/") or request.path.startswith("//"):
        return None
    there = request.rel_url.with_path(request.rel_url.raw_path + "/", encoded=True, keep_query=True)
    if not await _methods(request, there) or await is_hidden(request, "GET", there):
        return None
    return there


async def is_hidden(request: web.Request, method: str, path: URL) -> bool:
    """Is this an internal path, and the request from outside? To who asks from there it does not exist."""
    return await is_internal(request, method, path) and not internal.is_inside(request)


async def is_internal(request: web.Request, method: str, path: URL) -> bool:
    """Is this a path for the internal network?"""
    found = await request.app.router.resolve(request.clone(method=method, rel_url=path))
    row = request.app[ROWS].get(found.route)
    return row is not None and row.access is Access.INTERNAL


async def _methods(request: web.Request, path: URL) -> set[str]:
    """What is answered at this path; `nowhere` itself does not count."""
    asked, methods = request.clone(rel_url=path), set[str]()
    for resource in request.app.router.resources():
        if resource is not request.match_info.route.resource:
            methods |= (await resource.resolve(asked))[1]
    return methods
