"""The statements of sql/queries/review.sql, typed."""

import asyncpg

from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("review")


async def may(db: Db, caller: int) -> bool:
    return bool(await db.fetchval(SQL["may"], caller))


async def page(
    db: Db,
    caller: int,
    after: int = 0,
    at_most: int | None = None,
    status: str | None = None,
    search: str | None = None,
) -> list[asyncpg.Record]:
    return await db.fetch(SQL["page"], caller, after, at_most, status, search)


async def staff(db: Db, caller: int) -> list[asyncpg.Record]:
    return await db.fetch(SQL["staff"], caller)


async def lock(db: Db, caller: int, employee_id: int) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["lock"], caller, employee_id)


async def decide(db: Db, caller: int, employee_id: int, status: str) -> None:
    await db.execute(SQL["decide"], caller, employee_id, status)
