"""The statements of sql/queries/systems.sql, typed."""

from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg

from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("systems")


async def public(db: Db) -> list[asyncpg.Record]:
    return await db.fetch(SQL["public"])


async def urls(db: Db, slugs: Iterable[str]) -> dict[str, str | None]:
    return {row["slug"]: row["url"] for row in await db.fetch(SQL["urls"], list(slugs))}


async def page(db: Db, after: int, at_most: int, slug: str | None) -> list[asyncpg.Record]:
    return await db.fetch(SQL["page"], after, at_most, slug)


async def get(db: Db, system_id: int) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["get"], system_id)


async def by_slug(db: Db, slug: str) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["by_slug"], slug)


async def administered(db: Db, caller: int, system_id: int | None, slug: str | None) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["administered"], caller, system_id, slug)


async def insert(db: Db, name: str, canonical: str, slug: str, description: str, url: str | None) -> int:
    return int(await db.fetchval(SQL["insert"], name, canonical, slug, description, url))


async def edit(db: Db, caller: int, system_id: int, changes: Mapping[str, Any]) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["edit"], caller, system_id, dict(changes))


async def lock(db: Db, system_id: int) -> None:
    await db.execute(SQL["lock"], system_id)


async def is_used(db: Db, system_id: int) -> bool:
    return bool(await db.fetchval(SQL["is_used"], system_id))


async def delete(db: Db, system_id: int) -> str | None:
    slug: str | None = await db.fetchval(SQL["delete"], system_id)
    return slug


async def add(db: Db, name: str, canonical: str, slug: str) -> int:
    return int(await db.fetchval(SQL["add"], name, canonical, slug))
