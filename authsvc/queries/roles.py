"""The statements of sql/queries/roles.sql, typed."""

from collections.abc import Mapping
from typing import Any

import asyncpg

from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("roles")


async def page(db: Db, after: int, at_most: int, system_id: int | None, slug: str | None) -> list[asyncpg.Record]:
    return await db.fetch(SQL["page"], after, at_most, system_id, slug)


async def get(db: Db, role_id: int, caller: int) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["get"], role_id, caller)


async def of_system(db: Db, system_id: int, role_id: int | None, canonical: str | None) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["of_system"], system_id, role_id, canonical)


async def insert(db: Db, system_id: int, name: str, canonical: str, description: str, *, is_custom: bool) -> int:
    return int(await db.fetchval(SQL["insert"], system_id, name, canonical, description, is_custom))


async def edit(db: Db, role_id: int, changes: Mapping[str, Any]) -> None:
    await db.execute(SQL["edit"], role_id, dict(changes))


async def lock(db: Db, role_id: int) -> None:
    await db.execute(SQL["lock"], role_id)


async def is_held(db: Db, role_id: int) -> bool:
    return bool(await db.fetchval(SQL["is_held"], role_id))


async def delete(db: Db, role_id: int) -> bool:
    return await db.fetchval(SQL["delete"], role_id) is not None


async def add(db: Db, system_id: int, name: str, canonical: str) -> int:
    return int(await db.fetchval(SQL["add"], system_id, name, canonical))
