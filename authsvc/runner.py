"""The HTTP server of one process, and how it ends without failing a request."""

import asyncio
import contextlib
import socket
from typing import Any

from aiohttp import hdrs, web

from authsvc import key_files
from authsvc.app import create_app
from authsvc.connection import Connection
from authsvc.service import build
from authsvc.settings import Settings

BACKLOG = 1024
DRAIN = 8.0  # seconds for requests under way; with what follows, a process ends within ten
_GRACE = 1.0  # seconds in which a kept connection may still ask, to be told to close
_CUT = 0.5  # seconds to answer for what is cut off after DRAIN
_IDLE = 75.0  # seconds that an idle connection is kept
_LOOK = 0.02  # seconds between two looks at the connections


def make_runner(settings: Settings, dsn: str) -> "Runner":
    """The application with the protocol settings that every process uses."""
    svc = build(settings, key_files.load(settings), dsn)
    return Runner(
        create_app(svc),
        access_log=None,  # pipeline.py notes each request
        keepalive_timeout=_IDLE,
        auto_decompress=False,
        shutdown_timeout=_CUT,
    )


class _Server(web.Server):
    """aiohttp's, whose connections give a request's head ten seconds."""

    def __call__(self) -> Connection:
        return Connection(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """An AppRunner that drains its connections before it closes them.

    aiohttp's own closes kept connections at once and reads no further from the others: a request that is on its way is
    reset, and a body that is still arriving is never complete. HTTP has one way to end a kept connection that no client
    can misunderstand: an answer with `Connection: close` (RFC 9112 section 9.6).
    """

    def __init__(self, app: web.Application, **kwargs: Any) -> None:
        super().__init__(app, **kwargs)
        self._ending = False
        self._listening: list[socket.socket] = []
        app.on_response_prepare.append(self._say_close)

    async def cleanup(self) -> None:
        """Stop accepting, drain, and only then close."""
        if not self._ending:
            self._ending = True
            await self._stop_accepting()
            await self._drain()
        await super().cleanup()

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(made.request_handler, request_factory=made.request_factory, **made._kwargs)

    async def _stop_accepting(self) -> None:
        queues = [sock.dup() for sock in self._listening]
        for site in list(self._sites):
            await site.stop()
        # Whom the kernel has accepted already would be reset with the end of the last process's socket.
        late: list[socket.socket] = []
        for queue in queues:
            with contextlib.suppress(OSError), queue:  # BlockingIOError: none is left
                while self._server:
                    late.append(queue.accept()[0])
        for sock in late:
            await asyncio.get_running_loop().connect_accepted_socket(self._server, sock)  # type: ignore[arg-type]

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            await asyncio.sleep(_LOOK)  # first of all: who was accepted a moment ago is not yet among the connections
            passed = loop.time() - began
            if not self._server or not self._server.connections or passed > DRAIN:
                return
            if passed > _GRACE:
                for connection in self._server.connections:
                    if connection._waiter is not None and not connection._waiter.done():  # as aiohttp tells idle ones
                        connection.force_close()

    async def _say_close(self, request: web.Request, response: web.StreamResponse) -> None:
        if self._ending:
            response.force_close()
            response.headers[hdrs.CONNECTION] = "close"

    def _reg_site(self, site: web.BaseSite) -> None:
        """Of each site that is started. gunicorn's worker leaves it at a shorter backlog, and at wrapped sockets."""
        if isinstance(site, web.SockSite):
            site._backlog = BACKLOG
            self._listening.append(site._sock)
        super()._reg_site(site)
