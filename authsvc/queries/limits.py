"""The statements of sql/queries/limits.sql, typed. All times in seconds."""

import datetime as dt

from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("limits")


async def take(db: Db, key: str, interval: float, bucket: float) -> float | None:
    free_in: float | None = await db.fetchval(
        SQL["take"], key, dt.timedelta(seconds=interval), dt.timedelta(seconds=bucket)
    )
    return free_in


async def wait(db: Db, key: str, interval: float, bucket: float) -> float:
    seconds = await db.fetchval(SQL["wait"], key, dt.timedelta(seconds=interval), dt.timedelta(seconds=bucket))
    return float(seconds or 0.0)


async def purge(db: Db) -> int:
    return int((await db.execute(SQL["purge"])).removeprefix("DELETE "))
