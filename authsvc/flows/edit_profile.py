"""Change one's own profile: names, phone, department, picture, and nothing else, ever."""

import asyncio
from collections.abc import Mapping
from typing import Any

from authsvc import errors, media
from authsvc.core import person_fields, pictures
from authsvc.core.person import Origin, Person
from authsvc.people import PEOPLE
from authsvc.queries import audit
from authsvc.service import Service


async def edit_profile(svc: Service, person: Person, body: Mapping[str, Any], origin: Origin) -> Mapping[str, Any]:
    """Store what the body names; the PROFILE or EMPLOYEE row as it is then. Invalid for fields that may not be so."""
    people = PEOPLE[person.kind]
    before = await people.profile(svc.db, person.id)
    if before is None:
        raise errors.TokenNotValid
    # What a client puts back unchanged is never wrong.
    changed = {name: value for name, value in body.items() if name != "profile_picture" and value != before[name]}
    changes, problems = person_fields.settle(
        changed, region=svc.settings.phone_region, departments=svc.settings.departments
    )
    if "profile_picture" in body:
        try:
            changes["picture"] = await _stored(svc, body["profile_picture"])
        except ValueError as err:
            problems["profile_picture"] = [str(err)]
    if problems:
        raise errors.Invalid(problems)
    if not changes:
        return before
    async with svc.db.transaction() as tx:
        await people.edit(tx, person.id, changes)
        who = audit.Named(person, before["email"])
        fields = sorted(changes.keys() - {"username_canonical"})
        await audit.add(tx, "profile_changed", actor=who, subject=who, origin=origin, details={"fields": fields})
        after = await people.profile(tx, person.id)
    return after or before


async def _stored(svc: Service, upload: bytes | None) -> str | None:
    if upload is None:
        return None
    picture = await asyncio.to_thread(pictures.webp, upload)
    return await asyncio.to_thread(media.store, svc.settings.data_dir, picture)
