"""Systems: made and removed by superusers, described by their admins."""

from collections.abc import Mapping
from typing import Any

from authsvc import errors
from authsvc.core import names
from authsvc.core.person import Caller, Origin
from authsvc.queries import audit, roles, systems
from authsvc.service import Service

ADMIN = "Admin"
_SUPERUSERS_ONLY = ("slug", "is_active")


async def create(svc: Service, caller: Caller, body: Mapping[str, Any], origin: Origin) -> Mapping[str, Any]:
    """A new system with its default role Admin. Conflict for a name or slug that is taken."""
    if not caller.is_superuser:
        raise errors.PermissionDenied
    try:
        slug = body.get("slug") or names.slug_from(body["name"])
    except ValueError as err:
        raise errors.Invalid({"slug": [str(err)]}) from err
    async with svc.db.transaction() as tx:
        system_id = await systems.insert(
            tx, body["name"], names.fold(body["name"]), slug, body.get("description") or "", body.get("url")
        )
        await roles.insert(tx, system_id, ADMIN, names.fold(ADMIN), "", is_custom=False)
        await audit.add(tx, "system_created", actor=audit.of(caller), subject=None, origin=origin, system=slug)
        made = await systems.get(tx, system_id)
    if made is None:
        raise errors.NotFound
    return made


async def edit(
    svc: Service, caller: Caller, system_id: int, body: Mapping[str, Any], origin: Origin
) -> Mapping[str, Any]:
    """Change a system. NotFound outside the caller's; PermissionDenied for what only superusers may change."""
    async with svc.db.transaction() as tx:
        before = await systems.administered(tx, caller.person.id, system_id, None)
        whole = await systems.get(tx, system_id) if before else None
        if whole is None:
            raise errors.NotFound
        changes = {name: value for name, value in body.items() if value != whole[name]}
        if not caller.is_superuser and any(name in changes for name in _SUPERUSERS_ONLY):
            raise errors.PermissionDenied
        if "name" in changes:
            changes["name_canonical"] = names.fold(changes["name"])
        after = await systems.edit(tx, caller.person.id, system_id, changes)
        if after is None:
            raise errors.NotFound
        if changes:
            await audit.add(
                tx,
                "system_changed",
                actor=audit.of(caller),
                subject=None,
                origin=origin,
                system=after["slug"],
                details={"fields": sorted(changes.keys() - {"name_canonical"})},
            )
    return after


async def remove(svc: Service, caller: Caller, system_id: int, force: bool, origin: Origin) -> None:
    """Remove a system. Conflict while somebody holds a role of it, unless forced."""
    if not caller.is_superuser:
        found = await systems.administered(svc.db, caller.person.id, system_id, None)
        raise errors.PermissionDenied if found else errors.NotFound
    async with svc.db.transaction() as tx:
        await systems.lock(tx, system_id)
        if not force and await systems.is_used(tx, system_id):
            raise errors.Conflict("People hold roles of this system; use ?force=true to remove it all the same.")
        await audit.add_revocations(tx, audit.of(caller), origin, system_id=system_id)
        slug = await systems.delete(tx, system_id)
        if slug is None:
            raise errors.NotFound
        await audit.add(
            tx,
            "system_removed",
            actor=audit.of(caller),
            subject=None,
            origin=origin,
            system=slug,
            details={"force": force},
        )
