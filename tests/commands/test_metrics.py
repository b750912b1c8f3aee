"""The metrics of several processes: whichever of them is asked, it answers for all."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.kit import Server, data_dir, serving, wait_until, workers

ASKED = 40


@pytest.fixture(scope="module")
def server(on_our_database: dict[str, str]) -> Iterator[Server]:
    with data_dir() as folder:
        kept = folder / "tmp"
        kept.mkdir()
        own = {**on_our_database, "AUTHSVC_INTERNAL_NETWORKS": "127.0.0.0/8", "TMPDIR": str(kept)}
        with serving(folder, "--workers", "2", **own) as started:
            yield started


def value(server: Server, name: str) -> float:
    """The sum of a metric over its labels."""
    found = re.findall(rf"^{name} ([0-9.e+-]+)$", server.text("/metrics"), re.MULTILINE)
    return sum(map(float, found))


def folders(server: Server) -> list[Path]:
    return list((server.folder / "tmp").glob("authsvc-metrics-*"))


def test_every_request_is_counted_once_whoever_answered(server: Server) -> None:
    name = r'authsvc_requests_total\{method="GET",route="meta.jwks",status="2xx"\}'
    for _ in range(ASKED):
        assert server.status("/.well-known/jwks.json") == 200
    wait_until(lambda: value(server, name) == ASKED)
    for _ in range(10):
        assert value(server, name) == ASKED
    buckets = r'authsvc_request_seconds_bucket\{le="\+Inf",method="GET",route="meta.jwks"\}'
    assert value(server, buckets) == ASKED
    files = {path.name for path in folders(server)[0].glob("counter_*.db")}
    assert len(files) >= 2


def test_gauges_are_sums_of_live_processes_and_a_dead_one_is_missed_only_there(server: Server) -> None:
    pool = 10
    assert "pid=" not in "".join(re.findall("^authsvc_.*$", server.text("/metrics"), re.MULTILINE))
    wait_until(lambda: value(server, "authsvc_db_connections_max") == 2 * pool)
    shown = {int(pid) for pid in re.findall(r'process_open_fds\{pid="(\d+)"\}', server.text("/metrics"))}
    assert shown == {server.process.pid, *workers(server)}
    name = r'authsvc_requests_total\{method="GET",route="meta.alive",status="2xx"\}'
    for _ in range(ASKED):
        assert server.status("/healthz") == 200
    wait_until(lambda: value(server, name) == ASKED)
    victim = min(workers(server))
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: victim not in workers(server) and len(workers(server)) == 2)
    wait_until(lambda: value(server, "authsvc_db_connections_max") == 2 * pool)
    assert value(server, name) == ASKED
    assert f'pid="{victim}"' not in server.text("/metrics")


def test_the_folder_ends_with_the_service(server: Server) -> None:
    """The last test: the others need the server."""
    assert len(folders(server)) == 1
    assert server.stop() == 0, server.log.read_text()
    assert folders(server) == []
