"""The database is away, or a table is locked: 503 with Retry-After, soon, and healed by itself."""

import asyncio
import contextlib
import ipaddress
import time
from collections.abc import AsyncIterator

import asyncpg
import pytest
from aiohttp.test_utils import unused_port

from authsvc.errors import Unavailable
from authsvc.routing import Access
from tests.client import PASSWORD, Answer, Api, Tokens
from tests.conftest import Addresses
from tests.endpoints.kit import cookies_of
from tests.middleware.conftest import ServeReal
from tests.middleware.kit import VALID, Name, names

NO_DATABASE = {
    "meta.alive", "meta.jwks", "meta.api_index", "meta.v1_index", "meta.section_index", "meta.home",
    "meta.schema", "meta.metrics", "docs.browse", "styles.docs", "styles.pages",
    "profile.picture", "captcha.required",
}  # fmt: skip
NAMES = names()


async def timed(request: object, seconds: float) -> Answer:
    began = time.monotonic()
    answer: Answer = await request  # type: ignore[misc]
    assert time.monotonic() - began < seconds
    return answer


async def ask(api: Api, name: Name, tokens: Tokens, seconds: float = 2) -> Answer:
    body = dict(VALID.get(name.row.name, {}))
    if name.row.name == "tokens.verify":
        body["token"] = tokens.access
    more = {} if name.row.method == "GET" else {"json": body}
    headers = {**cookies_of(tokens), "Accept": "application/json"}  # of pages too
    return await timed(api.request(name.row.method, name.path, headers=headers, **more), seconds)


def is_unavailable(answer: Answer) -> bool:
    said = (answer.status, answer.code, answer.headers["Retry-After"])
    return said == (503, "unavailable", str(Unavailable().retry_after))


async def test_nothing_listens_there(api: Api, ada: Tokens, serve_real: ServeReal) -> None:
    nowhere = f"postgresql://authsvc_app@127.0.0.1:{unused_port()}/authsvc"
    away = await serve_real(nowhere, internal_networks=(ipaddress.ip_network("127.0.0.0/8"),))
    for name in NAMES:
        answer = await ask(away, name, ada)
        if name.row.name in NO_DATABASE:
            assert answer.status in (200, 303, 404), str(name)
        elif answer.status != 400:  # a body that is wrong is refused before the database is asked
            assert is_unavailable(answer), (str(name), answer.text)


async def test_a_host_that_never_answers(api: Api, ada: Tokens, serve_real: ServeReal) -> None:
    """It takes the connection and then says nothing: frozen."""
    held: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    async with silent:
        port = silent.sockets[0].getsockname()[1]
        away = await serve_real(
            dsn=f"postgresql://authsvc_app@127.0.0.1:{port}/authsvc?sslmode=disable", db_acquire_timeout=0.4
        )
        asked = [
            away.get("/api/me/", headers=ada.bearer),
            away.get("/readyz"),
            away.post("/token/", VALID["profile.edit"]),
        ]
        answers = await asyncio.gather(*(timed(one, 2) for one in asked))
        assert [answer.status for answer in answers] == [503, 503, 400]
        assert (await timed(away.get("/healthz"), 0.2)).status == 200
        for writer in held:
            writer.close()


async def test_many_at_once_are_all_told_in_time(api: Api, ada: Tokens, serve_real: ServeReal) -> None:
    nowhere = f"postgresql://authsvc_app@127.0.0.1:{unused_port()}/authsvc"
    away = await serve_real(nowhere, internal_networks=(ipaddress.ip_network("127.0.0.0/8"),))
    body = {"email": "ada@example.com", "password": PASSWORD}
    asked = [away.post("/api/v1/users/login/", body) for _ in range(100)]
    answers = await asyncio.gather(*(timed(one, 2) for one in asked))
    assert all(is_unavailable(answer) for answer in answers)


@pytest.mark.parametrize("right, wrong", [("authsvc_app", "nobody_such"), ("/authsvc?", "/no_such?")])
async def test_a_role_or_database_that_is_not_there_is_unavailable_too(
    api: Api, ada: Tokens, serve_real: ServeReal, database: Addresses, right: str, wrong: str
) -> None:
    assert right in database.app
    client = await serve_real(dsn=database.app.replace(right, wrong))
    assert (await client.get("/api/me/", headers=ada.bearer)).status == 503


@contextlib.asynccontextmanager
async def locked(database: Addresses, *tables: str) -> AsyncIterator[None]:
    """Somebody else holds these tables."""
    conn = await asyncpg.connect(database.superuser)
    try:
        async with conn.transaction():
            await conn.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await conn.close()


LOCKED: dict[str, list[str]] = {
    "users": ["sessions.obtain", "users.register", "profile.me", "tokens.validate", "profile.edit", "tokens.rotate"],
    "sessions": ["sessions.obtain", "profile.me", "tokens.rotate", "tokens.verify"],
    "audit": ["sessions.obtain", "sessions.logout", "sessions.logout_anyway", "users.register", "profile.edit"],
}


@pytest.mark.parametrize("table", LOCKED)
async def test_a_locked_table(serve_real: ServeReal, database: Addresses, table: str) -> None:
    # Once with the usual patience, the others with less.
    api = await serve_real(**({} if table == "users" else {"db_statement_timeout": 0.5}))
    await api.register(email="ada@example.com")
    ada = await api.sign_in("ada@example.com")
    rows = [name for name in NAMES if name.row.name in LOCKED[table] and name.path == name.row.path]
    touched = [name for name in rows if not name.for_employees]
    assert {name.row.name for name in touched} == set(LOCKED[table])
    async with locked(database, table):
        answers = await asyncio.gather(*(ask(api, name, ada, 3) for name in touched))
        assert [answer.text for answer in answers if not is_unavailable(answer)] == []
        assert (await timed(api.get("/healthz"), 0.2)).status == 200
    for name in touched:
        answer = await ask(api, name, await api.sign_in("ada@example.com"))
        assert answer.status in (200, 201), (str(name), answer.text)


async def test_a_full_pool_is_told_and_heals(serve_real: ServeReal, database: Addresses) -> None:
    api = await serve_real(db_pool_size=2, db_acquire_timeout=0.3, db_statement_timeout=0.5)
    tokens = await api.sign_in()
    async with locked(database, "sessions"):
        answers = await asyncio.gather(*(timed(api.get("/api/me/", headers=tokens.bearer), 3) for _ in range(30)))
        assert all(is_unavailable(answer) for answer in answers)
    assert (await api.get("/api/me/", headers=tokens.bearer)).status == 200


async def test_killed_backends_are_replaced(api: Api, ada: Tokens, db: asyncpg.Connection) -> None:
    """Idle connections die with their backends: the next requests may be told so, but soon all is well."""
    await asyncio.gather(*(api.get("/api/me/", headers=ada.bearer) for _ in range(10)))
    await db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'authsvc_app'")
    statuses = [(await api.get("/api/me/", headers=ada.bearer)).status for _ in range(12)]
    assert set(statuses) <= {200, 503}
    assert statuses[-1] == 200


def test_every_row_without_a_database_is_public_or_internal() -> None:
    assert {name.row.access for name in NAMES if name.row.name in NO_DATABASE} == {
        Access.PUBLIC,
        Access.INTERNAL,
    }
