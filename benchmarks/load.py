"""Put load on one server, with wrk where it is there and can do it, else with our own client."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
WRK = shutil.which("wrk")
CONNECTIONS = 16


class Job(NamedTuple):
    """What to send where.

    file: raw requests; chain, count: as in client.py; of seconds and count one is enough. own: by our own client even
    where wrk could, which gives up what is under way at the end.
    """

    port: int
    file: Path
    seconds: float | None = None
    count: int | None = None
    connections: int = CONNECTIONS
    chain: bool = False
    own: bool = False


class Outcome(NamedTuple):
    """What came of it; times in milliseconds, but for `seconds`."""

    requests: int
    seconds: float
    p50: float
    p99: float
    bad: int  # answers that were errors
    errors: int  # connections that broke

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


def run(job: Job) -> Outcome:
    """Send it, wait for the end."""
    command = _command(job)
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    return _outcome(done.returncode, done.stdout, done.stderr)


@contextmanager
def beside(job: Job, into: list[Outcome]) -> Iterator[None]:
    """Send it while the block runs; the outcome is appended to `into`."""
    with subprocess.Popen(_command(job), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield
        out, err = process.communicate(timeout=120)
    into.append(_outcome(process.returncode, out, err))


def _command(job: Job) -> list[str]:
    if WRK and job.seconds and not (job.count or job.chain or job.own):
        words = f"-t1 -c{job.connections} -d{max(1, round(job.seconds))}s --timeout 10s".split()
        return [WRK, *words, "-s", str(HERE / "wrk.lua"), f"http://127.0.0.1:{job.port}", "--", str(job.file)]
    return [sys.executable, str(HERE / "client.py"), json.dumps(job._replace(file=str(job.file))._asdict())]


def _outcome(code: int, out: str, err: str) -> Outcome:
    if code != 0:
        raise RuntimeError(f"the load generator failed: {out} {err}")
    return Outcome(**json.loads(out.strip().splitlines()[-1]))
