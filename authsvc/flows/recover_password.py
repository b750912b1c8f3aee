"""A forgotten password: a mailed link, then a new password; every session ends."""

import datetime as dt

from authsvc import errors, guard, mails
from authsvc.core import names, sealing
from authsvc.core.clock import no_sooner_than
from authsvc.core.person import Kind, Origin, Person
from authsvc.people import PEOPLE
from authsvc.queries import audit, links, second_factors, sessions
from authsvc.queries import guard as counts
from authsvc.service import Service

PURPOSE = "reset"
LIFE = dt.timedelta(hours=1)
_ANSWER_TIME = 0.25  # seconds, for known and unknown addresses alike
PAGES = {Kind.STAFF: "/api/v1/users/password/reset/", Kind.EMPLOYEE: "/password/reset/"}


async def forgot(svc: Service, kind: Kind, email: str, captcha_token: str | None, origin: Origin) -> None:
    """Mail a link to whoever has this address; nothing tells whether somebody has."""
    async with no_sooner_than(_ANSWER_TIME):
        await guard.count_use(svc, "forgot", origin, captcha_token)
        account = await PEOPLE[kind].by_email(svc.db, names.canonical_email(email))
        if account is None or not account["is_active"] or account["status"] == "Rejected":
            return
        who = audit.Named(Person(kind, account["id"]), account["email"])
        token = sealing.random_token()
        async with svc.db.transaction() as tx:
            if await PEOPLE[kind].lock(tx, account["id"]) != account["email"]:
                return
            link = f"{svc.settings.public_url}{PAGES[kind]}?token={token}"
            if await mails.queue(svc, tx, "reset_password", who, link=link):
                await links.add(tx, who.person, PURPOSE, sealing.token_hash(token), who.name, LIFE)
                await audit.add(tx, "password_reset_asked", actor=None, subject=who, origin=origin)


async def is_live(svc: Service, token: str, origin: Origin) -> bool:
    """Could this link still be used? Looking spends nothing."""
    hashed = sealing.token_hash(token)
    attempt = guard.Attempt(None, "password_reset_fail", origin)
    return await guard.check(svc, attempt, lambda: links.look(svc.db, hashed, PURPOSE)) is not None


async def reset(svc: Service, kinds: frozenset[Kind], token: str, password: str, field: str, origin: Origin) -> None:
    """Set a new password with a link mailed to a person of one of `kinds`.

    Invalid on `token`; on `field` for a weak password, and the link lives on.
    """
    hashed = sealing.token_hash(token)
    link = await guard.check(
        svc, guard.Attempt(None, "password_reset_fail", origin), lambda: links.look(svc.db, hashed, PURPOSE)
    )
    person = Person(Kind(link["kind"]), link["person_id"]) if link else None
    profile = await PEOPLE[person.kind].profile(svc.db, person.id) if person else None
    if link is None or person is None or profile is None or person.kind not in kinds:
        raise errors.Invalid({"token": ["Invalid or expired reset token."]})
    weak = await svc.hasher.problem_of(password, profile, min_length=svc.settings.password_min_length)
    if weak:
        raise errors.Invalid({field: [weak]})
    new_hash = await svc.hasher.encode(password)
    people, who = PEOPLE[person.kind], audit.Named(person, profile["email"])
    async with svc.db.transaction() as tx:
        email = await people.lock(tx, person.id)
        spent = await links.spend(tx, hashed, PURPOSE)
        if spent is None or spent["email"] != email or not await people.set_password(tx, person.id, new_hash, None):
            raise errors.Invalid({"token": ["Invalid or expired reset token."]})
        await people.prove_address(tx, person.id, spent["email"], names.canonical_email(spent["email"]))
        await sessions.end_all(tx, person, None, "password_reset")
        await second_factors.void_challenges(tx, person)
        await second_factors.void_codes(tx, person, None)
        await links.void(tx, person, None)
        await counts.forget_person(tx, str(person), guard.account_name(person.kind, spent["email"]))
        await audit.add(tx, "password_reset", actor=who, subject=who, origin=origin)
        await mails.queue(svc, tx, "password_changed", who)
