"""The statements of sql/queries/service_keys.sql, typed."""

from collections.abc import Collection

import asyncpg

from authsvc.core.service_keys import ServiceKey
from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("service_keys")


async def use(db: Db, key_hash: bytes) -> ServiceKey | None:
    row = await db.fetchrow(SQL["use"], key_hash)
    return ServiceKey(row["id"], row["name"], frozenset(row["scopes"])) if row else None


async def add(db: Db, name: str, key_hash: bytes, scopes: Collection[str]) -> int:
    return int(await db.fetchval(SQL["add"], name, key_hash, list(scopes)))


async def all(db: Db) -> list[asyncpg.Record]:  # noqa: A001
    return await db.fetch(SQL["all"])


async def revoke(db: Db, name: str) -> bool:
    return await db.fetchval(SQL["revoke"], name) is not None
