"""The credential guard: the one door to every check of a secret.

A try is counted by one atomic statement *before* its secret is checked and given back when it was right,
so that a hundred parallel guesses get no more checks than a hundred in a row. Counted are: an account name,
known or not; or, on a device where that person signed in before, that device, so that a stranger cannot
lock the owner out; or a signed-in person; and the failures of a network over all accounts.
"""

import math
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

from authsvc import errors, mails
from authsvc.addresses import network_of
from authsvc.core import devices, names, sealing
from authsvc.core.person import Kind, Origin, Person
from authsvc.db.pool import Db
from authsvc.queries import audit, captchas, guard, sessions
from authsvc.service import Service

T = TypeVar("T")
TRIES_TO_LOCK = 10
FREE_TRIES = 3  # without captcha
FREE_USES = 5  # of registration and forgotten passwords, per network and hour


class Attempt(NamedTuple):
    """One try at a secret: what it is counted by, who it concerns, and what a failure is called in the audit."""

    key: str | None  # None: only the network's failures count (links of 256 random bits)
    event: str
    origin: Origin
    owner: audit.Named | None = None
    captcha_token: str | None = None
    asks_captcha: bool = False  # where the client has a field for it
    session_id: int | None = None  # the tenth wrong secret in one session ends it


def account_key(kind: Kind, email: str) -> str:
    """Failures of an account name, whether somebody has it or not."""
    return f"account:{account_name(kind, email)}"


def account_name(kind: Kind, email: str) -> str:
    """Every spelling of an address as one name."""
    return f"{kind.value}:{names.canonical_email(email)}"


def person_key(person: Person) -> str:
    """Wrong secrets of somebody who is signed in."""
    return f"person:{person}"


def code_key(person: Person) -> str:
    """Wrong codes of somebody, over all challenges."""
    return f"code:{person}"


def sign_in_key(svc: Service, kind: Kind, email: str, person: Person | None, device: devices.Device | None) -> str:
    """The device's own count where the person signed in before, else the account name's."""
    if device and person and devices.knows(device, person, svc.settings.secret):
        return f"device:{person}:{device.id}"
    return account_key(kind, email)


async def check(svc: Service, attempt: Attempt, verify: Callable[[], Awaitable[T | None]]) -> T | None:
    """Run `verify` if this try is allowed; None or False from it is a failure and stays counted.

    LockedOut (429) and CaptchaRequired (400) check nothing and count nothing. An error raised by `verify` is no
    failure: it was too busy to look.
    """
    count = await _reserve(svc, attempt)
    try:
        found = await verify()
    except errors.ApiError:
        if attempt.key:
            await guard.give_back(svc.db, attempt.key)
        raise
    if not found:
        await _note_failure(svc, attempt, count)
    elif attempt.key:
        await guard.forget(svc.db, attempt.key)
    return found


async def password(svc: Service, attempt: Attempt, text: str, stored: str | None) -> bool:
    """Is this the password of that hash? No hash (nobody, or nobody with a password) takes as long."""
    return bool(await check(svc, attempt, lambda: svc.hasher.verify(text, stored)))


async def count_use(svc: Service, what: str, origin: Origin, captcha_token: str | None) -> None:
    """One more registration or forgotten password of a network; CaptchaRequired beyond five an hour."""
    if not svc.settings.limits:
        return
    key = use_key(what, origin)
    async with svc.db.transaction() as tx:
        if await guard.uses(tx, key) >= FREE_USES and not await _spend_captcha(tx, captcha_token, what):
            raise errors.CaptchaRequired
        await guard.count_use(tx, key)


def use_key(what: str, origin: Origin) -> str:
    """The count of one network's uses of something."""
    return f"use:{what}:{network_of(origin.ip)}"


def network_key(svc: Service, origin: Origin) -> str | None:
    """The count of one network's failures; None where such limits are switched off."""
    return f"network:{network_of(origin.ip)}" if svc.settings.limits else None


async def _reserve(svc: Service, attempt: Attempt) -> int:
    network = network_key(svc, attempt.origin)
    async with svc.db.transaction() as tx:
        if attempt.key is None:
            await _refuse_if_locked(tx, "", network)
            return 1
        count = await guard.reserve(tx, attempt.key, network, captcha_done=not attempt.asks_captcha)
        if count is None and attempt.asks_captcha and await _spend_captcha(tx, attempt.captcha_token, "sign_in"):
            count = await guard.reserve(tx, attempt.key, network, captcha_done=True)
        if count is None:  # what was spent above comes back with the transaction
            await _refuse_if_locked(tx, attempt.key, network)
            raise errors.CaptchaRequired
    return count


async def _refuse_if_locked(tx: Db, key: str, network: str | None) -> None:
    state = await guard.state(tx, key, network)
    if state and state["locked_for"] > 0:
        raise errors.LockedOut(retry_after=math.ceil(state["locked_for"]))


async def _spend_captcha(tx: Db, token: str | None, purpose: str) -> bool:
    return bool(token) and await captchas.spend_token(tx, sealing.token_hash(token or ""), purpose)


async def _note_failure(svc: Service, attempt: Attempt, count: int) -> None:
    network = network_key(svc, attempt.origin)
    locks = count % TRIES_TO_LOCK == 0
    async with svc.db.transaction() as tx:
        if network:
            await guard.count_network(tx, network)
        # An unknown name is not kept: people type passwords into the wrong field.
        await audit.add(
            tx, attempt.event, actor=None, subject=attempt.owner, origin=attempt.origin, session_id=attempt.session_id
        )
        if attempt.session_id and await sessions.count_wrong_secret(tx, attempt.session_id):
            await audit.add(
                tx,
                "session_ended",
                actor=None,
                subject=attempt.owner,
                origin=attempt.origin,
                session_id=attempt.session_id,
                details={"reason": "wrong_secrets"},
            )
        if locks:
            await audit.add(tx, "authn_lock", actor=None, subject=attempt.owner, origin=attempt.origin)
            if attempt.owner:
                await mails.queue(svc, tx, "locked", attempt.owner)
