"""Accept an invitation: an account with a password of one's own, and the role."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from authsvc import errors, guard, mails
from authsvc.core import names, person_fields, sealing
from authsvc.core.person import Kind, Origin, Person
from authsvc.core.registration import NewPerson
from authsvc.db.pool import Db
from authsvc.people import with_free_username
from authsvc.queries import assignments, audit, invitations, links, second_factors, sessions, users
from authsvc.service import Service

_DEAD = {"token": ["Invalid or expired invitation."]}
_FIELDS = ("first_name", "middle_name", "last_name", "suffix", "phone_number", "department", "username")


async def look(svc: Service, token: str, origin: Origin) -> Mapping[str, Any] | None:
    """What is behind a link; None when it is dead. Looking spends nothing."""
    hashed = sealing.token_hash(token)
    return await guard.check(
        svc, guard.Attempt(None, "invitation_fail", origin), lambda: invitations.look(svc.db, hashed)
    )


async def accept(svc: Service, token: str, password: str, body: Mapping[str, Any], origin: Origin) -> str:
    """The address of who may sign in now. Invalid on `token`, or on fields, and then the link lives on.

    An account that may be a stranger's is taken over by whoever holds the link: new password, old sessions dead.
    Whose it is for certain keeps password and second factor, and gets the role.
    """
    hashed = sealing.token_hash(token)
    found = await look(svc, token, origin)
    if not found:
        raise errors.Invalid(_DEAD)
    columns = await _columns(svc, found, password, body)
    columns["password_hash"] = await svc.hasher.encode(password)

    async def use(username: str) -> None:
        await _accept(svc, hashed, found, columns, username, origin)

    await with_free_username(found["email"], body.get("username"), use)
    return str(found["email"])


async def _accept(
    svc: Service, hashed: bytes, found: Mapping[str, Any], columns: Mapping[str, Any], username: str, origin: Origin
) -> None:
    async with svc.db.transaction() as tx:
        accepted = await invitations.accept(tx, hashed)
        account = await users.invited(tx, found["email_canonical"])
        if accepted is None or (account and not account["is_live"]):
            raise errors.Invalid(_DEAD)
        if account is None:
            subject = await _made(tx, {**columns, "username": username, "username_canonical": names.fold(username)})
        elif account["is_superuser"] and not accepted["by_superuser"]:
            raise errors.Invalid(_DEAD)  # the address became a superuser's since
        elif _is_his_own(account, accepted["created_at"]):
            subject = audit.Named(Person(Kind.STAFF, account["id"]), account["email"])
        else:
            subject = await _taken_over(tx, account, columns)
        await _enrol(svc, tx, subject, found, origin)


def _is_his_own(account: Mapping[str, Any], invited_at: dt.datetime) -> bool:
    """Is the account that of who reads the mail of its address?

    Proving an address after the invitation says little: its owner may have followed both mailed links, and somebody
    else have chosen the password when he registered.
    """
    proven = account["email_verified_at"]
    return proven is not None and (account["password_proven_at"] is not None or proven < invited_at)


async def _columns(svc: Service, found: Mapping[str, Any], password: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored: the person's own words before the inviter's."""
    given = {**found["fields"], **{name: body[name] for name in _FIELDS if body.get(name)}, "email": found["email"]}
    given = {"first_name": "", "last_name": "", **given}
    settings = svc.settings
    columns, problems = person_fields.settle(given, region=settings.phone_region, departments=settings.departments)
    weak = await svc.hasher.problem_of(password, given, min_length=settings.password_min_length)
    if weak:
        problems["password"] = [weak]
    if problems:
        raise errors.Invalid(problems)
    return columns


async def _made(tx: Db, columns: Mapping[str, Any]) -> audit.Named:
    user_id = await users.insert(tx, NewPerson._make(columns.get(name) for name in NewPerson._fields))
    await users.set_password(tx, user_id, columns["password_hash"], None)  # by a mailed link, which is remembered
    return audit.Named(Person(Kind.STAFF, user_id), columns["email"])


async def _taken_over(tx: Db, account: Mapping[str, Any], columns: Mapping[str, Any]) -> audit.Named:
    person = Person(Kind.STAFF, account["id"])
    said = (*_FIELDS, "username_canonical")
    await users.edit(tx, person.id, {name: columns[name] for name in said if columns.get(name)})
    await users.set_password(tx, person.id, columns["password_hash"], None)
    await sessions.end_all(tx, person, None, "invitation_accepted")
    await second_factors.void_challenges(tx, person)
    await second_factors.remove_authenticator(tx, person)  # whoever registered the address may have set one up
    await second_factors.remove_recovery_codes(tx, person)
    await users.set_otp_enabled(tx, person.id, False)
    await links.void(tx, person, None)
    return audit.Named(person, account["email"])


async def _enrol(svc: Service, tx: Db, subject: audit.Named, found: Mapping[str, Any], origin: Origin) -> None:
    await users.approve(tx, subject.person.id)
    await assignments.insert(tx, subject.person.id, found["system_id"], found["role_id"], found["invited_by"])
    await audit.add(
        tx,
        "invitation_accepted",
        actor=subject,
        subject=subject,
        origin=origin,
        system=found["system"],
        details={"role": found["role"], "invited_by": found["invited_by"]},
    )
    await mails.queue(svc, tx, "role_granted", subject, system=found["system_name"], role=found["role"])
