"""Sign out: end the session that any of the presented credentials belongs to."""

import datetime as dt
from typing import NamedTuple

from authsvc import errors
from authsvc.core import refresh_tokens
from authsvc.core.person import Kind, Origin, Person
from authsvc.people import PEOPLE
from authsvc.queries import audit, sessions
from authsvc.service import Service


class Presented(NamedTuple):
    """What a request carries that may belong to a session, best first; None where there is nothing."""

    bearer: str | None
    access_cookie: str | None
    refresh_body: str | None
    refresh_cookie: str | None


class Found(NamedTuple):
    """A session that a credential belongs to."""

    session_id: int
    person: Person


async def sign_out(svc: Service, presented: Presented, kinds: frozenset[Kind], origin: Origin) -> Kind:
    """End the session; the kind of person whose it was.

    An expired access token will do. NotAuthenticated when nothing was presented, TokenNotValid when none of
    it is ours, WrongAccountType for a session of another kind, which then lives on.
    """
    found = await _find(svc, presented)
    if found is None:
        raise errors.TokenNotValid if any(presented) else errors.NotAuthenticated
    if found.person.kind not in kinds:
        raise errors.WrongAccountType
    async with svc.db.transaction() as tx:
        if await sessions.end_one(tx, found.session_id, "logout"):
            profile = await PEOPLE[found.person.kind].profile(tx, found.person.id)
            who = audit.Named(found.person, profile["email"]) if profile else None
            await audit.add(tx, "authn_logout", actor=who, subject=who, origin=origin, session_id=found.session_id)
    return found.person.kind


async def _find(svc: Service, presented: Presented) -> Found | None:
    for token in (presented.bearer, presented.access_cookie):
        try:
            claims = svc.tokens.read(token or "", expired_too=True)
        except errors.TokenNotValid:
            continue
        return Found(claims.session_id, claims.person)
    grace = dt.timedelta(seconds=svc.settings.refresh_grace)
    for token in (presented.refresh_body, presented.refresh_cookie):
        if token and refresh_tokens.is_one(token):
            row = await sessions.by_refresh_token(svc.db, refresh_tokens.digest(token), grace)
            if row is not None:
                return Found(row["id"], Person(Kind(row["kind"]), row["person_id"]))
    return None
