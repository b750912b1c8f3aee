"""Roles: custom ones are their system's admins', default ones the superusers'."""

from collections.abc import Mapping
from typing import Any

from authsvc import errors
from authsvc.core import names
from authsvc.core.person import Caller, Origin
from authsvc.queries import audit, roles, systems
from authsvc.service import Service

_ADMIN = "Admin"


async def create(svc: Service, caller: Caller, body: Mapping[str, Any], origin: Origin) -> Mapping[str, Any]:
    """A new role. Invalid on `system` outside the caller's; Conflict when the system has one of that name."""
    wanted = body["system"]
    slug = wanted.name.lower() if wanted.name else None
    system = await systems.administered(svc.db, caller.person.id, wanted.id, slug)
    if system is None:
        raise errors.Invalid({"system": ["Unknown system."]})
    is_custom = body.get("is_custom", True) or not caller.is_superuser
    async with svc.db.transaction() as tx:
        role_id = await roles.insert(
            tx, system["id"], body["name"], names.fold(body["name"]), body.get("description") or "", is_custom=is_custom
        )
        await audit.add(
            tx,
            "role_created",
            actor=audit.of(caller),
            subject=None,
            origin=origin,
            system=system["slug"],
            details={"role": body["name"]},
        )
        made = await roles.get(tx, role_id, caller.person.id)
    if made is None:
        raise errors.NotFound
    return made


async def edit(
    svc: Service, caller: Caller, role_id: int, body: Mapping[str, Any], origin: Origin
) -> Mapping[str, Any]:
    """Change a role. NotFound outside the caller's systems; default roles are the superusers'."""
    async with svc.db.transaction() as tx:
        before = await _editable(caller, await roles.get(tx, role_id, caller.person.id))
        changes = {name: value for name, value in body.items() if value != before[name]}
        if "is_custom" in changes and not caller.is_superuser:
            raise errors.PermissionDenied
        if before["name"] == _ADMIN and not changes.keys().isdisjoint({"name", "is_custom"}):
            raise errors.Conflict("The role Admin stays what it is.")
        if "name" in changes:
            changes["name_canonical"] = names.fold(changes["name"])
        if changes:
            await roles.edit(tx, role_id, changes)
            await audit.add(
                tx,
                "role_changed",
                actor=audit.of(caller),
                subject=None,
                origin=origin,
                system=before["system_slug"],
                details={"role": before["name"], "fields": sorted(changes.keys() - {"name_canonical"})},
            )
        after = await roles.get(tx, role_id, caller.person.id)
    return after or before


async def remove(svc: Service, caller: Caller, role_id: int, force: bool, origin: Origin) -> None:
    """Remove a custom role. Conflict for a default one, and while somebody holds it, unless forced."""
    async with svc.db.transaction() as tx:
        before = await _editable(caller, await roles.get(tx, role_id, caller.person.id), remove=True)
        if not before["is_custom"]:
            raise errors.Conflict("Default roles cannot be removed.")
        await roles.lock(tx, role_id)
        if not force and await roles.is_held(tx, role_id):
            raise errors.Conflict("People hold this role; use ?force=true to remove it all the same.")
        await audit.add_revocations(tx, audit.of(caller), origin, role_id=role_id)
        if not await roles.delete(tx, role_id):
            raise errors.NotFound  # somebody else was faster
        await audit.add(
            tx,
            "role_removed",
            actor=audit.of(caller),
            subject=None,
            origin=origin,
            system=before["system_slug"],
            details={"role": before["name"], "force": force},
        )


async def _editable(caller: Caller, role: Mapping[str, Any] | None, *, remove: bool = False) -> Mapping[str, Any]:
    if role is None or not role["is_administered"]:
        raise errors.NotFound
    if not role["is_custom"] and not caller.is_superuser and not remove:
        raise errors.PermissionDenied
    return role
