"""Connections that are lent: never more than there may be, never lost, never a broken one twice."""

import asyncio
import time
from collections.abc import AsyncIterator

import asyncpg
import pytest

from authsvc.db import connections
from authsvc.db.connections import Connections
from authsvc.db.pool import Database
from authsvc.errors import Unavailable
from tests.conftest import Addresses


@pytest.fixture
async def two(database: Addresses) -> AsyncIterator[Connections]:
    """Of two connections at most, with little patience."""
    found = Connections(lambda: asyncpg.connect(database.app), size=2, patience=0.5)
    yield found
    found.terminate()


async def waits_for_one(lender: Connections) -> asyncio.Task[asyncpg.Connection]:
    waiting = asyncio.ensure_future(lender.borrow())
    await asyncio.sleep(0)
    return waiting


async def test_the_last_returned_is_lent_first(two: Connections) -> None:
    first, second = await two.borrow(), await two.borrow()
    assert (two.opened, two.lent) == (2, 2)
    two.give_back(first)
    two.give_back(second)
    assert (two.opened, two.lent) == (2, 0)
    assert await two.borrow() is second


async def test_many_share_them(two: Connections) -> None:
    seen: set[int] = set()

    async def work() -> int:
        conn = await two.borrow()
        seen.add(two.lent + len(two._idle))
        found = await conn.fetchval("SELECT pg_backend_pid()")
        two.give_back(conn)
        return int(found)

    assert len(set(await asyncio.gather(*(work() for _ in range(50))))) == 2
    assert max(seen) == 2


async def test_who_waits_gets_it_in_turn_or_is_told(two: Connections) -> None:
    held = [await two.borrow(), await two.borrow()]
    waiting = [await waits_for_one(two) for _ in range(3)]
    for conn in held:
        two.give_back(conn)
    assert [await waiting[0], await waiting[1]] == held
    with pytest.raises(TimeoutError):
        await waiting[2]
    two.give_back(held[0])
    assert await two.borrow() is held[0]


@pytest.mark.parametrize("given", ["open", "closed"])
async def test_who_is_called_off_when_his_turn_comes_loses_nothing(two: Connections, given: str) -> None:
    held = [await two.borrow(), await two.borrow()]
    first, second = await waits_for_one(two), await waits_for_one(two)
    if given == "closed":
        held[0].terminate()
    two.give_back(held[0])
    first.cancel()  # it has been handed over, but he does not know yet
    conn = await second
    assert (conn is held[0]) == (given == "open")
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (two.opened, two.lent) == (2, 2)


async def test_a_dead_one_is_not_lent_again(two: Connections, db: asyncpg.Connection) -> None:
    conn = await two.borrow()
    pid = conn.get_server_pid()
    two.give_back(conn)
    await db.execute("SELECT pg_terminate_backend($1, 1000)", pid)
    async with asyncio.timeout(2):
        while two.opened:
            await asyncio.sleep(0.01)
    again = await two.borrow()
    assert again.get_server_pid() != pid
    assert await again.fetchval("SELECT 1") == 1


async def test_one_inside_a_transaction_is_not_lent_again(two: Connections) -> None:
    conn = await two.borrow()
    await conn.execute("BEGIN")
    two.give_back(conn)
    assert (conn.is_closed(), two.opened) == (True, 0)


async def test_who_cannot_open_one_leaves_his_place(database: Addresses) -> None:
    fails = True

    async def connect() -> asyncpg.Connection:
        await asyncio.sleep(0.01)
        if fails:
            raise ConnectionRefusedError
        return await asyncpg.connect(database.app)

    one = Connections(connect, size=1, patience=2)
    told = await asyncio.gather(*(one.borrow() for _ in range(5)), return_exceptions=True)
    assert [type(error) for error in told] == [ConnectionRefusedError] * 5
    fails = False
    assert await (await one.borrow()).fetchval("SELECT 1") == 1
    one.terminate()


async def test_idle_ones_end(two: Connections, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_IDLE", 0.3)
    monkeypatch.setattr(connections, "_LOOK", 0.05)
    first, second = await two.borrow(), await two.borrow()
    two.give_back(first)
    await asyncio.sleep(0.2)
    two.give_back(second)
    await asyncio.sleep(0.2)
    assert (first.is_closed(), second.is_closed()) == (True, False)
    assert await two.borrow() is second


async def test_after_the_end_there_is_none(two: Connections) -> None:
    held = [await two.borrow(), await two.borrow()]
    waiting = await waits_for_one(two)
    two.terminate()
    with pytest.raises(asyncpg.InterfaceError):
        await waiting
    two.give_back(held[0])
    assert [conn.is_closed() for conn in held] == [True, True]
    with pytest.raises(asyncpg.InterfaceError):
        await two.borrow()


async def test_a_statement_that_is_given_up_delays_nobody(database: Addresses) -> None:
    one = Database(database.app, size=1, acquire_timeout=1, statement_timeout=20)
    try:
        asking = asyncio.ensure_future(one.fetchval("SELECT pg_sleep(10)"))
        await asyncio.sleep(0.2)
        asking.cancel()
        began = time.monotonic()
        assert await one.fetchval("SELECT 1") == 1
        assert time.monotonic() - began < 1
        with pytest.raises(asyncio.CancelledError):
            await asking
        # An argument that is wrong is nobody's fault but the caller's: the connection stays.
        pid = await one.fetchval("SELECT pg_backend_pid()")
        with pytest.raises(asyncpg.DataError):
            await one.fetchval("SELECT $1::int", "x")
        with pytest.raises(asyncpg.UniqueViolationError):
            await one.execute("INSERT INTO company_ids VALUES ('X', 'staff'), ('X', 'staff')")
        assert await one.fetchval("SELECT pg_backend_pid()") == pid
    finally:
        one.terminate()
    with pytest.raises(Unavailable):
        await one.fetchval("SELECT 1")
