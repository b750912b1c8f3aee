"""Sign out: end the sessions that the presented credentials belong to; mostly they belong to one."""

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
    is_live: bool


async def sign_out(svc: Service, presented: Presented, kinds: frozenset[Kind], origin: Origin) -> Kind:
    """End each live session of these kinds that was presented; the kind of person whose the first one was.

    An expired access token will do, and a stale one beside a live one does no harm. NotAuthenticated when
    nothing was presented, TokenNotValid when none of it is ours, WrongAccountType when all sessions are of
    another kind: those live on.
    """
    belonging = await _sessions(svc, presented)
    if not belonging:
        raise errors.TokenNotValid if any(presented) else errors.NotAuthenticated
    live = [found for found in belonging if found.is_live]
    chosen = [found for found in live or belonging[:1] if found.person.kind in kinds]
    if not chosen:
        raise errors.WrongAccountType
    for found in dict.fromkeys(chosen):
        if found.is_live:
            await _end(svc, found, origin)
    return chosen[0].person.kind


async def _end(svc: Service, found: Found, origin: Origin) -> None:
    async with svc.db.transaction() as tx:
        if await sessions.end_own(tx, found.session_id, found.person):
            profile = await PEOPLE[found.person.kind].profile(tx, found.person.id)
            who = audit.Named(found.person, profile["email"]) if profile else None
            await audit.add(tx, "authn_logout", actor=who, subject=who, origin=origin, session_id=found.session_id)


async def _sessions(svc: Service, presented: Presented) -> list[Found]:
    """Every session that something of what was presented belongs to, in the order of Presented."""
    found: list[Found] = []
    for token in (presented.bearer, presented.access_cookie):
        try:
            claims = svc.tokens.read(token or "", expired_too=True)
        except errors.TokenNotValid:
            continue
        row = await sessions.live(svc.db, claims.session_id, claims.person)
        found.append(Found(claims.session_id, claims.person, is_live=row is not None))
    grace = dt.timedelta(seconds=svc.settings.refresh_grace)
    for token in (presented.refresh_body, presented.refresh_cookie):
        if token and refresh_tokens.is_one(token):
            row = await sessions.by_refresh_token(svc.db, refresh_tokens.digest(token), grace)
            if row is not None:
                found.append(Found(row["id"], Person(Kind(row["kind"]), row["person_id"]), is_live=True))
    return found
