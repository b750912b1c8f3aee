"""Connections handed from one request to the next.

An asyncpg pool makes a timer for each loan and a task for each return, which cost more than a small statement does.
So what it lends once stays here, at hand or handed on to who waits longest, until it is closed.
"""

import asyncio
import contextlib
import time
from collections import deque

import asyncpg

_IDLE = 300.0  # seconds; after that a firewall may have forgotten the connection without telling
Waiter = asyncio.Future[asyncpg.Connection | None]  # None: there may be room for one more now


class Lender:
    """At most `size` connections of a pool that has as many; who gets none within `patience` seconds is told.

    TimeoutError says that; what the pool says when it cannot connect comes through.
    """

    def __init__(self, pool: asyncpg.Pool, size: int, patience: float) -> None:
        self._pool, self._size, self._patience = pool, size, patience
        self._taken = 0  # of the pool, those that are being opened included
        self._at_hand: list[tuple[asyncpg.Connection, float]] = []  # with when it came back; the last used one last
        self._waiting: deque[Waiter] = deque()

    @property
    def idle(self) -> int:
        """How many open connections are at hand."""
        return sum(not is_closed(conn) for conn, _ in self._at_hand)

    async def take(self) -> asyncpg.Connection:
        """A connection, the one that was used last where there are several."""
        while self._at_hand:
            conn, since = self._at_hand.pop()
            if not is_closed(conn) and time.monotonic() - since < _IDLE:
                return conn
            self._forget(conn)
        return await self._new_or_next()

    def give_back(self, conn: asyncpg.Connection) -> None:
        """Nobody who took it uses it any more."""
        if is_closed(conn):
            self._forget(conn)
            self._hand_on(None)
        elif not self._hand_on(conn):
            self._at_hand.append((conn, time.monotonic()))

    def close(self) -> None:
        """Nobody gets any more of those at hand."""
        self._at_hand.clear()

    async def _new_or_next(self) -> asyncpg.Connection:
        until = time.monotonic() + self._patience
        while self._taken >= self._size:
            conn = await self._next(until)
            if conn is None:
                continue
            if not is_closed(conn):
                return conn
            self._forget(conn)
        self._taken += 1
        try:
            return await self._pool.acquire(timeout=max(0.001, until - time.monotonic()))
        except BaseException:
            self._taken -= 1
            self._hand_on(None)
            raise

    async def _next(self, until: float) -> asyncpg.Connection | None:
        loop = asyncio.get_running_loop()
        waiter: Waiter = loop.create_future()
        self._waiting.append(waiter)
        timer = loop.call_later(until - time.monotonic(), _give_up, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled() and waiter.exception() is None:  # called off when he had just been handed one
                self._pass_over(waiter.result())
            raise
        finally:
            timer.cancel()

    def _pass_over(self, conn: asyncpg.Connection | None) -> None:
        if conn is None:
            self._hand_on(None)
        else:
            self.give_back(conn)

    def _hand_on(self, conn: asyncpg.Connection | None) -> bool:
        """Give it, or the room for one, to who waits longest; False when nobody does."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(conn)
                return True
        return False

    def _forget(self, conn: asyncpg.Connection) -> None:
        self._taken -= 1
        with contextlib.suppress(asyncpg.InterfaceError):  # the pool knows already
            conn.terminate()


def is_closed(conn: asyncpg.Connection) -> bool:
    """Is it of no use any more?"""
    try:
        return conn.is_closed()
    except asyncpg.InterfaceError:  # the pool has taken it back, because it is
        return True


def _give_up(waiter: Waiter) -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())
