"""The statements of sql/queries/managed_users.sql, typed."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import asyncpg

from authsvc.core.person import Caller
from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("managed_users")


class Page(NamedTuple):
    """A part of a list: its order, the key after which it begins, how many rows; filters (None: not by this)."""

    ordering: str
    after: str | None
    at_most: int
    search: str | None
    status: str | None
    is_active: bool | None
    system_slug: str | None
    role_canonical: str | None


async def page(db: Db, caller: Caller, wanted: Page) -> list[asyncpg.Record]:
    await db.fetchval(SQL["plan_each_time"])
    if caller.is_superuser:
        return await db.fetch(SQL["page"], caller.person.id, *wanted)
    return await db.fetch(SQL["page_of_admin"], caller.person.id, *wanted)


async def get(db: Db, caller: int, user_id: int) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["get"], caller, user_id)


async def edit(db: Db, caller: int, changes: Mapping[str, Any], user_id: int) -> bool:
    return bool(await db.fetchval(SQL["edit"], caller, dict(changes), user_id))


async def delete(db: Db, user_id: int) -> str | None:
    email: str | None = await db.fetchval(SQL["delete"], user_id)
    return email


async def agents(db: Db, caller: int, after: int, at_most: int) -> list[asyncpg.Record]:
    return await db.fetch(SQL["agents"], caller, after, at_most)


async def infos(db: Db, caller: int, user_ids: list[int]) -> list[asyncpg.Record]:
    return await db.fetch(SQL["infos"], caller, user_ids)
