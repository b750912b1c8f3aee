"""The statements of sql/queries/audit.sql, typed."""

from typing import Any, NamedTuple

from authsvc.core.person import Caller, Origin, Person
from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("audit")


class Named(NamedTuple):
    """A person with the name that the record keeps."""

    person: Person
    name: str


class Operator(NamedTuple):
    """Somebody at the command line, by the name that the machine knows."""

    name: str


def of(caller: Caller) -> Named:
    """The caller himself, as actor or subject."""
    return Named(caller.person, caller.email)


async def add(
    db: Db,
    event: str,
    *,
    actor: Named | Operator | None,
    subject: Named | None,
    origin: Origin | None = None,
    system: str | None = None,
    session_id: int | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    await db.execute(
        SQL["add"],
        event,
        *_columns(actor),
        *_columns(subject),
        system,
        origin.ip if origin else None,
        session_id,
        details or {},
    )


async def add_revocations(
    db: Db, actor: Named, origin: Origin, *, role_id: int | None = None, system_id: int | None = None
) -> None:
    await db.execute(SQL["add_revocations"], *_columns(actor), origin.ip, role_id, system_id)


def _columns(who: Named | Operator | None) -> tuple[str | None, int | None, str | None]:
    if isinstance(who, Operator):
        return ("operator", None, who.name)
    return (who.person.kind.noun, who.person.id, who.name) if who else (None, None, None)
