"""run.py keys and run.py service-keys: what operators type."""

import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.kit import PATIENCE, data_dir, free_port, run, serving
from tests.db.embedded_kit import ask

LOOKUP = "/api/v1/users/internal/{}/"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with data_dir() as path:
        yield path


def test_a_key_is_announced_activated_and_retired(folder: Path) -> None:
    first = run(folder, "keys", "generate", "--dev").stdout.strip()
    second = run(folder, "keys", "generate", "--dev").stdout.strip()
    early = run(folder, "keys", "activate", "--dev", second)
    assert (early.returncode, early.stdout) == (1, "")
    assert re.fullmatch(rf"{second} is published for \d+ s; wait until it is 310 s, or force it\n", early.stderr)
    os.utime(folder / "keys" / f"{second}.pem", (time.time() - 311,) * 2)
    done = run(folder, "keys", "activate", "--dev", second)
    assert (done.returncode, done.stdout) == (0, f"{second} signs now.\n")
    lines = {line.split()[0]: line.split()[2] for line in run(folder, "keys", "list", "--dev").stdout.splitlines()}
    assert lines == {first: "verifies", second: "signs"}
    assert run(folder, "keys", "retire", "--dev", second).returncode == 2
    assert run(folder, "keys", "retire", "--dev", first).returncode == 1
    assert run(folder, "keys", "retire", "--dev", "--force", first).stdout == f"{first} is gone.\n"
    assert run(folder, "keys", "activate", "--dev", first).returncode == 2


def look_up(user: str, port: int, key: str | None) -> int:
    path = LOOKUP.format(user)
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"X-API-Key": key} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return int(response.status)
    except urllib.error.HTTPError as err:
        with err:
            return err.code


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_service_key_opens_the_internal_listener_until_it_is_revoked(
    folder: Path, on_our_database: dict[str, str], workers: str
) -> None:
    inner, name = free_port(), f"tts-{workers}"
    own = {**on_our_database, "AUTHSVC_INTERNAL_PORT": str(inner), "AUTHSVC_REQUIRE_SERVICE_KEY": "true"}

    def service_keys(*args: str) -> subprocess.CompletedProcess[str]:
        return run(folder, "service-keys", args[0], "--dev", *args[1:], **on_our_database)

    with serving(folder, "--workers", workers, **own) as server:
        key = service_keys("add", "--scope", "users", name).stdout.strip()
        assert re.fullmatch(r"authsvc_[A-Za-z0-9_-]{43}", key)
        user = ask(on_our_database["AUTHSVC_MIGRATE_DATABASE_URL"], "SELECT min(id) FROM users")
        statuses = [look_up(user, inner, key), look_up(user, inner, None), look_up(user, server.port, key)]
        assert statuses == [200, 401, 404]
        assert server.status("/readyz") == 200
        listed = service_keys("list").stdout
        assert re.search(rf"^{name} +users +last used \d{{4}}-\d\d-\d\d \d\d:\d\d$", listed, re.MULTILINE)
        assert key not in listed
        if workers == "1":  # what the commands say does not depend on how many there are
            taken = service_keys("add", name)
            assert (taken.returncode, taken.stderr) == (1, f"name: There is a live key named {name}.\n")
            refused = service_keys("add", "Ticket Tracker")
            assert refused.returncode == 1
            assert refused.stderr == "name: Use small letters, digits, dots and dashes.\n"
        assert service_keys("revoke", name).stdout == f"{name} is revoked.\n"
        assert look_up(user, inner, key) == 401
        assert workers == "2" or service_keys("revoke", name).returncode == 1
