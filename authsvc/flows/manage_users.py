"""Users as superusers and admins see and change them."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from authsvc import errors, mails
from authsvc.core import names, person_fields, sealing
from authsvc.core.person import Caller, Kind, Origin, Person
from authsvc.core.registration import NewPerson
from authsvc.db.pool import Db
from authsvc.people import with_free_username
from authsvc.queries import (
    assignments,
    audit,
    invitations,
    links,
    managed_users,
    roles,
    second_factors,
    sessions,
    systems,
    users,
)
from authsvc.queries import guard as counts
from authsvc.service import Service

_PLAIN = ("first_name", "middle_name", "last_name", "suffix", "phone_number", "department")
_BY_SUPERUSERS = ("status", "is_active", "is_staff", "is_superuser", "notified")
_BY_NOBODY = ("email", "username", "company_id")
Ref = tuple[int | None, str | None]  # id or name
_LINK_LIFE = dt.timedelta(hours=72)


async def narrowed(svc: Service, caller: Caller, system: Ref | None, role: Ref | None) -> tuple[str | None, str | None]:
    """Slug and canonical role name that a list is narrowed to. What nobody has for an id of nothing."""
    me, nothing = caller.person.id, ""
    slug = system[1].lower() if system and system[1] else None
    if system and system[0] is not None:
        found = await systems.get(svc.db, system[0])
        slug = found["slug"] if found else nothing
    if role is None or role[1]:
        return slug, names.fold(role[1]) if role and role[1] else None
    held = await roles.get(svc.db, role[0] or 0, me)
    if held is None or slug not in (None, held["system_slug"]):
        return nothing, nothing
    return held["system_slug"], names.fold(held["name"])


async def show(svc: Service, caller: Caller, user_id: int) -> Mapping[str, Any]:
    """One user; NotFound outside the caller's systems."""
    row = await managed_users.get(svc.db, caller.person.id, user_id)
    if row is None:
        raise errors.NotFound
    return row


async def create(svc: Service, caller: Caller, body: Mapping[str, Any], origin: Origin) -> Mapping[str, Any]:
    """A new user, by superusers. Without a password he gets a mail with a link to set one."""
    if not caller.is_superuser:
        raise errors.PermissionDenied("Invite people to your system instead.")
    columns = await _new_columns(svc, body)
    if columns.get("password"):
        columns["password_hash"] = await svc.hasher.encode(columns["password"])
    flags = {name: body[name] for name in _BY_SUPERUSERS if name in body}

    async def use(username: str) -> Mapping[str, Any]:
        named = {**columns, "username": username, "username_canonical": names.fold(username)}
        return await _insert(svc, caller, NewPerson._make(named.get(n) for n in NewPerson._fields), flags, origin)

    return await with_free_username(body["email"], body.get("username"), use)


async def _insert(
    svc: Service, caller: Caller, new: NewPerson, flags: Mapping[str, Any], origin: Origin
) -> Mapping[str, Any]:
    async with svc.db.transaction() as tx:
        now = await sessions.live(tx, caller.session_id, caller.person)
        if now is None or not now["is_superuser"]:  # any more: the hash was waited for
            raise errors.PermissionDenied
        subject = audit.Named(Person(Kind.STAFF, await users.insert(tx, new)), new.email)
        if flags:
            await managed_users.edit(tx, caller.person.id, flags, subject.person.id)
        if new.password_hash is None:
            token = sealing.random_token()
            await links.add(tx, subject.person, "reset", sealing.token_hash(token), new.email, _LINK_LIFE)
            link = f"{svc.settings.public_url}/password/reset/?token={token}"
            await mails.queue(svc, tx, "account_made", subject, link=link)
        await audit.add(
            tx, "user_created", actor=audit.of(caller), subject=subject, origin=origin, details={"flags": dict(flags)}
        )
        made = await users.profile(tx, subject.person.id)
    if made is None:
        raise errors.NotFound
    return made


async def edit(
    svc: Service, caller: Caller, user_id: int, body: Mapping[str, Any], origin: Origin
) -> Mapping[str, Any]:
    """Change a user, or one of his assignments. What the caller may not set must be unchanged: PermissionDenied."""
    async with svc.db.transaction() as tx:
        before = await managed_users.get(tx, caller.person.id, user_id)
        if before is None:
            raise errors.NotFound
        changes = _allowed_changes(svc, caller, before, body)
        subject = audit.Named(Person(Kind.STAFF, user_id), before["email"])
        if changes:
            if "status" in changes and caller.person.id < user_id:
                # A new status names the caller, whose row it locks after the user's: rows are locked by their ids.
                await users.hold(tx, caller.person.id)
            live = await managed_users.edit(tx, caller.person.id, changes, user_id)
            await _follow_up(svc, tx, subject, before, changes, live=live)
            await audit.add(
                tx,
                "user_changed",
                actor=audit.of(caller),
                subject=subject,
                origin=origin,
                details={name: changes[name] for name in changes if name in _BY_SUPERUSERS}
                | {"fields": sorted(changes.keys())},
            )
        if body.get("unlock"):
            await counts.forget_person(tx, str(subject.person), f"staff:{names.canonical_email(before['email'])}")
            await audit.add(tx, "authn_unlock", actor=audit.of(caller), subject=subject, origin=origin)
        if "system_role_id" in body:
            await _switch_assignment(tx, caller, subject, body, origin)
        after = await managed_users.get(tx, caller.person.id, user_id)
    return after or before


async def remove(svc: Service, caller: Caller, user_id: int, origin: Origin) -> None:
    """Remove a user, by superusers; Conflict for oneself and for the last superuser."""
    if not caller.is_superuser:
        await show(svc, caller, user_id)
        raise errors.PermissionDenied
    if user_id == caller.person.id:
        raise errors.Conflict("You cannot remove yourself.")
    async with svc.db.transaction() as tx:
        email = await managed_users.delete(tx, user_id)
        if email is None:
            raise errors.NotFound
        subject = audit.Named(Person(Kind.STAFF, user_id), email)
        await audit.add(tx, "user_removed", actor=audit.of(caller), subject=subject, origin=origin)


async def _new_columns(svc: Service, body: Mapping[str, Any]) -> dict[str, Any]:
    settings = svc.settings
    given = {"first_name": "", "last_name": "", **body}
    columns, problems = person_fields.settle(given, region=settings.phone_region, departments=settings.departments)
    if body.get("password"):
        weak = await svc.hasher.problem_of(body["password"], body, min_length=settings.password_min_length)
        if weak:
            problems["password"] = [weak]
    if problems:
        raise errors.Invalid(problems)
    return columns


def _allowed_changes(
    svc: Service, caller: Caller, before: Mapping[str, Any], body: Mapping[str, Any]
) -> dict[str, Any]:
    """The columns that get another value, each of which the caller may set."""
    changed = {name: body[name] for name in (*_PLAIN, *_BY_SUPERUSERS, *_BY_NOBODY) if name in body}
    changed = {name: value for name, value in changed.items() if value != before[name]}
    if any(name in changed for name in _BY_NOBODY):
        raise errors.PermissionDenied("Address, username and company id are not changed here.")
    if not caller.is_superuser:
        touches = changed or body.get("unlock") or "system_role_id" in body
        if any(name in changed for name in _BY_SUPERUSERS) or body.get("unlock"):
            raise errors.PermissionDenied
        if touches and (before["is_superuser"] or before["is_admin_elsewhere"]):
            raise errors.PermissionDenied
    columns, problems = person_fields.settle(
        changed, region=svc.settings.phone_region, departments=svc.settings.departments
    )
    if problems:
        raise errors.Invalid(problems)
    return columns


async def _follow_up(
    svc: Service, tx: Db, subject: audit.Named, before: Mapping[str, Any], changes: Mapping[str, Any], *, live: bool
) -> None:
    """What a change of status or activity brings about: sessions end with the right to have them, people are told."""
    if before["is_live"] and not live:
        reason = "rejected" if changes.get("status") == "Rejected" else "deactivated"
        await sessions.end_all(tx, subject.person, None, reason)
        await second_factors.void_challenges(tx, subject.person)
        await links.void(tx, subject.person, None)
        await invitations.revoke_open(tx, names.canonical_email(subject.name), None)
    if changes.get("status") in ("Approved", "Rejected"):
        await mails.queue(svc, tx, changes["status"].lower(), subject)


async def _switch_assignment(
    tx: Db, caller: Caller, subject: audit.Named, body: Mapping[str, Any], origin: Origin
) -> None:
    """Switch one assignment of the user on or off."""
    row = await assignments.get(tx, caller.person.id, body["system_role_id"])
    if row is None or row["user_id"] != subject.person.id or not row["is_administered"]:
        raise errors.Invalid({"system_role_id": ["Unknown assignment of this user."]})
    if "system_role_is_active" not in body:
        raise errors.Invalid({"system_role_is_active": ["This field is required."]})
    active = body["system_role_is_active"]
    if active == row["is_active"]:
        return
    await assignments.edit(tx, caller.person.id, row["id"], {"is_active": active})
    await audit.add(
        tx,
        "role_changed_for",
        actor=audit.of(caller),
        subject=subject,
        origin=origin,
        system=row["system_slug"],
        details={"role": row["role"], "is_active": active},
    )
