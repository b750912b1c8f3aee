"""Ask for a mailed code from outside: again for a sign-in under way, or with the password."""

from authsvc import errors, guard, second_factor
from authsvc.core import devices, names, sealing
from authsvc.core.person import Kind, Origin, Person
from authsvc.people import PEOPLE
from authsvc.queries import audit, second_factors
from authsvc.service import Service


async def again(svc: Service, kind: Kind, token: str, origin: Origin) -> None:
    """Mail another code for the sign-in of this challenge; OtpInvalid when there is none."""
    hashed = sealing.token_hash(token)
    challenge = await guard.check(
        svc,
        guard.Attempt(None, "authn_code_fail", origin),
        lambda: second_factors.whose_challenge(svc.db, hashed),
    )
    if challenge is None or challenge["kind"] != kind.value:
        raise errors.OtpInvalid
    await _send(svc, Person(kind, challenge["person_id"]))


async def with_password(
    svc: Service,
    kind: Kind,
    email: str,
    password: str,
    captcha_token: str | None,
    captcha_due: bool,
    device: devices.Device | None,
    origin: Origin,
) -> None:
    """Mail a code for signing in to who knows the password and has a second factor. InvalidCredentials."""
    account = await PEOPLE[kind].by_email(svc.db, names.canonical_email(email))
    person = Person(kind, account["id"]) if account else None
    attempt = guard.Attempt(
        guard.sign_in_key(svc, kind, email, person, device),
        "authn_login_fail",
        origin,
        owner=audit.Named(person, account["email"]) if account and person else None,
        captcha_token=captcha_token,
        asks_captcha=True,
        captcha_due=captcha_due,
    )
    right = await guard.password(svc, attempt, password, account and account["password_hash"])
    if account is None or person is None or not right:
        raise errors.InvalidCredentials
    if account["otp_enabled"]:
        await _send(svc, person)


async def _send(svc: Service, person: Person) -> None:
    account = await PEOPLE[person.kind].credentials(svc.db, person.id)
    if account is not None and account["is_live"]:
        async with svc.db.transaction() as tx:
            await second_factor.send_code(svc, tx, audit.Named(person, account["email"]), second_factor.SIGN_IN)
