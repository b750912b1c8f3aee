"""The statements of sql/queries/audit.sql, typed."""

import datetime as dt
from typing import Any, NamedTuple

import asyncpg

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


class Filter(NamedTuple):
    """Which events; None: whatever it is. Who did it, and to whom: type and id."""

    event: str | None
    actor: tuple[str | None, int | None]
    subject: tuple[str | None, int | None]
    since: dt.datetime | None
    until: dt.datetime | None


async def plan_anew(tx: Db) -> None:
    await tx.fetchval(SQL["plan_anew"])


async def when_was(db: Db, seq: int) -> dt.datetime | None:
    return await db.fetchval(SQL["when_was"], seq)


async def page(
    db: Db, wanted: Filter, before: tuple[dt.datetime | None, int | None], limit: int
) -> list[asyncpg.Record]:
    event, actor, subject, since, until = wanted
    return await db.fetch(SQL["page"], event, *actor, *subject, since, until, *before, limit)


def _columns(who: Named | Operator | None) -> tuple[str | None, int | None, str | None]:
    if isinstance(who, Operator):
        return ("operator", None, who.name)
    return (who.person.kind.noun, who.person.id, who.name) if who else (None, None, None)
