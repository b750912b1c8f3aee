"""One real, migrated PostgreSQL for all tests, emptied before each; a real server on a real socket for each."""

import asyncio
import contextlib
import dataclasses
import gc
import itertools
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest
import uvloop

from authsvc import key_files, log, service
from authsvc.core.signing import KeySet
from authsvc.db import migrate
from authsvc.db.embedded import Embedded
from authsvc.db.pool import Database
from authsvc.jobs import outbox
from authsvc.service import Service
from authsvc.settings import Settings, load
from tests.client import Api
from tests.drawings import draw_once
from tests.mailbox import Mailbox
from tests.servers import Servers

PUBLIC_URL = "http://auth.test"


class Addresses(NamedTuple):
    """Where the tests' database is, for each role."""

    app: str
    owner: str
    superuser: str


# What is lost when the machine fails does not matter, and nothing need be written out between two tests.
UNSAFE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_writer_delay=10s")


class FakeClock:
    """The service's clock, moved by hand from a start at the real time."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


# Those that take longest begin first; between them those that mostly wait for processes that they started.
EARLY = (
    "commands/test_serve", "rights/test_matrix", "middleware/test_csrf", "db/test_embedded", "middleware/test_body.py",
    "commands/test_commands", "middleware/", "races/", "rights/", "guard/", "endpoints/",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two workers, each with a file at a time, then end at nearly the same time."""
    items.sort(key=lambda item: next((rank for rank, name in enumerate(EARLY) if name in item.nodeid), len(EARLY)))


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The event loop that the service runs on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def embedded() -> Iterator[Embedded]:
    # Not pytest's own folder: that one is closed to the user that the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="authsvc-tests-"))
    folder.chmod(0o755)
    server = Embedded(folder, options=UNSAFE)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(server.home, ignore_errors=True)


@pytest.fixture(scope="session")
async def database(embedded: Embedded) -> Addresses:
    where = Addresses(embedded.dsn(), embedded.dsn("authsvc_owner"), embedded.dsn("postgres"))
    conn = await asyncpg.connect(where.owner)
    await migrate.apply(conn)
    await conn.close()
    return where


@pytest.fixture(scope="session")
async def superuser(database: Addresses) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may do anything, for looking behind the service's back."""
    conn = await asyncpg.connect(database.superuser)
    yield conn
    await conn.close()


@pytest.fixture(scope="session")
async def empty_all(superuser: asyncpg.Connection) -> str:
    tables = await superuser.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migrations'"
    )
    deletes = "".join(f"DELETE FROM {row['tablename']}; " for row in tables)
    await superuser.execute(  # a function, for it keeps its plans
        "CREATE SCHEMA tests; CREATE FUNCTION tests.empty_all() RETURNS void LANGUAGE plpgsql "
        f"SET session_replication_role = replica AS $$ BEGIN {deletes} END $$"
    )
    return "SELECT tests.empty_all()"


@pytest.fixture
async def db(superuser: asyncpg.Connection, empty_all: str) -> asyncpg.Connection:
    """The emptied database, as its superuser."""
    await superuser.execute(empty_all)
    return superuser


@pytest.fixture(scope="session")
def base_settings() -> Iterator[Settings]:
    with tempfile.TemporaryDirectory(prefix="authsvc-data-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTHSVC_ENV", "development")
        patch.setenv("AUTHSVC_DATA_DIR", folder)
        patch.setenv("AUTHSVC_PUBLIC_URL", PUBLIC_URL)
        patch.setenv("AUTHSVC_BCRYPT_COST", "4")
        patch.setenv("AUTHSVC_LIMITS", "off")
        patch.setenv(
            "AUTHSVC_IDENTITY_CACHE", "off"
        )  # tests change people by SQL, and ask at once; tests/known is apart
        patch.setenv("AUTHSVC_INTERNAL_NETWORKS", "192.0.2.0/24")  # tests of internal paths say where they are
        patch.setenv("AUTHSVC_HASH_QUEUE", "1000")
        patch.setenv("AUTHSVC_CORS_ORIGINS", "https://tts.example.com,https://hdts.example.com")
        yield load()


class SharedDatabase(Database):
    """One pool for the servers of all tests: opening connections would take most of their time."""

    async def open(self) -> None:
        """It is open already."""

    def terminate(self) -> None:
        """The next test goes on with it."""


@pytest.fixture(scope="session")
async def shared(database: Addresses) -> AsyncIterator[SharedDatabase]:
    pool = SharedDatabase(database.app, size=20, acquire_timeout=5, statement_timeout=2)
    await Database.open(pool)
    yield pool
    Database.terminate(pool)


@pytest.fixture(scope="session")
def signing_keys(base_settings: Settings) -> KeySet:
    return key_files.load(base_settings)


@pytest.fixture(scope="session")
def shared_clock() -> FakeClock:
    return FakeClock(0.0)


@pytest.fixture
def clock(shared_clock: FakeClock) -> FakeClock:
    """The clock of the test's servers, at the real time."""
    shared_clock.now = time.time()
    return shared_clock


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    """Catches what the service's own job would send."""
    box = Mailbox()
    monkeypatch.setattr(outbox, "transport_of", lambda settings: box.transport)
    return box


@pytest.fixture
def drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests to which captchas and QR codes are but answers."""
    draw_once(monkeypatch)


@pytest.fixture(scope="session")
async def servers(
    database: Addresses, base_settings: Settings, signing_keys: KeySet, shared: SharedDatabase, shared_clock: FakeClock
) -> AsyncIterator[Servers]:
    def make(**changes: object) -> Service:
        settings = dataclasses.replace(base_settings, **changes)  # type: ignore[arg-type]
        keys = signing_keys if changes.keys().isdisjoint({"jwt_algorithm", "jwt_secret"}) else key_files.load(settings)
        svc = service.build(settings, keys, database.app, shared_clock)
        own_pool = {"db_pool_size", "db_acquire_timeout", "db_statement_timeout", "require_2fa_for_admins"}
        if changes.keys().isdisjoint(own_pool):
            svc = dataclasses.replace(svc, db=shared)
        return svc

    log.configure("json", "warning")
    found = Servers(make)
    yield found
    await found.close()


@pytest.fixture
async def serve(
    db: asyncpg.Connection, servers: Servers, clock: FakeClock, mailbox: Mailbox
) -> AsyncIterator[Callable[..., object]]:
    """`await serve(**changed_settings)`: a server on the emptied database, and a client without cookies for it."""
    async with contextlib.AsyncExitStack() as stack:
        log.configure("json", "warning")

        async def start(**changes: object) -> Api:
            return Api(await stack.enter_async_context(servers.lend(**changes)), numbers=itertools.count(1))

        yield start


@pytest.fixture
async def api(serve: Callable[..., object]) -> Api:
    """A client of a server with the tests' usual settings (no request throttling, bcrypt cost 4)."""
    return await serve()  # type: ignore[misc,no-any-return]
