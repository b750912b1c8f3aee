"""The statements of sql/queries/guard.sql, typed."""

import asyncpg

from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("guard")


async def reserve(db: Db, key: str, network: str | None, *, captcha_done: bool) -> int | None:
    failures = await db.fetchval(SQL["reserve"], key, network, captcha_done)
    return None if failures is None else int(failures)


async def state(db: Db, key: str, network: str | None) -> asyncpg.Record:
    return (await db.fetch(SQL["state"], key, network))[0]


async def fail(db: Db, key: str) -> bool:
    return bool(await db.fetchval(SQL["fail"], key))


async def give_back(db: Db, key: str) -> None:
    await db.execute(SQL["give_back"], key)


async def forget(db: Db, key: str) -> None:
    await db.execute(SQL["forget"], key)


async def forget_person(db: Db, person: str, account: str) -> None:
    await db.execute(SQL["forget_person"], person, account)


async def count_network(db: Db, network: str) -> None:
    await db.execute(SQL["count_network"], network)


async def count_use(db: Db, key: str) -> int:
    return int(await db.fetchval(SQL["count_use"], key))


async def uses(db: Db, key: str) -> int:
    return int(await db.fetchval(SQL["uses"], key) or 0)


async def purge(db: Db) -> int:
    return int((await db.execute(SQL["purge"])).removeprefix("DELETE "))
