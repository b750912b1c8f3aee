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
Waiter = asyncio.Future[asyncpg.Connection]


class Lender:
    """At most `size` connections of a pool that has as many; who gets none within `patience` seconds is told.

    TimeoutError says that; what the pool says when it cannot connect comes through. All who find none at hand wait in
    one line for whatever comes first, given back or newly opened; so nobody waits while one is at hand.
    """

    def __init__(self, pool: asyncpg.Pool, size: int, patience: float) -> None:
        self._pool, self._size, self._patience = pool, size, patience
        self._taken = 0  # of the pool, those that are being opened included
        self._at_hand: list[tuple[asyncpg.Connection, float]] = []  # with when it came back; the last used one last
        self._waiting: deque[Waiter] = deque()
        self._opening: set[asyncio.Future[asyncpg.Connection]] = set()

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
        return await self._next()

    def give_back(self, conn: asyncpg.Connection) -> None:
        """Nobody who took it uses it any more."""
        if is_closed(conn):
            self._forget(conn)
            self._open_for_who_waits()
        elif (waiter := self._longest_waiting()) is not None:
            waiter.set_result(conn)
        else:
            self._at_hand.append((conn, time.monotonic()))

    def close(self) -> None:
        """Nobody gets any more."""
        while (waiter := self._longest_waiting()) is not None:
            waiter.set_exception(asyncpg.InterfaceError("connections are lent no more"))
        for opening in self._opening:
            opening.cancel()
        while self._at_hand:
            self._forget(self._at_hand.pop()[0])

    async def _next(self) -> asyncpg.Connection:
        loop = asyncio.get_running_loop()
        until, queue = loop.time() + self._patience, self._waiting.append
        while True:
            waiter: Waiter = loop.create_future()
            queue(waiter)
            self._open_for_who_waits()
            timer = loop.call_at(until, _give_up, waiter)
            try:
                conn = await waiter
            except BaseException:
                self._leave(waiter)
                raise
            finally:
                timer.cancel()
            if not is_closed(conn):
                return conn
            self._forget(conn)
            queue = self._waiting.appendleft  # it was lost on its way to him: he keeps his place

    def _leave(self, waiter: Waiter) -> None:
        if not waiter.cancelled() and waiter.exception() is None:  # called off when he had just been handed one
            self.give_back(waiter.result())
        with contextlib.suppress(ValueError):
            self._waiting.remove(waiter)

    def _longest_waiting(self) -> Waiter | None:
        """Who is next, and waits no more."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                return waiter
        return None

    def _open_for_who_waits(self) -> None:
        """As many as there is room for. Who began it does not matter: it goes to who is next when it is open."""
        while self._taken < self._size and len(self._opening) < len(self._waiting):
            self._taken += 1
            opening = asyncio.ensure_future(self._pool.acquire(timeout=self._patience))
            self._opening.add(opening)
            opening.add_done_callback(self._opened)

    def _opened(self, opening: asyncio.Future[asyncpg.Connection]) -> None:
        self._opening.discard(opening)
        error = asyncio.CancelledError() if opening.cancelled() else opening.exception()
        if error is None:
            self.give_back(opening.result())
            return
        self._taken -= 1
        # Patience is each one's own: who waits still may get one that comes back.
        if not isinstance(error, TimeoutError | asyncio.CancelledError) and (waiter := self._longest_waiting()):
            waiter.set_exception(error)
        self._open_for_who_waits()

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
