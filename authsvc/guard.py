"""The credential guard: the one door to every check of a secret.

A try is counted by one atomic statement *before* its secret is checked, and becomes a failure or is forgotten
after, so that a hundred parallel guesses get no more checks than a hundred in a row. Counted are: an account name,
known or not; or, on a device where that person signed in before, that device, so that a stranger cannot
lock the owner out; or a signed-in person; and the failures of a network over all accounts. Of a network no more
tries are checked at once than it has failures left, in each process (in_flight.py).
"""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple, TypeVar
from weakref import WeakValueDictionary

import asyncpg

from authsvc import errors, mails
from authsvc.addresses import network_of
from authsvc.core import devices, names, sealing
from authsvc.core.person import Kind, Origin, Person
from authsvc.db.pool import Db
from authsvc.in_flight import Place
from authsvc.queries import audit, captchas, guard, sessions
from authsvc.service import Service

T = TypeVar("T")
FREE_TRIES = 3  # without captcha
FREE_USES = 5  # of registration and forgotten passwords together, per network and hour
_PATIENCE = 5.0  # seconds that a try waits for others of its key or network
_PAUSE = 0.05
_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # by key, where somebody waits


class Attempt(NamedTuple):
    """One try at a secret: what it is counted by, who it concerns, and what a failure is called in the audit."""

    key: str | None  # None: only the network's failures count (links of 256 random bits)
    event: str
    origin: Origin
    owner: audit.Named | None = None
    captcha_token: str | None = None
    asks_captcha: bool = False  # where the client has a field for it
    captcha_due: bool = False  # asked for whatever the key's count: the browser failed too often
    session_id: int | None = None  # the tenth wrong secret in one session ends it


def account_name(kind: Kind, email: str) -> str:
    """Every spelling of an address as one name."""
    return f"{kind.value}:{names.canonical_email(email)}"


def person_key(person: Person) -> str:
    """Wrong passwords of somebody who is signed in."""
    return f"person:{person}"


def own_code_key(person: Person) -> str:
    """Wrong codes of somebody who is signed in; apart from passwords, so that a right one forgets nothing here."""
    return f"own_code:{person}"


def code_key(person: Person) -> str:
    """Wrong codes of somebody, over all challenges."""
    return f"code:{person}"


def sign_in_key(svc: Service, kind: Kind, email: str, person: Person | None, device: devices.Device | None) -> str:
    """The device's own count where the person signed in before, else the account name's.

    Of a name that nobody has only a keyed hash is kept: people type passwords into the wrong field.
    """
    name = account_name(kind, email)
    hidden = sealing.keyed_hash(svc.settings.secret, "typed name", name).hex()  # for known names too: it takes as long
    if person is None:
        return f"account:{kind.value}:{hidden}"
    if device and devices.knows(device, person, svc.settings.secret):
        return f"device:{person}:{device.id}"
    return f"account:{name}"


async def check(svc: Service, attempt: Attempt, verify: Callable[[], Awaitable[T | None]]) -> T | None:
    """Run `verify` if this try is allowed; None or False from it is a failure and stays counted.

    LockedOut (429) and CaptchaRequired (400) check nothing and count nothing. An error raised by `verify` is no
    failure: it was too busy to look.
    """
    with Place(network_key(svc, attempt.origin)) as place:  # until a failure is counted
        await _reserve(svc, attempt, place)
        try:
            found = await verify()
        except BaseException:
            if attempt.key:
                await guard.give_back(svc.db, attempt.key)
            raise
        if not found:
            await _note_failure(svc, attempt)
        elif attempt.key:
            await guard.forget(svc.db, attempt.key)
    return found


async def password(svc: Service, attempt: Attempt, text: str, stored: str | None) -> bool:
    """Is this the password of that hash? No hash (nobody, or nobody with a password) takes as long."""
    return bool(await check(svc, attempt, lambda: svc.hasher.verify(text, stored)))


async def count_use(svc: Service, purpose: str, origin: Origin, captcha_token: str | None) -> None:
    """One more registration or forgotten password of a network; CaptchaRequired beyond five of them an hour.

    purpose: what a captcha for it may have been made for.
    """
    if not svc.settings.limits:
        return
    async with svc.db.transaction() as tx:
        used = await guard.count_use(tx, use_key(origin))
        if used > FREE_USES and not await _spend_captcha(tx, captcha_token, purpose):
            raise errors.CaptchaRequired  # and this use is not counted


def use_key(origin: Origin) -> str:
    """The count of one network's registrations and forgotten passwords."""
    return f"use:{network_of(origin.ip)}"


def network_key(svc: Service, origin: Origin) -> str | None:
    """The count of one network's failures; None where such limits are switched off."""
    return f"network:{network_of(origin.ip)}" if svc.settings.limits else None


class _OthersInFlight(Exception):
    """Neither locked nor in need of a captcha: only tries that are being checked stand in the way."""

    def __init__(self, key: str) -> None:
        self.key = key  # of the account, device or person, or of the network, whose tries they are


async def _reserve(svc: Service, attempt: Attempt, place: Place) -> None:
    """Begin the try. While only others in flight stand in its way it waits for them, but not for ever.

    Of all who wait for one key here, one at a time looks whether it may go on: a hundred who look would leave no
    connection to anybody else.
    """
    deadline = time.monotonic() + _PATIENCE
    in_the_way = await _begin(svc, attempt, place)
    while in_the_way is not None:
        async with _turn(in_the_way, deadline):
            found: str | None = in_the_way
            while found == in_the_way:
                if time.monotonic() >= deadline:
                    raise errors.Overloaded
                if (found := await _begin(svc, attempt, place)) == in_the_way:
                    await asyncio.sleep(_PAUSE)
        in_the_way = found


@contextlib.asynccontextmanager
async def _turn(key: str, deadline: float) -> AsyncIterator[None]:
    """Be the one who looks, of all who wait for this key."""
    turn = _turns.setdefault(key, asyncio.Lock())
    try:
        async with asyncio.timeout(deadline - time.monotonic()):
            await turn.acquire()
    except TimeoutError as err:
        raise errors.Overloaded from err
    try:
        yield
    finally:
        turn.release()


async def _begin(svc: Service, attempt: Attempt, place: Place) -> str | None:
    """Begin the try; or the key of those in flight who stand in its way, and then nothing is reserved."""
    if attempt.key is None and place.network is None:
        return None
    try:
        async with svc.db.transaction() as tx:
            place.look()
            if not place.take(await _reserve_key(tx, attempt, place.network)):
                raise _OthersInFlight(place.network or "")
    except _OthersInFlight as err:
        return err.key
    return None


async def _reserve_key(tx: Db, attempt: Attempt, network: str | None) -> int:
    """Count the try by its key; how many failures its network has."""
    if attempt.key is None:
        return int((await _refuse_if_locked(tx, "", network))["network_failures"])
    if not attempt.captcha_due:
        failures = await guard.reserve(tx, attempt.key, network, captcha_done=not attempt.asks_captcha)
        if failures is not None:
            return failures
    # What is spent here comes back with the transaction when the try is refused all the same.
    solved = attempt.asks_captcha and await _spend_captcha(tx, attempt.captcha_token, "sign_in")
    if solved and (failures := await guard.reserve(tx, attempt.key, network, captcha_done=True)) is not None:
        return failures
    state = await _refuse_if_locked(tx, attempt.key, network)
    if attempt.asks_captcha and not solved and (attempt.captcha_due or state["failures"] >= FREE_TRIES):
        raise errors.CaptchaRequired
    raise _OthersInFlight(attempt.key)


async def _refuse_if_locked(tx: Db, key: str, network: str | None) -> asyncpg.Record:
    """The failures of key and network; LockedOut while one of them is locked."""
    state = await guard.state(tx, key, network)
    if state["locked_for"] > 0:
        raise errors.LockedOut(retry_after=math.ceil(state["locked_for"]))
    return state


async def _spend_captcha(tx: Db, token: str | None, purpose: str) -> bool:
    return bool(token) and await captchas.spend_token(tx, sealing.token_hash(token or ""), purpose)


async def _note_failure(svc: Service, attempt: Attempt) -> None:
    network = network_key(svc, attempt.origin)
    async with svc.db.transaction() as tx:
        locks = attempt.key is not None and await guard.fail(tx, attempt.key)
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
