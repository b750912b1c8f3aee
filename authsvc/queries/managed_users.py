"""The statements of sql/queries/managed_users.sql, typed."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import asyncpg

from authsvc.core.person import Caller
from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("managed_users")
_FEW = 10_000  # people that are looked at one by one
_FAR = 20_000  # users that are walked over in search of a page


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
    """Within a transaction: its statements are planned for their arguments."""
    await db.fetchval(SQL["plan_each_time"])
    found: list[int] | None = None
    if wanted.search or wanted.status or wanted.is_active is not None:
        found = await _hits(db, wanted)
        if found is not None:
            wanted = wanted._replace(search=None)
    if caller.is_superuser and wanted.system_slug is None and wanted.role_canonical is None:
        rows = await db.fetch(SQL["page"], *wanted[:6], found)
    else:
        rows = await _page_of_admin(db, caller.person.id, wanted, found)
    return await _with_roles(db, caller.person.id, rows)


async def _hits(db: Db, wanted: Page) -> list[int] | None:
    """Who is found by search, status and activity; None when they are many."""
    found: list[int] | None = await db.fetchval(SQL["hits"], wanted.search, wanted.status, wanted.is_active, _FEW)
    return found


async def _page_of_admin(db: Db, caller: int, wanted: Page, found: list[int] | None) -> list[asyncpg.Record]:
    """The statement whose cost does not grow with the number of people that the caller administers."""
    scope = (caller, wanted.system_slug, wanted.role_canonical)
    args = (*wanted[:6], *scope)
    if found is None and wanted.ordering in ("id", "-id"):
        return await db.fetch(SQL["page_of_admin_by_id"], *args)
    if found is None:
        found = await _holders(db, scope, _FEW + 1)
        if len(found) > _FEW:
            rows = await db.fetch(SQL["page_of_admin_by_address"], *args, _FAR)
            if len(rows) == wanted.at_most or not await _reaches_beyond(db, wanted):
                return rows
            found = await _holders(db, scope, None)
    return await db.fetch(SQL["page_of_admin_among"], *args, found)


async def _holders(db: Db, scope: tuple[int, str | None, str | None], at_most: int | None) -> list[int]:
    found: list[int] = await db.fetchval(SQL["holders"], *scope, at_most)
    return found


async def _reaches_beyond(db: Db, wanted: Page) -> bool:
    return bool(await db.fetchval(SQL["reaches_beyond"], wanted.ordering, wanted.after, _FAR))


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


async def infos(db: Db, user_ids: list[int]) -> list[asyncpg.Record]:
    return await db.fetch(SQL["infos"], user_ids)


async def _with_roles(db: Db, caller: int, rows: list[asyncpg.Record]) -> list[dict[str, Any]]:
    """PROFILE rows, with the roles that the caller may see; one statement for all of them."""
    found = await db.fetch(SQL["roles"], caller, [row["id"] for row in rows])
    roles = {row["user_id"]: row["system_roles"] for row in found}
    return [{**row, "system_roles": roles.get(row["id"], [])} for row in rows]
