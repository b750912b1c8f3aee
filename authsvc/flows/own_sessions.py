"""The own sessions: see them, end one, end all."""

from typing import Any

from authsvc import errors
from authsvc.core.person import Caller, Origin
from authsvc.queries import audit, sessions
from authsvc.service import Service


async def show(svc: Service, caller: Caller) -> list[dict[str, Any]]:
    """The live ones, the present one marked."""
    rows = await sessions.of_person(svc.db, caller.person)
    return [{**row, "current": row["id"] == caller.session_id} for row in rows]


async def end(svc: Service, caller: Caller, session_id: int, origin: Origin) -> None:
    """End one of them; NotFound for anybody else's."""
    async with svc.db.transaction() as tx:
        if not await sessions.end_own(tx, session_id, caller.person):
            raise errors.NotFound
        await _note(tx, caller, origin, session_id)


async def end_all(svc: Service, caller: Caller, origin: Origin) -> int:
    """End all of them, the present one too; how many."""
    async with svc.db.transaction() as tx:
        ended = await sessions.end_all(tx, caller.person, None, "logout_all")
        await _note(tx, caller, origin, None)
    return ended


async def _note(tx: Any, caller: Caller, origin: Origin, session_id: int | None) -> None:
    who = audit.of(caller)
    event = "authn_logout" if session_id else "authn_logout_all"
    await audit.add(tx, event, actor=who, subject=who, origin=origin, session_id=session_id or caller.session_id)
