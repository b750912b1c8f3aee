"""Switch the own second factor on and off: mailed codes, an authenticator app, recovery codes."""

from collections.abc import Awaitable, Callable
from typing import Any

import segno

from authsvc import errors, guard, mails, second_factor
from authsvc.core import codes
from authsvc.core.person import Caller, Origin
from authsvc.db.pool import Db
from authsvc.people import PEOPLE
from authsvc.queries import audit, second_factors, sessions
from authsvc.service import Service


async def send_code(svc: Service, caller: Caller) -> None:
    """Mail a code for changing the account. Beyond five an hour none is sent, and nothing is said of it."""
    who = audit.of(caller)
    async with svc.db.transaction() as tx:
        await second_factor.send_code(svc, tx, who, second_factor.ACCOUNT)


async def enable(svc: Service, caller: Caller, code: str, password: str | None, origin: Origin) -> list[str]:
    """Switch it on with a mailed code; the recovery codes, shown this once."""
    if (await _account(svc, caller))["otp_enabled"]:
        raise errors.Conflict("The second factor is on already.")
    if password is not None:
        await _check_password(svc, caller, password, origin)
    await _check_code(svc, caller, origin, lambda: _spend(svc, caller, code))
    return await _switch_on(svc, caller, origin)


async def disable(svc: Service, caller: Caller, code: str, password: str, origin: Origin) -> None:
    """Switch it off with password and code: the app and the recovery codes are gone."""
    if caller.is_admin and svc.settings.require_2fa_for_admins:
        raise errors.Conflict("Administrators must have a second factor.")
    await _check_password(svc, caller, password, origin)
    await _check_code(svc, caller, origin, lambda: _spend(svc, caller, code))
    who = audit.of(caller)
    async with svc.db.transaction() as tx:
        await PEOPLE[caller.person.kind].set_otp_enabled(tx, caller.person.id, False)
        await second_factors.remove_authenticator(tx, caller.person)
        await second_factors.remove_recovery_codes(tx, caller.person)
        await _changed(svc, tx, caller, who, "second_factor_off", origin)


async def check_before_disabling(svc: Service, caller: Caller, code: str, password: str, origin: Origin) -> None:
    """Would `disable` accept these? Nothing is spent."""
    await _check_password(svc, caller, password, origin)
    await _check_code(svc, caller, origin, lambda: second_factor.peek(svc, caller.person, second_factor.ACCOUNT, code))


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

    async def verify() -> bool:
        if app is None or app["is_confirmed"] or not codes.is_digits(code):
            return False
        step = codes.totp_step(second_factor.unseal_totp(svc, app["sealed"]), code, svc.clock())
        if step is None:
            return False
        return await second_factors.confirm_authenticator(svc.db, caller.person, step, app["sealed"])

    await _check_code(svc, caller, origin, verify)
    if (await _account(svc, caller))["otp_enabled"]:
        who = audit.of(caller)
        async with svc.db.transaction() as tx:
            await _changed(svc, tx, caller, who, "second_factor_on", origin)
        return None
    return await _switch_on(svc, caller, origin)


async def renew_recovery_codes(svc: Service, caller: Caller, code: str, password: str, origin: Origin) -> list[str]:
    """Ten new recovery codes instead of all others."""
    if not (await _account(svc, caller))["otp_enabled"]:
        raise errors.Conflict("The second factor is off.")
    await _check_password(svc, caller, password, origin)
    await _check_code(svc, caller, origin, lambda: _spend(svc, caller, code))
    who = audit.of(caller)
    async with svc.db.transaction() as tx:
        fresh = await _new_recovery_codes(svc, tx, caller)
        await audit.add(
            tx, "recovery_codes_renewed", actor=who, subject=who, origin=origin, session_id=caller.session_id
        )
    return fresh


async def _switch_on(svc: Service, caller: Caller, origin: Origin) -> list[str]:
    who = audit.of(caller)
    async with svc.db.transaction() as tx:
        await PEOPLE[caller.person.kind].set_otp_enabled(tx, caller.person.id, True)
        fresh = await _new_recovery_codes(svc, tx, caller)
        await _changed(svc, tx, caller, who, "second_factor_on", origin)
    return fresh


async def _new_recovery_codes(svc: Service, tx: Db, caller: Caller) -> list[str]:
    fresh = codes.new_recovery_codes()
    hashes = [second_factor.recovery_hash(svc, caller.person, code) for code in fresh]
    await second_factors.replace_recovery_codes(tx, caller.person, hashes)
    return fresh


async def _changed(svc: Service, tx: Db, caller: Caller, who: audit.Named, what: str, origin: Origin) -> None:
    await sessions.end_all(tx, caller.person, caller.session_id, what)
    await second_factors.void_challenges(tx, caller.person)
    await audit.add(tx, what, actor=who, subject=who, origin=origin, session_id=caller.session_id)
    await mails.queue(svc, tx, what, who)


async def _spend(svc: Service, caller: Caller, code: str) -> bool:
    return await second_factor.spend(svc, svc.db, caller.person, second_factor.ACCOUNT, code)


async def _check_code(svc: Service, caller: Caller, origin: Origin, verify: Callable[[], Awaitable[bool]]) -> None:
    attempt = _attempt(caller, guard.own_code_key(caller.person), "authn_code_fail", origin)
    if not await guard.check(svc, attempt, verify):
        raise errors.OtpInvalid


async def _check_password(svc: Service, caller: Caller, password: str, origin: Origin) -> None:
    attempt = _attempt(caller, guard.person_key(caller.person), "password_check_fail", origin)
    if not await guard.password(svc, attempt, password, (await _account(svc, caller))["password_hash"]):
        raise errors.Invalid({"password": ["Current password is incorrect."]})


def _attempt(caller: Caller, key: str, event: str, origin: Origin) -> guard.Attempt:
    return guard.Attempt(key, event, origin, audit.of(caller), session_id=caller.session_id)


async def _account(svc: Service, caller: Caller) -> Any:
    account = await PEOPLE[caller.person.kind].credentials(svc.db, caller.person.id)
    if account is None:
        raise errors.TokenNotValid
    return account
