"""Lookups by other services on the internal network."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from authsvc.core.jsons import kept
from authsvc.core.person import Kind, Person
from authsvc.core.profiles import shown, with_picture
from authsvc.errors import NotFound
from authsvc.keys import SERVICE, id_of
from authsvc.queries import internal
from authsvc.replies import raw
from authsvc.routing import api
from authsvc.schemas import internal as s
from authsvc.schemas.users import Profile


@api(reply=s.InternalUser, errors=(NotFound,))
async def user(request: web.Request) -> web.Response:
    """One staff user, for other services."""
    db, user_id = request.app[SERVICE].db, id_of(request)

    async def source() -> bytes | None:
        row = await internal.user(db, user_id)
        return kept(dict(row)) if row else None

    return await _looked_up(request, "user", Person(Kind.STAFF, user_id), source)


@api(reply=s.InternalEmployee, errors=(NotFound,))
async def employee(request: web.Request) -> web.Response:
    """One employee, for other services."""
    svc, employee_id = request.app[SERVICE], id_of(request)

    async def source() -> bytes | None:
        row = await internal.employee(svc.db, employee_id)
        return kept(with_picture(row, svc.settings.public_url)) if row else None

    return await _looked_up(request, "employee", Person(Kind.EMPLOYEE, employee_id), source)


@api(reply=Profile, errors=(NotFound,))
async def help_desk_user(request: web.Request) -> web.Response:
    """The profile of a staff user who holds a role of the help desk, for other services."""
    svc, user_id = request.app[SERVICE], id_of(request, "user_id")

    async def source() -> bytes | None:
        row = await internal.help_desk_user(svc.db, user_id)
        return kept(shown(row, svc.settings.public_url)) if row else None

    return await _looked_up(request, "help_desk_user", Person(Kind.STAFF, user_id), source)


async def _looked_up(
    request: web.Request, what: str, person: Person, source: Callable[[], Awaitable[bytes | None]]
) -> web.Response:
    found = await request.app[SERVICE].known.looked_up(what, person, source)
    if found is None:
        raise NotFound
    return raw(found)
