"""What the tests of the embedded PostgreSQL do from outside: other processes, other users, psql, bare sockets."""

import contextlib
import pwd
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from authsvc.db.embedded import Embedded, programs

PROJECT = Path(__file__).parents[2]

# A process that serves (or attaches), says so, and goes on until its input ends.
STARTER = """
import sys
from pathlib import Path
from authsvc.db import embedded
embedded.NEEDS_GUARD = embedded.NEEDS_GUARD or "guard" in sys.argv
one = embedded.Embedded(Path(sys.argv[1]), options=["fsync=off"])
print(one.start(), one.dsn(), flush=True)
sys.stdin.read()
one.stop()
"""


def open_folder() -> Path:
    """A folder that every user can pass through, unlike tmp_path."""
    folder = Path(tempfile.mkdtemp(prefix="authsvc-test-", dir="/tmp")).resolve()
    folder.chmod(0o755)
    return folder


def ask(dsn: str, sql: str) -> str:
    """What psql prints for a statement."""
    command: list[str | Path] = [programs() / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-c", sql]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def socket_path(dsn: str) -> Path:
    return Path(parse_qs(urlsplit(dsn).query)["host"][0]) / ".s.PGSQL.5432"


def refused_within(dsn: str, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(socket_path(dsn)))
            except OSError:
                return True
        time.sleep(0.01)
    return False


def starter(
    data_dir: Path,
    *words: str,
    python: str = sys.executable,
    environment: dict[str, str] | None = None,
    user: pwd.struct_passwd | None = None,
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [python, "-c", f"import sys; sys.path.insert(0, {str(PROJECT)!r})\n{STARTER}", str(data_dir), *words],
        cwd="/",
        env=environment,
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=[] if user else None,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def answer(process: subprocess.Popen[str]) -> tuple[bool, str]:
    assert process.stdout
    started, dsn = process.stdout.readline().split()
    return started == "True", dsn


def python_for(user: pwd.struct_passwd, environment: dict[str, str]) -> str:
    """An interpreter that this user can run, with the module and the programs within his reach too."""
    check = f"import sys; sys.path.insert(0, {str(PROJECT)!r}); import authsvc.db.embedded as e; e.programs()"
    for python in (sys.executable, "/usr/bin/python3"):
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            subprocess.run(
                [python, "-c", check],
                cwd="/",
                env=environment,
                user=user.pw_uid,
                group=user.pw_gid,
                extra_groups=[],
                stderr=subprocess.DEVNULL,
                check=True,
            )
            return python
    pytest.skip("no python, or not the project, within reach of the user nobody")


def has_its_data(one: Embedded) -> bool:
    return ask(one.dsn("authsvc_owner"), "SELECT n FROM seven") == "7"
