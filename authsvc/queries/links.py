"""The statements of sql/queries/links.sql, typed."""

import datetime as dt

import asyncpg

from authsvc.core.person import Person
from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("links")


async def add(db: Db, person: Person, purpose: str, token_hash: bytes, email: str, life: dt.timedelta) -> None:
    await db.execute(SQL["add"], person.kind.value, person.id, purpose, token_hash, email, life)


async def look(db: Db, token_hash: bytes, purpose: str) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["look"], token_hash, purpose)


async def spend(db: Db, token_hash: bytes, purpose: str) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["spend"], token_hash, purpose)


async def void(db: Db, person: Person, purpose: str | None) -> None:
    await db.execute(SQL["void"], person.kind.value, person.id, purpose)


async def purge(db: Db) -> int:
    return int((await db.execute(SQL["purge"])).removeprefix("DELETE "))
