"""Apply migrations/*.sql in order, once each; forward only.

One file is one transaction, unless its first line is `-- no-transaction` (for CREATE INDEX
CONCURRENTLY); such a file holds one statement that can be run twice. Applied files are recorded with
their SHA-256: an edited, missing or late file is refused.
"""

import asyncio
import hashlib
import logging
from pathlib import Path

import asyncpg

MIGRATIONS_DIR = Path(__file__).resolve().parents[2] / "migrations"
_LOCK = int.from_bytes(b"authsvc", "big")
_POLL = 0.2  # seconds between two looks at the lock
log = logging.getLogger(__name__)

_LEDGER = """
    CREATE TABLE IF NOT EXISTS schema_migrations (
        name       text CONSTRAINT schema_migrations_pkey PRIMARY KEY,
        sha256     text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    )"""


class MigrationError(Exception):
    """The files and the database's record of them disagree."""


def names(folder: Path = MIGRATIONS_DIR) -> list[str]:
    """The names of all migrations, oldest first."""
    return sorted(path.name for path in folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))


async def pending(conn: asyncpg.Connection, folder: Path = MIGRATIONS_DIR) -> list[Path]:
    """The files not applied yet, oldest first; MigrationError when history was rewritten."""
    done: dict[str, str] = {}
    if await conn.fetchval("SELECT to_regclass('schema_migrations') IS NOT NULL"):
        done = dict(await conn.fetch("SELECT name, sha256 FROM schema_migrations"))
    files = [folder / name for name in names(folder)]
    for path in files:
        if done.get(path.name, _digest(path)) != _digest(path):
            raise MigrationError(f"{path.name} was edited after it was applied")
    if gone := sorted(done.keys() - {path.name for path in files}):
        raise MigrationError(f"applied, but not in {folder.name}/: {', '.join(gone)}")
    todo = [path for path in files if path.name not in done]
    if todo and done and todo[0].name < max(done):
        raise MigrationError(f"{todo[0].name} comes before {max(done)}, which is applied already")
    return todo


async def apply(conn: asyncpg.Connection, folder: Path = MIGRATIONS_DIR) -> list[str]:
    """Bring the database up to date; the names applied. A second runner waits for the first."""
    # Polled, not waited for: a session that waits in pg_advisory_lock holds a snapshot, for which
    # CREATE INDEX CONCURRENTLY in the other runner would wait in turn.
    while not await conn.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):  # noqa: ASYNC110 - no event to wait for
        await asyncio.sleep(_POLL)
    try:
        await conn.execute(_LEDGER)
        todo = await pending(conn, folder)
        for path in todo:
            log.info("applying %s", path.name)
            await _apply_file(conn, path)
        return [path.name for path in todo]
    finally:
        if not conn.is_closed():
            await conn.execute("SELECT pg_advisory_unlock($1)", _LOCK)


async def _apply_file(conn: asyncpg.Connection, path: Path) -> None:
    text = path.read_text("utf-8")  # noqa: ASYNC240 - nothing else runs while migrations do
    if text.startswith("-- no-transaction"):
        await conn.execute(text)
        await _record(conn, path)
        return
    async with conn.transaction():
        await conn.execute("SET LOCAL lock_timeout = '4s'")
        await conn.execute(text)
        await _record(conn, path)


async def _record(conn: asyncpg.Connection, path: Path) -> None:
    await conn.execute("INSERT INTO schema_migrations (name, sha256) VALUES ($1, $2)", path.name, _digest(path))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
