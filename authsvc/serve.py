"""Run the service: one process, or several under gunicorn; whatever it started ends with it."""

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import uvloop
from aiohttp import web

from authsvc import metrics
from authsvc.runner import BACKLOG, make_runner
from authsvc.settings import Settings, SettingsError

_WATCH = 0.5  # seconds between two looks at the parent and the embedded database
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
log = logging.getLogger(__name__)


def serve(settings: Settings, dsn: str, watch: "Watch", when_listening: Callable[[], None]) -> None:
    """Serve until a signal, or the death of the parent, ends it. OSError when a port is taken."""
    watch.start()
    with contextlib.ExitStack() as held:
        ports = [port for port in (settings.port, settings.internal_port) if port is not None]
        socks = [held.enter_context(contextlib.closing(_listen(settings.host, port))) for port in ports]
        if settings.workers > 1:
            from authsvc import workers  # noqa: PLC0415 - gunicorn: 2 MB that one process does without

            folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="authsvc-metrics-")))
            metrics.share(folder)
            when_listening()
            workers.serve(settings, dsn, socks, folder)
        else:
            uvloop.run(_serve(settings, dsn, socks, when_listening))


@contextlib.contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """Hold DATA_DIR for one development service: a second one gets SettingsError."""
    if not settings.development:
        yield
        return
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / "serve.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as err:
            raise SettingsError([f"AUTHSVC_DATA_DIR: another authsvc serves from {settings.data_dir}."]) from err
        yield


async def _serve(
    settings: Settings, dsn: str, socks: Iterable[socket.socket], when_listening: Callable[[], None]
) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for ending in _ENDINGS:
        loop.add_signal_handler(ending, ended.set)
    loop.add_signal_handler(signal.SIGUSR2, _say_restart)
    runner = make_runner(settings, dsn)
    await runner.setup()
    try:
        for sock in socks:
            await web.SockSite(runner, sock).start()
        when_listening()
        await ended.wait()
    finally:
        await runner.cleanup()


def _say_restart() -> None:
    log.warning("not reloaded: one process cannot take over from itself; restart it, or serve with --workers 2")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


class Watch(threading.Thread):
    """Ends the service when its parent is not, or no longer, `parent`; keeps the embedded database alive."""

    def __init__(self, parent: int, keep_alive: Callable[[], bool]) -> None:
        super().__init__(name="watch", daemon=True)
        self._keep_alive = keep_alive
        self._pid, self._parent = os.getpid(), parent

    def run(self) -> None:
        pause = threading.Event()
        while not pause.wait(_WATCH):
            if os.getppid() != self._parent:
                os.kill(self._pid, signal.SIGTERM)
                return
            with contextlib.suppress(Exception):  # it is tried again in a moment, and readyz says what is wrong
                self._keep_alive()
