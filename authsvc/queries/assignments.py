"""The statements of sql/queries/assignments.sql, typed."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import asyncpg

from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("assignments")


class Filter(NamedTuple):
    """What a list of assignments is narrowed to; None: not by this."""

    user_id: int | None = None
    system_id: int | None = None
    system_slug: str | None = None
    role_id: int | None = None
    role_canonical: str | None = None
    is_active: bool | None = None


async def page(db: Db, caller: int, after: int, at_most: int, only: Filter) -> list[asyncpg.Record]:
    return await db.fetch(SQL["page"], caller, after, at_most, *only)


async def get(db: Db, caller: int, assignment_id: int) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["get"], caller, assignment_id)


async def of_system(db: Db, system_id: int) -> list[asyncpg.Record]:
    return await db.fetch(SQL["of_system"], system_id)


async def of_user(db: Db, caller: int, user_id: int, only: Filter) -> list[asyncpg.Record]:
    wanted = (only.system_slug, only.role_canonical, only.system_id, only.role_id)
    return await db.fetch(SQL["of_user"], caller, user_id, *wanted)


async def assignable(db: Db, caller: int, user_id: int) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["assignable"], caller, user_id)


async def insert(
    db: Db,
    user_id: int,
    system_id: int,
    role_id: int,
    by: int | None,
    *,
    is_active: bool = True,
    settings: Mapping[str, Any] | None = None,
) -> int | None:
    row = (user_id, system_id, role_id, is_active, dict(settings or {}), by)
    made: int | None = await db.fetchval(SQL["insert"], *row)
    return made


async def held(db: Db, user_id: int, role_id: int) -> int | None:
    found: int | None = await db.fetchval(SQL["held"], user_id, role_id)
    return found


async def edit(db: Db, caller: int, assignment_id: int, changes: Mapping[str, Any]) -> bool:
    return await db.fetchval(SQL["edit"], caller, assignment_id, dict(changes)) is not None


async def delete(db: Db, caller: int, assignment_id: int) -> bool:
    return await db.fetchval(SQL["delete"], caller, assignment_id) is not None


async def note_sign_in(db: Db, user_id: int) -> None:
    await db.execute(SQL["note_sign_in"], user_id)
