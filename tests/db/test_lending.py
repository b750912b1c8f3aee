"""Who waits for a connection gets whatever comes first, in the order in which they came; with a pool made for it."""

import asyncio
import random
import time

import asyncpg
import pytest

from authsvc.db.lending import Lender

PATIENCE = 0.05  # seconds
LITTLE = 1.0  # seconds by which a busy machine may be late


class Conn:
    def __init__(self, pool: "Pool") -> None:
        self._pool, self._closed = pool, False

    def is_closed(self) -> bool:
        return self._closed

    def terminate(self) -> None:
        if self._closed:
            raise asyncpg.InterfaceError("the pool knows already")
        self.die()

    def die(self) -> None:
        self._closed = True
        self._pool.open.discard(self)


class Pool:
    """Opens a connection when the test says so: `going.set()`; it fails with `error`, where there is one."""

    def __init__(self) -> None:
        self.open: set[Conn] = set()
        self.asked, self.going = 0, asyncio.Event()
        self.error: Exception | None = None
        self.going.set()

    async def acquire(self, timeout: float) -> Conn:
        self.asked += 1
        async with asyncio.timeout(timeout):
            await self.going.wait()
            await self.on_its_way()
        if self.error:
            raise self.error
        conn = Conn(self)
        self.open.add(conn)
        return conn

    async def on_its_way(self) -> None:
        """How long it takes."""


class Unsteady(Pool):
    """Takes a while, and is away now and then."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self._rng = rng

    async def on_its_way(self) -> None:
        await asyncio.sleep(self._rng.choice([0, 0, 0.001, 0.004]))
        if self._rng.random() < 0.15:
            raise OSError


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def lender(pool: Pool, size: int, patience: float = 5) -> Lender:
    return Lender(pool, size, patience)  # type: ignore[arg-type]


async def test_who_waited_longest_takes_what_comes_back_while_another_is_opened() -> None:
    """One of two is lost; a newcomer asks in the same turn, and the other comes back: first come, first served."""
    pool, got = Pool(), []
    two = lender(pool, 2)
    dead, kept = await two.take(), await two.take()
    pool.going.clear()  # the database accepts no more for now

    async def ask(name: str) -> None:
        conn = await two.take()
        got.append(name)
        two.give_back(conn)

    waits = asyncio.create_task(ask("waits"))
    await turns()
    dead.die()
    two.give_back(dead)
    new = asyncio.create_task(ask("new"))
    two.give_back(kept)
    await asyncio.gather(waits, new)
    assert got == ["waits", "new"]
    assert two.idle == 1


async def test_nothing_is_opened_while_one_is_at_hand() -> None:
    pool = Pool()
    three = lender(pool, 3)
    for _ in range(5):
        three.give_back(await three.take())
    assert pool.asked == 1


async def test_who_is_handed_a_lost_one_keeps_his_place() -> None:
    pool, got = Pool(), []
    one = lender(pool, 1)

    async def ask(name: str) -> None:
        conn = await one.take()
        got.append(name)
        one.give_back(conn)

    held = await one.take()
    first = asyncio.create_task(ask("first"))
    await turns()
    second = asyncio.create_task(ask("second"))
    await turns()
    one.give_back(held)
    held.die()  # before he has it
    await asyncio.gather(first, second)
    assert (got, pool.asked) == (["first", "second"], 2)


async def test_who_leaves_takes_no_connection_with_him() -> None:
    pool = Pool()
    one = lender(pool, 1)
    pool.going.clear()
    gone = asyncio.create_task(one.take())
    await turns()
    gone.cancel()
    pool.going.set()
    await turns()
    assert (gone.cancelled(), one.idle, pool.asked) == (True, 1, 1)
    one.give_back(await one.take())


async def test_what_the_pool_says_is_told_to_one_and_the_next_tries_again() -> None:
    pool = Pool()
    one = lender(pool, 1)
    pool.error = OSError("away")
    told = await asyncio.gather(*(one.take() for _ in range(3)), return_exceptions=True)
    assert ([str(error) for error in told], pool.asked) == (["away"] * 3, 3)
    pool.error = None
    one.give_back(await one.take())


async def test_after_the_end_nobody_waits() -> None:
    pool = Pool()
    two = lender(pool, 2)
    pool.going.clear()
    waiting = [asyncio.create_task(two.take()) for _ in range(3)]
    await turns()
    two.close()
    told = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(error) for error in told] == [asyncpg.InterfaceError] * 3
    await turns()
    assert (two._opening, two._taken) == (set(), 0)


class Crowd:
    """Users of one lender, who come, wait, leave and lose connections as chance has it."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.size = self.rng.choice([1, 2, 3, 5])
        self.pool = Unsteady(self.rng)
        self.lender = lender(self.pool, self.size, PATIENCE)
        self.held: set[Conn] = set()
        self.ends: dict[str, int] = {"used": 0, "refused": 0, "too late": 0}

    async def use(self) -> None:
        began = time.monotonic()
        try:
            conn = await self.lender.take()
        except TimeoutError:
            self.ends["too late"] += 1
            return
        except OSError:
            self.ends["refused"] += 1
            return
        finally:
            assert time.monotonic() - began < PATIENCE + LITTLE
        assert conn not in self.held
        self.held.add(conn)
        self.ends["used"] += 1
        try:
            await asyncio.sleep(self.rng.choice([0, 0, 0.001, 0.01]))
            if self.rng.random() < 0.1 and not conn.is_closed():
                conn.die()
        finally:
            self.held.discard(conn)
            self.lender.give_back(conn)

    async def watch(self) -> None:
        """At each turn of the loop."""
        while True:
            live = any(not waiter.done() for waiter in self.lender._waiting)
            assert not (live and self.lender.idle)
            assert len(self.held) <= self.lender._taken <= self.size
            await asyncio.sleep(0)

    async def come(self) -> None:
        tasks = []
        for _ in range(120):
            tasks.append(asyncio.create_task(self.use()))
            if self.rng.random() < 0.3:
                await asyncio.sleep(self.rng.choice([0, 0.001, 0.003]))
            if self.rng.random() < 0.2:
                self.rng.choice(tasks).cancel()
            if self.rng.random() < 0.05 and self.pool.open:
                self.rng.choice(list(self.pool.open)).die()
            (self.pool.going.clear if self.rng.random() < 0.05 else self.pool.going.set)()
        self.pool.going.set()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert [end for end in ends if end is not None and not isinstance(end, asyncio.CancelledError)] == []

    async def all_went_home(self) -> None:
        while self.lender._opening:
            await asyncio.sleep(0.001)
        assert self.lender.idle == len(self.pool.open)
        assert self.lender._taken == len(self.lender._at_hand)
        assert not self.lender._waiting
        for _ in range(20):
            try:
                self.lender.give_back(await self.lender.take())
            except OSError:
                continue
            return
        pytest.fail("no connection is lent any more")


async def test_whatever_happens_nobody_waits_beside_an_idle_one_and_none_is_lost() -> None:
    ends: dict[str, int] = {"used": 0, "refused": 0, "too late": 0}
    for seed in range(8):
        crowd = Crowd(seed)
        watching = asyncio.create_task(crowd.watch())
        await crowd.come()
        await crowd.all_went_home()
        assert not watching.done(), watching.result()
        watching.cancel()
        ends = {end: ends[end] + count for end, count in crowd.ends.items()}
    assert min(ends.values()) > 0, ends
