"""Start, pin, watch and stop the processes that are measured."""

import contextlib
import http.client
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
READY_SECONDS = 60.0
PROC = Path("/proc")


def cores() -> tuple[int, int] | None:
    """The core of the server under test and that of everything else; None where there are not two to pin to."""
    if not hasattr(os, "sched_setaffinity") or not PROC.is_dir():
        return None
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[-1]) if len(usable) > 1 else None


def own_environment() -> dict[str, str]:
    """The environment without a service's settings, so that only the rig's count; but for where PostgreSQL is."""
    ours = ("AUTHSVC_", "PG", "DJANGO_")
    return {k: v for k, v in os.environ.items() if k == "AUTHSVC_PG_BIN" or not k.startswith(ours)}


@contextlib.contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Processes that are started in this block may use that core only."""
    if core is None:
        yield
        return
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, ours)


class Server:
    """A server on a loopback port, in a process group of its own.

    core: the one it may use, None: any.
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        port: int,
        *,
        ready: str = "/",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        log: Path,
        core: int | None = None,
    ) -> None:
        self.argv, self.port, self.log = [str(word) for word in argv], port, log
        self._ready, self._cwd, self._core = ready, cwd, core
        self._env = {**own_environment(), **(env or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The first process of the server."""
        assert self._process, "not started"
        return self._process.pid

    def start(self) -> float:
        """Return once it answers; the seconds that this took."""
        began = time.perf_counter()
        with self.log.open("ab") as log, on_core(self._core):
            self._process = subprocess.Popen(
                self.argv,
                env=self._env,
                cwd=self._cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._await_answer(self._process, began + READY_SECONDS)
        except BaseException:
            self.stop()
            raise
        return time.perf_counter() - began

    def _await_answer(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        while not self._answers():
            if process.poll() is not None or time.perf_counter() > deadline:
                said = self.log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{' '.join(self.argv)} did not start:\n{said}")
            time.sleep(0.005)

    def stop(self) -> None:
        """End it, with everything that it started."""
        process, self._process = self._process, None
        if process is None:
            return
        for ending, patience in ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, ending)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience)
                break

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("GET", self._ready)
            return connection.getresponse().status < 500
        return False

    @contextlib.contextmanager
    def on_all_cores(self) -> Iterator[None]:
        """For the moment not pinned to its core."""
        if self._core is None:
            yield
            return
        _pin(self.pid, range(os.cpu_count() or 1))
        try:
            yield
        finally:
            _pin(self.pid, [self._core])


def _pin(pid: int, to: Sequence[int]) -> None:
    for process in tree(pid):
        for task in (PROC / str(process) / "task").iterdir():
            with contextlib.suppress(OSError):  # a thread that has just ended
                os.sched_setaffinity(int(task.name), to)


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for found in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            children.setdefault(int(_stat(int(found.name))[1]), []).append(int(found.name))
    found_pids, seen = [pid], 0
    while seen < len(found_pids):
        found_pids += children.get(found_pids[seen], [])
        seen += 1
    return found_pids


def cpu_seconds(pid: int) -> float:
    """CPU time that a process tree has used, children that have ended included."""
    total = 0
    for process in tree(pid):
        with contextlib.suppress(OSError):
            total += sum(int(field) for field in _stat(process)[11:15])  # utime, stime, cutime, cstime
    return total / TICK


def rss_mb(pid: int) -> float:
    """Resident memory of the largest process of a tree: of a worker, where there is one beside its master."""
    most = 0
    for process in tree(pid):
        with contextlib.suppress(OSError, ValueError, IndexError):
            status = (PROC / str(process) / "status").read_text()
            most = max(most, int(status.partition("VmRSS:")[2].split()[0]))
    return most / 1024


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the third one on: state, ppid, …"""
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
