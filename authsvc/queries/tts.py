"""The statements of sql/queries/tts.sql, typed."""

import asyncpg

from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("tts")


async def role(db: Db, slug: str, role_id: int | None, canonical: str | None) -> int | None:
    found: int | None = await db.fetchval(SQL["role"], slug, role_id, canonical)
    return found


async def pool(db: Db, role_id: int) -> list[int]:
    return [row["user_id"] for row in await db.fetch(SQL["pool"], role_id)]


async def last(db: Db, role_id: int) -> int:
    return int(await db.fetchval(SQL["last"], role_id) or 0)


async def begin(db: Db, role_id: int) -> None:
    await db.execute(SQL["begin"], role_id)


async def next(db: Db, role_id: int) -> asyncpg.Record | None:  # noqa: A001
    return await db.fetchrow(SQL["next"], role_id)
