"""The caller's own password, and whether he may still act by it when it comes to that.

Checking a secret waits: for a thread, and for others who try. Meanwhile the session may have ended, or the password
have become another one; whoever acts by a checked secret asks again under the lock of the person's row.
"""

import asyncpg

from authsvc import errors, guard
from authsvc.core.person import Caller, Origin
from authsvc.db.pool import Db
from authsvc.people import PEOPLE
from authsvc.queries import audit, sessions
from authsvc.service import Service


async def checked_hash(svc: Service, caller: Caller, password: str, origin: Origin) -> str | None:
    """The stored hash, when this is its password. The tenth wrong secret in one session ends it."""
    stored: str | None = (await account_of(svc.db, caller))["password_hash"]
    attempt_now = attempt(caller, guard.person_key(caller.person), "password_check_fail", origin)
    return stored if await guard.password(svc, attempt_now, password, stored) else None


def attempt(caller: Caller, key: str, event: str, origin: Origin) -> guard.Attempt:
    """A try of somebody who is signed in."""
    return guard.Attempt(key, event, origin, audit.of(caller), session_id=caller.session_id)


async def account_of(db: Db, caller: Caller) -> asyncpg.Record:
    """What is stored of the caller's secrets."""
    account = await PEOPLE[caller.person.kind].credentials(db, caller.person.id)
    if account is None:
        raise errors.TokenNotValid
    return account


async def hold(tx: Db, caller: Caller) -> asyncpg.Record:
    """The same, and nobody else changes it until the transaction ends. TokenNotValid when the session has ended."""
    email = await PEOPLE[caller.person.kind].lock(tx, caller.person.id)
    if email is None or await sessions.live(tx, caller.session_id, caller.person) is None:
        raise errors.TokenNotValid
    return await account_of(tx, caller)
