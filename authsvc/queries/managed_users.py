"""The statements of sql/queries/managed_users.sql, typed."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import asyncpg

from authsvc.core.person import Caller
from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("managed_users")
_FEW = 5000  # found people that are listed one by one


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


async def page(db: Db, caller: Caller, wanted: Page) -> list[dict[str, Any]]:
    await db.fetchval(SQL["plan_each_time"])
    only: list[int] | None = None
    if wanted.search:
        hits = await db.fetch(SQL["hits"], wanted.search, _FEW + 1)
        if len(hits) <= _FEW:
            only, wanted = [row["id"] for row in hits], wanted._replace(search=None)
    if caller.is_superuser:
        rows = await db.fetch(SQL["page"], *wanted, only)
    else:
        rows = await db.fetch(SQL["page_of_admin"], *wanted, only, caller.person.id)
    return await _with_roles(db, caller.person.id, rows)


async def get(db: Db, caller: int, user_id: int) -> dict[str, Any] | None:
    found = await _with_roles(db, caller, await db.fetch(SQL["get"], caller, user_id))
    return found[0] if found else None


async def edit(db: Db, caller: int, changes: Mapping[str, Any], user_id: int) -> bool:
    return bool(await db.fetchval(SQL["edit"], caller, dict(changes), user_id))


async def delete(db: Db, user_id: int) -> str | None:
    email: str | None = await db.fetchval(SQL["delete"], user_id)
    return email


async def agents(db: Db, caller: int, after: int, at_most: int) -> list[dict[str, Any]]:
    return await _with_roles(db, caller, await db.fetch(SQL["agents"], caller, after, at_most))


async def infos(db: Db, caller: int, user_ids: list[int]) -> list[asyncpg.Record]:
    return await db.fetch(SQL["infos"], caller, user_ids)


async def _with_roles(db: Db, caller: int, rows: list[asyncpg.Record]) -> list[dict[str, Any]]:
    """PROFILE rows, with the roles that the caller may see; one statement for all of them."""
    found = await db.fetch(SQL["roles"], caller, [row["id"] for row in rows])
    roles = {row["user_id"]: row["system_roles"] for row in found}
    return [{**row, "system_roles": roles.get(row["id"], [])} for row in rows]
