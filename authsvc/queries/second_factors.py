"""The statements of sql/queries/second_factors.sql, typed."""

import asyncpg

from authsvc.core.person import Person
from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("second_factors")


async def open_challenge(db: Db, person: Person, token_hash: bytes, password_hash: str, *, remember: bool) -> None:
    await db.execute(SQL["open_challenge"], person.kind.value, person.id, token_hash, password_hash, remember)


async def whose_challenge(db: Db, token_hash: bytes) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["whose_challenge"], token_hash)


async def try_challenge(db: Db, token_hash: bytes) -> bool:
    return bool(await db.fetchval(SQL["try_challenge"], token_hash))


async def close_challenge(db: Db, token_hash: bytes) -> bool:
    return bool(await db.fetchval(SQL["close_challenge"], token_hash))


async def follow_hash(db: Db, person: Person, before: str, now: str) -> None:
    await db.execute(SQL["follow_hash"], person.kind.value, person.id, before, now)


async def void_challenges(db: Db, person: Person) -> None:
    await db.execute(SQL["void_challenges"], person.kind.value, person.id)


async def void_codes(db: Db, person: Person, purpose: str | None) -> None:
    await db.execute(SQL["void_codes"], person.kind.value, person.id, purpose)


async def add_code(db: Db, person: Person, purpose: str, code_hash: bytes) -> None:
    await db.execute(SQL["add_code"], person.kind.value, person.id, purpose, code_hash)


async def spend_code(db: Db, person: Person, purpose: str, code_hash: bytes) -> bool:
    return bool(await db.fetchval(SQL["spend_code"], person.kind.value, person.id, purpose, code_hash))


async def peek_code(db: Db, person: Person, purpose: str, code_hash: bytes) -> bool:
    return bool(await db.fetchval(SQL["peek_code"], person.kind.value, person.id, purpose, code_hash))


async def authenticator(db: Db, person: Person) -> asyncpg.Record | None:
    return await db.fetchrow(SQL["authenticator"], person.kind.value, person.id)


async def set_up_authenticator(db: Db, person: Person, sealed: bytes) -> bool:
    return bool(await db.fetchval(SQL["set_up_authenticator"], person.kind.value, person.id, sealed))


async def confirm_authenticator(db: Db, person: Person, step: int, sealed: bytes) -> bool:
    return bool(await db.fetchval(SQL["confirm_authenticator"], person.kind.value, person.id, step, sealed))


async def spend_step(db: Db, person: Person, step: int) -> bool:
    return bool(await db.fetchval(SQL["spend_step"], person.kind.value, person.id, step))


async def remove_authenticator(db: Db, person: Person) -> None:
    await db.execute(SQL["remove_authenticator"], person.kind.value, person.id)


async def replace_recovery_codes(db: Db, person: Person, hashes: list[bytes]) -> None:
    await db.execute(SQL["replace_recovery_codes"], person.kind.value, person.id, hashes)


async def remove_recovery_codes(db: Db, person: Person) -> None:
    await db.execute(SQL["remove_recovery_codes"], person.kind.value, person.id)


async def spend_recovery_code(db: Db, person: Person, code_hash: bytes) -> bool:
    return bool(await db.fetchval(SQL["spend_recovery_code"], person.kind.value, person.id, code_hash))


async def has_recovery_code(db: Db, person: Person, code_hash: bytes) -> bool:
    return bool(await db.fetchval(SQL["has_recovery_code"], person.kind.value, person.id, code_hash))


async def purge(db: Db) -> int:
    return int((await db.execute(SQL["purge"])).removeprefix("DELETE "))
