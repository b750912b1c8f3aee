"""The statements of sql/queries/revocations.sql, typed."""

import asyncpg

from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("revocations")


async def since(db: Db, transaction: str, at_most: int) -> list[asyncpg.Record]:
    return await db.fetch(SQL["since"], transaction, at_most)


async def now(db: Db) -> str:
    return str(await db.fetchval(SQL["now"]))


async def purge(db: Db, transaction: str) -> int:
    return int((await db.execute(SQL["purge"], transaction)).removeprefix("DELETE "))
