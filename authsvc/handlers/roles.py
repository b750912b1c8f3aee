"""Roles of systems."""

from aiohttp import web

from authsvc.errors import ApiError, Conflict, NotFound, PermissionDenied
from authsvc.flows import manage_roles
from authsvc.keys import BODY, ORIGIN, QUERY, SERVICE, caller_of, id_of
from authsvc.queries import roles, systems
from authsvc.replies import page, reply
from authsvc.routing import api
from authsvc.schemas import roles as s
from authsvc.schemas.systems import DeleteQuery

_REFUSALS: tuple[type[ApiError], ...] = (NotFound, PermissionDenied, Conflict)
_EXTRA = "is_administered"


@api(query=s.RolesQuery, reply=s.Role, many=True)
async def index(request: web.Request) -> web.Response:
    """All roles, or those of a system."""
    query = request[QUERY]
    system = query.get("system")
    slug = (system and system.name) or query.get("system__slug")
    rows = await roles.page(
        request.app[SERVICE].db,
        query["cursor"] or 0,
        query["limit"] + 1,
        system.id if system else None,
        slug.lower() if slug else None,
    )
    return page(request, [dict(row) for row in rows], query["limit"], lambda row: row["id"])


@api(reply=s.Role, errors=(NotFound,))
async def show(request: web.Request) -> web.Response:
    """One role."""
    caller = caller_of(request).person.id
    row = await roles.get(request.app[SERVICE].db, id_of(request), caller)
    if row is None:
        raise NotFound
    return reply({name: value for name, value in row.items() if name != _EXTRA})


@api(body=s.NewRole, reply=s.Role, status=201, errors=_REFUSALS)
async def create(request: web.Request) -> web.Response:
    """Create a role of a system."""
    body = request[BODY]
    row = await manage_roles.create(request.app[SERVICE], caller_of(request), body, request[ORIGIN])
    return reply({name: value for name, value in row.items() if name != _EXTRA}, 201)


@api(body=s.RoleBody, reply=s.Role, errors=_REFUSALS)
async def edit(request: web.Request) -> web.Response:
    """Change a role: what is left out stays as it is."""
    body = request[BODY]
    row = await manage_roles.edit(request.app[SERVICE], caller_of(request), id_of(request), body, request[ORIGIN])
    return reply({name: value for name, value in row.items() if name != _EXTRA})


@api(query=DeleteQuery, status=204, errors=_REFUSALS)
async def remove(request: web.Request) -> web.Response:
    """Remove a custom role."""
    await manage_roles.remove(
        request.app[SERVICE],
        caller_of(request),
        id_of(request),
        request[QUERY]["force"],
        request[ORIGIN],
    )
    return web.Response(status=204)


@api(reply=s.SystemRoles, errors=(NotFound,))
async def of_system(request: web.Request) -> web.Response:
    """All roles of a system."""
    svc = request.app[SERVICE]
    system = await systems.by_slug(svc.db, request.match_info["slug"].lower())
    if system is None:
        raise NotFound
    rows = await roles.page(svc.db, 0, s.ALL, system["id"], None)
    named = {name: system[name] for name in ("id", "name", "slug")}
    return reply({"system": named, "roles_count": len(rows), "roles": [dict(row) for row in rows]})
