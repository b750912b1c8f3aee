"""The statements of sql/queries/tts.sql, typed."""

import asyncpg

from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("tts")


async def role(db: Db, slug: str, canonical: str) -> int | None:
    found: int | None = await db.fetchval(SQL["role"], slug, canonical)
    return found


async def pool(db: Db, slug: str, role_id: int | None, canonical: str | None) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["pool"], slug, role_id, canonical)


async def begin(db: Db, role_id: int) -> None:
    await db.execute(SQL["begin"], role_id)


async def next(db: Db, role_id: int) -> asyncpg.Record | None:  # noqa: A001
    return await db.fetchrow(SQL["next"], role_id)
