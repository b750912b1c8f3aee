"""Running run.py as its users do: as a process, with its own DATA_DIR."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from authsvc.db.embedded import Embedded

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "nine lively otters"
PATIENCE = 60.0  # seconds, where nothing is promised: only what hangs takes longer


@contextlib.contextmanager
def data_dir() -> Iterator[Path]:
    """A folder that the database's user can reach, removed with what was kept elsewhere for it."""
    folder = Path(tempfile.mkdtemp(prefix="authsvc-run-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        home = Embedded(folder).home
        for path in (folder, home):
            shutil.rmtree(path, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def environment(folder: Path, **settings: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AUTHSVC_", "PG"))}
    if "AUTHSVC_PG_BIN" in os.environ:
        inherited["AUTHSVC_PG_BIN"] = os.environ["AUTHSVC_PG_BIN"]
    ours = {"AUTHSVC_DATA_DIR": str(folder), "AUTHSVC_BCRYPT_COST": "4", "AUTHSVC_DEMO_PASSWORD": PASSWORD}
    return {**inherited, **ours, **settings}


def run(folder: Path, *args: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """One command, to its end."""
    return subprocess.run(
        [sys.executable, "run.py", *args],
        cwd=ROOT,
        env=environment(folder, **settings),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


class Server:
    """A running `serve --dev`."""

    def __init__(self, folder: Path, *args: str, command: tuple[str, ...] = (), **settings: str) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"serve-{self.port}.log"
        serve = [sys.executable, "run.py", "serve", "--dev", "--port", str(self.port), *args]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, *serve],
                cwd=ROOT,
                env=environment(folder, **settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def status(self, path: str) -> int:
        """The status of a GET; 0 when nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as response:
                return int(response.status)
        except urllib.error.HTTPError as err:
            with err:
                return err.code
        except OSError:
            return 0

    def text(self, path: str) -> str:
        """The body of a GET."""
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as response:
            return str(response.read().decode())

    def wait_ready(self) -> None:
        wait_until(lambda: self.status("/readyz") == 200 or self.process.poll() is not None)
        assert self.process.poll() is None, self.log.read_text()

    def stop(self, ending: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(ending)
        return self.process.wait(PATIENCE)

    def postgres_is_gone(self) -> bool:
        """Does nobody hold the lock of the embedded database any more?"""
        import fcntl

        path = Embedded(self.folder).home / "data.lock"
        if not path.exists():
            return True
        with path.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return False
            return True


@contextlib.contextmanager
def serving(folder: Path, *args: str, command: tuple[str, ...] = (), **settings: str) -> Iterator[Server]:
    server = Server(folder, *args, command=command, **settings)
    try:
        server.wait_ready()
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait(PATIENCE)
        wait_until(server.postgres_is_gone)


def workers(server: Server) -> set[int]:
    """The processes that the master has made."""
    children = Path(f"/proc/{server.process.pid}/task").glob("*/children")
    found = {int(pid) for path in children for pid in path.read_text().split()}
    return {pid for pid in found if "serve" in Path(f"/proc/{pid}/cmdline").read_text()}


def wait_until(met: Callable[[], bool], seconds: float = PATIENCE) -> float:
    """How long it took until the condition was met; fails when it was not in time."""
    started = time.monotonic()
    while not met():
        assert time.monotonic() - started < seconds, "not met in time"
        time.sleep(0.05)
    return time.monotonic() - started
