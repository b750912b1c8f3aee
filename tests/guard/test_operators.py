"""What operators may ask from psql, and that they may ask nothing else."""

import asyncio
from pathlib import Path
from subprocess import run
from typing import Any

import asyncpg
import pytest

from authsvc.addresses import network_of
from authsvc.db.embedded import Embedded, programs
from tests.client import Api
from tests.guard.kit import WRONG, device_of, fail, knock, lock

ADA = "ada@example.com"
SCRIPT = Path(__file__).resolve().parents[2] / "sql/ops/why_locked.sql"


async def as_ops(db: asyncpg.Connection, query: str, *args: Any) -> list[tuple[Any, ...]]:
    async with db.transaction():
        await db.execute("SET LOCAL ROLE authsvc_ops")
        return [tuple(row) for row in await db.fetch(query, *args)]


async def why(db: asyncpg.Connection, address: str, *more: str) -> list[tuple[Any, ...]]:
    """Without the moments: what counts, how much, and is it locked."""
    arguments = ", ".join(f"${number}" for number in range(1, len(more) + 2))
    query = f"SELECT counted_by, failures, locked_until IS NOT NULL FROM authops.why_locked({arguments})"
    return await as_ops(db, query, address, *more)


async def test_operators_see_every_count_of_an_address(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    device = await device_of(api, ADA)
    tokens = await api.sign_in(ADA)
    await api.post("/api/v1/users/password/verify/", {"password": WRONG}, headers=tokens.bearer)
    await fail(api, db, ADA, 2, device=device)
    await lock(api, db, ADA)
    assert await why(db, " ADA@example.com ") == [("account", 10, True), ("device", 2, False), ("person", 1, False)]


async def test_a_lock_that_is_over_is_shown_as_over(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    await lock(api, db, ADA)
    await db.execute("UPDATE guard SET locked_until = now() - interval '1 second'")
    assert await why(db, ADA) == [("account", 10, False)]


async def test_others_are_not_shown_and_no_name_that_nobody_has(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    for number, email in enumerate((ADA, "bob@example.com")):
        await fail(api, db, email, number + 1)
    assert await why(db, ADA) == [("account", 1, False)]
    assert await why(db, ADA, "employee") == []
    assert await why(db, "bob@example.com") == []


HOME, OFFICE = "203.0.113.7", "2001:db8:1:2::/64"


@pytest.mark.parametrize(
    "asked,shown",
    [
        (HOME, 50),
        (f" {HOME} ", 50),
        ("2001:db8:1:2::7", 7),
        ("2001:DB8:1:2:ffff:0:0:1", 7),
        (OFFICE, 7),
        ("unknown", 3),
        ("203.0.113.8", None),
        ("2001:db8:1:3::7", None),
        ("", None),
    ],
)
async def test_the_count_of_a_network_is_shown_to_who_asks_for_it(
    api: Api, db: asyncpg.Connection, asked: str, shown: int | None
) -> None:
    await api.register(email=ADA)
    await fail(api, db, ADA, 1)
    for network, failures in ((HOME, 50), (OFFICE, 7), ("unknown", 3)):
        assert network_of(network.replace("/64", "7")) == network
        await db.execute("INSERT INTO guard (key, failures) VALUES ($1, $2)", f"network:{network}", failures)
    await db.execute("UPDATE guard SET locked_until = now() + interval '30 minutes' WHERE failures = 50")
    counts = [("network", shown, shown == 50)] if shown else []
    assert await why(db, ADA, "staff", asked) == [("account", 1, False), *counts]
    assert await why(db, ADA) == [("account", 1, False)]


@pytest.mark.parametrize(
    "more,shown",
    [
        ((), [("account", "1")]),
        (("-v", f"network={HOME}"), [("account", "1"), ("network", "50")]),
        (("-v", "kind=employee"), []),
    ],
)
async def test_the_script_shows_what_the_function_does(
    api: Api, db: asyncpg.Connection, embedded: Embedded, more: tuple[str, ...], shown: list[Any]
) -> None:
    await api.register(email=ADA)
    await db.execute("INSERT INTO guard (key, failures) VALUES ($1, 50)", f"network:{HOME}")
    await fail(api, db, ADA, 1)
    args = [programs() / "psql", embedded.dsn("authsvc_ops"), "-XAtq", "-v", f"email={ADA}", *more, "-f", SCRIPT]
    done = await asyncio.to_thread(run, args, check=True, capture_output=True, text=True)
    assert [tuple(line.split("|")[:2]) for line in done.stdout.splitlines()] == shown


async def test_operators_read_no_table(db: asyncpg.Connection) -> None:
    tables = await db.fetch("SELECT oid::regclass::text AS name FROM pg_class WHERE relkind IN ('r', 'v', 'm') "
                            "AND relnamespace = 'public'::regnamespace")  # fmt: skip
    readable = [
        row["name"]
        for row in tables
        if await db.fetchval("SELECT has_any_column_privilege('authsvc_ops', $1, 'SELECT')", row["name"])
    ]
    assert readable == []


async def test_reading_a_table_is_refused(db: asyncpg.Connection) -> None:
    for table in ("guard", "users", "captchas", "codes", "challenges", "authenticators", "links"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await as_ops(db, f"SELECT * FROM {table}")


async def test_operators_change_nothing(db: asyncpg.Connection) -> None:
    allowed = await db.fetch(
        """SELECT c.oid::regclass::text FROM pg_class c
            WHERE c.relkind IN ('r', 'v') AND c.relnamespace::regnamespace::text IN ('public', 'lookup', 'authops')
              AND has_table_privilege('authsvc_ops', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')"""
    )
    assert allowed == []


@pytest.mark.parametrize("role", ["authsvc_app", "authsvc_lookup"])
async def test_the_function_is_for_operators_only(db: asyncpg.Connection, role: str) -> None:
    assert not await db.fetchval("SELECT has_schema_privilege($1, 'authops', 'USAGE')", role)


async def test_an_address_is_no_pattern(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    await knock(api, "POST /api/v1/users/login/", ADA)
    assert await why(db, "%") == []
    assert await why(db, "' OR true --") == []
