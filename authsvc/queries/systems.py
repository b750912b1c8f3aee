"""The statements of sql/queries/systems.sql, typed."""

from collections.abc import Iterable

import asyncpg

from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("systems")


async def public(db: Db) -> list[asyncpg.Record]:
    return await db.fetch(SQL["public"])


async def urls(db: Db, slugs: Iterable[str]) -> dict[str, str | None]:
    return {row["slug"]: row["url"] for row in await db.fetch(SQL["urls"], list(slugs))}


async def add(db: Db, name: str, canonical: str, slug: str) -> int:
    return int(await db.fetchval(SQL["add"], name, canonical, slug))
