"""The statements of sql/queries/assignments.sql, typed."""

from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("assignments")


async def add(db: Db, user_id: int, system_id: int, role_id: int, by: int | None) -> int:
    return int(await db.fetchval(SQL["add"], user_id, system_id, role_id, by))


async def note_sign_in(db: Db, user_id: int) -> None:
    await db.execute(SQL["note_sign_in"], user_id)
