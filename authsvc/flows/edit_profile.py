"""Change one's own profile: names, phone, department, picture, and nothing else, ever; an address by mailed link."""

import asyncio
import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

from authsvc import errors, mails, media, own_secrets
from authsvc.core import names, person_fields, sealing
from authsvc.core.person import Caller, Origin
from authsvc.db.pool import Db
from authsvc.people import PEOPLE
from authsvc.queries import audit, links
from authsvc.service import Service

_LINK_LIFE = dt.timedelta(hours=1)
_APART = ("profile_picture", "email", "current_password")  # fields that are no plain columns
_WRONG_PASSWORD = {"current_password": ["Current password is incorrect."]}


class NewAddress(NamedTuple):
    """An address to change to, and the hash of the password that allowed it."""

    email: str
    checked_hash: str


async def edit_profile(svc: Service, caller: Caller, body: Mapping[str, Any], origin: Origin) -> Mapping[str, Any]:
    """Store what the body names; the PROFILE or EMPLOYEE row as it is then. Invalid for fields that may not be so."""
    people, person = PEOPLE[caller.person.kind], caller.person
    before = await people.profile(svc.db, person.id)
    if before is None:
        raise errors.TokenNotValid
    # What a client puts back unchanged is never wrong.
    changed = {name: value for name, value in body.items() if name not in _APART and value != before[name]}
    changes, problems = person_fields.settle(
        changed, region=svc.settings.phone_region, departments=svc.settings.departments
    )
    picture: bytes | None = None
    if body.get("profile_picture") is not None:
        try:
            picture = await asyncio.to_thread(_webp, body["profile_picture"])
        except ValueError as err:
            problems["profile_picture"] = [str(err)]
    new_address = await _new_address(svc, caller, body, before, problems, origin)
    if problems:
        raise errors.Invalid(problems)
    if "profile_picture" in body:
        digest = await asyncio.to_thread(media.store, svc.settings.data_dir, picture) if picture else None
        if digest != before["picture"]:
            changes["picture"] = digest
    who = audit.of(caller)
    async with svc.db.transaction() as tx:
        if new_address and (await own_secrets.hold(tx, caller))["password_hash"] != new_address.checked_hash:
            raise errors.Invalid(_WRONG_PASSWORD)
        if changes:
            await people.edit(tx, person.id, changes)
            fields = sorted(changes.keys() - {"username_canonical"})
            await audit.add(tx, "profile_changed", actor=who, subject=who, origin=origin, details={"fields": fields})
        if new_address:
            await _mail_link(svc, tx, who, new_address.email, origin)
        after = await people.profile(tx, person.id)
    return after or before


def _webp(upload: bytes) -> bytes:
    from authsvc.core import pictures  # noqa: PLC0415 - imports Pillow: 2 MB, 15 ms

    return pictures.webp(upload)


async def _new_address(
    svc: Service,
    caller: Caller,
    body: Mapping[str, Any],
    before: Mapping[str, Any],
    problems: dict[str, list[str]],
    origin: Origin,
) -> NewAddress | None:
    """The address to change to; None where it stays. Needs the current password: a stolen session must not move it."""
    if not body.get("email") or names.canonical_email(body["email"]) == names.canonical_email(before["email"]):
        return None
    try:
        address = names.address(body["email"])
    except ValueError as err:
        problems["email"] = [str(err)]
        return None
    if not body.get("current_password"):
        problems["current_password"] = ["This field is required."]
    if problems:
        return None
    checked_hash = await own_secrets.checked_hash(svc, caller, body["current_password"], origin)
    if checked_hash is None:
        problems.update(_WRONG_PASSWORD)
        return None
    return NewAddress(address, checked_hash)


async def _mail_link(svc: Service, tx: Db, who: audit.Named, address: str, origin: Origin) -> None:
    """The link to the new address, a notice to the old one."""
    token = sealing.random_token()
    link = f"{svc.settings.public_url}/email/confirm/?token={token}"
    if not await mails.queue(svc, tx, "change_address", who, recipient=address, link=link):
        raise errors.Throttled("Too many changes of the address. Try again in an hour.", retry_after=3600)
    await links.add(tx, who.person, "address", sealing.token_hash(token), address, _LINK_LIFE)
    await mails.queue(svc, tx, "address_changing", who, address=address)
    await audit.add(tx, "address_change_asked", actor=who, subject=who, origin=origin, details={"address": address})
