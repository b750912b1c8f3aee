"""Switch the own second factor on and off: mailed codes, an authenticator app, recovery codes."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import segno

from authsvc import errors, guard, mails, own_secrets, second_factor
from authsvc.core import codes
from authsvc.core.person import Caller, Origin
from authsvc.db.pool import Db
from authsvc.people import PEOPLE
from authsvc.queries import audit, second_factors, sessions
from authsvc.service import Service

T = TypeVar("T")
_WRONG_PASSWORD = {"password": ["Current password is incorrect."]}


async def send_code(svc: Service, caller: Caller) -> None:
    """Mail a code for changing the account. Beyond five an hour none is sent, and nothing is said of it."""
    who = audit.of(caller)
    async with svc.db.transaction() as tx:
        await second_factor.send_code(svc, tx, who, second_factor.ACCOUNT)


async def enable(svc: Service, caller: Caller, code: str, password: str | None, origin: Origin) -> list[str]:
    """Switch it on with a mailed code; the recovery codes, shown this once."""
    _require(await own_secrets.account_of(svc.db, caller), on=False)
    checked = None if password is None else await _check_password(svc, caller, password, origin)
    await _check_code(svc, caller, origin, lambda: _spend(svc, caller, code))
    async with svc.db.transaction() as tx:
        _require(await _hold(tx, caller, checked), on=False)
        return await _switch_on(svc, tx, caller, origin)


async def disable(svc: Service, caller: Caller, code: str, password: str, origin: Origin) -> None:
    """Switch it off with password and code: the app and the recovery codes are gone."""
    if caller.is_admin and svc.settings.require_2fa_for_admins:
        raise errors.Conflict("Administrators must have a second factor.")
    checked = await _check_password(svc, caller, password, origin)
    await _check_code(svc, caller, origin, lambda: _spend(svc, caller, code))
    async with svc.db.transaction() as tx:
        _require(await _hold(tx, caller, checked), on=True)
        await PEOPLE[caller.person.kind].set_otp_enabled(tx, caller.person.id, False)
        await second_factors.remove_authenticator(tx, caller.person)
        await second_factors.remove_recovery_codes(tx, caller.person)
        await _changed(svc, tx, caller, "second_factor_off", origin)


async def check_before_disabling(svc: Service, caller: Caller, code: str, password: str, origin: Origin) -> None:
    """Would `disable` accept these? Nothing is spent."""
    await _check_password(svc, caller, password, origin)
    await _check_code(svc, caller, origin, lambda: second_factor.peek(svc, caller.person, second_factor.ACCOUNT, code))
    _require(await own_secrets.account_of(svc.db, caller), on=True)


async def set_up_app(svc: Service, caller: Caller) -> dict[str, str]:
    """A new secret for an authenticator app, which counts once a code of it was confirmed."""
    secret = codes.new_totp_secret()
    if not await second_factors.set_up_authenticator(svc.db, caller.person, second_factor.seal_totp(svc, secret)):
        raise errors.Conflict("An authenticator is in use already; switch the second factor off first.")
    uri = codes.otpauth_uri(secret, caller.email)
    return {"secret": secret, "otpauth_uri": uri, "qr": segno.make(uri, error="m").svg_data_uri(scale=4)}


async def confirm_app(svc: Service, caller: Caller, code: str, origin: Origin) -> list[str] | None:
    """The first code of the app: it counts from now on. Recovery codes when this switched the second factor on."""
    app = await second_factors.authenticator(svc.db, caller.person)

    async def step_of() -> int | None:
        if app is None or app["is_confirmed"] or not codes.is_digits(code):
            return None
        return codes.totp_step(second_factor.unseal_totp(svc, app["sealed"]), code, svc.clock())

    step = await _check_code(svc, caller, origin, step_of)
    async with svc.db.transaction() as tx:
        account = await own_secrets.hold(tx, caller)
        if app is None or not await second_factors.confirm_authenticator(tx, caller.person, step, app["sealed"]):
            raise errors.OtpInvalid  # another one was set up or confirmed meanwhile
        if not account["otp_enabled"]:
            return await _switch_on(svc, tx, caller, origin)
        await _changed(svc, tx, caller, "second_factor_on", origin)
    return None


async def renew_recovery_codes(svc: Service, caller: Caller, code: str, password: str, origin: Origin) -> list[str]:
    """Ten new recovery codes instead of all others."""
    _require(await own_secrets.account_of(svc.db, caller), on=True)
    checked = await _check_password(svc, caller, password, origin)
    await _check_code(svc, caller, origin, lambda: _spend(svc, caller, code))
    who = audit.of(caller)
    async with svc.db.transaction() as tx:
        _require(await _hold(tx, caller, checked), on=True)
        fresh = await _new_recovery_codes(svc, tx, caller)
        await audit.add(
            tx, "recovery_codes_renewed", actor=who, subject=who, origin=origin, session_id=caller.session_id
        )
    return fresh


def _require(account: Mapping[str, Any], *, on: bool) -> None:
    if account["otp_enabled"] is not on:
        raise errors.Conflict("The second factor is off." if on else "The second factor is on already.")


async def _switch_on(svc: Service, tx: Db, caller: Caller, origin: Origin) -> list[str]:
    await PEOPLE[caller.person.kind].set_otp_enabled(tx, caller.person.id, True)
    fresh = await _new_recovery_codes(svc, tx, caller)
    await _changed(svc, tx, caller, "second_factor_on", origin)
    return fresh


async def _new_recovery_codes(svc: Service, tx: Db, caller: Caller) -> list[str]:
    fresh = codes.new_recovery_codes()
    hashes = [second_factor.recovery_hash(svc, caller.person, code) for code in fresh]
    await second_factors.replace_recovery_codes(tx, caller.person, hashes)
    return fresh


async def _changed(svc: Service, tx: Db, caller: Caller, what: str, origin: Origin) -> None:
    who = audit.of(caller)
    await sessions.end_all(tx, caller.person, caller.session_id, what)
    await second_factors.void_challenges(tx, caller.person)
    await audit.add(tx, what, actor=who, subject=who, origin=origin, session_id=caller.session_id)
    await mails.queue(svc, tx, what, who)


async def _spend(svc: Service, caller: Caller, code: str) -> bool:
    return await second_factor.spend(svc, svc.db, caller.person, second_factor.ACCOUNT, code)


async def _check_code(svc: Service, caller: Caller, origin: Origin, verify: Callable[[], Awaitable[T | None]]) -> T:
    attempt = own_secrets.attempt(caller, guard.own_code_key(caller.person), "authn_code_fail", origin)
    found = await guard.check(svc, attempt, verify)
    if not found:
        raise errors.OtpInvalid
    return found


async def _check_password(svc: Service, caller: Caller, password: str, origin: Origin) -> str:
    checked = await own_secrets.checked_hash(svc, caller, password, origin)
    if checked is None:
        raise errors.Invalid(_WRONG_PASSWORD)
    return checked


async def _hold(tx: Db, caller: Caller, checked_hash: str | None) -> Mapping[str, Any]:
    """The account, in which the password that was checked, if one was, is still the password."""
    account = await own_secrets.hold(tx, caller)
    if checked_hash is not None and account["password_hash"] != checked_hash:
        raise errors.Invalid(_WRONG_PASSWORD)
    return account
