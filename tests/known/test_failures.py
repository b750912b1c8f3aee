"""Whatever the listening connection says or fails at, revocations are heard again; and no link is left behind."""

import asyncio
import gc
import logging
from typing import Any

import asyncpg
import pytest

from authsvc import known
from authsvc.core.person import Kind, Person
from authsvc.known import Known
from authsvc.queries import revocations, sessions
from tests.known.conftest import Nodes

ADA = Person(Kind.STAFF, 7)
UNREADABLE = [
    AttributeError("'NoneType' object has no attribute 'decode'"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    BufferError("insufficient data in buffer"),
    OSError("connection refused"),
    asyncpg.InternalClientError("got result for unknown protocol state"),
]


@pytest.fixture
async def node(nodes: Nodes) -> Known:
    return nodes.known(1)


async def broken(memory: Known) -> None:
    """Its connection is lost, and it knows."""
    assert memory._conn is not None
    memory._conn.terminate()
    async with asyncio.timeout(10):
        while memory.is_fresh:
            await asyncio.sleep(0)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.__dict__["fields"]["error"] for r in caplog.records if r.getMessage() == "revocations are not heard"]


async def test_no_answer_to_connecting_ends_the_follower(
    nodes: Nodes, node: Known, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connect, failures = asyncpg.connect, list(UNREADABLE)

    async def failing(dsn: str, **how: Any) -> asyncpg.Connection:
        if failures:
            raise failures.pop(0)
        return await connect(dsn, **how)

    monkeypatch.setattr(known, "_RETRY", 0.01)
    caplog.set_level(logging.WARNING)
    with monkeypatch.context() as patch:
        patch.setattr(known.asyncpg, "connect", failing)
        await broken(node)
        async with asyncio.timeout(10):
            while failures:
                assert not node.is_fresh
                await asyncio.sleep(0)
        await nodes.fresh()
    assert [told(caplog).count(type(failure).__name__) for failure in UNREADABLE] == [1] * len(UNREADABLE)


@pytest.mark.parametrize("failure", [*UNREADABLE, "an unknown kind", "nothing"], ids=str)
async def test_no_answer_to_a_question_ends_the_follower(
    nodes: Nodes,
    node: Known,
    failure: Exception | str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nor does it reach the request that asks before it is answered; and until it is heard again, nothing counts."""
    row = {"following": "1", "asked_at": 0.0, "kind": "robot", "person_id": 1, "session_id": None, "is_one": True}

    async def unreadable(*_: Any) -> list[Any]:
        if isinstance(failure, Exception):
            raise failure
        return [row] if failure == "an unknown kind" else []

    caplog.set_level(logging.WARNING)
    with monkeypatch.context() as patch:
        patch.setattr(revocations, "since", unreadable)
        await node.settle()
        assert not node.is_fresh
        assert node._conn is None
        async with asyncio.timeout(10):
            while not told(caplog):
                await asyncio.sleep(0)
    await nodes.fresh()


async def test_who_gives_up_waiting_leaves_no_link(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whether the load is dropped meanwhile, fails, finds nothing, or is remembered."""
    goes_on, found = asyncio.Event(), {"email": "", "is_superuser": False, "is_admin": False, "seconds_left": 60.0}

    async def live(db: object, session_id: int, person: Person) -> dict[str, Any] | None:
        await goes_on.wait()
        if session_id == 2:
            raise OSError
        return None if session_id == 3 else found

    monkeypatch.setattr(sessions, "live", live)
    memory = Known("", "")
    monkeypatch.setattr(Known, "is_fresh", True)
    asking = [asyncio.create_task(memory.session(None, number, ADA)) for number in (1, 2, 3, 4)]  # type: ignore[arg-type]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert memory._by_person == {ADA: {1, 2, 3, 4}}
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    memory._sessions.drop(1)
    goes_on.set()
    for _ in range(10):
        await asyncio.sleep(0)
    assert memory._by_person == {ADA: {4}}
    memory._sessions.drop(4)
    assert memory._by_person == {}
    del asking, task
    gc.collect()
    assert [record.getMessage() for record in caplog.records] == []  # such as an exception that was never retrieved
