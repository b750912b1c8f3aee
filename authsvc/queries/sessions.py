"""The statements of sql/queries/sessions.sql, typed."""

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

import asyncpg

from authsvc.core.person import Kind, Origin, Person
from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("sessions")


class NewSession(NamedTuple):
    """How long a session and its refresh token live; refresh_hash None: no refresh token."""

    max_age: dt.timedelta
    remember: bool
    refresh_hash: bytes | None
    refresh_ttl: dt.timedelta


async def open(db: Db, person: Person, new: NewSession, origin: Origin) -> int:  # noqa: A001
    return int(
        await db.fetchval(SQL["open"], person.kind.value, person.id, *new, origin.ip, origin.user_agent),
    )


async def live(db: Db, session_id: int, person: Person) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["live"], session_id, person.kind.value, person.id)


async def rotate(
    db: Db,
    presented: bytes,
    successor: bytes,
    sealed: bytes,
    ttl: dt.timedelta,
    grace: dt.timedelta,
    kinds: Iterable[Kind],
) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["rotate"], presented, successor, sealed, ttl, grace, list(kinds))


async def end_reused(db: Db, presented: bytes, grace: dt.timedelta) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["end_reused"], presented, grace)


async def by_refresh_token(db: Db, presented: bytes, grace: dt.timedelta) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["by_refresh_token"], presented, grace)


async def end_all(db: Db, person: Person, but: int | None, reason: str) -> int:
    return int(await db.fetchval(SQL["end_all"], person.kind.value, person.id, but, reason))


async def of_person(db: Db, person: Person) -> list[asyncpg.Record]:
    return await db.fetch(SQL["of_person"], person.kind.value, person.id)


async def end_own(db: Db, session_id: int, person: Person) -> bool:
    return await db.fetchval(SQL["end_own"], session_id, person.kind.value, person.id) is not None


async def count_wrong_secret(db: Db, session_id: int) -> bool:
    return bool(await db.fetchval(SQL["count_wrong_secret"], session_id))


async def was_here_before(db: Db, person: Person, origin: Origin) -> bool:
    return bool(await db.fetchval(SQL["was_here_before"], person.kind.value, person.id, origin.ip, origin.user_agent))


async def purge(db: Db, older_than: dt.timedelta, at_most: int) -> int:
    return int((await db.execute(SQL["purge"], older_than, at_most)).removeprefix("DELETE "))
