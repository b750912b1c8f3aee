"""The statements of sql/queries/roles.sql, typed."""

from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("roles")


async def add(db: Db, system_id: int, name: str, canonical: str) -> int:
    return int(await db.fetchval(SQL["add"], system_id, name, canonical))
