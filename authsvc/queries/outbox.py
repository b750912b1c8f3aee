"""The statements of sql/queries/outbox.sql, typed."""

import datetime as dt

import asyncpg

from authsvc.core.person import Person
from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("outbox")


async def lock_person(db: Db, person: Person) -> None:
    await db.execute(SQL["lock_person"], person.kind.value, person.id)


async def put(
    db: Db, template: str, person: Person, recipient: str, sealed: bytes, life: dt.timedelta, per_hour: int
) -> bool:
    args = (template, person.kind.value, person.id, recipient, sealed, life, per_hour)
    return await db.fetchval(SQL["put"], *args) is not None


async def claim(db: Db) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["claim"])


async def mark_sent(db: Db, mail_id: int) -> None:
    await db.execute(SQL["mark_sent"], mail_id)


async def mark_failed(db: Db, mail_id: int, error: str) -> None:
    await db.execute(SQL["mark_failed"], mail_id, error)


async def note_error(db: Db, mail_id: int, error: str) -> None:
    await db.execute(SQL["note_error"], mail_id, error)


async def expire(db: Db) -> int:
    return int((await db.execute(SQL["expire"])).removeprefix("UPDATE "))


async def purge(db: Db) -> int:
    return int((await db.execute(SQL["purge"])).removeprefix("DELETE "))
