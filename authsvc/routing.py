"""What one row of the route table is, and how rows become aiohttp routes."""

import enum
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from aiohttp import web, web_urldispatcher
from marshmallow import Schema, fields

from authsvc.core.person import Kind
from authsvc.errors import ApiError, Malformed
from authsvc.replies import JSON, Published, reply

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
H = TypeVar("H", bound=Handler)

STAFF_ONLY = frozenset({Kind.STAFF})
EMPLOYEES_ONLY = frozenset({Kind.EMPLOYEE})
BOTH_KINDS = frozenset(Kind)


class Access(enum.Enum):
    """Who may call an endpoint; the value is the word that the API lists use."""

    PUBLIC = "public"
    PUBLIC_PAGE = "public page"
    SIGNED_IN = "signed-in"
    EMPLOYEE = "employee"
    ADMIN = "admin"
    ADMIN_PAGE = "admin page"
    REFRESH = "refresh token"
    BASIC = "basic or cookie"
    INTERNAL = "internal"


class Limit(NamedTuple):
    """So many calls per so many seconds, counted over all names of the row.

    per: "network" (IPv4 address, IPv6 /64) or "person" (the signed-in one).
    """

    calls: int
    seconds: int
    per: str = "network"


class Spec(NamedTuple):
    """What goes into and out of a handler; a note that @api attaches to it."""

    body: type[Schema] | None = None
    query: type[Schema] | None = None
    reply: type[Schema] | fields.Field[Any] | None = None
    many: bool = False  # the reply is an array of these
    status: int = 200
    or_status: tuple[int, ...] = ()  # other statuses that are no errors; those with a body have the same
    errors: tuple[type[ApiError], ...] = ()
    forgives: bool = False  # a body that cannot be read is an empty one; request[UNREADABLE] says what is wrong
    forms: bool = False  # form and multipart bodies are taken too
    media: str = JSON  # what the reply is


class Route(NamedTuple):
    """One endpoint: where it is, what answers, who may call, how often, its other names."""

    method: str
    path: str
    handler: Handler
    access: Access
    limit: Limit | None = None
    also: tuple[str, ...] = ()  # other paths that answer the same, with the same rights and counters
    kinds: frozenset[Kind] = STAFF_ONLY  # whose session counts, where one is needed
    knows_caller: bool = False  # anybody may call, but who is signed in counts
    settles_itself: bool = False  # the flow weighs the credentials: signing out takes any that the session has
    revokes: bool | None = None  # may change who somebody is or may do; None: as its method says
    scope: str | None = None  # answered to the internal network without a session; what a service key must allow

    @property
    def name(self) -> str:
        """`<noun>.<function>` of the handler."""
        return f"{self.handler.__module__.rpartition('.')[2]}.{self.handler.__name__}"

    @property
    def spec(self) -> Spec:
        """What the handler takes and gives."""
        spec: Spec = getattr(self.handler, "spec", Spec())
        return spec

    @property
    def may_revoke(self) -> bool:
        """May the handler change who somebody is or what he may do?"""
        return self.method != "GET" if self.revokes is None else self.revokes

    @property
    def paths(self) -> tuple[str, ...]:
        """All names of the endpoint."""
        return (self.path, *self.also)


ROW: web.RequestKey[Route | None] = web.RequestKey("row", object)  # type: ignore[arg-type]  # set first of all
ROWS: web.AppKey[dict[Any, Route]] = web.AppKey("rows", dict)
SCHEMA: web.AppKey[Published] = web.AppKey("schema", Published)  # the table as an OpenAPI document


def api(**spec: Any) -> Callable[[H], H]:
    """Say what a handler takes and gives (the fields of Spec). It attaches a note; it wraps nothing."""

    def note(handler: H) -> H:
        handler.spec = Spec(**spec)  # type: ignore[attr-defined]
        return handler

    return note


def row_of(request: web.Request) -> Route | None:
    """The row that matched this request; None for a 404 or 405."""
    return request.get(ROW)


def kind_of(request: web.Request) -> Kind:
    """The kind of people that the row is for: whose accounts sign in, register and recover there."""
    row = row_of(request)
    if row is None or len(row.kinds) != 1:
        raise LookupError("this row is not for one kind of people")
    return next(iter(row.kinds))


def register(
    app: web.Application, routes: Iterable[Route], answering: Callable[[Route], Handler], nowhere: Handler
) -> None:
    """Make every name of every row a route of the application. HEAD answers where GET does.

    answering: what answers a row's requests. nowhere: what answers all requests for which there is no row.
    """
    rows = app[ROWS] = {}
    for row in routes:
        handler = answering(row)
        for path in row.paths:
            if row.method == "GET":
                resource = app.router.add_resource(path)
                rows[resource.add_route("GET", handler)] = row
                rows[resource.add_route("HEAD", handler)] = row
            else:
                rows[app.router.add_route(row.method, path, handler)] = row
    last = app.router.add_resource("/{anything:(?s:.*)}")
    last.add_route("*", nowhere)
    last._pattern = re.compile("(?s:.*)")  # type: ignore[attr-defined]  # also `OPTIONS *`, which is no path


async def _expect(request: web.Request) -> web.StreamResponse | None:
    """Answer `Expect: 100-continue` (RFC 9110 section 10.1.1); any other expectation is refused.

    aiohttp asks this before any middleware, so the refusal is rendered here.
    """
    if request.headers.get("Expect", "").lower() != "100-continue":
        return reply(Malformed("Unknown expectation.").body(), Malformed.status)
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0  # nothing of the answer itself was sent
    return None


# For every request, also those that match no row; there is no other switch for the latter.
web_urldispatcher._default_expect_handler = _expect  # type: ignore[assignment]


def get(path: str, handler: Handler, access: Access, limit: Limit | None = None, **more: Any) -> Route:
    """A row for GET (and HEAD)."""
    return Route("GET", path, handler, access, limit, **more)


def post(path: str, handler: Handler, access: Access, limit: Limit | None = None, **more: Any) -> Route:
    """A row for POST."""
    return Route("POST", path, handler, access, limit, **more)


def put(path: str, handler: Handler, access: Access, limit: Limit | None = None, **more: Any) -> Route:
    """A row for PUT."""
    return Route("PUT", path, handler, access, limit, **more)


def patch(path: str, handler: Handler, access: Access, limit: Limit | None = None, **more: Any) -> Route:
    """A row for PATCH."""
    return Route("PATCH", path, handler, access, limit, **more)


def delete(path: str, handler: Handler, access: Access, limit: Limit | None = None, **more: Any) -> Route:
    """A row for DELETE."""
    return Route("DELETE", path, handler, access, limit, **more)
