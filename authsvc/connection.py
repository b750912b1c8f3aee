"""One connection of the HTTP server: aiohttp's, and a request's head must be whole within ten seconds."""

import asyncio
from typing import Any

from aiohttp.streams import EMPTY_PAYLOAD
from aiohttp.web_protocol import RequestHandler

_HEAD = 10.0  # seconds from the first byte of a head to its last
_END = b"\r\n\r\n"  # of a head
_AGAIN = 1.0  # seconds to the next look at a connection whose request is still being answered


class Connection(RequestHandler):
    """Closes what sends half a head and no more, or a byte a second: aiohttp itself waits for it as for an idle one.

    aiohttp's parser does not say what it holds, but this class can tell: data that came while a request was awaited,
    and that completed none, is part of a head, but for empty lines (RFC 9112 section 2.2); and so is what stands
    behind a request without a body. Then, and only then, there is a timer; a request that comes in one piece, as
    nearly all do, costs two comparisons. An idle connection, of which nothing came, is left to keepalive_timeout; a
    body has a deadline of its own (bodies.py). Half a head behind the body of another request counts from the first
    byte that comes after that one's answer.
    """

    __slots__ = ("_head_timer", "_timed")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_timer: asyncio.TimerHandle | None = None
        self._timed = -1  # the count of whole heads at which the timer was started

    def data_received(self, data: bytes) -> None:
        """Called for each piece that comes from the socket; with none, by aiohttp, to parse what it held back."""
        super().data_received(data)
        if self._messages:
            if self._messages[-1][1] is EMPTY_PAYLOAD and not _END.endswith(data[-4:]):
                self._await_head()
        elif data.strip(b"\r\n") and (self._request_count == 0 or _is_pending(self._waiter)):
            self._await_head()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Called once, at the end."""
        if self._head_timer is not None:
            self._head_timer.cancel()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if self._timed != self._request_count and self.transport is not None:
            self._timed = self._request_count
            if self._head_timer is not None:
                self._head_timer.cancel()  # of a head that is whole by now
            self._head_timer = self._loop.call_later(_HEAD, self._end_of_time, self._timed)

    def _end_of_time(self, count: int) -> None:
        if self._request_count != count or self.transport is None:
            return
        if self._request_count == 0 or _is_pending(self._waiter):
            self.force_close()
        else:  # an earlier request is still being answered, and takes as long as it takes
            self._head_timer = self._loop.call_later(_AGAIN, self._end_of_time, count)


def _is_pending(waiter: asyncio.Future[None] | None) -> bool:
    """Is the next request awaited?"""
    return waiter is not None and not waiter.done()
