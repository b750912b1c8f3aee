"""A PostgreSQL of the service's own, for development and tests: made, started and ended without a system install.

Who serves is decided by one lock file and nothing else. The server process itself holds the lock, by inheritance, so
the kernel frees it at the very moment the server is gone, however it went: a held lock means "connect", a free one
means that whatever a former server left behind is stale. Process numbers read from files are never believed.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from authsvc.db.embedded_host import (
    SOCKET,
    EmbeddedError,
    choose_home,
    choose_sockets,
    environment,
    major,
    own_folder,
    programs,
    reachable_programs,
)

__all__ = ["Embedded", "EmbeddedError", "programs"]

LOG_LIMIT = 10 * 1024 * 1024
ATTACH_SECONDS, START_SECONDS, STOP_SECONDS = 15.0, 60.0, 10.0
NEEDS_GUARD = not sys.platform.startswith("linux")
CHILD = Path(__file__).with_name("embedded_child.py")
SETTINGS = (
    "listen_addresses=",
    "max_connections=100",
    "shared_buffers=64MB",
    "max_wal_size=256MB",
    "timezone=UTC",
    "log_timezone=UTC",
    # The log names errors but never what people typed: no statements, no parameters, no "Key (email)=(…)" details.
    "log_statement=none",
    "log_min_error_statement=panic",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
    "log_error_verbosity=terse",
    "log_checkpoints=off",
)
# Safe to repeat, so that a bootstrap that was interrupted is completed by the next start.
BOOTSTRAP = r"""
SET client_min_messages = warning;
SELECT format('CREATE ROLE %I LOGIN %s', name, CASE WHEN name = 'authsvc_owner' THEN 'CREATEROLE' END)
  FROM unnest(ARRAY['authsvc_owner', 'authsvc_app', 'authsvc_ops', 'authsvc_lookup']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
GRANT authsvc_app, authsvc_ops, authsvc_lookup TO authsvc_owner WITH ADMIN OPTION;
SELECT 'CREATE DATABASE authsvc OWNER authsvc_owner'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'authsvc') \gexec
"""


class Embedded:
    """One database cluster, served by at most one of the processes that use it.

    `start` and `ensure` must be called from a thread that lives as long as the process: on Linux the server ends with
    the *thread* that started it. All failures are `EmbeddedError`.
    """

    def __init__(self, data_dir: Path, *, options: Sequence[str] = ()) -> None:
        """`data_dir` is AUTHSVC_DATA_DIR (made if missing); `options` are server settings like `fsync=off`."""
        self._options = tuple(options)
        self._server: subprocess.Popen[bytes] | None = None
        self._starter = 0
        self._log_start = 0
        self._stopped = False
        self._mutex = threading.RLock()
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
            self.home, self._user = choose_home(data_dir.resolve())
        except OSError as error:
            raise EmbeddedError(f"The data folder {data_dir} cannot be used: {error.strerror}.") from error
        self._data = self.home / "data"
        self._log = self.home / "server.log"
        self._sockets = choose_sockets(self.home, self._user)

    def dsn(self, role: str = "authsvc_app", database: str = "authsvc") -> str:
        """The address of a database for this role, understood by asyncpg and by psql."""
        return f"postgresql://{role}@/{database}?host={quote(str(self._sockets), safe='')}&port=5432"

    def start(self) -> bool:
        """Return once the database can be used: True if this call started it, False if somebody already served it."""
        with self._mutex, self._plain_errors():
            self._stopped = False
            return not self._alive() and self._start()

    def ensure(self) -> bool:
        """Start the server again if it has gone, whoever served it; True if so. Never waits for other processes."""
        if self._alive():
            return False
        with self._mutex, self._plain_errors():
            lock = None if self._stopped or self._alive() else self._try_lock()
            if lock is not None:
                self._serve(lock)
            return lock is not None

    def stop(self) -> None:
        """End the server if this object started it; harmless to repeat, and in forked children."""
        self._stopped = True  # before the mutex: a start that is still waiting gives up
        with self._mutex:
            self._end(signal.SIGINT)

    def _alive(self) -> bool:
        server = self._server
        return server is not None and server.poll() is None

    def _end(self, first: signal.Signals) -> None:
        server, self._server = self._server, None
        if server is None or self._starter != os.getpid():
            return
        for number, patience in ((first, STOP_SECONDS), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            server.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                server.wait(patience)
                return

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except (OSError, shutil.Error) as error:
            raise EmbeddedError(f"The database in {self.home} cannot be used: {error}.") from error

    def _start(self) -> bool:
        """Serve, or attach to whoever serves. Both are tried in turn: a server may be just starting or just ending."""
        why = "it does not become ready"
        end = time.monotonic() + ATTACH_SECONDS
        while not self._stopped and time.monotonic() < end:
            lock = self._try_lock()
            if lock is not None:
                self._serve(lock)
                return True
            if sockets := self._ready():
                self._sockets = sockets
                why = self._sql("SELECT 1", self.dsn())
                if not why:
                    self._server = None
                    return False
            time.sleep(0.03)
        raise EmbeddedError(f"Another process serves the database in {self.home}, but it cannot be used: {why}.")

    def _try_lock(self) -> int | None:
        """The lock's descriptor, or None while somebody holds it."""
        own_folder(self.home, 0o711 if self._user else 0o700, self._user)
        lock = os.open(self.home / "data.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            if isinstance(error, BlockingIOError):
                return None
            raise
        return lock

    def _serve(self, lock: int) -> None:
        """Make the cluster if there is none, start its server, and see that roles and database exist."""
        try:
            folder = reachable_programs(self.home, self._user)
            self._rotate_log()
            own_folder(self._sockets, 0o700, self._user, self._user)
            self._make_cluster(folder, lock)
            for stale in (self._data / "postmaster.pid", self._sockets / SOCKET, self._sockets / f"{SOCKET}.lock"):
                stale.unlink(missing_ok=True)
            settings = (*SETTINGS, f"unix_socket_directories={self._sockets}", *self._options)
            arguments = [word for setting in settings for word in ("-c", setting)]
            self._starter = os.getpid()
            self._server = self._spawn([folder / "postgres", "-D", self._data, *arguments], lock)
        finally:
            os.close(lock)  # from here on the server alone holds it
        try:
            self._await_ready(self._server)
            if why := self._sql(BOOTSTRAP, self.dsn("postgres", "postgres")):
                raise EmbeddedError(f"The roles and the database could not be made: {why}.")
        except BaseException:
            self._end(signal.SIGQUIT)
            raise

    def _rotate_log(self) -> None:
        with suppress(FileNotFoundError):
            if self._log.lstat().st_size > LOG_LIMIT:
                self._log.rename(self._log.with_suffix(".log.1"))

    def _make_cluster(self, folder: Path, lock: int) -> None:
        """initdb elsewhere, then rename: a cluster is there completely or not at all."""
        new, version = self.home / "data.new", major(folder)
        if new.exists():
            shutil.rmtree(new)
        if self._data.exists():
            made_by = (self._data / "PG_VERSION").read_text().strip()
            if made_by != str(version):
                raise EmbeddedError(
                    f"The database in {self._data} was made by PostgreSQL {made_by}, the programs in {folder} are "
                    f"version {version}: set AUTHSVC_PG_BIN to the programs of version {made_by}, or remove "
                    f"{self._data} to begin with an empty database."
                )
            return
        own_folder(new, 0o700, self._user, self._user)
        # Version 17 brought a C.UTF-8 of PostgreSQL's own, which needs nothing from the operating system.
        own = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        locale = own if version >= 17 else ("--locale=C.UTF-8",)
        hasty = ("--no-sync",) if "fsync=off" in self._options else ()
        fixed = ("--username=postgres", "--auth=trust", "--data-checksums", "--encoding=UTF8", "--no-instructions")
        with self._spawn([folder / "initdb", "-D", new, *fixed, *locale, *hasty], lock) as initdb:
            try:
                code = initdb.wait(START_SECONDS)
            except BaseException:
                initdb.kill()
                raise
        if code != 0:
            raise EmbeddedError(f"The database could not be made: {self._last_words()}.")
        new.rename(self._data)

    def _spawn(self, command: Sequence[str | Path], lock: int) -> subprocess.Popen[bytes]:
        """Start a program that is not root, writes to the log, holds the lock, and ends when we do."""
        user = (str(self._user.pw_uid), str(self._user.pw_gid)) if self._user else ("-", "-")
        guard = "1" if NEEDS_GUARD else "0"
        log = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self._log_start = os.fstat(log).st_size
        try:
            return subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-S", CHILD, str(os.getpid()), *user, guard, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(),
                start_new_session=True,
                pass_fds=(lock,),
            )
        finally:
            os.close(log)

    def _await_ready(self, server: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + START_SECONDS
        while not self._ready():
            if server.poll() is not None:
                raise EmbeddedError(f"PostgreSQL did not start: {self._last_words()}.")
            if self._stopped or time.monotonic() > end:
                raise EmbeddedError(f"PostgreSQL was not ready in time: {self._last_words()}.")
            time.sleep(0.005)

    def _ready(self) -> Path | None:
        """The folder of the running server's socket, once it says that it is ready."""
        with suppress(OSError):
            lines = os.fsdecode((self._data / "postmaster.pid").read_bytes()).splitlines()
            if len(lines) > 7 and lines[7].strip() == "ready":
                return Path(lines[4])
        return None

    def _sql(self, script: str, dsn: str) -> str:
        """Run a script with psql; return what went wrong, or nothing."""
        command: list[str | Path] = [programs() / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", dsn]
        try:
            done = subprocess.run(  # noqa: S603
                command, input=script, env=environment(), capture_output=True, text=True, timeout=30, check=False
            )
        except subprocess.TimeoutExpired:
            return "it does not answer"
        return " | ".join(done.stderr.split("\n")).strip(" |") if done.returncode else ""

    def _last_words(self) -> str:
        """The end of what the program we started last wrote to the log."""
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            said = log.read()[-4000:].decode(errors="replace").strip()
        return " | ".join(said.splitlines()[-5:]) or f"it said nothing in {self._log}"
