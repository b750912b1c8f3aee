"""Use a refresh token: rotate it, or take a late second use of it as theft."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

from authsvc import errors, mails
from authsvc.core import refresh_tokens
from authsvc.core.person import Kind, Origin, Person
from authsvc.core.profiles import claims_about
from authsvc.people import PEOPLE
from authsvc.queries import audit, sessions
from authsvc.service import Service


class Refreshed(NamedTuple):
    """New tokens of a session that goes on."""

    access: str
    refresh: str
    refresh_life: int  # seconds
    remember: bool
    kind: Kind


async def refresh(svc: Service, presented: str, kinds: frozenset[Kind], origin: Origin) -> Refreshed:
    """Rotate a refresh token (RFC 9700 section 4.14.2).

    Who presents the token that was rotated last, within the grace time and while its successor is unused,
    gets the same successor: parallel tabs. Any other rotated token ends the session. TokenNotValid for all
    that gives no new tokens.
    """
    grace = dt.timedelta(seconds=svc.settings.refresh_grace)
    successor = refresh_tokens.new()
    digest, sealed = _digest(presented), refresh_tokens.seal(successor, presented)
    row = await sessions.rotate(
        svc.db,
        digest,
        refresh_tokens.digest(successor),
        sealed,
        dt.timedelta(seconds=svc.settings.refresh_ttl),
        grace,
        kinds,
    )
    if row is None:
        raise errors.TokenNotValid
    if row["sealed_successor"] is None:
        await _end_if_reused(svc, digest, grace, origin)
        raise errors.TokenNotValid
    person = Person(Kind(row["kind"]), row["person_id"])
    found = await svc.known.person(svc.db, person)
    if found is None or not found.profile["is_live"]:
        raise errors.TokenNotValid
    if row["sealed_successor"] != sealed:  # of who came first
        successor = refresh_tokens.unseal(row["sealed_successor"], presented)
    return Refreshed(
        svc.tokens.issue(found.claims, row["session_id"]),
        successor,
        int(row["seconds_left"]),
        row["remember"],
        person.kind,
    )


async def access_token_of(svc: Service, presented: str, kinds: frozenset[Kind]) -> str:
    """An access token for the session of a refresh token, which stays as it is."""
    row = await _session_of(svc, presented)
    person = Person(Kind(row["kind"]), row["person_id"])
    profile = await PEOPLE[person.kind].profile(svc.db, person.id)
    if profile is None or person.kind not in kinds:
        raise errors.TokenNotValid
    return svc.tokens.issue(claims_about(person, profile), row["id"])


async def check_token(svc: Service, token: str) -> None:
    """TokenNotValid unless this is an access token of a live session, or a refresh token that could be used now."""
    if refresh_tokens.is_one(token):
        await _session_of(svc, token)
        return
    claims = svc.tokens.read(token)
    if await svc.known.session(svc.db, claims.session_id, claims.person) is None:
        raise errors.TokenNotValid


async def _session_of(svc: Service, presented: str) -> Mapping[str, Any]:
    grace = dt.timedelta(seconds=svc.settings.refresh_grace)
    row = await sessions.by_refresh_token(svc.db, _digest(presented), grace)
    if row is None:
        raise errors.TokenNotValid
    return row


def _digest(presented: str) -> bytes:
    if not refresh_tokens.is_one(presented):
        raise errors.TokenNotValid
    return refresh_tokens.digest(presented)


async def _end_if_reused(svc: Service, digest: bytes, grace: dt.timedelta, origin: Origin) -> None:
    async with svc.db.transaction() as tx:
        ended = await sessions.end_reused(tx, digest, grace)
        if ended is None:
            return
        person = Person(Kind(ended["kind"]), ended["person_id"])
        profile = await PEOPLE[person.kind].profile(tx, person.id)
        owner = audit.Named(person, profile["email"]) if profile else None
        if owner:
            await mails.queue(svc, tx, "token_reuse", owner)
        await audit.add(tx, "authn_token_reuse", actor=None, subject=owner, origin=origin, session_id=ended["id"])
    await svc.known.settle()
