"""The statements of sql/queries/internal.sql, typed."""

import asyncpg

from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("internal")


async def user(db: Db, user_id: int) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["user"], user_id)


async def employee(db: Db, employee_id: int) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["employee"], employee_id)


async def help_desk_user(db: Db, user_id: int) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["help_desk_user"], user_id)
