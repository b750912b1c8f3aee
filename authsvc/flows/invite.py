"""Invite people to a system: new ones by a mailed link, known ones get the role and a notice."""

from collections.abc import Mapping
from typing import Any

from authsvc import errors, mails
from authsvc.core import names, person_fields, sealing
from authsvc.core.person import Caller, Kind, Origin, Person
from authsvc.db.pool import Db
from authsvc.queries import assignments, audit, invitations, roles, systems, users
from authsvc.queries.invitations import NewInvitation
from authsvc.service import Service

_FIELDS = ("first_name", "middle_name", "last_name", "suffix", "phone_number", "department")
Ref = tuple[int | None, str | None]


async def invite(
    svc: Service, caller: Caller, body: Mapping[str, Any], system: Ref | None, role: Ref, origin: Origin
) -> dict[str, Any]:
    """What was done: `invitation` for who must follow a link, `assignment` for who has the role now.

    An account whose address was never proven needs the link as well: somebody else may have registered it.
    Conflict when the person holds the role. Invalid on the field for what is unknown or not the caller's.
    """
    fields, problems = person_fields.settle(
        {name: body[name] for name in _FIELDS if body.get(name)},
        region=svc.settings.phone_region,
        departments=svc.settings.departments,
    )
    if problems:
        raise errors.Invalid(problems)
    me = caller.person.id
    async with svc.db.transaction() as tx:
        found_system, found_role = await _target(tx, me, system, role)
        account = await _account(tx, me, body)
        if account and account["is_superuser"] and not caller.is_superuser:
            raise errors.PermissionDenied
        if account and not account["is_live"]:
            raise errors.Conflict("This account is disabled.")
        email = account["email"] if account else body["email"]
        said = {"user": email, "role": found_role["name"], "system": found_system["slug"]}
        if account and account["is_live"] and account["email_verified_at"]:
            row = await _grant(svc, tx, caller, account, found_system, found_role, origin)
            said |= {
                "message": f"{email} has the role now.",
                "assignment": dict(row),
                "company_id": account["company_id"],
            }
            return said
        if account and await assignments.held(tx, account["id"], found_role["id"]):
            raise errors.Conflict("This person holds the role already.")
        invitation = await _mail(svc, tx, caller, email, found_system, found_role, fields, origin)
        return {"message": f"An invitation was mailed to {email}.", "invitation": invitation, **said}


async def resend(svc: Service, caller: Caller, invitation_id: int, origin: Origin) -> dict[str, Any]:
    """Mail another link, which makes the old one void. NotFound outside the caller's systems."""
    me, token = caller.person.id, sealing.random_token()
    async with svc.db.transaction() as tx:
        row = await invitations.get(tx, me, invitation_id)
        if row is None:
            raise errors.NotFound
        if not await invitations.renew(tx, me, invitation_id, sealing.token_hash(token)):
            raise errors.Conflict("This invitation was accepted or revoked.")
        link = f"{svc.settings.public_url}/invitations/accept/?token={token}"
        await _queue(svc, tx, caller, row["email"], link, row["system_name"], row["role"])
        await _note(tx, "invitation_resent", caller, row["system"], row["email"], origin)
        after = await invitations.get(tx, me, invitation_id)
    return {name: value for name, value in (after or row).items() if name != "system_name"}


async def revoke(svc: Service, caller: Caller, invitation_id: int, origin: Origin) -> None:
    """Its link is dead. NotFound outside the caller's systems."""
    async with svc.db.transaction() as tx:
        row = await invitations.get(tx, caller.person.id, invitation_id)
        if row is None:
            raise errors.NotFound
        if await invitations.revoke(tx, caller.person.id, invitation_id) is None:
            raise errors.Conflict("This invitation was accepted or revoked.")
        await _note(tx, "invitation_revoked", caller, row["system"], row["email"], origin)


async def _target(tx: Db, me: int, system: Ref | None, role: Ref) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """System and role. A role by its id says its system too."""
    if system is None:
        known = await roles.get(tx, role[0] or 0, me)
        if known is None or not known["is_administered"]:
            raise errors.Invalid({"role": ["Unknown role."]})
        system = (known["system"], None)
    found_system = await systems.administered(tx, me, system[0], system[1].lower() if system[1] else None)
    if found_system is None:
        raise errors.Invalid({"system": ["Unknown system."]})
    found = await roles.of_system(tx, found_system["id"], role[0], names.fold(role[1]) if role[1] else None)
    if found is None:
        raise errors.Invalid({"role": ["Unknown role of this system."]})
    return found_system, found


async def _account(tx: Db, me: int, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The account that is invited, if there is one."""
    if body.get("user_id"):
        user = await assignments.assignable(tx, me, body["user_id"])
        if user is None:
            raise errors.Invalid({"user_id": ["Unknown user."]})
        if body.get("email") and names.canonical_email(body["email"]) != names.canonical_email(user["email"]):
            raise errors.Invalid({"email": ["This is not the address of that user."]})
        return await users.invited(tx, names.canonical_email(user["email"]))
    return await users.invited(tx, names.canonical_email(body["email"]))


async def _grant(
    svc: Service,
    tx: Db,
    caller: Caller,
    account: Mapping[str, Any],
    system: Mapping[str, Any],
    role: Mapping[str, Any],
    origin: Origin,
) -> Mapping[str, Any]:
    assignment_id = await assignments.insert(tx, account["id"], system["id"], role["id"], caller.person.id)
    if assignment_id is None:
        raise errors.Conflict("This person holds the role already.")
    subject = audit.Named(Person(Kind.STAFF, account["id"]), account["email"])
    await audit.add(
        tx,
        "role_granted",
        actor=audit.of(caller),
        subject=subject,
        origin=origin,
        system=system["slug"],
        details={"role": role["name"]},
    )
    await mails.queue(svc, tx, "role_granted", subject, system=system["name"], role=role["name"])
    row = await assignments.get(tx, caller.person.id, assignment_id)
    if row is None:
        raise errors.NotFound
    return row


async def _mail(
    svc: Service,
    tx: Db,
    caller: Caller,
    email: str,
    system: Mapping[str, Any],
    role: Mapping[str, Any],
    fields: Mapping[str, Any],
    origin: Origin,
) -> dict[str, Any]:
    token, canonical = sealing.random_token(), names.canonical_email(email)
    await invitations.revoke_open(tx, canonical, role["id"])
    invitation_id = await invitations.add(
        tx,
        NewInvitation(sealing.token_hash(token), email, canonical, system["id"], role["id"], caller.person.id, fields),
    )
    link = f"{svc.settings.public_url}/invitations/accept/?token={token}"
    await _queue(svc, tx, caller, email, link, system["name"], role["name"])
    await _note(tx, "invitation_sent", caller, system["slug"], email, origin)
    row = await invitations.get(tx, caller.person.id, invitation_id)
    return {name: row[name] for name in ("id", "email", "status", "expires_at")} if row else {}


async def _note(tx: Db, event: str, caller: Caller, system: str, email: str, origin: Origin) -> None:
    await audit.add(
        tx, event, actor=audit.of(caller), subject=None, origin=origin, system=system, details={"email": email}
    )


async def _queue(svc: Service, tx: Db, caller: Caller, email: str, link: str, system: str, role: str) -> None:
    sender = audit.of(caller)
    if not await mails.queue(svc, tx, "invitation", sender, recipient=email, link=link, system=system, role=role):
        raise errors.Throttled("Too many invitations within the hour.", retry_after=600)
