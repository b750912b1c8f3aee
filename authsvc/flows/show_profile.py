"""Show a person: to himself, and to colleagues by company id."""

from collections.abc import Mapping
from typing import Any

from authsvc import errors
from authsvc.core import profiles
from authsvc.core.person import Caller, Person
from authsvc.known import Shown
from authsvc.people import PEOPLE
from authsvc.queries import company_ids
from authsvc.service import Service


async def own_profile(svc: Service, person: Person) -> Mapping[str, Any]:
    """The PROFILE or EMPLOYEE row of the caller himself."""
    return (await shown(svc, person)).profile


async def shown(svc: Service, person: Person) -> Shown:
    """The caller himself, as he is shown to himself."""
    found = await svc.known.person(svc.db, person)
    if found is None:
        raise errors.TokenNotValid
    return found


async def by_company_id(svc: Service, company_id: str, viewer: Caller) -> dict[str, Any]:
    """The person with this company id: whole for who administers him, else the directory card. NotFound."""
    company_id = company_id.upper()
    kind = await company_ids.kind_of(svc.db, company_id)
    row = await PEOPLE[kind].by_company_id(svc.db, company_id, viewer) if kind else None
    if kind is None or row is None:
        raise errors.NotFound
    if row["is_shown_whole"]:
        return {"type": kind.noun, **profiles.shown(row, svc.settings.public_url)}
    return profiles.card(row, svc.settings.public_url, kind.noun)
