"""The record of what happened, for superusers."""

from collections.abc import Mapping
from typing import Any

from authsvc.core.person import Caller
from authsvc.errors import Invalid, PermissionDenied
from authsvc.queries import audit
from authsvc.service import Service


async def page(
    svc: Service, caller: Caller, wanted: audit.Filter, after: int | None, limit: int
) -> list[dict[str, Any]]:
    """Events, newest first; after: the `seq` of the last one of the page before."""
    if not caller.is_superuser:
        raise PermissionDenied
    async with svc.db.transaction() as tx:
        at = None if after is None else await audit.when_was(tx, after)
        if after is not None and at is None:
            raise Invalid({"cursor": ["Invalid cursor."]})
        await audit.plan_anew(tx)
        return [_event(row) for row in await audit.page(tx, wanted, (at, after), limit)]


def _event(row: Mapping[str, Any]) -> dict[str, Any]:
    data = {name: row[name] for name in ("seq", "at", "event", "system", "ip", "session_id", "details")}
    return {**data, "actor": _who(row, "actor"), "subject": _who(row, "subject")}


def _who(row: Mapping[str, Any], part: str) -> dict[str, Any] | None:
    if row[f"{part}_type"] is None:
        return None
    return {name: row[f"{part}_{name}"] for name in ("type", "id", "name")}
