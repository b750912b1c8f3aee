"""Connections that are lent: never more than there may be, never lost, never a broken one twice."""

import asyncio
import time
from collections.abc import AsyncIterator

import asyncpg
import pytest

from authsvc.db import lending
from authsvc.db.pool import Database
from authsvc.errors import Unavailable
from tests.conftest import Addresses

PID = "SELECT pg_backend_pid()"


@pytest.fixture
async def two(database: Addresses) -> AsyncIterator[Database]:
    """Of two connections at most, with little patience."""
    found = Database(database.app, size=2, acquire_timeout=0.5, statement_timeout=2)
    await found.open()
    yield found
    found.terminate()


async def hold(lender: Database, until: asyncio.Event, holding: asyncio.Semaphore) -> int:
    """Keep a connection in a transaction; its server process."""
    async with lender.transaction() as tx:
        pid = int(await tx.fetchval(PID))
        holding.release()
        await until.wait()
    return pid


async def both_held(lender: Database, until: asyncio.Event) -> list[asyncio.Task[int]]:
    holding = asyncio.Semaphore(0)
    held = [asyncio.ensure_future(hold(lender, until, holding)) for _ in range(2)]
    for _ in held:
        await holding.acquire()
    return held


async def test_the_last_returned_is_lent_first(two: Database) -> None:
    until = asyncio.Event()
    held = await both_held(two, until)
    assert (two.opened, two.in_use) == (2, 2)
    until.set()
    await asyncio.gather(*held)
    assert (two.opened, two.in_use) == (2, 0)
    assert await two.fetchval(PID) == await two.fetchval(PID)


async def test_many_share_them(two: Database) -> None:
    seen: set[int] = set()
    first_two = asyncio.Barrier(2)

    async def work(number: int) -> int:
        async with two.transaction() as tx:
            if number < 2:
                await first_two.wait()
            seen.add(two.in_use)
            return int(await tx.fetchval(PID))

    assert len(set(await asyncio.gather(*(work(number) for number in range(50))))) == 2
    assert max(seen) == 2
    assert (two.opened, two.in_use) == (2, 0)


async def test_who_waits_gets_one_or_is_told(two: Database) -> None:
    until = asyncio.Event()
    held = await both_held(two, until)
    late = [asyncio.ensure_future(two.fetchval(PID)) for _ in range(3)]
    with pytest.raises(Unavailable):
        await late[0]
    in_time = [asyncio.ensure_future(two.fetchval(PID)) for _ in range(3)]
    await asyncio.sleep(0.1)
    until.set()
    assert set(await asyncio.gather(*in_time)) <= set(await asyncio.gather(*held))
    assert [type(error) for error in await asyncio.gather(*late, return_exceptions=True)] == [Unavailable] * 3
    assert (two.opened, two.in_use) == (2, 0)


async def test_who_is_called_off_while_he_waits_loses_nothing(two: Database) -> None:
    until = asyncio.Event()
    held = await both_held(two, until)
    waiting = [asyncio.ensure_future(two.fetchval(PID)) for _ in range(20)]
    await asyncio.sleep(0.05)
    until.set()
    await held[0]
    for task in waiting[::2]:
        task.cancel()
    found = await asyncio.gather(*waiting[1::2])
    assert len(found) == 10
    await asyncio.gather(*held, *waiting, return_exceptions=True)
    assert two.in_use == 0
    assert await asyncio.gather(*(two.fetchval("SELECT 1") for _ in range(20))) == [1] * 20


async def test_who_is_called_off_with_one_in_his_hand_gives_it_back(two: Database) -> None:
    until = asyncio.Event()
    held = await both_held(two, until)
    waiting = [asyncio.ensure_future(two.fetchval(PID)) for _ in range(3)]
    await asyncio.sleep(0.05)
    until.set()
    while not held[0].done():
        await asyncio.sleep(0)
    waiting[0].cancel()  # in the same turn of the loop in which he is handed what the other gave back, or one later
    assert {await task for task in waiting[1:]} <= {await task for task in held}
    await asyncio.gather(*waiting, return_exceptions=True)
    assert two.in_use == 0
    assert len(await both_held(two, until)) == 2


async def test_one_that_was_idle_for_long_is_not_lent_again(two: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = await two.fetchval(PID)
    assert await two.fetchval(PID) == pid
    monkeypatch.setattr(lending, "_IDLE", 0.0)
    assert await two.fetchval(PID) != pid
    assert (two.opened, two.in_use) == (1, 0)


async def test_room_that_one_leaves_is_used_by_who_waits(two: Database, db: asyncpg.Connection) -> None:
    """Nobody waits for a connection to come back when it is lost."""
    until = asyncio.Event()
    held = await both_held(two, until)
    waiting = asyncio.ensure_future(two.fetchval(PID))
    await asyncio.sleep(0.05)
    held[0].cancel()  # inside a transaction: his connection is closed
    assert await waiting
    until.set()
    await asyncio.gather(*held, return_exceptions=True)
    assert (two.opened, two.in_use) == (2, 0)


async def test_a_dead_one_is_not_lent_again(two: Database, db: asyncpg.Connection) -> None:
    pid = await two.fetchval(PID)
    await db.execute("SELECT pg_terminate_backend($1, 1000)", pid)
    async with asyncio.timeout(2):
        while two.opened:
            await asyncio.sleep(0.01)
    assert two.in_use == 0
    assert await two.fetchval(PID) != pid
    assert (two.opened, two.in_use) == (1, 0)


async def test_one_inside_a_transaction_is_not_lent_again(two: Database) -> None:
    holding = asyncio.Semaphore(0)
    held = asyncio.ensure_future(hold(two, asyncio.Event(), holding))
    await holding.acquire()
    held.cancel()
    with pytest.raises(asyncio.CancelledError):
        await held
    assert (two.opened, two.in_use) == (0, 0)
    assert await two.fetchval("SELECT pg_current_xact_id_if_assigned() IS NULL") is True


async def test_who_cannot_open_one_leaves_his_place(database: Addresses) -> None:
    nowhere = Database(database.app.replace("dbname", "x") + "&port=1", size=1, acquire_timeout=2, statement_timeout=2)
    await nowhere.open()
    for _ in range(2):
        told = await asyncio.gather(*(nowhere.fetchval("SELECT 1") for _ in range(5)), return_exceptions=True)
        assert [type(error) for error in told] == [Unavailable] * 5
    assert (nowhere.opened, nowhere.in_use) == (0, 0)
    nowhere.terminate()


async def test_after_the_end_there_is_none(two: Database) -> None:
    until = asyncio.Event()
    held = await both_held(two, until)
    waiting = asyncio.ensure_future(two.fetchval(PID))
    await asyncio.sleep(0)
    two.terminate()
    until.set()
    for task in (*held, waiting, asyncio.ensure_future(two.fetchval(PID))):
        with pytest.raises(Unavailable):
            await task


async def test_a_statement_that_is_given_up_delays_nobody(database: Addresses) -> None:
    one = Database(database.app, size=1, acquire_timeout=1, statement_timeout=20)
    await one.open()
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
