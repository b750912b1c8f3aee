"""Systems."""

from aiohttp import web

from authsvc.errors import ApiError, Conflict, NotFound, PermissionDenied
from authsvc.flows import manage_systems
from authsvc.keys import BODY, ORIGIN, QUERY, SERVICE, caller_of, id_of
from authsvc.queries import systems
from authsvc.replies import page, reply
from authsvc.routing import api
from authsvc.schemas import systems as s

_REFUSALS: tuple[type[ApiError], ...] = (NotFound, PermissionDenied, Conflict)


@api(reply=s.PublicSystem, many=True)
async def public(request: web.Request) -> web.Response:
    """The active systems, for the sign-in page."""
    return reply([dict(row) for row in await systems.public(request.app[SERVICE].db)])


@api(query=s.SystemsQuery, reply=s.System, many=True)
async def index(request: web.Request) -> web.Response:
    """All systems."""
    query = request[QUERY]
    slug = query["slug"].lower() if query.get("slug") else None
    rows = await systems.page(request.app[SERVICE].db, query["cursor"] or 0, query["limit"] + 1, slug)
    return page(request, [dict(row) for row in rows], query["limit"], lambda row: row["id"])


@api(reply=s.System, errors=(NotFound,))
async def show(request: web.Request) -> web.Response:
    """One system."""
    row = await systems.get(request.app[SERVICE].db, id_of(request))
    if row is None:
        raise NotFound
    return reply(dict(row))


@api(body=s.NewSystem, reply=s.System, status=201, errors=_REFUSALS)
async def create(request: web.Request) -> web.Response:
    """Register a system, with its default role Admin."""
    body = request[BODY]
    made = await manage_systems.create(request.app[SERVICE], caller_of(request), body, request[ORIGIN])
    return reply(dict(made), 201)


@api(body=s.SystemBody, reply=s.System, errors=_REFUSALS)
async def edit(request: web.Request) -> web.Response:
    """Change a system: what is left out stays as it is."""
    body = request[BODY]
    row = await manage_systems.edit(request.app[SERVICE], caller_of(request), id_of(request), body, request[ORIGIN])
    return reply(dict(row))


@api(query=s.DeleteQuery, status=204, errors=_REFUSALS)
async def remove(request: web.Request) -> web.Response:
    """Remove a system."""
    await manage_systems.remove(
        request.app[SERVICE],
        caller_of(request),
        id_of(request),
        request[QUERY]["force"],
        request[ORIGIN],
    )
    return web.Response(status=204)
