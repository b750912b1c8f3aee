"""One embedded PostgreSQL for all contenders, and the people in authsvc's databases."""

import datetime as dt
import random
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import orjson

from authsvc.core import hashing, refresh_tokens
from authsvc.db.embedded import Embedded

PASSWORD = "nine lively otters"
CALLERS = 1000  # people who send requests; the others are there to be many
POOL = 50  # how many of them take turns in the round robin
LIVES = dt.timedelta(days=7)

# $1: how many people. Then their hashes at cost 12 and 10; or who the callers are, and the last who takes turns.
FILL = (
    "INSERT INTO company_ids (company_id, kind) SELECT 'B' || n, 'staff' FROM generate_series(1, $1::int) n",
    """INSERT INTO users (email, email_canonical, username, username_canonical, password_hash, first_name, last_name,
                          company_id, status, email_verified_at)
       SELECT 'person' || n || '@bench.example', 'person' || n || '@bench.example', 'bench' || n, 'bench' || n,
              CASE WHEN n % 2 = 0 THEN $2::text ELSE $3::text END,
              'First' || n % 5000, 'Last' || n % 70000, 'B' || n, 'Approved', now()
         FROM generate_series(1, $1::int) n""",
    """INSERT INTO roles (system_id, name, name_canonical)
       SELECT s.id, r.name, lower(r.name) FROM systems s, (VALUES ('Bench caller'), ('Bench turn')) r (name)
        WHERE s.slug = 'tts'""",
    """INSERT INTO assignments (user_id, system_id, role_id)
       SELECT u.id, r.system_id, r.id
         FROM generate_series(1, $1::int) n
         JOIN users u ON u.email_canonical = 'person' || n || '@bench.example'
         JOIN systems s ON s.slug = CASE WHEN n = ANY ($2::int[]) THEN 'tts' WHEN n % 2 = 0 THEN 'ams' ELSE 'bms' END
         JOIN roles r ON r.system_id = s.id
          AND (r.name IN ('Operator', 'GENERAL_USER', 'Bench caller')
               OR r.name = 'Bench turn' AND n <= $3::int)""",
)


class Person(NamedTuple):
    """A caller with a live session; `profile` is his row of user_profiles, the hash is known by its cost."""

    id: int
    email: str
    cost: int
    session_id: int
    refresh: str
    profile: dict[str, Any]


class Databases:
    """A PostgreSQL in a temporary folder, as durable as the service's own (fsync on)."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="authsvc-bench-"))
        self.folder.chmod(0o755)  # the database's user must reach it
        self._server = Embedded(
            self.folder, options=["max_connections=300", "shared_buffers=512MB", "max_wal_size=4GB"]
        )

    def start(self) -> None:
        """Make it and start it."""
        self._server.start()

    def stop(self) -> None:
        """End it and remove it."""
        self._server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self._server.home, ignore_errors=True)

    @property
    def pid(self) -> int:
        """The postmaster."""
        return int((self._server.home / "data" / "postmaster.pid").read_text().split()[0])

    def dsn(self, database: str, role: str = "postgres") -> str:
        """The address of a database."""
        return self._server.dsn(role, database)

    @property
    def socket_folder(self) -> str:
        """Where the server's socket is, for drivers that are told so."""
        return str(self._server._sockets)

    async def create(self, name: str, owner: str = "postgres") -> None:
        """One more database, empty."""
        connection = await asyncpg.connect(self.dsn("postgres"))
        await connection.execute(f"CREATE DATABASE {name} OWNER {owner}")
        await connection.close()

    async def version(self) -> str:
        """Of the server."""
        connection = await asyncpg.connect(self.dsn("postgres"))
        found = await connection.fetchval("SHOW server_version")
        await connection.close()
        return str(found)


async def fill(dsn: str, people: int) -> list[Person]:
    """Put so many people into a migrated and seeded database of authsvc; the callers among them, signed in."""
    callers = _spread(people)
    connection = await asyncpg.connect(dsn)
    await _json(connection)
    both = (hashing.encode(PASSWORD, 12), hashing.encode(PASSWORD, 10))
    for statement, args in zip(
        FILL, ((people,), (people, *both), (), (people, callers, callers[POOL - 1])), strict=True
    ):
        await connection.execute(statement, *args, timeout=900)
    emails = [f"person{number}@bench.example" for number in callers]
    rows = await connection.fetch("SELECT id FROM users WHERE email_canonical = ANY ($1) ORDER BY id", emails)
    callers = await sign_in(connection, [row["id"] for row in rows])
    await connection.execute("VACUUM ANALYZE", timeout=900)
    await connection.execute("CHECKPOINT", timeout=900)
    await connection.close()
    return callers


def _spread(people: int) -> list[int]:
    """The numbers of the callers: one out of each thousandth of all, and not at even distances, which no ids have."""
    step, chance = people // CALLERS, random.Random(people)  # the same in each run
    return [block * step + chance.randint(1, step) for block in range(CALLERS)]


async def sign_in(connection: asyncpg.Connection, ids: Sequence[int]) -> list[Person]:
    """A session for each of these people, written as the service writes them."""
    tokens = [refresh_tokens.new() for _ in ids]
    rows = await connection.fetch(
        """WITH opened AS (
               INSERT INTO sessions (user_id, expires_at, refresh_hash, refresh_expires_at, ip, user_agent)
               SELECT id, now() + $3, hash, now() + $3, '127.0.0.1', 'bench'
                 FROM unnest($1::int[], $2::bytea[]) AS given (id, hash)
               RETURNING id, user_id, refresh_hash
           ), remembered AS (
               INSERT INTO refresh_tokens (token_hash, session_id) SELECT refresh_hash, id FROM opened)
           SELECT o.id AS session_id, o.refresh_hash, u.password_hash, p.*
             FROM opened o JOIN users u ON u.id = o.user_id JOIN user_profiles p ON p.id = o.user_id""",
        ids,
        [refresh_tokens.digest(token) for token in tokens],
        LIVES,
        timeout=300,
    )
    by_hash = {refresh_tokens.digest(token): token for token in tokens}
    found = [
        Person(
            row["id"],
            row["email"],
            10 if "$2b$10$" in row["password_hash"] else 12,
            row["session_id"],
            by_hash[row["refresh_hash"]],
            dict(row),
        )
        for row in rows
    ]
    return sorted(found, key=lambda person: person.id)


async def _json(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("json", encoder=str, decoder=orjson.loads, schema="pg_catalog")


async def connect(dsn: str) -> asyncpg.Connection:
    """A connection whose json columns are Python values."""
    connection = await asyncpg.connect(dsn)
    await _json(connection)
    return connection
