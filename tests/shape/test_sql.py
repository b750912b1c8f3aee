"""SQL is hand-written, named, commented, used, and understood by the migrated schema."""

import os
import re
import subprocess
from pathlib import Path

import asyncpg
import pytest

from authsvc.db.embedded import programs
from authsvc.db.migrate import MIGRATIONS_DIR
from authsvc.db.sqlfiles import QUERIES_DIR, load
from authsvc.errors import BY_CONSTRAINT
from tests.conftest import Addresses
from tests.shape.golden import same_as_golden

ROOT = Path(__file__).resolve().parents[2]
NOUNS = sorted(path.stem for path in QUERIES_DIR.glob("*.sql"))


@pytest.mark.parametrize("noun", NOUNS)
async def test_every_statement_prepares(database: Addresses, noun: str) -> None:
    conn = await asyncpg.connect(database.app)
    try:
        for statement in load(noun).values():
            assert await conn.prepare(statement)
    finally:
        await conn.close()


@pytest.mark.parametrize("noun", NOUNS)
def test_every_statement_is_used_once_by_its_module(noun: str) -> None:
    text = (ROOT / "authsvc" / "queries" / f"{noun}.py").read_text("utf-8")
    assert sorted(re.findall(r'SQL\["(\w+)"\]', text)) == sorted(load(noun))


@pytest.mark.parametrize("noun", NOUNS)
def test_columns_are_named(noun: str) -> None:
    assert [
        name for name, sql in load(noun).items() if re.search(r"(select|returning)\s+(\w+\.)?\*", sql, re.IGNORECASE)
    ] == []


def test_no_sql_is_built_from_strings() -> None:
    builders = re.compile(r'f"[^"]*\b(SELECT|INSERT|UPDATE|DELETE|WHERE)\b')
    found = [p.name for p in (ROOT / "authsvc").rglob("*.py") if builders.search(p.read_text("utf-8"))]
    assert found == []


async def test_constraints_with_a_meaning_exist(db: asyncpg.Connection) -> None:
    known = {row["conname"] for row in await db.fetch("SELECT conname FROM pg_constraint")}
    assert BY_CONSTRAINT.keys() - known == set()


async def test_the_service_may_not_change_the_audit_nor_the_schema(database: Addresses) -> None:
    conn = await asyncpg.connect(database.app)
    try:
        for statement in ("DELETE FROM audit", "UPDATE audit SET event = 'x'", "CREATE TABLE t ()", "DROP TABLE users"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute(statement)
    finally:
        await conn.close()


async def test_lookup_sees_no_secret(db: asyncpg.Connection) -> None:
    columns = await db.fetch(
        "SELECT column_name FROM information_schema.column_privileges"
        " WHERE grantee = 'authsvc_lookup' AND privilege_type = 'SELECT'"
    )
    assert columns
    assert [c[0] for c in columns if re.search(r"password|hash|secret|sealed|token", c[0])] == []


async def test_every_foreign_key_has_an_index(db: asyncpg.Connection) -> None:
    missing = await db.fetch(
        """SELECT c.conname FROM pg_constraint c
            WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
              AND c.confrelid IN ('users'::regclass, 'employees'::regclass, 'sessions'::regclass, 'roles'::regclass)
              AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1])"""
    )
    assert [row["conname"] for row in missing] == []


# Only the demo seed adds systems this way, in development, where one service has the database.
SEEDS = {("systems", "add")}


async def test_an_upsert_watches_the_only_constraint_it_can_break(db: asyncpg.Connection) -> None:
    """ON CONFLICT watches one constraint: another one that the same row breaks, at the same moment, refuses it."""
    breakable = await db.fetch(
        """SELECT i.indrelid::regclass::text AS "table", i.indexrelid::regclass::text AS name
             FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = 'public'::regnamespace
            WHERE i.indisunique
              AND NOT EXISTS (SELECT FROM pg_attribute a
                               WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) AND a.attidentity <> '')"""
    )
    for noun in NOUNS:
        for name, sql in load(noun).items():
            if "ON CONFLICT" in sql and (noun, name) not in SEEDS:
                table = re.search(r"INSERT INTO (\w+)", sql)
                assert table, (noun, name)
                assert len([row for row in breakable if row["table"] == table[1]]) == 1, (noun, name)


async def test_schema_file_equals_the_migrations(database: Addresses) -> None:
    pg_dump = programs() / "pg_dump"
    version = subprocess.run([pg_dump, "--version"], capture_output=True, text=True, check=True).stdout
    if " 18." not in version:
        pytest.skip("the file is written by PostgreSQL 18")
    dump = subprocess.run(
        [pg_dump, "--schema-only", "--no-owner", "--exclude-schema=tests", database.superuser],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    noise = re.compile(r"^(--.*|\\(un)?restrict .*|SET .*|SELECT pg_catalog\.set_config.*)?$")
    lines = [line for line in dump.splitlines() if not noise.match(line)]
    same_as_golden(
        ROOT / "sql" / "schema.sql", "-- What the migrations make; compared by a test.\n" + "\n".join(lines) + "\n"
    )


def test_landed_migrations_are_unedited() -> None:
    import hashlib

    sums = "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(MIGRATIONS_DIR.glob("*.sql"))
    )
    same_as_golden(ROOT / "tests" / "golden" / "migrations.txt", sums)
    assert os.environ.get("GOLDEN") != "write" or sums
