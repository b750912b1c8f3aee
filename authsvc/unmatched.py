"""What is said of a request that no row answers."""

from aiohttp import web
from yarl import URL

from authsvc import internal
from authsvc.routing import ROWS, Access


async def slash_form(request: web.Request) -> URL | None:
    """Where the same request would be answered with a slash at the end of its path."""
    if request.path.endswith("/") or request.path.startswith("//"):
        return None
    there = request.rel_url.with_path(request.rel_url.raw_path + "/", encoded=True, keep_query=True)
    found = await request.app.router.resolve(request.clone(rel_url=there))
    is_there = found.http_exception is None and not await is_hidden(request, request.method, there)
    return there if is_there else None


async def is_hidden(request: web.Request, method: str, path: URL) -> bool:
    """Is this an internal path, and the request from outside? To who asks from there it does not exist."""
    return await is_internal(request, method, path) and not internal.is_inside(request)


async def is_internal(request: web.Request, method: str, path: URL) -> bool:
    """Is this a path for the internal network?"""
    found = await request.app.router.resolve(request.clone(method=method, rel_url=path))
    row = request.app[ROWS].get(found.route)
    return row is not None and row.access is Access.INTERNAL
