"""The own password: is this it, and a new one; all other sessions end."""

from authsvc import errors, mails, own_secrets
from authsvc.core.person import Caller, Origin
from authsvc.people import PEOPLE
from authsvc.queries import audit, links, second_factors, sessions
from authsvc.service import Service


async def password_is(svc: Service, caller: Caller, password: str, origin: Origin) -> bool:
    """Is this the caller's current password? The tenth wrong secret in one session ends it."""
    return await own_secrets.checked_hash(svc, caller, password, origin) is not None


async def change_password(
    svc: Service, caller: Caller, *, current: tuple[str, str], new: tuple[str, str], origin: Origin
) -> None:
    """Set a new password. `current` and `new` are (name, value): Invalid speaks of the name that was sent."""
    person = caller.person
    checked_hash = await own_secrets.checked_hash(svc, caller, current[1], origin)
    if checked_hash is None:
        raise errors.Invalid({current[0]: ["Current password is incorrect."]})
    people = PEOPLE[person.kind]
    profile = await people.profile(svc.db, person.id)
    if profile is None:
        raise errors.TokenNotValid
    weak = await svc.hasher.problem_of(new[1], profile, min_length=svc.settings.password_min_length)
    if weak:
        raise errors.Invalid({new[0]: [weak]})
    new_hash, who = await svc.hasher.encode(new[1]), audit.of(caller)
    async with svc.db.transaction() as tx:
        await own_secrets.hold(tx, caller)
        if not await people.set_password(tx, person.id, new_hash, checked_hash):
            raise errors.Invalid({current[0]: ["Current password is incorrect."]})
        await sessions.end_all(tx, person, caller.session_id, "password_change")
        await second_factors.void_challenges(tx, person)
        await second_factors.void_codes(tx, person, None)
        await links.void(tx, person, None)
        await audit.add(tx, "password_changed", actor=who, subject=who, origin=origin, session_id=caller.session_id)
        await mails.queue(svc, tx, "password_changed", who)
