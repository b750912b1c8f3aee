"""Who is calling: request[CALLER] is a Caller, or None for nobody; request[ORIGIN] is where from.

One precedence, for every endpoint: a good bearer token, else a good cookie. So `Bearer null` beside a
good cookie, and a stale cookie beside a good token, both work. Rows that anybody may call ask for
nobody's identity: a stale credential never keeps its owner from signing in again.
"""

from collections.abc import Awaitable, Callable
from functools import lru_cache

from aiohttp import hdrs, web

from authsvc.addresses import client_address
from authsvc.cookies import ACCESS
from authsvc.core.access_tokens import Claims
from authsvc.core.person import Caller, Origin
from authsvc.errors import TokenNotValid
from authsvc.keys import CALLER
from authsvc.known import Session
from authsvc.presented import bearer, bearer_of_anybody
from authsvc.routing import Access, Route
from authsvc.service import Service

_NO_CALLER = frozenset({Access.PUBLIC, Access.PUBLIC_PAGE, Access.REFRESH, Access.BASIC, Access.INTERNAL})
_MAX_USER_AGENT = 300


def origin_of(svc: Service) -> Callable[[web.Request], Origin]:
    """Where a request comes from."""
    proxies = svc.settings.trusted_proxies

    def origin(request: web.Request) -> Origin:
        return _origin(client_address(request, proxies), request.headers.get(hdrs.USER_AGENT))

    return origin


@lru_cache(maxsize=1024)
def _origin(address: str | None, agent: str | None) -> Origin:
    return Origin(address, agent and printable(agent))


def asks(row: Route) -> bool:
    """Does it matter to the row who is calling?"""
    return row.knows_caller or row.access not in _NO_CALLER


def gate(row: Route, svc: Service) -> Callable[[web.Request], Awaitable[None] | None]:
    """Say in request[CALLER] who is calling, as of now."""
    token_of = bearer_of_anybody if row.access in _NO_CALLER or row.settles_itself else bearer

    def identify(request: web.Request) -> Awaitable[None] | None:
        request[CALLER] = None
        token = token_of(request)
        if token is None and hdrs.COOKIE not in request.headers:
            return None
        if token and (caller := _remembered(token, svc)):
            request[CALLER] = caller
            return None
        return _ask(request, svc, token)

    return identify


def printable(text: str) -> str:
    """A header as it may be stored and shown."""
    if len(text) <= _MAX_USER_AGENT and text.isprintable():
        return text
    return "".join(c if c.isprintable() else "?" for c in text[:_MAX_USER_AGENT])


def _remembered(token: str, svc: Service) -> Caller | None:
    """The holder of a bearer token whose session is remembered."""
    try:
        claims = svc.tokens.read(token)
    except TokenNotValid:
        return None
    session = svc.known.remembered(claims.session_id, claims.person)
    return _caller(claims, session, by_cookie=False) if session else None


async def _ask(request: web.Request, svc: Service, token: str | None) -> None:
    caller = await _holder(token, svc, by_cookie=False) if token else None
    if caller is None and (token := request.cookies.get(ACCESS)):
        caller = await _holder(token, svc, by_cookie=True)
    request[CALLER] = caller


async def _holder(token: str, svc: Service, *, by_cookie: bool) -> Caller | None:
    """The live session behind a token: an ended one ends here, whatever `exp` says."""
    try:
        claims = svc.tokens.read(token)
    except TokenNotValid:
        return None
    session = await svc.known.session(svc.db, claims.session_id, claims.person)
    return _caller(claims, session, by_cookie=by_cookie) if session else None


def _caller(claims: Claims, session: Session, *, by_cookie: bool) -> Caller:
    return Caller(
        claims.person,
        session.email,
        claims.session_id,
        claims.expires_at,
        session.is_superuser,
        session.is_admin,
        by_cookie,
    )
