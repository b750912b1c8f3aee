"""Several processes on the same sockets, under gunicorn, and their replacement without a failed request.

They share limits, locks and sessions through the database, and metrics by files.
"""

import dataclasses
import logging
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from types import FrameType
from typing import Any

from aiohttp import web
from aiohttp.worker import GunicornUVLoopWebWorker
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer

from authsvc import key_files, metrics, settings
from authsvc.core.signing import SigningKeyError
from authsvc.runner import make_runner
from authsvc.settings import Settings, SettingsError

_LIMIT = 10  # seconds after which a worker that should end is killed
_SILENCE = 30  # seconds without a sign of life after which a worker is killed
_LOOK = 0.1  # seconds between two looks at workers that are being replaced
_ENDINGS = (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT)
# What the master has bound, locked or started by the time it serves.
_FIXED = {
    "development": "ENV",
    "host": "HOST",
    "port": "PORT",
    "internal_port": "INTERNAL_PORT",
    "data_dir": "DATA_DIR",
}
log = logging.getLogger(__name__)


def serve(config: Settings, dsn: str, socks: Iterable[socket.socket], folder: Path) -> None:
    """Serve by several processes until a signal ends it. folder: an empty one, for metrics."""
    _Arbiter(_Application(config, dsn, socks, folder)).run()


class _Application(BaseApplication):  # type: ignore[misc]
    """What gunicorn is told."""

    def __init__(self, config: Settings, dsn: str, socks: Iterable[socket.socket], folder: Path) -> None:
        self.settings, self._dsn, self._folder = config, dsn, folder
        self._fds = [sock.detach() for sock in socks]  # gunicorn's from now on, to close as well
        super().__init__()

    def load_config(self) -> None:
        self.cfg.set("bind", [f"fd://{fd}" for fd in self._fds])
        self.cfg.set("workers", self.settings.workers)
        self.cfg.set("worker_class", _Worker)
        self.cfg.set("graceful_timeout", _LIMIT)
        self.cfg.set("timeout", _SILENCE)
        self.cfg.set("loglevel", "warning")
        self.cfg.set("control_socket_disable", True)
        self.cfg.set("child_exit", lambda arbiter, worker: metrics.forget(worker.pid, self._folder))

    def load(self) -> Callable[[], Coroutine[Any, Any, web.AppRunner]]:
        async def runner() -> web.AppRunner:
            return make_runner(self.settings, self.settings.database_url or self._dsn)

        return runner


class _Worker(GunicornUVLoopWebWorker):
    """One process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._made = self.tmp.last_update()

    @property
    def serves(self) -> bool:
        """Has it begun to serve? Asked by the master, who sees no more of it than its signs of life."""
        return bool(self.tmp.last_update() != self._made)

    async def _run(self) -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)
        await super()._run()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM. At once, while gunicorn's own would be noticed within a second."""
        super().handle_exit(sig, frame)
        self._notify_waiter_done()


class _Arbiter(Arbiter):  # type: ignore[misc]
    """The master."""

    _stale = 0  # workers up to this age are being replaced
    _former: Settings | None = None  # the settings that served before
    _leaving = 0  # the one that is ending

    handle_hup = Arbiter.handle_term  # a closed terminal ends the service, as with one process

    def handle_usr2(self) -> None:
        """Read settings and keys anew, and replace the workers one after another."""
        try:
            found = _read_again(self.app.settings)
        except (SettingsError, SigningKeyError) as err:
            log.error("not reloaded, all stays as it was: %s", err)  # noqa: TRY400 - what a person has to mend
        except Exception:
            log.exception("not reloaded, all stays as it was")
        else:
            log.info("reloading", extra={"fields": {"workers": found.workers}})
            if not self._stale:  # else those of a reload that is still to prove itself
                self._former = self.app.settings
            self._stale = self.worker_age
            self.app.settings, self.num_workers = found, found.workers + 1

    def manage_workers(self) -> None:
        """Called now and then, and whenever a worker has ended. While they are replaced there is one more of them."""
        stale = [worker for worker in self.WORKERS.values() if worker.age <= self._stale]
        if self._stale and not stale:
            self._stale, self.num_workers = 0, self.app.settings.workers
            log.info("reloaded", extra={"fields": {"workers": self.num_workers}})
        super().manage_workers()
        ready = all(worker.serves for worker in self.WORKERS.values())
        if stale and ready and self._leaving not in self.WORKERS:
            self._leaving = min(stale, key=lambda worker: worker.age).pid
            self.kill_worker(self._leaving, signal.SIGTERM)

    def reap_workers(self) -> None:
        """Note who has ended. A worker that cannot start ends the service, but not while others serve as before."""
        try:
            super().reap_workers()
        except HaltServer as err:
            if not self._stale:
                raise
            log.error("not reloaded, the other workers stay: %s", err.reason)  # noqa: TRY400 - the worker has said more
            self._stale, self.app.settings = 0, self._former
            self.num_workers = self.app.settings.workers

    def wait_for_signals(self, timeout: float = 1.0) -> list[int]:
        """Wait, but look at workers that are being replaced more often."""
        found: list[int] = super().wait_for_signals(_LOOK if self._stale else timeout)
        return found

    def spawn_worker(self) -> int:
        """Fork. What the master started is not a worker's to end, so it never gets further than this."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)  # until the worker has handlers of its own
        try:
            pid: int = super().spawn_worker()
        except BaseException as err:
            if os.getpid() == self.pid:
                raise
            os._exit(int(err.code or 0) if isinstance(err, SystemExit) else 1)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)
        return pid


def _read_again(former: Settings) -> Settings:
    """Settings anew. SettingsError also for what only a restart can change; SigningKeyError for unusable keys."""
    found = settings.load()
    problems = [
        f"AUTHSVC_{_FIXED[field.name]}: is changed only by a restart."
        for field in dataclasses.fields(Settings)
        if field.name in _FIXED and getattr(found, field.name) != getattr(former, field.name)
    ]
    if bool(found.database_url) != bool(former.database_url):
        problems.append("AUTHSVC_DATABASE_URL: is given or left out only by a restart.")
    if problems:
        raise SettingsError(problems)
    key_files.load(found)
    return found
