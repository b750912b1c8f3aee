"""The statements of sql/queries/meta.sql, typed."""

import asyncpg

from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("meta")


async def applied_migrations(db: Db) -> list[str]:
    return [row["name"] for row in await db.fetch(SQL["applied_migrations"])]


async def whoami(db: Db) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["whoami"])
