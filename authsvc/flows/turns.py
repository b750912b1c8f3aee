"""Round-robin: who takes turns in a role of a system, and whose turn is next."""

import bisect
from typing import NamedTuple

from authsvc import errors
from authsvc.core import names
from authsvc.queries import tts
from authsvc.service import Service


class Pool(NamedTuple):
    """Ids in the order of their turns, and who is next; None while nobody takes turns."""

    user_ids: list[int]
    next_user_id: int | None


class Turn(NamedTuple):
    """One turn; `number` counts from 1."""

    user_id: int
    number: int


async def pool(svc: Service, system: str, role_id: int | None, role: str | None) -> Pool:
    """Who takes turns. NotFound for an unknown system or role; both are matched ignoring case."""
    found = await tts.pool(svc.db, system.lower(), role_id, names.fold(role) if role else None)
    if found is None:
        raise errors.NotFound
    user_ids: list[int] = found["user_ids"]
    following = bisect.bisect_right(user_ids, found["last"])
    return Pool(user_ids, user_ids[following % len(user_ids)] if user_ids else None)


async def take(svc: Service, system: str, role: str) -> Turn:
    """Hand out the next turn, once over all processes. Conflict while nobody takes turns."""
    found = await tts.role(svc.db, system.lower(), names.fold(role))
    if found is None:
        raise errors.NotFound
    async with svc.db.transaction() as tx:
        await tts.begin(tx, found)
        row = await tts.next(tx, found)
        if row is None:
            raise errors.Conflict("Nobody takes turns in this role.")
    return Turn(row["user_id"], row["turn"])
