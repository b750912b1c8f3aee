"""Run the service: one process, or several under gunicorn; whatever it started ends with it."""

import asyncio
import contextlib
import fcntl
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from pathlib import Path
from typing import Any

import uvloop
from aiohttp import web
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from authsvc import key_files, log, metrics
from authsvc.app import create_app
from authsvc.service import build
from authsvc.settings import Settings, SettingsError

_DRAIN = 10.0  # seconds for requests under way after SIGTERM
_IDLE = 75.0  # seconds that an idle connection is kept
_WATCH = 0.5  # seconds between two looks at the parent and the embedded database
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def serve(settings: Settings, dsn: str, keep_alive: Callable[[], bool], when_listening: Callable[[], None]) -> None:
    """Serve until a signal, or the death of the parent, ends it. OSError when a port is taken."""
    _Watch(keep_alive).start()
    with contextlib.ExitStack() as held:
        ports = [port for port in (settings.port, settings.internal_port) if port is not None]
        socks = [held.enter_context(contextlib.closing(_listen(settings.host, port))) for port in ports]
        if settings.workers > 1:
            folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="authsvc-metrics-")))
            metrics.share(folder)
            when_listening()
            _Gunicorn(settings, dsn, socks, folder).run()
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


def make_runner(settings: Settings, dsn: str) -> web.AppRunner:
    """The application with the protocol settings that every process uses."""
    svc = build(settings, key_files.load(settings), dsn)
    return web.AppRunner(
        create_app(svc),
        access_log_class=log.RequestLog,
        keepalive_timeout=_IDLE,
        auto_decompress=False,
        shutdown_timeout=_DRAIN,
    )


async def _serve(
    settings: Settings, dsn: str, socks: Iterable[socket.socket], when_listening: Callable[[], None]
) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for ending in _ENDINGS:
        loop.add_signal_handler(ending, ended.set)
    runner = make_runner(settings, dsn)
    await runner.setup()
    try:
        for sock in socks:
            await web.SockSite(runner, sock, backlog=1024).start()
        when_listening()
        await ended.wait()
    finally:
        await runner.cleanup()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(1024)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


class _Watch(threading.Thread):
    """Ends the service when its parent dies, and keeps the embedded database alive."""

    def __init__(self, keep_alive: Callable[[], bool]) -> None:
        super().__init__(name="watch", daemon=True)
        self._keep_alive = keep_alive
        self._pid, self._parent = os.getpid(), os.getppid()

    def run(self) -> None:
        pause = threading.Event()
        while not pause.wait(_WATCH):
            if os.getppid() != self._parent:
                os.kill(self._pid, signal.SIGTERM)
                return
            with contextlib.suppress(Exception):  # it is tried again in a moment, and readyz says what is wrong
                self._keep_alive()


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    """Several processes on the same sockets. They share limits and sessions through the database, metrics by files."""

    def __init__(self, settings: Settings, dsn: str, socks: Iterable[socket.socket], folder: Path) -> None:
        self._settings, self._dsn, self._folder = settings, dsn, folder
        self._fds = [sock.detach() for sock in socks]  # gunicorn's from now on, to close as well
        super().__init__()

    def load_config(self) -> None:
        self.cfg.set("bind", [f"fd://{fd}" for fd in self._fds])
        self.cfg.set("workers", self._settings.workers)
        self.cfg.set("worker_class", "aiohttp.worker.GunicornUVLoopWebWorker")
        self.cfg.set("graceful_timeout", int(_DRAIN))
        self.cfg.set("timeout", 30)
        self.cfg.set("loglevel", "warning")
        self.cfg.set("child_exit", lambda arbiter, worker: metrics.forget(worker.pid, self._folder))

    def load(self) -> Callable[[], Coroutine[Any, Any, web.AppRunner]]:
        async def runner() -> web.AppRunner:
            return make_runner(self._settings, self._dsn)

        return runner

    def run(self) -> None:
        arbiter = Arbiter(self)
        arbiter.handle_hup = arbiter.handle_term  # a closed terminal ends the service, as with one process
        master = os.getpid()
        try:
            arbiter.run()
        except SystemExit as end:
            if os.getpid() != master:
                os._exit(int(end.code or 0))  # a worker: what the master started is not its to end
            if end.code:
                raise
