"""Sign in: who says so, is the secret right, may the person, then a session and its tokens."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

import asyncpg

from authsvc import errors, guard, mails, metrics, second_factor
from authsvc.core import devices, hashing, names, refresh_tokens, sealing
from authsvc.core.devices import Device
from authsvc.core.person import Kind, Origin, Person
from authsvc.core.profiles import claims_about
from authsvc.people import PEOPLE
from authsvc.queries import assignments, audit, second_factors, sessions
from authsvc.queries.sessions import NewSession
from authsvc.service import Service

CHALLENGE_LIFE = 300  # seconds


class Credentials(NamedTuple):
    """What a sign-in sends."""

    email: str
    password: str
    otp_code: str | None = None
    captcha_token: str | None = None
    captcha_due: bool = False  # for the browser's failures
    remember: bool = True
    device: Device | None = None


class SignedIn(NamedTuple):
    """A new session: its tokens, the device that now knows the person, and his PROFILE or EMPLOYEE row."""

    access: str
    refresh: str
    refresh_life: int  # seconds
    remember: bool
    device: Device
    profile: Mapping[str, Any]


class Proven(NamedTuple):
    """Somebody whose secrets were right."""

    account: Mapping[str, Any]
    person: Person
    password: str | None  # known at the first step only
    checked_hash: str
    device: Device | None
    by_code: bool  # also that of a second factor


@metrics.counted_sign_in
async def sign_in(svc: Service, kind: Kind, given: Credentials, origin: Origin) -> SignedIn:
    """Open a session with a refresh token.

    InvalidCredentials is the same for unknown addresses and wrong passwords; Rejected, AccountDisabled and
    PendingApproval are said only to who knows the password, OtpRequired (with a challenge) to who knows it and
    has a second factor.
    """
    proven = await _prove(svc, kind, given, origin)
    if proven.account["otp_enabled"] and given.otp_code is None:
        raise await _challenge(svc, proven, remember=given.remember)
    return await _with_refresh_token(svc, proven, given.remember, origin)


@metrics.counted_sign_in
async def access_token_only(svc: Service, kind: Kind, given: Credentials, origin: Origin) -> str:
    """One access token and a session that ends with it; for programs with HTTP Basic credentials."""
    proven = await _prove(svc, kind, given, origin)
    if proven.account["otp_enabled"]:
        raise errors.OtpRequired
    new = NewSession(dt.timedelta(seconds=svc.settings.access_ttl), False, None, dt.timedelta())
    access, _ = await _open_session(svc, proven, new, origin)
    return access


@metrics.counted_sign_in
async def answer_challenge(
    svc: Service, kind: Kind, token: str, code: str, device: Device | None, origin: Origin
) -> SignedIn:
    """The second step: a code for a challenge. OtpInvalid for whatever is wrong with either."""
    hashed = sealing.token_hash(token)
    challenge = await second_factors.whose_challenge(svc.db, hashed)
    if challenge is None or challenge["kind"] != kind.value:
        await guard.check(svc, guard.Attempt(None, "authn_code_fail", origin), _nothing)
        raise errors.OtpInvalid
    person = Person(kind, challenge["person_id"])
    account = await PEOPLE[kind].credentials(svc.db, person.id)
    if account is None or not account["is_live"]:
        raise errors.OtpInvalid
    who = audit.Named(person, account["email"])

    async def verify() -> bool:
        # One transaction under the challenge's lock: who comes too late loses no code.
        async with svc.db.transaction() as tx:
            return (
                await second_factors.try_challenge(tx, hashed)
                and await second_factor.spend(svc, tx, person, second_factor.SIGN_IN, code)
                and await second_factors.close_challenge(tx, hashed)
            )

    if not await guard.check(svc, guard.Attempt(guard.code_key(person), "authn_code_fail", origin, who), verify):
        await _warn_of_wrong_codes(svc, who)
        raise errors.OtpInvalid
    proven = Proven(account, person, None, challenge["password_hash"], device, by_code=True)
    try:
        return await _with_refresh_token(svc, proven, challenge["remember"], origin)
    except errors.InvalidCredentials as err:  # the password is another one since a moment ago: so is the challenge void
        raise errors.OtpInvalid from err


async def _nothing() -> None:
    return None


async def _prove(svc: Service, kind: Kind, given: Credentials, origin: Origin) -> Proven:
    account = await PEOPLE[kind].by_email(svc.db, names.canonical_email(given.email))
    person = Person(kind, account["id"]) if account else None
    attempt = guard.Attempt(
        key=guard.sign_in_key(svc, kind, given.email, person, given.device),
        event="authn_login_fail",
        origin=origin,
        owner=audit.Named(person, account["email"]) if account and person else None,
        captcha_token=given.captcha_token,
        asks_captcha=True,
        captcha_due=given.captcha_due,
    )
    right = await guard.password(svc, attempt, given.password, account and account["password_hash"])
    if account is None or person is None or not right:
        raise errors.InvalidCredentials
    if not account["is_live"]:
        raise await _refused(svc, audit.Named(person, account["email"]), account, origin)
    by_code = account["otp_enabled"] and given.otp_code is not None
    if by_code:
        await _check_code(svc, audit.Named(person, account["email"]), given.otp_code or "", origin)
    return Proven(account, person, given.password, account["password_hash"], given.device, by_code)


async def _check_code(svc: Service, who: audit.Named, code: str, origin: Origin) -> None:
    """A code that came together with the password."""
    attempt = guard.Attempt(guard.code_key(who.person), "authn_code_fail", origin, who)

    async def verify() -> bool:
        return await second_factor.spend(svc, svc.db, who.person, second_factor.SIGN_IN, code)

    if not await guard.check(svc, attempt, verify):
        await _warn_of_wrong_codes(svc, who)
        raise errors.OtpInvalid


async def _challenge(svc: Service, proven: Proven, *, remember: bool) -> errors.OtpRequired:
    token, new_hash = sealing.random_token(), await _new_hash(svc, proven)
    async with svc.db.transaction() as tx:
        if new_hash:
            if not await PEOPLE[proven.person.kind].renew_hash(tx, proven.person.id, proven.checked_hash, new_hash):
                raise errors.InvalidCredentials
            await second_factors.follow_hash(tx, proven.person, proven.checked_hash, new_hash)
        await second_factors.open_challenge(
            tx, proven.person, sealing.token_hash(token), new_hash or proven.checked_hash, remember=remember
        )
        await second_factor.send_code(
            svc, tx, audit.Named(proven.person, proven.account["email"]), second_factor.SIGN_IN
        )
    return errors.OtpRequired(
        temporary_token=token, expires_in=CHALLENGE_LIFE, methods=await second_factor.methods(svc, proven.person)
    )


async def _with_refresh_token(svc: Service, proven: Proven, remember: bool, origin: Origin) -> SignedIn:
    refresh = refresh_tokens.new()
    new = NewSession(
        dt.timedelta(seconds=svc.settings.session_max_age),
        remember,
        refresh_tokens.digest(refresh),
        dt.timedelta(seconds=svc.settings.refresh_ttl),
    )
    access, profile = await _open_session(svc, proven, new, origin)
    device = devices.remember(proven.device, proven.person, svc.settings.secret)
    life = min(svc.settings.refresh_ttl, svc.settings.session_max_age)
    return SignedIn(access, refresh, life, remember, device, profile)


async def _open_session(svc: Service, proven: Proven, new: NewSession, origin: Origin) -> tuple[str, Mapping[str, Any]]:
    people, person, new_hash = PEOPLE[proven.person.kind], proven.person, await _new_hash(svc, proven)
    async with svc.db.transaction() as tx:
        # Password changed, second factor switched on or account shut since: then this sign-in comes after that.
        if not await people.note_sign_in(tx, person.id, proven.checked_hash, new_hash, by_code=proven.by_code):
            raise errors.InvalidCredentials
        if new_hash:
            await second_factors.follow_hash(tx, person, proven.checked_hash, new_hash)
        if person.kind is Kind.STAFF:
            await assignments.note_sign_in(tx, person.id)
        who = audit.Named(person, proven.account["email"])
        await _tell_of_new_device(svc, tx, proven, who, origin)
        session_id = await sessions.open(tx, person, new, origin)
        await audit.add(tx, "authn_login_success", actor=who, subject=who, origin=origin, session_id=session_id)
        profile = await people.profile(tx, person.id)
    if profile is None:
        raise errors.InvalidCredentials
    return svc.tokens.issue(claims_about(person, profile), session_id), profile


async def _new_hash(svc: Service, proven: Proven) -> str | None:
    """The password hashed as new ones are, where it is stored as was usual earlier, or elsewhere."""
    if proven.password is None or hashing.is_current(proven.checked_hash, svc.settings.bcrypt_cost):
        return None
    return await svc.hasher.encode(proven.password)


async def _tell_of_new_device(svc: Service, tx: Any, proven: Proven, who: audit.Named, origin: Origin) -> None:
    """A notice for a sign-in from a browser that the person never used; not for the first sign-in ever."""
    first_ever = proven.account["last_login"] is None
    if first_ever or devices.knows(proven.device, proven.person, svc.settings.secret):
        return
    if not await sessions.was_here_before(tx, proven.person, origin):
        await mails.queue(svc, tx, "new_device", who, ip=origin.ip or "-", browser=origin.user_agent or "-")


async def _warn_of_wrong_codes(svc: Service, who: audit.Named) -> None:
    """Somebody knows the password but not the code: the owner should know."""
    async with svc.db.transaction() as tx:
        await mails.queue(svc, tx, "wrong_codes", who)


async def _refused(svc: Service, who: audit.Named, account: asyncpg.Record, origin: Origin) -> errors.ApiError:
    """The right password of somebody who may not sign in: why, said to him and to the audit."""
    error: errors.ApiError = errors.AccountDisabled() if not account["is_active"] else errors.PendingApproval()
    if account["status"] == "Rejected":
        error = errors.Rejected()
    async with svc.db.transaction() as tx:
        await audit.add(tx, "authn_login_fail", actor=None, subject=who, origin=origin, details={"reason": error.code})
    return error
