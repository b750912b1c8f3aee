"""Prove an e-mail address by a mailed link: the one registered, or a new one."""

import asyncpg

from authsvc import errors, guard
from authsvc.core import names, sealing
from authsvc.core.person import Kind, Origin, Person
from authsvc.people import PEOPLE
from authsvc.queries import audit, links, second_factors
from authsvc.service import Service

PURPOSE = "address"


async def is_live(svc: Service, token: str, origin: Origin) -> bool:
    """Could this link still be used? Looking spends nothing."""
    hashed = sealing.token_hash(token)
    attempt = guard.Attempt(None, "address_proof_fail", origin)
    return await guard.check(svc, attempt, lambda: links.look(svc.db, hashed, PURPOSE)) is not None


async def confirm(svc: Service, token: str, origin: Origin) -> str:
    """The address of the link is the person's now; gives it. Invalid on `token`, or on `email` when it is taken."""
    hashed = sealing.token_hash(token)
    found = await guard.check(
        svc, guard.Attempt(None, "address_proof_fail", origin), lambda: links.look(svc.db, hashed, PURPOSE)
    )
    if not found:
        raise errors.Invalid({"token": ["Invalid or expired link."]})
    person = Person(Kind(found["kind"]), found["person_id"])
    try:
        return await _prove(svc, person, hashed, origin)
    except asyncpg.UniqueViolationError as err:
        field, sentence = errors.BY_CONSTRAINT[str(err.constraint_name)]
        raise errors.Invalid({field: [sentence]}) from err


async def _prove(svc: Service, person: Person, hashed: bytes, origin: Origin) -> str:
    people = PEOPLE[person.kind]
    async with svc.db.transaction() as tx:
        before = await people.lock(tx, person.id)
        spent = await links.spend(tx, hashed, PURPOSE)
        if spent is None or before is None:
            raise errors.Invalid({"token": ["Invalid or expired link."]})
        email: str = spent["email"]
        await people.prove_address(tx, person.id, email, names.canonical_email(email))
        if email != before:
            await links.void(tx, person, None)  # what was sent to the old address
            await second_factors.void_codes(tx, person, None)
        who = audit.Named(person, email)
        details = {} if email == before else {"before": before}
        await audit.add(tx, "address_proven", actor=who, subject=who, origin=origin, details=details)
    return email
