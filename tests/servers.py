"""Servers for tests: started once for each set of changed settings, and as good as new for each test.

What a server remembers is in the database, which each test finds empty, and in three places in the process, which are
seen to here: keys refused lately are forgotten, the clock belongs to the test, and the jobs run from the moment at
which the test asks for the server until it ends. A server that still works on a request then is not used again.
"""

import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from authsvc import app as app_module
from authsvc.app import create_app
from authsvc.jobs.numbers import keep_numbers
from authsvc.jobs.outbox import send_mails
from authsvc.jobs.purge import purge_now_and_then
from authsvc.middleware.limits import REFUSED
from authsvc.routes import ROUTES
from authsvc.service import Service

JOBS = (keep_numbers, send_mails, purge_now_and_then)
KEPT = 6  # idle servers
_DRAIN = 10.0  # seconds for connections to close


@dataclasses.dataclass
class Kept:
    """A started server, whose jobs are not started with it."""

    settings: str | None  # None: for one test only
    server: TestServer
    jobs: list[Callable[[web.Application], AsyncIterator[None]]]

    @property
    def is_busy(self) -> bool:
        return any(connection._request_in_progress for connection in self.server.handler.connections)


class Servers:
    """`make` turns changed settings into a service."""

    def __init__(self, make: Callable[..., Service]) -> None:
        self._make = make
        self._idle: list[Kept] = []  # the one used last at the end

    @contextlib.asynccontextmanager
    async def lend(self, **changes: Any) -> AsyncIterator[TestClient[Any, Any]]:
        """A client, without cookie jar, of a server with these settings that nobody else uses meanwhile."""
        kept = await self._take(**changes)
        client: TestClient[Any, Any] = TestClient(kept.server, cookie_jar=None)
        try:
            async with contextlib.AsyncExitStack() as stack:
                for job in kept.jobs:
                    await stack.enter_async_context(contextlib.asynccontextmanager(job)(kept.server.app))
                stack.push_async_callback(client.session.close)
                yield client
        finally:
            await self._give_back(kept)

    async def close(self) -> None:
        """Stop them all."""
        while self._idle:
            await self._idle.pop().server.close()

    async def _take(self, **changes: Any) -> Kept:
        has_own_rows = app_module.ROUTES is not ROUTES
        settings = None if has_own_rows else repr(sorted(changes.items()))
        for kept in reversed(self._idle):
            if kept.settings == settings:
                self._idle.remove(kept)
                return kept
        app = create_app(self._make(**changes))
        jobs = [job for job in app.cleanup_ctx if job in JOBS]
        assert len(jobs) == len(JOBS)
        app.cleanup_ctx[:] = [other for other in app.cleanup_ctx if other not in jobs]
        server = TestServer(app)
        await server.start_server()
        return Kept(settings, server, jobs)

    async def _give_back(self, kept: Kept) -> None:
        if kept.is_busy or kept.settings is None:
            await kept.server.close()
            return
        kept.server.handler.pre_shutdown()
        await kept.server.handler.shutdown(_DRAIN)
        kept.server.app[REFUSED].clear()
        self._idle.append(kept)
        if len(self._idle) > KEPT:
            await self._idle.pop(0).server.close()
