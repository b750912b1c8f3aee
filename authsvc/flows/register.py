"""Register: check what must be checked outside the schema, hash, insert; the constraints decide what is taken."""

import contextlib
import datetime as dt
import secrets
from collections.abc import Mapping
from typing import Any

import asyncpg

from authsvc import errors, guard, mails
from authsvc.core import names, person_fields, sealing
from authsvc.core.person import Kind, Origin, Person
from authsvc.core.registration import NewPerson
from authsvc.people import PEOPLE, with_free_username
from authsvc.queries import audit, links
from authsvc.service import Service

_LINK_LIFE = dt.timedelta(days=1)


async def register(svc: Service, kind: Kind, body: Mapping[str, Any], origin: Origin) -> Mapping[str, Any] | None:
    """A new person with status Pending; the PROFILE or EMPLOYEE row, None where the address is concealed as taken.

    Invalid names every field that may not be as it is. A username that nobody chose is made unique.
    """
    await guard.count_use(svc, "register", origin, body.get("captcha_token"))
    columns = await _checked(svc, body)
    columns["password_hash"] = await svc.hasher.encode(body["password"])

    async def use(username: str) -> Mapping[str, Any] | None:
        named = {**columns, "username": username, "username_canonical": names.fold(username)}
        new = NewPerson._make(named.get(name) for name in NewPerson._fields)
        try:
            return await _insert(svc, kind, new, origin)
        except asyncpg.UniqueViolationError as err:
            if not str(err.constraint_name).endswith("_email_key") or not svc.settings.register_conceals:
                raise
            await _try_the_rest(svc, kind, new)
            return None

    made = await with_free_username(body["email"], body.get("username"), use)
    if made is None:
        await _tell_owner(svc, kind, columns["email_canonical"])
    return made


class _Undo(Exception):
    """Leave a transaction without a trace."""


async def _try_the_rest(svc: Service, kind: Kind, new: NewPerson) -> None:
    """What is said of the other fields must not depend on whether the address is taken. UniqueViolationError."""
    unused = f"{secrets.token_hex(16)}@invalid.invalid"
    with contextlib.suppress(_Undo):
        async with svc.db.transaction() as tx:
            await PEOPLE[kind].insert(tx, new._replace(email=unused, email_canonical=unused))
            raise _Undo


async def _checked(svc: Service, body: Mapping[str, Any]) -> dict[str, Any]:
    settings = svc.settings
    columns, problems = person_fields.settle(body, region=settings.phone_region, departments=settings.departments)
    weak = await svc.hasher.problem_of(body["password"], body, min_length=settings.password_min_length)
    if weak:
        problems["password"] = [weak]
    if problems:
        raise errors.Invalid(problems)
    return {"first_name": "", "last_name": "", **columns}


async def _insert(svc: Service, kind: Kind, new: NewPerson, origin: Origin) -> Mapping[str, Any]:
    people = PEOPLE[kind]
    async with svc.db.transaction() as tx:
        person = Person(kind, await people.insert(tx, new))
        who = audit.Named(person, new.email)
        await audit.add(tx, "user_registered", actor=who, subject=who, origin=origin)
        token = sealing.random_token()
        await links.add(tx, person, "address", sealing.token_hash(token), new.email, _LINK_LIFE)
        link = f"{svc.settings.public_url}/email/confirm/?token={token}"
        await mails.queue(svc, tx, "verify_address", who, link=link)
        profile = await people.profile(tx, person.id)
    if profile is None:
        raise errors.Internal
    return profile


async def _tell_owner(svc: Service, kind: Kind, canonical: str) -> None:
    """Somebody tried to register an address that is taken: its owner hears of it, nobody else does."""
    account = await PEOPLE[kind].by_email(svc.db, canonical)
    if account is not None:
        async with svc.db.transaction() as tx:
            await mails.queue(svc, tx, "address_taken", audit.Named(Person(kind, account["id"]), account["email"]))
