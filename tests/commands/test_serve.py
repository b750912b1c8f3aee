"""Start, stop and survive: nothing that serve started outlives it, whichever way it ends."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.kit import PATIENCE, ROOT, Server, data_dir, run, serving, wait_until, workers


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with data_dir() as path:
        yield path


def is_running(pid: int) -> bool:
    """Is there such a process, and is it more than a name that nobody has collected yet?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def postmaster(folder: Path) -> int:
    from authsvc.db.embedded import Embedded

    return int((Embedded(folder).home / "data" / "postmaster.pid").read_text().split()[0])


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Server]:
    """For the tests at the end, of which the last one kills it."""
    with serving(folder) as server:
        yield server


def create_superuser(folder: Path, email: str) -> subprocess.CompletedProcess[str]:
    return run(folder, "createsuperuser", "--dev", "--email", email, "--password-stdin", stdin="nine lively otters\n")


def test_a_signal_ends_everything_and_the_next_start_finds_the_data_again(folder: Path) -> None:
    for ending in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        with serving(folder) as server:
            if ending == signal.SIGINT:
                again = create_superuser(folder, "ROOT@example.com")
                assert again.returncode == 1
                assert "taken" in again.stderr
            assert server.stop(ending) == 0, server.log.read_text()
            assert server.postgres_is_gone()
        assert "nine lively otters" in server.log.read_text()
        if ending == signal.SIGTERM:
            made = create_superuser(folder, "root@example.com")
            assert made.returncode == 0, made.stderr


def test_the_death_of_the_parent_ends_everything(folder: Path) -> None:
    parent = (sys.executable, "-c", "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))")
    with serving(folder, command=parent) as server:
        server.process.kill()
        wait_until(lambda: server.status("/healthz") == 0)
        wait_until(server.postgres_is_gone)


def test_the_death_of_the_parent_before_the_start_ends_everything(folder: Path) -> None:
    hasty = "import os, subprocess, sys; print(subprocess.Popen([*sys.argv[1:], '--parent', str(os.getpid())]).pid)"
    server = Server(folder, command=(sys.executable, "-c", hasty))
    server.process.wait(PATIENCE)
    orphan = int(server.log.read_text().split()[0])
    try:
        wait_until(lambda: not is_running(orphan))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(orphan, signal.SIGKILL)
    wait_until(server.postgres_is_gone)
    assert "Error" not in server.log.read_text()  # it ended for that reason, not because it was called wrongly


def test_make_run_names_itself_as_the_parent() -> None:
    make = subprocess.Popen(["make", "-n", "--no-print-directory", "run"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    recipe, _ = make.communicate(timeout=PATIENCE)
    assert recipe.rstrip().endswith(f"serve --dev --parent {make.pid}")


def test_several_processes_are_replaced_without_the_database_and_end_together(folder: Path) -> None:
    with serving(folder, "--workers", "2") as server:
        assert server.status("/api/v1/systems/public/") == 200
        before, database = workers(server), postmaster(folder)
        server.process.send_signal(signal.SIGUSR2)
        wait_until(lambda: len(workers(server)) == 2 and not workers(server) & before)
        assert server.status("/readyz") == 200
        assert postmaster(folder) == database
        assert server.stop() == 0, server.log.read_text()
        assert server.postgres_is_gone()


def test_the_second_of_two_at_once_says_so(folder: Path, running: Server) -> None:
    second = run(folder, "serve", "--dev", "--port", "1")
    assert second.returncode == 2
    assert "another authsvc serves from" in second.stderr


def test_a_taken_port_is_said(running: Server) -> None:
    with data_dir() as other:
        second = run(other, "serve", "--dev", "--port", str(running.port))
        assert second.returncode == 1
        assert f"cannot listen on 127.0.0.1:{running.port}" in second.stderr
        assert Server.postgres_is_gone(type("At", (), {"folder": other})())  # type: ignore[arg-type]


def test_a_killed_database_is_back_at_once(folder: Path, running: Server) -> None:
    os.kill(postmaster(folder), signal.SIGKILL)
    wait_until(lambda: running.status("/readyz") == 503, 2)
    assert running.status("/healthz") == 200
    wait_until(lambda: running.status("/readyz") == 200)


def test_a_killed_service_leaves_no_database(running: Server) -> None:
    """The last test: the others need the server."""
    running.process.kill()
    running.process.wait()
    wait_until(running.postgres_is_gone)
