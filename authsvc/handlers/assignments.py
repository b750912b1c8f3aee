"""Who holds which role of which system."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from authsvc.core import names
from authsvc.errors import ApiError, Conflict, NotFound, PermissionDenied
from authsvc.flows import assign
from authsvc.keys import BODY, ORIGIN, QUERY, SERVICE, caller_of, id_of
from authsvc.queries import assignments, systems
from authsvc.queries.assignments import Filter
from authsvc.replies import page, reply
from authsvc.routing import api
from authsvc.schemas import assignments as s

_REFUSALS: tuple[type[ApiError], ...] = (NotFound, PermissionDenied, Conflict)
_EXTRAS = frozenset({"is_administered", "is_superusers"})


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """ASSIGNMENT."""
    return {name: value for name, value in row.items() if name not in _EXTRAS}


@api(query=s.AssignmentsQuery, reply=s.Assignment, many=True)
async def index(request: web.Request) -> web.Response:
    """The own assignments; for admins those of their systems too."""
    svc, query = request.app[SERVICE], request[QUERY]
    system, role = query.get("system"), query.get("role")
    only = Filter(
        query.get("user"),
        system.id if system else None,
        system.name.lower() if system and system.name else None,
        role.id if role else None,
        names.fold(role.name) if role and role.name else None,
        query.get("is_active"),
    )
    caller = caller_of(request).person.id
    rows = await assignments.page(svc.db, caller, query["cursor"] or 0, query["limit"] + 1, only)
    if svc.settings.legacy_assignment_ids:
        found = [{**row, "id": row["user_id"], "assignment_id": row["id"]} for row in rows]
        return page(request, found, query["limit"], lambda row: row["assignment_id"])
    return page(request, [dict(row) for row in rows], query["limit"], lambda row: row["id"])


@api(reply=s.Assignment, errors=(NotFound,))
async def show(request: web.Request) -> web.Response:
    """One assignment."""
    caller = caller_of(request).person.id
    row = await assignments.get(request.app[SERVICE].db, caller, id_of(request))
    if row is None:
        raise NotFound
    return reply(shown(row))


@api(body=s.NewAssignment, reply=s.Assignment, status=201, errors=_REFUSALS)
async def create(request: web.Request) -> web.Response:
    """Give a user a role of a system."""
    body = request[BODY]
    fields = tuple(name if name in body else f"{name}_id" for name in ("user", "system", "role"))
    user, system, role = fields
    wanted = assign.Wanted(
        body[user], body[system], body[role], body["is_active"], body["settings"], (user, system, role)
    )
    row, is_new = await assign.give(request.app[SERVICE], caller_of(request), wanted, request[ORIGIN])
    if not is_new:
        raise Conflict("This person holds the role already.")
    return reply(shown(row), 201)


@api(body=s.AssignmentBody, reply=s.Assignment, errors=_REFUSALS)
async def edit(request: web.Request) -> web.Response:
    """Change role, activity or settings of an assignment: what is left out stays as it is."""
    body = request[BODY]
    row = await assign.change(request.app[SERVICE], caller_of(request), id_of(request), body, request[ORIGIN])
    return reply(shown(row))


@api(status=204, errors=_REFUSALS)
async def remove(request: web.Request) -> web.Response:
    """Take a role away."""
    await assign.take(request.app[SERVICE], caller_of(request), id_of(request), request[ORIGIN])
    return web.Response(status=204)


@api(body=s.SettingsBody, reply=s.Assignment, errors=_REFUSALS)
async def edit_settings(request: web.Request) -> web.Response:
    """Replace the settings of the assignment that user, system and role name."""
    body = request[BODY]
    return reply(shown(await assign.set_settings(request.app[SERVICE], caller_of(request), body, request[ORIGIN])))


@api(reply=s.SystemUsers, errors=(NotFound,))
async def users_of_system(request: web.Request) -> web.Response:
    """Everybody who holds a role of a system that the caller administers."""
    svc = request.app[SERVICE]
    system = await systems.administered(svc.db, caller_of(request).person.id, None, request.match_info["slug"].lower())
    if system is None:
        raise NotFound
    rows = [dict(row) for row in await assignments.of_system(svc.db, system["id"])]
    people = {row["user_id"] for row in rows}
    return reply({"system": dict(system), "users_count": len(people), "users": rows})
