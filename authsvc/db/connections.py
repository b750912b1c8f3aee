"""Connections that stay open and are lent, the last returned first.

asyncpg's pool makes a task of each return and a timer of each loan. With both, a loan costs more than a small statement
does; here it costs a few list operations while a connection is free.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import asyncpg

_IDLE = 300.0  # seconds after which a connection that nobody needed ends
_LOOK = 30.0  # seconds between two looks at the idle ones


class Connections:
    """At most `size`, opened by `connect` when first needed. `patience`: seconds to wait for one, or its opening."""

    def __init__(self, connect: Callable[[], Awaitable[asyncpg.Connection]], *, size: int, patience: float) -> None:
        self._connect, self._size, self._patience = connect, size, patience
        self._idle: list[tuple[asyncpg.Connection, float]] = []  # each with when it was returned, the oldest first
        self._lent: set[asyncpg.Connection] = set()
        self._opening = 0  # places of connections that are being opened
        self._waiting: deque[asyncio.Future[asyncpg.Connection | None]] = deque()  # None: a place to open one
        self._look: asyncio.TimerHandle | None = None
        self._is_over = False

    @property
    def opened(self) -> int:
        """How many are open."""
        return sum(not conn.is_closed() for conn, _ in self._idle) + len(self._lent)

    @property
    def lent(self) -> int:
        """How many of them somebody has."""
        return len(self._lent)

    def borrow_idle(self) -> asyncpg.Connection | None:
        """One that is free, to be given back."""
        while self._idle:
            conn, _ = self._idle.pop()
            if not conn.is_closed():
                self._lent.add(conn)
                return conn
        return None

    async def borrow(self) -> asyncpg.Connection:
        """One as soon as there is one; TimeoutError, InterfaceError after the end, or what kept it from opening."""
        if (conn := self.borrow_idle()) is not None:
            return conn
        return await self._handed_over() or await self._opened()

    def give_back(self, conn: asyncpg.Connection) -> None:
        """Ready for the next one, unless it was closed or left inside a transaction."""
        self._lent.discard(conn)
        if not conn.is_closed() and conn.is_in_transaction():
            conn.terminate()
        if conn.is_closed():
            self._free_place()
        elif waiting := self._first_waiting():
            self._lent.add(conn)
            waiting.set_result(conn)
        else:
            loop = asyncio.get_running_loop()
            self._idle.append((conn, loop.time()))
            self._look = self._look or loop.call_later(_LOOK, self._end_idle)

    def terminate(self) -> None:
        """Drop all at once, for good."""
        self._is_over = True
        if self._look is not None:
            self._look.cancel()
        for conn in [*self._lent, *(conn for conn, _ in self._idle)]:
            conn.terminate()
        self._idle.clear()
        while waiting := self._first_waiting():
            waiting.set_exception(_ending())

    async def _handed_over(self) -> asyncpg.Connection | None:
        """Another's connection when he is done with it; None with a place to open one."""
        if self._is_over:
            raise _ending()
        if len(self._lent) + self._opening < self._size:
            self._opening += 1
            return None
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[asyncpg.Connection | None] = loop.create_future()
        self._waiting.append(waiting)
        alarm = loop.call_later(self._patience, _too_late, waiting)
        try:
            return await waiting
        except asyncio.CancelledError:
            if not waiting.cancelled():  # it came when it was too late
                self._pass_on(waiting.result())
            raise
        finally:
            alarm.cancel()

    async def _opened(self) -> asyncpg.Connection:
        """A new one, on the place that the caller has."""
        try:
            async with asyncio.timeout(self._patience):
                conn = await self._connect()
        except BaseException:
            self._pass_on(None)
            raise
        self._opening -= 1
        if self._is_over:
            conn.terminate()
            raise _ending()
        self._lent.add(conn)
        return conn

    def _pass_on(self, given: asyncpg.Connection | None) -> None:
        if given is not None:
            self.give_back(given)
        else:
            self._opening -= 1
            self._free_place()

    def _free_place(self) -> None:
        if waiting := self._first_waiting():
            self._opening += 1
            waiting.set_result(None)

    def _first_waiting(self) -> asyncio.Future[asyncpg.Connection | None] | None:
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                return waiting
        return None

    def _end_idle(self) -> None:
        loop = asyncio.get_running_loop()
        while self._idle and self._idle[0][1] < loop.time() - _IDLE:
            self._idle.pop(0)[0].terminate()
        self._look = loop.call_later(_LOOK, self._end_idle) if self._idle else None


def _ending() -> asyncpg.InterfaceError:
    return asyncpg.InterfaceError("the service is ending")


def _too_late(waiting: asyncio.Future[asyncpg.Connection | None]) -> None:
    if not waiting.done():
        waiting.set_exception(TimeoutError())
