"""Invitations."""

from aiohttp import web

from authsvc.core.profiles import card
from authsvc.errors import ApiError, Conflict, Invalid, LockedOut, NotFound, PermissionDenied
from authsvc.flows import accept_invitation, invite
from authsvc.keys import BODY, ORIGIN, QUERY, SERVICE, caller_of, id_of
from authsvc.queries import invitations, managed_users
from authsvc.queries.managed_users import Page
from authsvc.replies import page, reply
from authsvc.routing import api
from authsvc.schemas import managed_users as s
from authsvc.schemas.base import PageQuery

_REFUSALS: tuple[type[ApiError], ...] = (NotFound, PermissionDenied, Conflict)
_REQUIRED = ["This field is required."]


@api(reply=s.Offers)
async def offers(request: web.Request) -> web.Response:
    """Whom and to what the caller may invite."""
    svc, caller = request.app[SERVICE], caller_of(request)
    async with svc.db.transaction() as tx:
        people = await managed_users.page(tx, caller, Page("id", None, 500, None, None, True, None, None))
    users = [card(row, svc.settings.public_url, "user") for row in people]
    systems = [dict(row) for row in await invitations.offers(svc.db, caller.person.id)]
    return reply({"available_users": users, "systems": systems})


@api(body=s.InviteBody, reply=s.Invited, status=201, errors=_REFUSALS, forms=True)
async def send(request: web.Request) -> web.Response:
    """Invite a person to a system with a role."""
    body = request[BODY]
    system, role = body.get("system") or body.get("system_id"), body.get("role") or body.get("role_id")
    missing: dict[str, list[str]] = {}
    if not body.get("email") and not body.get("user_id"):
        missing["email"] = _REQUIRED
    if role is None:
        missing["role"] = _REQUIRED
    elif system is None and role.id is None:
        missing["system"] = _REQUIRED
    if missing or role is None:
        raise Invalid(missing)
    done = await invite.invite(request.app[SERVICE], caller_of(request), body, system, role, request[ORIGIN])
    if "assignment" in done:
        done["assignment"] = {
            name: value
            for name, value in done["assignment"].items()
            if name not in ("is_administered", "is_superusers")
        }
    return reply(done, 201)


@api(query=PageQuery, reply=s.Invitation, many=True)
async def index(request: web.Request) -> web.Response:
    """The invitations to the caller's systems."""
    query = request[QUERY]
    caller = caller_of(request).person.id
    rows = await invitations.page(request.app[SERVICE].db, caller, query["cursor"] or 0, query["limit"] + 1)
    return page(request, [dict(row) for row in rows], query["limit"], lambda row: row["id"])


@api(reply=s.Invitation, errors=_REFUSALS)
async def resend(request: web.Request) -> web.Response:
    """Mail an invitation again; the old link is void."""
    return reply(await invite.resend(request.app[SERVICE], caller_of(request), id_of(request), request[ORIGIN]))


@api(status=204, errors=_REFUSALS)
async def revoke(request: web.Request) -> web.Response:
    """Revoke an invitation."""
    await invite.revoke(request.app[SERVICE], caller_of(request), id_of(request), request[ORIGIN])
    return web.Response(status=204)


@api(body=s.AcceptBody, reply=s.Accepted, errors=(LockedOut,), forms=True)
async def accept(request: web.Request) -> web.Response:
    """Accept an invitation with the token of its link: a password, and the role."""
    body = request[BODY]
    if "password_confirm" in body and body["password_confirm"] != body["password"]:
        raise Invalid({"password_confirm": ["Passwords do not match."]})
    email = await accept_invitation.accept(request.app[SERVICE], body["token"], body["password"], body, request[ORIGIN])
    return reply({"message": "The invitation was accepted. You can sign in now.", "user": email})
