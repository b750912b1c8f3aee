"""Users as superusers and admins see and change them."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from authsvc.core.profiles import card
from authsvc.core.profiles import shown as shown_profile
from authsvc.errors import ApiError, Conflict, Invalid, NotFound, PermissionDenied
from authsvc.flows import manage_users
from authsvc.keys import BODY, ORIGIN, QUERY, SERVICE, caller_of, id_of
from authsvc.queries import managed_users
from authsvc.queries.managed_users import Page
from authsvc.replies import page, reply
from authsvc.routing import api
from authsvc.schemas import managed_users as s
from authsvc.schemas.base import AnyOf, PageQuery
from authsvc.schemas.users import Card, Profile
from authsvc.service import Service

_REFUSALS: tuple[type[ApiError], ...] = (NotFound, PermissionDenied, Conflict)


def _shown(svc: Service, row: Mapping[str, Any]) -> dict[str, Any]:
    return shown_profile(row, svc.settings.public_url)


@api(query=s.UsersQuery, reply=Profile, many=True)
async def index(request: web.Request) -> web.Response:
    """The users whom the caller administers."""
    svc, query, caller = request.app[SERVICE], request[QUERY], caller_of(request)
    by_id = query["ordering"] in ("id", "-id")
    after = query["cursor"]
    if after is not None and (type(after) is int) != by_id:
        raise Invalid({"cursor": ["Invalid cursor."]})
    wanted = Page(
        query["ordering"],
        None if after is None else str(after),
        query["limit"] + 1,
        query["search"],
        query["status"],
        query["is_active"],
        *await manage_users.narrowed(svc, caller, query["system"], query["role"]),
    )
    async with svc.db.transaction() as tx:
        rows = await managed_users.page(tx, caller, wanted)
    keys = [int(row["key"]) if by_id else row["key"] for row in rows]
    shown = [_shown(svc, row) for row in rows]
    return page(request, shown, query["limit"], lambda row: keys[shown.index(row)])


@api(reply=Profile, errors=(NotFound,))
async def show(request: web.Request) -> web.Response:
    """One user."""
    svc = request.app[SERVICE]
    row = await manage_users.show(svc, caller_of(request), id_of(request))
    return reply(_shown(svc, row))


@api(body=s.NewUser, reply=Profile, status=201, errors=_REFUSALS)
async def create(request: web.Request) -> web.Response:
    """Create a user; superusers only."""
    svc, body = request.app[SERVICE], request[BODY]
    return reply(_shown(svc, await manage_users.create(svc, caller_of(request), body, request[ORIGIN])), 201)


@api(body=s.UserBody, reply=Profile, errors=_REFUSALS)
async def edit(request: web.Request) -> web.Response:
    """Change a user: what is left out stays as it is."""
    svc, body = request.app[SERVICE], request[BODY]
    row = await manage_users.edit(svc, caller_of(request), id_of(request), body, request[ORIGIN])
    return reply(_shown(svc, row))


@api(status=204, errors=_REFUSALS)
async def remove(request: web.Request) -> web.Response:
    """Remove a user; superusers only."""
    await manage_users.remove(request.app[SERVICE], caller_of(request), id_of(request), request[ORIGIN])
    return web.Response(status=204)


@api(query=PageQuery, reply=AnyOf(Profile, Card), many=True)
async def agents(request: web.Request) -> web.Response:
    """People who hold an active role: whole for their admins, else directory cards of who shares a system."""
    svc, query = request.app[SERVICE], request[QUERY]
    caller = caller_of(request).person.id
    rows = await managed_users.agents(svc.db, caller, query["cursor"] or 0, query["limit"] + 1)
    shown = [_shown(svc, row) if row["is_shown_whole"] else card(row, svc.settings.public_url, "user") for row in rows]
    return page(request, shown, query["limit"], lambda row: row["id"])
