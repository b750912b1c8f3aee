"""What the middleware tests share: every name of every row, valid bodies, requests byte by byte."""

import asyncio
import contextlib
import inspect
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterable
from typing import Any, NamedTuple, TypeVar

from authsvc.routes import ROUTES
from authsvc.routing import EMPLOYEES_ONLY, Access, Route
from tests.client import PASSWORD, Api, Tokens
from tests.endpoints.kit import sign_in_employee

Test = Callable[..., Awaitable[None]]
Case = TypeVar("Case")
SAFE = ("GET", "HEAD", "OPTIONS")
_OWN_BUSINESS = (Access.PUBLIC, Access.REFRESH, Access.BASIC, Access.INTERNAL)
PAGES = (Access.PUBLIC_PAGE,)
TURNS = 3
_EXAMPLES = {"digest": "0" * 64, "company_id": "MA0001", "id": "1"}
_PLACE = re.compile(r"\{(\w+)(?::[^{}]*(?:\{[^{}]*\}[^{}]*)*)?\}")

# Where nobody expects a body with fields that could be right, `{}` is sent.
VALID: dict[str, dict[str, Any]] = {
    "users.register": {"email": "eve@example.com", "password": PASSWORD},
    "sessions.obtain": {"email": "ada@example.com", "password": PASSWORD},
    "sessions.login_api": {"email": "ada@example.com", "password": PASSWORD},
    "sessions.login_employee": {"email": "ada@example.com", "password": PASSWORD},
    "users.register_employee": {"email": "eve@example.com", "password": PASSWORD},
    "review.decide": {"action": "approve"},
    "profile.edit": {"first_name": "Eve"},
}


def steps_of(row: Route) -> tuple[object, ...]:
    """All that the steps before a handler go by (tests/shape/test_steps.py): rows equal here are one to them."""
    safe, per, spec = row.method in SAFE, row.limit and row.limit.per, row.spec
    bodies = (spec.body is None, spec.query is None, spec.forms, spec.forgives)
    return safe, row.access, row.kinds, per, row.may_revoke, row.knows_caller, row.settles_itself, row.scope, bodies


class Name(NamedTuple):
    """One path of one row."""

    row: Route
    path: str  # placeholders filled
    turn: int | None = None  # which of TURNS parts of the cases; None: all

    def __str__(self) -> str:
        return f"{self.row.method} {self.path[:60]}"

    def of(self, cases: Iterable[Case]) -> list[Case]:
        """Which of the cases this name is tried with: all, where it stands for its like (`over`), else a part."""
        return list(cases) if self.turn is None else list(cases)[self.turn :: TURNS]

    @property
    def closed(self) -> bool:
        """Does the row itself ask for a signed-in person?"""
        return self.row.access not in _OWN_BUSINESS and not self.row.settles_itself

    @property
    def for_employees(self) -> bool:
        """Is the row for employees only?"""
        return self.row.kinds == EMPLOYEES_ONLY

    async def sign_in(self, api: Api) -> Tokens:
        """A new session of the Ada who may call the row."""
        return await (sign_in_employee if self.for_employees else Api.session_of)(api, "ada@example.com")


def filled(path: str, **values: str) -> str:
    """A path of the table with a value at each placeholder."""
    return _PLACE.sub(lambda found: {**_EXAMPLES, **values}.get(found[1], "1"), path)


def names(which: Callable[[Route], bool] = lambda row: True) -> list[Name]:
    """Every name of every row that is wanted."""
    wanted = (row for row in ROUTES if row.access not in PAGES and which(row))  # pages answer people, in HTML
    return [Name(row, filled(path)) for row in wanted for path in row.paths]


def _turned(found: list[Name], alike: Callable[[Route], Hashable]) -> list[Name]:
    """The same names; all but the first of those that are alike have a turn."""
    counts: Counter[Hashable] = Counter()
    turned = []
    for name in found:
        number = counts[alike(name.row)]
        turned.append(name._replace(turn=number % TURNS if number else None))
        counts[alike(name.row)] += 1
    return turned


def over(found: list[Name], alike: Callable[[Route], Hashable] = steps_of) -> Callable[[Test], Test]:
    """One test that runs with each of these as `name`, on one server; a failure says with which.

    `name.of(cases)` is all cases for the first of those that are alike: that pass the same steps. The others, aliases
    and rows that differ in their handlers alone, get a third of them each, by turns: no name and no case is left out.
    Who asks for `ada` gets, for a row of the employees, the employee of that name.
    """
    assert found
    turned = _turned(found, alike)

    def wrap(test: Test) -> Test:
        async def all_of(**fixtures: Any) -> None:
            employee = {"ada": fixtures.pop("employee_ada")} if "ada" in fixtures else {}
            for name in turned:
                try:
                    await test(**{"name": name, **fixtures, **(employee if name.for_employees else {})})
                except BaseException as err:
                    err.add_note(f"with {name}")
                    raise

        asked = inspect.signature(test)
        wanted = [known for known in asked.parameters.values() if known.name != "name"]
        if "ada" in asked.parameters:
            wanted.append(asked.parameters["ada"].replace(name="employee_ada"))
        all_of.__name__, all_of.__doc__, all_of.__module__ = test.__name__, test.__doc__, test.__module__
        all_of.__signature__ = asked.replace(parameters=wanted)  # type: ignore[attr-defined]
        return all_of

    return wrap


UNSAFE = names(lambda row: row.method not in SAFE)
# Without signing out, which forgives a body that cannot be read (endpoints/sessions/test_logout_bodies.py).
WITH_BODY = names(lambda row: row.spec.body is not None and not row.spec.forgives)
WITH_FORM = [name for name in WITH_BODY if name.row.spec.forms]
_ENDS_THE_CALLER = {"sessions.logout_all", "managed_users.remove"}
CLOSED = [name for name in names() if name.closed and name.row.name not in _ENDS_THE_CALLER]


@contextlib.asynccontextmanager
async def connection(api: Api) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare connection to the server."""
    reader, writer = await asyncio.open_connection(api.client.host, api.client.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def until_closed(reader: asyncio.StreamReader, seconds: float = 3.0) -> bytes:
    """All that comes until the server closes the connection; TimeoutError when it does not."""
    received = b""
    async with asyncio.timeout(seconds):
        with contextlib.suppress(ConnectionResetError):
            while chunk := await reader.read(65536):
                received += chunk
    return received


async def raw(api: Api, sent: bytes, seconds: float = 3.0) -> bytes:
    """Send these bytes and no more; what comes until the server closes."""
    async with connection(api) as (reader, writer):
        writer.write(sent)
        return await until_closed(reader, seconds)


def status_of(answer: bytes) -> int:
    """The status of a raw response."""
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    assert found, answer
    return int(found[1])
