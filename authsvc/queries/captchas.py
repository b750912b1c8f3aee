"""The statements of sql/queries/captchas.sql, typed."""

from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("captchas")


async def add(db: Db, session_hash: bytes, answer_hash: bytes, purpose: str | None) -> None:
    await db.execute(SQL["add"], session_hash, answer_hash, purpose)


async def answer(db: Db, session_hash: bytes, answer_hash: bytes, token_hash: bytes) -> bool:
    return bool(await db.fetchval(SQL["answer"], session_hash, answer_hash, token_hash))


async def spend_token(db: Db, token_hash: bytes, purpose: str) -> bool:
    return bool(await db.fetchval(SQL["spend_token"], token_hash, purpose))


async def purge(db: Db) -> int:
    return int((await db.execute(SQL["purge"])).removeprefix("DELETE "))
