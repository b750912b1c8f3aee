"""Who is calling: request[CALLER] is a Caller, or None for nobody; request[ORIGIN] is where from.

One precedence, for every endpoint: a good bearer token, else a good cookie. So `Bearer null` beside a
good cookie, and a stale cookie beside a good token, both work. Rows that anybody may call ask for
nobody's identity: a stale credential never keeps its owner from signing in again.
"""

from aiohttp import hdrs, web

from authsvc.addresses import client_address
from authsvc.cookies import ACCESS
from authsvc.core.person import Caller, Origin
from authsvc.errors import TokenNotValid
from authsvc.keys import CALLER, ORIGIN, SERVICE
from authsvc.presented import bearer
from authsvc.routing import Access, Handler, row_of
from authsvc.service import Service

_NO_CALLER = frozenset({Access.PUBLIC, Access.PUBLIC_PAGE, Access.REFRESH, Access.BASIC, Access.INTERNAL})
_MAX_USER_AGENT = 300


@web.middleware
async def identity(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Resolve the caller where the row needs one."""
    svc = request.app[SERVICE]
    agent = request.headers.get(hdrs.USER_AGENT)
    request[ORIGIN] = Origin(client_address(request, svc.settings.trusted_proxies), agent and printable(agent))
    await resolve(request, svc)
    return await handler(request)


async def resolve(request: web.Request, svc: Service) -> None:
    """Say in request[CALLER] who is calling, as of now."""
    row, caller = row_of(request), None
    if row is not None and (row.knows_caller or row.access not in _NO_CALLER):
        caller = await _caller(request, svc)
    request[CALLER] = caller


def printable(text: str) -> str:
    """A header as it may be stored and shown."""
    if len(text) <= _MAX_USER_AGENT and text.isprintable():
        return text
    return "".join(c if c.isprintable() else "?" for c in text[:_MAX_USER_AGENT])


async def _caller(request: web.Request, svc: Service) -> Caller | None:
    token = bearer(request)
    if token and (caller := await _holder(token, svc, by_cookie=False)):
        return caller
    token = request.cookies.get(ACCESS)
    return await _holder(token, svc, by_cookie=True) if token else None


async def _holder(token: str, svc: Service, *, by_cookie: bool) -> Caller | None:
    """The live session behind a token: an ended one ends here, whatever `exp` says."""
    try:
        claims = svc.tokens.read(token)
    except TokenNotValid:
        return None
    known = await svc.known.session(svc.db, claims.session_id, claims.person)
    if known is None:
        return None
    return Caller(
        claims.person,
        known.email,
        claims.session_id,
        claims.expires_at,
        known.is_superuser,
        known.is_admin,
        by_cookie,
    )
