"""Password work beside the event loop: bounded, in time, niced."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future

import pytest

from authsvc import hasher as module
from authsvc.core import hashing
from authsvc.errors import Overloaded
from authsvc.hasher import Hasher

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine gives niced threads little; the tests of the deadline set their own."""
    monkeypatch.setattr(module, "DEADLINE", 60.0)


@pytest.fixture
def small() -> Iterator[Hasher]:
    """One thread, and room for two more to wait."""
    hasher = Hasher(threads=1, queue=2, cost=4)
    yield hasher
    hasher.close()


async def start_blocking(hasher: Hasher, count: int) -> tuple[threading.Event, list[asyncio.Task[bool]]]:
    """So many checks that end when the event is set; the first has the thread already."""
    leave, begun = threading.Event(), threading.Event()

    def wait() -> bool:
        begun.set()
        return leave.wait(30)

    tasks = [asyncio.create_task(hasher.run(wait)) for _ in range(count)]
    while not begun.is_set():
        await asyncio.sleep(0.001)
    return leave, tasks


async def test_verify_and_encode(small: Hasher) -> None:
    stored = await small.encode(PASSWORD)
    assert hashing.is_current(stored, 4)
    assert await small.verify(PASSWORD, stored)
    assert not await small.verify("wrong", stored)
    assert not await small.verify(PASSWORD, "garbage")
    assert not await small.verify(PASSWORD, "")
    assert await small.problem("password", min_length=8, personal=[]) is not None
    assert await small.problem(PASSWORD, min_length=8, personal=[]) is None


async def test_nobody_has_no_password_but_the_same_work(small: Hasher, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []

    def verify(password: str, stored: str) -> bool:
        checked.append(stored)
        return True  # even if a decoy were somebody's

    monkeypatch.setattr(hashing, "verify", verify)
    assert not await small.verify(PASSWORD, None)
    assert checked == [small.decoy]


async def test_a_full_queue_is_overloaded_at_once(small: Hasher) -> None:
    leave, tasks = await start_blocking(small, 3)
    for attempt in (small.verify(PASSWORD, None), small.encode(PASSWORD), small.verify(PASSWORD, "x")):
        with pytest.raises(Overloaded):
            await attempt
    assert not any(task.done() for task in tasks)
    leave.set()
    assert await asyncio.gather(*tasks) == [True] * 3
    assert await small.encode(PASSWORD)


async def test_who_waited_too_long_is_overloaded_while_the_thread_is_busy(
    small: Hasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked: list[str] = []
    monkeypatch.setattr(hashing, "verify", lambda password, stored: worked.append(password) or False)
    leave, tasks = await start_blocking(small, 1)
    monkeypatch.setattr(module, "DEADLINE", 0.05)
    late = await asyncio.gather(*(small.verify("late", None) for _ in range(2)), return_exceptions=True)
    assert [type(answer) for answer in late] == [Overloaded] * 2
    assert not tasks[0].done()
    assert small.jobs == 1
    monkeypatch.setattr(module, "DEADLINE", 60.0)
    waiting = [asyncio.create_task(small.verify("in time", None)) for _ in range(2)]
    await asyncio.sleep(0)
    assert small.jobs == small.room
    leave.set()
    assert await tasks[0]
    assert await asyncio.gather(*waiting) == [False] * 2
    assert worked == ["in time"] * 2
    assert small.jobs == 0


async def test_what_has_begun_is_waited_for_beyond_the_deadline(small: Hasher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEADLINE", 0.05)
    leave, begun = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait() -> bool:
        loop.call_soon_threadsafe(begun.set)
        return leave.wait(30)

    async def until_begun() -> bool:
        while True:
            try:
                return await small.run(wait)
            except Overloaded:  # the machine is busy: no thread began in time
                assert not begun.is_set()

    task = asyncio.create_task(until_begun())
    await begun.wait()
    passed = asyncio.Event()
    loop.call_later(2 * module.DEADLINE, passed.set)
    await passed.wait()
    assert small.jobs == 1
    leave.set()
    assert await task
    assert small.jobs == 0


async def test_who_goes_away_as_his_time_ends_is_gone(small: Hasher, monkeypatch: pytest.MonkeyPatch) -> None:
    leave, tasks = await start_blocking(small, 1)
    submit = small._threads.submit

    def submit_once(work: Callable[[], str]) -> Future[str]:
        job = submit(work)
        job.add_done_callback(lambda job: late.cancel())  # at the moment at which it is dropped
        return job

    monkeypatch.setattr(module, "DEADLINE", 0.05)
    monkeypatch.setattr(small._threads, "submit", submit_once)
    late = asyncio.create_task(small.encode(PASSWORD))
    await asyncio.wait([late])
    assert late.cancelled()
    assert small.jobs == 1
    leave.set()
    assert await tasks[0]


async def test_overloaded_says_when_to_come_again() -> None:
    assert (Overloaded().status, Overloaded().code, Overloaded().retry_after) == (503, "overloaded", 2)


async def test_a_flood_leaves_room_again(small: Hasher) -> None:
    for _ in range(3):
        answers = await asyncio.gather(*(small.verify(PASSWORD, None) for _ in range(20)), return_exceptions=True)
        assert [type(a) for a in answers].count(bool) == 3
        assert [type(a) for a in answers].count(Overloaded) == 17
    assert small.jobs == 0


async def test_who_goes_away_makes_room(small: Hasher) -> None:
    leave, tasks = await start_blocking(small, 1)
    worked: list[str] = []
    gone = [asyncio.create_task(small.run(lambda: worked.append("gone"))) for _ in range(2)]
    await asyncio.sleep(0)
    assert small.jobs == small.room
    for task in gone:
        task.cancel()
    await asyncio.wait(gone)
    assert small.jobs == 1
    waiting = [asyncio.create_task(small.run(lambda: worked.append("waiting"))) for _ in range(2)]
    leave.set()
    await asyncio.gather(*tasks, *waiting)
    assert worked == ["waiting"] * 2
    assert small.jobs == 0


async def test_an_error_in_the_work_makes_room(small: Hasher) -> None:
    def fail() -> bool:
        raise RuntimeError("broken")

    for _ in range(10):
        with pytest.raises(RuntimeError):
            await small.run(fail)
    assert await small.encode(PASSWORD)


async def test_never_more_at_once_than_threads() -> None:
    hasher = Hasher(threads=2, queue=50, cost=4)
    lock, running, most = threading.Lock(), 0, 0

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.002)
        with lock:
            running -= 1

    await asyncio.gather(*(hasher.run(work) for _ in range(40)))
    hasher.close()
    assert most == 2


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a niceness of their own on Linux only")
async def test_threads_are_niced_and_the_event_loop_is_not(small: Hasher) -> None:
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    found = await small.run(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    assert found >= module._NICE
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before < module._NICE


async def test_the_event_loop_goes_on() -> None:
    """Beside hashes of 30 ms each it never waits for one of them."""
    hasher = Hasher(threads=2, queue=100, cost=9)
    work = asyncio.gather(*(hasher.verify(PASSWORD, None) for _ in range(12)))
    waits = []
    while not work.done():
        began = time.monotonic()
        await asyncio.sleep(0.001)
        waits.append(time.monotonic() - began)
    hasher.close()
    assert await work == [False] * 12
    assert len(waits) > 20
    assert sorted(waits)[len(waits) // 2] < 0.02


async def test_close_forgets_who_waits(small: Hasher) -> None:
    leave, tasks = await start_blocking(small, 3)
    small.close()
    leave.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert answers[0] is True
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers[1:])
