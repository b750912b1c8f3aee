"""Sign in: who says so, is the password right, may the person, then a session and its tokens."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

import asyncpg

from authsvc import errors, guard
from authsvc.core import hashing, names, refresh_tokens
from authsvc.core.person import Kind, Origin, Person
from authsvc.core.profiles import claims_about
from authsvc.people import PEOPLE
from authsvc.queries import assignments, audit, sessions
from authsvc.queries.sessions import NewSession
from authsvc.service import Service


class SignedIn(NamedTuple):
    """A new session: its tokens and the person's PROFILE or EMPLOYEE row."""

    access: str
    refresh: str
    remember: bool
    profile: Mapping[str, Any]


async def sign_in(svc: Service, kind: Kind, *, email: str, password: str, remember: bool, origin: Origin) -> SignedIn:
    """Open a session with a refresh token.

    InvalidCredentials is the same for unknown addresses and wrong passwords; Rejected, AccountDisabled and
    PendingApproval are said only to who knows the password.
    """
    refresh = refresh_tokens.new()
    new = NewSession(
        dt.timedelta(seconds=svc.settings.session_max_age),
        remember,
        refresh_tokens.digest(refresh),
        dt.timedelta(seconds=svc.settings.refresh_ttl),
    )
    access, profile = await _open_session(svc, kind, email, password, new, origin)
    return SignedIn(access, refresh, remember, profile)


async def access_token_only(svc: Service, kind: Kind, *, email: str, password: str, origin: Origin) -> str:
    """One access token and a session that ends with it; for programs with HTTP Basic credentials."""
    new = NewSession(dt.timedelta(seconds=svc.settings.access_ttl), False, None, dt.timedelta())
    access, _ = await _open_session(svc, kind, email, password, new, origin)
    return access


async def _open_session(
    svc: Service, kind: Kind, email: str, password: str, new: NewSession, origin: Origin
) -> tuple[str, Mapping[str, Any]]:
    people = PEOPLE[kind]
    canonical = names.canonical_email(email)
    account = await people.by_email(svc.db, canonical)
    right = await guard.password_is_right(svc, password, account and account["password_hash"])
    if account is None or not right:
        await _note_failure(svc, kind, account, canonical, origin)
        raise errors.InvalidCredentials
    if not account["is_live"]:
        raise _why_not(account)
    person = Person(kind, account["id"])
    outdated = not hashing.is_current(account["password_hash"], svc.settings.bcrypt_cost)
    new_hash = await svc.hasher.encode(password) if outdated else None
    async with svc.db.transaction() as tx:
        # Password changed or account shut since it was read: then this sign-in comes after that.
        if not await people.note_sign_in(tx, person.id, account["password_hash"], new_hash):
            raise errors.InvalidCredentials
        if kind is Kind.STAFF:
            await assignments.note_sign_in(tx, person.id)
        session_id = await sessions.open(tx, person, new, origin)
        who = audit.Named(person, account["email"])
        await audit.add(tx, "authn_login_success", actor=who, subject=who, origin=origin, session_id=session_id)
        profile = await people.profile(tx, person.id)
    if profile is None:
        raise errors.InvalidCredentials
    return svc.tokens.issue(person, session_id, claims_about(profile)), profile


async def _note_failure(
    svc: Service, kind: Kind, account: asyncpg.Record | None, canonical: str, origin: Origin
) -> None:
    subject = audit.Named(Person(kind, account["id"]), account["email"]) if account else None
    # An unknown name is not kept: people type passwords into the wrong field.
    async with svc.db.transaction() as tx:
        await audit.add(
            tx, "authn_login_fail", actor=None, subject=subject, origin=origin, details={"kind": kind.value}
        )


def _why_not(account: asyncpg.Record) -> errors.ApiError:
    if account["status"] == "Rejected":
        return errors.Rejected()
    return errors.AccountDisabled() if not account["is_active"] else errors.PendingApproval()
