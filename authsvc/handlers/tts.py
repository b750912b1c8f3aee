"""What the ticket tracker asks: turns, people, and assignments by its own names."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from marshmallow import fields

from authsvc.core.jsons import dump
from authsvc.core.profiles import card
from authsvc.errors import ApiError, Conflict, NotAuthenticated, NotFound, PermissionDenied
from authsvc.flows import assign, manage_roles, turns
from authsvc.flows.show_users import seen
from authsvc.keys import BODY, ORIGIN, QUERY, SERVICE, SERVICE_KEY, caller_of, id_of
from authsvc.queries import assignments, invitations, managed_users
from authsvc.queries.managed_users import Page
from authsvc.replies import raw, reply
from authsvc.routing import api
from authsvc.schemas import tts as s
from authsvc.schemas.base import AnyOf, Ref

_REFUSALS: tuple[type[ApiError], ...] = (NotFound, PermissionDenied, Conflict)
_NOT_SHOWN = frozenset({"is_administered", "is_superusers"})


@api(query=s.TurnsQuery, reply=AnyOf(s.Turns, fields.List(fields.Int())), errors=(NotFound,))
async def round_robin(request: web.Request) -> web.Response:
    """Ids of who takes turns in a role, ascending, and who is next."""
    svc, query = request.app[SERVICE], request[QUERY]
    if query.get("role"):
        caller_of(request)  # only the old form is answered without a session, to the internal network
        pool = await turns.pool(svc, query["system"], None, query["role"])
        return reply(
            {
                "user_ids": pool.user_ids,
                "system": query["system"],
                "role": query["role"],
                "count": len(pool.user_ids),
                "next_user_id": pool.next_user_id,
            }
        )
    try:
        pool = await turns.pool(svc, query["system"], query.get("role_id"), query.get("role_name"))
    except NotFound:
        return reply([])
    return reply(pool.user_ids)


@api(body=s.NextBody, reply=s.Turn, errors=(NotAuthenticated, NotFound, Conflict))
async def next_turn(request: web.Request) -> web.Response:
    """Hand out the next turn in a role, once over all processes."""
    body = request[BODY]
    if request[SERVICE_KEY] is None:
        caller_of(request)  # a turn without a session is handed out by service key only
    turn = await turns.take(request.app[SERVICE], body["system"], body["role"])
    return reply({"user_id": turn.user_id, "turn": turn.number})


@api(reply=s.INFO, errors=(NotFound,))
async def user_info(request: web.Request) -> web.Response:
    """One user."""
    user_id = id_of(request, "user_id")
    found = await seen(request.app[SERVICE], caller_of(request), [user_id])
    if user_id not in found:
        raise NotFound
    return raw(found[user_id])


@api(body=s.InfosBody, reply=AnyOf(s.Infos, fields.Dict(keys=fields.Str(), values=s.INFO)))
async def users_info(request: web.Request) -> web.Response:
    """Up to 1,000 users at once, and which ids nobody has."""
    body = request[BODY]
    ids = body["user_ids" if "user_ids" in body else "employee_cookie_ids"]
    found = await seen(request.app[SERVICE], caller_of(request), ids)
    if "user_ids" not in body:
        return raw(b"{%b}" % b",".join([b'"%d":%b' % person for person in found.items()]))
    not_found = [i for i in dict.fromkeys(ids) if i not in found] if len(found) < len(ids) else []
    return raw(b'{"users":[%b],"not_found":%b}' % (b",".join(found.values()), dump(not_found)))


@api(body=s.AssignAgentBody, reply=s.Assigned, status=201, or_status=(200,), errors=_REFUSALS)
async def assign_agent(request: web.Request) -> web.Response:
    """Give an agent a role; holding it already is no error."""
    body = request[BODY]
    user = "user_id" if "user_id" in body else "userID"
    role = next(name for name in ("role", "role_id", "role_name") if name in body)
    wanted = assign.Wanted(
        body[user], Ref(None, body["system_slug"]), body[role], True, body["settings"], (user, "system_slug", role)
    )
    row, is_new = await assign.give(request.app[SERVICE], caller_of(request), wanted, request[ORIGIN])
    message = "The role was assigned." if is_new else "The person holds the role already."
    return reply({**_shown(row), "message": message}, 201 if is_new else 200)


@api(body=s.NewRoleBody, reply=s.CreatedRole, status=201, errors=_REFUSALS)
async def create_role(request: web.Request) -> web.Response:
    """Create a role, of the ticket tracker unless another system is named."""
    given = request[BODY]
    body = {"system": Ref(None, "tts"), **given}
    row = await manage_roles.create(request.app[SERVICE], caller_of(request), body, request[ORIGIN])
    return reply({**_shown(row), "message": "The role was created."}, 201)


@api(reply=s.FormData)
async def form_data(request: web.Request) -> web.Response:
    """What the assignment forms offer: assignments, roles and users of the caller's systems."""
    svc, caller = request.app[SERVICE], caller_of(request)
    async with svc.db.transaction() as tx:
        people = await managed_users.page(tx, caller, Page("id", None, 500, None, None, None, None, None))
    rows = await assignments.page(svc.db, caller.person.id, 0, 500, assignments.Filter())
    roles = [
        {**role, "system_slug": system["slug"]}
        for system in await invitations.offers(svc.db, caller.person.id)
        for role in system["roles"]
    ]
    users = [card(row, svc.settings.public_url, "user") for row in people]
    return reply({"assignments": [dict(row) for row in rows], "roles": roles, "users": users})


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _NOT_SHOWN}
