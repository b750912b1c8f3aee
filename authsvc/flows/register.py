"""Register: check what must be checked outside the schema, hash, insert; the constraints decide what is taken."""

import secrets
from collections.abc import Mapping
from typing import Any

import asyncpg

from authsvc import errors
from authsvc.core import names, person_fields
from authsvc.core.person import Kind, Origin, Person
from authsvc.core.registration import NewPerson
from authsvc.people import PEOPLE
from authsvc.queries import audit
from authsvc.service import Service

_USERNAME_TRIES = 5


async def register(svc: Service, kind: Kind, body: Mapping[str, Any], origin: Origin | None) -> Mapping[str, Any]:
    """A new person with status Pending; the PROFILE or EMPLOYEE row.

    Invalid names every field that may not be as it is. A username that nobody chose is made unique.
    """
    columns = await _checked(svc, body)
    columns["password_hash"] = await svc.hasher.encode(body["password"])
    chosen = body.get("username")
    base = chosen or names.username_from(body["email"])
    for attempt in range(_USERNAME_TRIES):
        username = base if attempt == 0 else f"{base}-{secrets.token_hex(3)}"
        columns |= {"username": username, "username_canonical": names.fold(username)}
        try:
            return await _insert(svc, kind, NewPerson._make(columns.get(name) for name in NewPerson._fields), origin)
        except asyncpg.UniqueViolationError as err:
            if chosen or not str(err.constraint_name).endswith("_username_key"):
                raise
    raise errors.Invalid({"username": ["Choose a username."]})


async def _checked(svc: Service, body: Mapping[str, Any]) -> dict[str, Any]:
    settings = svc.settings
    columns, problems = person_fields.settle(body, region=settings.phone_region, departments=settings.departments)
    personal = [body.get(name) for name in ("email", "username", "first_name", "middle_name", "last_name")]
    weak = await svc.hasher.problem(body["password"], min_length=settings.password_min_length, personal=personal)
    if weak:
        problems["password"] = [weak]
    if problems:
        raise errors.Invalid(problems)
    return {"first_name": "", "last_name": "", **columns}


async def _insert(svc: Service, kind: Kind, new: NewPerson, origin: Origin | None) -> Mapping[str, Any]:
    people = PEOPLE[kind]
    async with svc.db.transaction() as tx:
        person = Person(kind, await people.insert(tx, new))
        who = audit.Named(person, new.email)
        await audit.add(tx, "user_registered", actor=who, subject=who, origin=origin)
        profile = await people.profile(tx, person.id)
    if profile is None:
        raise errors.Internal
    return profile
