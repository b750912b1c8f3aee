"""The statements of sql/queries/users.sql, typed."""

from collections.abc import Mapping
from typing import Any

import asyncpg

from authsvc.core.person import Caller
from authsvc.core.registration import NewPerson
from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("users")


async def by_email(db: Db, canonical: str) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["by_email"], canonical)


async def insert(db: Db, new: NewPerson) -> int:
    return int(await db.fetchval(SQL["insert"], *new))


async def profile(db: Db, person_id: int) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["profile"], person_id)


async def by_company_id(db: Db, company_id: str, viewer: Caller) -> asyncpg.Record | None:
    rights = (viewer.is_superuser, viewer.is_admin)
    return await db.fetchrow(SQL["by_company_id"], company_id, viewer.person.id, *rights)


async def note_sign_in(db: Db, person_id: int, checked_hash: str, new_hash: str | None, *, by_code: bool) -> bool:
    return await db.fetchval(SQL["note_sign_in"], person_id, checked_hash, new_hash, by_code) is not None


async def renew_hash(db: Db, person_id: int, checked_hash: str, new_hash: str) -> bool:
    return await db.fetchval(SQL["renew_hash"], person_id, checked_hash, new_hash) is not None


async def edit(db: Db, person_id: int, changes: Mapping[str, Any]) -> None:
    await db.execute(SQL["edit"], person_id, dict(changes))


async def make_superuser(db: Db, user_id: int) -> None:
    await db.execute(SQL["make_superuser"], user_id)


async def approve(db: Db, user_id: int) -> None:
    await db.execute(SQL["approve"], user_id)


async def credentials(db: Db, person_id: int) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["credentials"], person_id)


async def set_password(db: Db, person_id: int, new_hash: str, checked_hash: str | None) -> bool:
    return await db.fetchval(SQL["set_password"], person_id, new_hash, checked_hash) is not None


async def set_otp_enabled(db: Db, person_id: int, enabled: bool) -> None:
    await db.execute(SQL["set_otp_enabled"], person_id, enabled)


async def prove_address(db: Db, person_id: int, email: str, canonical: str) -> bool:
    return await db.fetchval(SQL["prove_address"], person_id, email, canonical) is not None


async def invited(db: Db, canonical: str) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["invited"], canonical)


async def hold(db: Db, user_id: int) -> None:
    await db.execute(SQL["hold"], user_id)


async def lock(db: Db, person_id: int) -> str | None:
    email: str | None = await db.fetchval(SQL["lock"], person_id)
    return email
