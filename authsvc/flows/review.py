"""Review employees: who waits, who is there, approve and reject."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from authsvc import errors, mails
from authsvc.core.person import Caller, Kind, Origin, Person
from authsvc.queries import audit, links, review, second_factors, sessions
from authsvc.service import Service

Rows = list[Mapping[str, Any]]


class HelpDesk(NamedTuple):
    """The people of the help desk: staff with a role of it, and employees."""

    staff: Rows
    employees: Rows


async def employees(
    svc: Service,
    caller: Caller,
    after: int = 0,
    at_most: int | None = None,
    status: str | None = None,
    search: str | None = None,
) -> Rows:
    """EMPLOYEE rows in the order of their ids. PermissionDenied for admins of other systems only."""
    await _may(svc, caller)
    return list(await review.page(svc.db, caller.person.id, after, at_most, status, search))


async def help_desk(svc: Service, caller: Caller) -> HelpDesk:
    """Everybody of the help desk. PermissionDenied for admins of other systems only."""
    await _may(svc, caller)
    me = caller.person.id
    return HelpDesk(list(await review.staff(svc.db, me)), list(await review.page(svc.db, me)))


async def decide(svc: Service, caller: Caller, employee_id: int, status: str, origin: Origin) -> bool:
    """Approve or reject an employee, who is told by mail; whether that changed anything.

    Rejecting ends his sessions and voids what was mailed to him. NotFound, PermissionDenied.
    """
    await _may(svc, caller)
    async with svc.db.transaction() as tx:
        before = await review.lock(tx, caller.person.id, employee_id)
        if before is None:
            raise errors.NotFound
        if before["status"] == status:
            return False
        await review.decide(tx, caller.person.id, employee_id, status)
        who = audit.Named(Person(Kind.EMPLOYEE, employee_id), before["email"])
        if status == "Rejected":
            await sessions.end_all(tx, who.person, None, "rejected")
            await second_factors.void_challenges(tx, who.person)
            await links.void(tx, who.person, None)
        await mails.queue(svc, tx, status.lower(), who)
        await audit.add(
            tx,
            f"employee_{status.lower()}",
            actor=audit.of(caller),
            subject=who,
            origin=origin,
            system="hdts",
            details={"before": before["status"]},
        )
    return True


async def _may(svc: Service, caller: Caller) -> None:
    if not await review.may(svc.db, caller.person.id):
        raise errors.PermissionDenied
