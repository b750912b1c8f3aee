"""A process that was stopped for a while has missed what was purged meanwhile: it must not go by what it remembers."""

import asyncio
import itertools
import time

import asyncpg
import pytest

from authsvc import known
from authsvc.core.person import Kind, Person
from authsvc.flows import purge as flow
from authsvc.jobs import purge as job
from authsvc.known import LONGEST_GAP, Known
from authsvc.queries import revocations
from tests.client import Tokens
from tests.known.conftest import Nodes

ENDED = "UPDATE sessions SET ended_at = now(), end_reason = 'operator' WHERE user_id = $1"
PURGED = 600.0  # seconds
HOUR = 3600.0


@pytest.fixture
async def ada(nodes: Nodes) -> Tokens:
    """Every node remembers her, and has heard twice of what her sign-in changed: it will not again."""
    found = await nodes.apis[0].sign_in()
    await nodes.fresh()
    for number in (0, 1, 2) * 2:
        await nodes.known(number).settle()
    await nodes.warm(found)
    return found


def sessions_of(memory: Known, ada: Tokens) -> set[int]:
    return memory._by_person.get(Person(Kind.STAFF, ada.user["id"]), set())


async def test_what_was_purged_meanwhile_is_felt_by_who_goes_on(
    nodes: Nodes, ada: Tokens, db: asyncpg.Connection
) -> None:
    memory = nodes.known(1)
    async with memory._asking:  # as when it is stopped: it asks nothing
        assert sessions_of(memory, ada)
        await db.execute(ENDED, ada.user["id"])
        for awake in (0, 2):
            await nodes.known(awake).settle()
        assert await revocations.purge(db, await revocations.now(db)) > 0
        memory._answered_at -= PURGED
    async with asyncio.timeout(10):
        while not memory.is_fresh or sessions_of(memory, ada):
            await asyncio.sleep(0.01)
    assert await nodes.statuses(ada) == [401, 401, 401]


async def test_a_short_pause_costs_nothing(nodes: Nodes, ada: Tokens) -> None:
    memory = nodes.known(1)
    async with memory._asking:
        memory._answered_at -= LONGEST_GAP / 4
    await memory.settle()
    assert sessions_of(memory, ada)


async def test_nothing_counts_when_the_machine_has_slept(
    nodes: Nodes, ada: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its monotonic clock stood still meanwhile."""
    memory, person = nodes.known(1), Person(Kind.STAFF, ada.user["id"])
    (session_id,) = sessions_of(memory, ada)
    await memory.settle()
    assert memory.is_fresh
    assert memory.remembered(session_id, person)
    assert await memory.person(nodes.apis[1].service.db, person)
    assert memory.remembered_person(person)
    woken_at = time.time() + HOUR
    with monkeypatch.context() as patch:
        patch.setattr(known.time, "time", lambda: woken_at)
        assert not memory.is_fresh
        assert memory.remembered(session_id, person) is None
        assert memory.remembered_person(person) is None
        before = len(nodes.reads)
        found = await memory.session(nodes.apis[1].service.db, session_id, person)
        assert found is not None
        assert len(nodes.reads) == before + 1


async def test_gaps_are_much_shorter_than_what_is_kept() -> None:
    assert job._EVERY >= 10 * LONGEST_GAP
    assert LONGEST_GAP > known.MOST_STALE


async def test_a_revocation_of_a_long_transaction_outlives_the_sweep_after_it(
    nodes: Nodes, ada: Tokens, db: asyncpg.Connection, superuser: asyncpg.Connection
) -> None:
    """It is as old as the transaction's beginning, but nobody could hear of it before the end."""
    svc = nodes.apis[0].service
    other = await asyncpg.connect(nodes.known(0)._dsn)
    long = other.transaction()
    await long.start()
    await other.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    await other.execute(ENDED, ada.user["id"])
    number = await other.fetchval("SELECT pg_current_xact_id()::text")
    heard = await revocations.now(db)
    async with nodes.known(1)._asking:  # it asks when all is over
        await long.commit()
        await other.close()
        for awake in (0, 2):
            await nodes.known(awake).settle()
        await db.execute("UPDATE revocations SET at = at - interval '1 day'")
        await flow.purge(svc, heard)
        assert await db.fetchval("SELECT count(*) FROM revocations WHERE xid::text = $1", number) == 1
    async with asyncio.timeout(10):
        while await nodes.statuses(ada) != [401, 401, 401]:
            await asyncio.sleep(0.01)
    await flow.purge(svc, await revocations.now(db))
    assert await db.fetchval("SELECT count(*) FROM revocations WHERE xid::text = $1", number) == 0


async def test_a_sweep_takes_what_was_over_at_the_one_before(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    svc, sweeps, enough = nodes.apis[0].service, [], asyncio.Event()

    async def purge(svc: object, heard: str | None) -> int:
        sweeps.append((heard, await revocations.now(nodes.apis[0].service.db)))
        if len(sweeps) == 3:
            enough.set()
            await asyncio.Event().wait()
        return 0

    monkeypatch.setattr(job, "purge", purge)
    monkeypatch.setattr(job, "_EVERY", 0.0)
    sweeping = asyncio.create_task(job._forever(svc))
    async with asyncio.timeout(10):
        await enough.wait()
    sweeping.cancel()
    assert sweeps[0][0] is None
    for before, after in itertools.pairwise(sweeps):
        assert after[0] is not None
        assert int(before[1]) <= int(after[0]) <= int(after[1])


async def test_rows_of_another_cluster_are_forgotten(db: asyncpg.Connection) -> None:
    """A dump brings them along; here their transactions are still to come, so everybody would heed them for ever."""
    await db.execute(
        """INSERT INTO revocations (xid, kind, person_id)
           SELECT ((pg_current_xact_id()::text::bigint + 5000000 + n)::text)::xid8, 'staff', 1
             FROM generate_series(1, 3) n"""
    )
    await revocations.purge(db, "0")
    assert await db.fetchval("SELECT count(*) FROM revocations WHERE xid > pg_current_xact_id()") == 0
