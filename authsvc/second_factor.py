"""Codes of a second factor, wherever one is asked for: mailed, an authenticator's, or a recovery code."""

from authsvc import mails
from authsvc.core import codes, sealing
from authsvc.core.person import Person
from authsvc.db.pool import Db
from authsvc.queries import second_factors as statements
from authsvc.queries.audit import Named
from authsvc.service import Service

SIGN_IN, ACCOUNT = "sign_in", "account"  # what a mailed code is for; each is useless for the other
_TOTP = "totp"


async def send_code(svc: Service, tx: Db, to: Named, purpose: str) -> bool:
    """Mail a new code, which voids the older one; False when the person had five within the hour."""
    code = codes.new_code()
    if not await mails.queue(svc, tx, "code", to, code=code):
        return False
    await statements.void_codes(tx, to.person, purpose)
    await statements.add_code(tx, to.person, purpose, _code_hash(svc, to.person, purpose, code))
    return True


async def spend(svc: Service, db: Db, person: Person, purpose: str, text: str) -> bool:
    """Is this a code of that person, for that purpose, and did nobody use it before? It is spent then."""
    if codes.is_digits(text):
        if await statements.spend_code(db, person, purpose, _code_hash(svc, person, purpose, text)):
            return True
        step = await _totp_step(svc, db, person, text)
        return step is not None and await statements.spend_step(db, person, step)
    recovery = codes.recovery_form(text)
    return recovery is not None and await statements.spend_recovery_code(
        db, person, recovery_hash(svc, person, recovery)
    )


async def peek(svc: Service, person: Person, purpose: str, text: str) -> bool:
    """The same without spending it."""
    if codes.is_digits(text):
        if await statements.peek_code(svc.db, person, purpose, _code_hash(svc, person, purpose, text)):
            return True
        return await _totp_step(svc, svc.db, person, text) is not None
    recovery = codes.recovery_form(text)
    return recovery is not None and await statements.has_recovery_code(
        svc.db, person, recovery_hash(svc, person, recovery)
    )


async def methods(svc: Service, person: Person) -> list[str]:
    """How this person can prove to be himself: always by mail, by app when one was confirmed."""
    app = await statements.authenticator(svc.db, person)
    return ["email", "totp"] if app and app["is_confirmed"] else ["email"]


def seal_totp(svc: Service, secret: str) -> bytes:
    """An authenticator's secret as it is stored."""
    return sealing.seal(svc.settings.secret, _TOTP, secret.encode())


def unseal_totp(svc: Service, sealed: bytes) -> str:
    """An authenticator's secret as the app has it."""
    return sealing.unseal(svc.settings.secret, _TOTP, sealed).decode()


def recovery_hash(svc: Service, person: Person, code: str) -> bytes:
    """A recovery code as it is stored."""
    return sealing.keyed_hash(svc.settings.secret, "recovery code", str(person), code)


def _code_hash(svc: Service, person: Person, purpose: str, code: str) -> bytes:
    return sealing.keyed_hash(svc.settings.secret, "code", purpose, str(person), code)


async def _totp_step(svc: Service, db: Db, person: Person, text: str) -> int | None:
    """The unused time step whose code this is."""
    app = await statements.authenticator(db, person)
    if app is None or not app["is_confirmed"]:
        return None
    step = codes.totp_step(unseal_totp(svc, app["sealed"]), text, svc.clock())
    return step if step is not None and step > app["last_step"] else None
