"""Lookups by other services on the internal network."""

from aiohttp import web

from authsvc.core.profiles import shown, with_picture
from authsvc.errors import NotFound
from authsvc.keys import SERVICE, id_of
from authsvc.queries import internal
from authsvc.replies import reply
from authsvc.routing import api
from authsvc.schemas import internal as s
from authsvc.schemas.users import Profile


@api(reply=s.InternalUser, errors=(NotFound,))
async def user(request: web.Request) -> web.Response:
    """One staff user, for other services."""
    row = await internal.user(request.app[SERVICE].db, id_of(request))
    if row is None:
        raise NotFound
    return reply(dict(row))


@api(reply=s.InternalEmployee, errors=(NotFound,))
async def employee(request: web.Request) -> web.Response:
    """One employee, for other services."""
    svc = request.app[SERVICE]
    row = await internal.employee(svc.db, id_of(request))
    if row is None:
        raise NotFound
    return reply(with_picture(row, svc.settings.public_url))


@api(reply=Profile, errors=(NotFound,))
async def help_desk_user(request: web.Request) -> web.Response:
    """The profile of a staff user who holds a role of the help desk, for other services."""
    svc = request.app[SERVICE]
    row = await internal.help_desk_user(svc.db, id_of(request, "user_id"))
    if row is None:
        raise NotFound
    return reply(shown(row, svc.settings.public_url))
