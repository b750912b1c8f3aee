"""The statements of sql/queries/invitations.sql, typed."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import asyncpg

from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("invitations")


class NewInvitation(NamedTuple):
    """The columns of a new row, in the order of the statement `add`."""

    token_hash: bytes
    email: str
    email_canonical: str
    system_id: int
    role_id: int
    invited_by: int
    fields: Mapping[str, Any]


async def revoke_open(db: Db, email_canonical: str, role_id: int | None) -> None:
    await db.execute(SQL["revoke_open"], email_canonical, role_id)


async def add(db: Db, new: NewInvitation) -> int:
    return int(await db.fetchval(SQL["add"], *new))


async def page(db: Db, caller: int, after: int, at_most: int) -> list[asyncpg.Record]:
    return await db.fetch(SQL["page"], caller, after, at_most)


async def get(db: Db, caller: int, invitation_id: int) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["get"], caller, invitation_id)


async def renew(db: Db, caller: int, invitation_id: int, token_hash: bytes) -> bool:
    return await db.fetchval(SQL["renew"], caller, invitation_id, token_hash) is not None


async def revoke(db: Db, caller: int, invitation_id: int) -> str | None:
    email: str | None = await db.fetchval(SQL["revoke"], caller, invitation_id)
    return email


async def look(db: Db, token_hash: bytes) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["look"], token_hash)


async def accept(db: Db, token_hash: bytes) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["accept"], token_hash)


async def offers(db: Db, caller: int) -> list[asyncpg.Record]:
    return await db.fetch(SQL["offers"], caller)
