"""Who holds which role: given, changed, taken away; by all names of these endpoints."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import asyncpg

from authsvc import errors
from authsvc.core import names
from authsvc.core.person import Caller, Kind, Origin, Person
from authsvc.db.pool import Db
from authsvc.queries import assignments, audit, roles, systems
from authsvc.queries.audit import Named
from authsvc.service import Service


class Wanted(NamedTuple):
    """A role to give. `system` and `role` are (id, name) pairs; `fields` are the names that the client sent."""

    user_id: int
    system: tuple[int | None, str | None]
    role: tuple[int | None, str | None]
    is_active: bool
    settings: Mapping[str, Any]
    fields: tuple[str, str, str]  # of user, system and role


async def give(svc: Service, caller: Caller, wanted: Wanted, origin: Origin) -> tuple[Mapping[str, Any], bool]:
    """The ASSIGNMENT, and whether it is new. Invalid for a user, system or role that is unknown or not the caller's."""
    user_field, system_field, role_field = wanted.fields
    me = caller.person.id
    async with svc.db.transaction() as tx:
        slug = wanted.system[1].lower() if wanted.system[1] else None
        system = await systems.administered(tx, me, wanted.system[0], slug)
        if system is None:
            raise errors.Invalid({system_field: ["Unknown system."]})
        role = await _role(tx, system["id"], wanted.role)
        if role is None:
            raise errors.Invalid({role_field: ["Unknown role of this system."]})
        user = await assignments.assignable(tx, me, wanted.user_id)
        if user is None:
            raise errors.Invalid({user_field: ["Unknown user."]})
        if user["is_superuser"] and not caller.is_superuser:
            raise errors.PermissionDenied
        made = await assignments.insert(
            tx, user["id"], system["id"], role["id"], me, is_active=wanted.is_active, settings=wanted.settings
        )
        if made:
            subject = Named(Person(Kind.STAFF, user["id"]), user["email"])
            await audit.add(
                tx,
                "role_granted",
                actor=audit.of(caller),
                subject=subject,
                origin=origin,
                system=system["slug"],
                details={"role": role["name"]},
            )
        row = await assignments.get(tx, me, made or await assignments.held(tx, user["id"], role["id"]) or 0)
    if row is None:
        raise errors.NotFound
    return row, made is not None


async def change(
    svc: Service, caller: Caller, assignment_id: int, body: Mapping[str, Any], origin: Origin
) -> Mapping[str, Any]:
    """Change role, is_active or settings. NotFound outside the caller's systems."""
    me = caller.person.id
    async with svc.db.transaction() as tx:
        before = await _changeable(tx, caller, assignment_id)
        changes = {
            name: body[name] for name in ("is_active", "settings") if name in body and body[name] != before[name]
        }
        role_id = await _wanted_role(tx, before, body)
        if role_id != before["role_id"]:
            changes["role_id"] = role_id
        if changes:
            if not await assignments.edit(tx, me, assignment_id, changes):
                raise errors.NotFound
            await audit.add(
                tx,
                "role_changed_for",
                actor=audit.of(caller),
                subject=_subject(before),
                origin=origin,
                system=before["system_slug"],
                details={"role": before["role"], "fields": sorted(changes)},
            )
        after = await assignments.get(tx, me, assignment_id)
    return after or before


async def take(svc: Service, caller: Caller, assignment_id: int, origin: Origin) -> None:
    """Take a role away. NotFound outside the caller's systems; Conflict for the last Admin."""
    async with svc.db.transaction() as tx:
        before = await _changeable(tx, caller, assignment_id)
        if not await assignments.delete(tx, caller.person.id, assignment_id):
            raise errors.NotFound  # somebody else was faster
        await audit.add(
            tx,
            "role_revoked",
            actor=audit.of(caller),
            subject=_subject(before),
            origin=origin,
            system=before["system_slug"],
            details={"role": before["role"]},
        )


async def set_settings(svc: Service, caller: Caller, body: Mapping[str, Any], origin: Origin) -> Mapping[str, Any]:
    """Replace the settings of the one assignment that is named; Invalid, naming the choices, when it is not one."""
    system, role = body.get("system"), body.get("role")
    only = assignments.Filter(
        system_id=system.id if system else None,
        system_slug=system.name.lower() if system and system.name else None,
        role_id=role.id if role else None,
        role_canonical=names.fold(role.name) if role and role.name else None,
    )
    found = await assignments.of_user(svc.db, caller.person.id, body["user_id"], only)
    if not found:
        raise errors.Invalid({"user_id": ["This user holds no such role in your systems."]})
    if len(found) > 1:
        choices = ", ".join(f"{row['system_slug']}/{row['role']}" for row in found)
        raise errors.Invalid({"role": [f"Say which system and role: {choices}."]})
    return await change(svc, caller, found[0]["id"], {"settings": body["settings"]}, origin)


async def _wanted_role(tx: Db, before: Mapping[str, Any], body: Mapping[str, Any]) -> int:
    """The role that a body asks for: who puts back what he got, one of both changed, means the changed one."""
    wanted = {}
    for field in ("role", "role_id"):
        if field in body:
            role = await _role(tx, before["system_id"], body[field])
            if role is None:
                raise errors.Invalid({field: ["Unknown role of this system."]})
            wanted[field] = int(role["id"])
    changed = sorted({role_id for role_id in wanted.values() if role_id != before["role_id"]})
    if len(changed) > 1:
        raise errors.Invalid({"role_id": ["It is another role than `role`."]})
    return changed[0] if changed else int(before["role_id"])


async def _changeable(tx: Db, caller: Caller, assignment_id: int) -> asyncpg.Record:
    row = await assignments.get(tx, caller.person.id, assignment_id)
    if row is None:
        raise errors.NotFound
    if not row["is_administered"] or (row["is_superusers"] and not caller.is_superuser):
        raise errors.PermissionDenied
    return row


async def _role(tx: Db, system_id: int, wanted: tuple[int | None, str | None]) -> asyncpg.Record | None:
    role_id, name = wanted
    return await roles.of_system(tx, system_id, role_id, names.fold(name) if name else None)


def _subject(row: Mapping[str, Any]) -> Named:
    return Named(Person(Kind.STAFF, row["user_id"]), row["email"])
