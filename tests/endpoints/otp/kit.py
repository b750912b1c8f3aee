"""People with a second factor, and what they send."""

from typing import NamedTuple

import asyncpg
import pyotp

from authsvc.core import hashing
from authsvc.core.person import Kind, Person
from authsvc.core.profiles import claims_about
from authsvc.keys import SERVICE
from authsvc.people import PEOPLE
from tests.client import PASSWORD, Answer, Api, Tokens
from tests.conftest import FakeClock
from tests.mailbox import Mailbox

USERS = "/api/v1/users"
TWO = f"{USERS}/2fa"
LOGIN, VERIFY = f"{USERS}/login/", f"{USERS}/login/verify-otp/"
ADA, BOB = "ada@example.com", "bob@example.com"
SENT = {"message": "If the account uses codes, one was mailed to its address.", "expires_in_minutes": 5}
OTP_INVALID = {"detail": "The code is invalid or has expired.", "code": "otp_invalid"}
WRONG_PASSWORD = {"password": ["Current password is incorrect."]}
ON = "Your second factor was changed"
OFF = "Your second factor was switched off"
NO_CODE = "aaaaa-aaaaa"  # a recovery code that nobody has: unlike six digits, never right by accident


class Owner(NamedTuple):
    """Somebody whose second factor is on, in the session that switched it on."""

    email: str
    id: int
    tokens: Tokens
    recovery: list[str]

    @property
    def bearer(self) -> dict[str, str]:
        return self.tokens.bearer


async def account_code(api: Api, mailbox: Mailbox, tokens: Tokens) -> str:
    """A mailed code for changing the account."""
    answer = await api.post(f"{TWO}/request-otp-authenticated/", headers=tokens.bearer)
    assert answer.json == SENT
    return await mailbox.code(api, tokens.user["email"])


async def with_factor(api: Api, mailbox: Mailbox, email: str = ADA) -> Owner:
    """A new person who uses mailed codes."""
    await api.register(email=email)
    tokens = await api.session_of(email)
    code = await account_code(api, mailbox, tokens)
    answer = await api.post(f"{TWO}/enable/", {"otp_code": code}, headers=tokens.bearer)
    assert answer.status == 200, answer.text
    return Owner(email, tokens.user["id"], tokens, answer.json["recovery_codes"])


async def with_app(api: Api, clock: FakeClock, email: str = ADA) -> tuple[Owner, pyotp.TOTP]:
    """A new person with an authenticator, whose present time step is unused."""
    await api.register(email=email)
    tokens = await api.session_of(email)
    secret = (await api.post(f"{TWO}/totp/setup/", headers=tokens.bearer)).json["secret"]
    phone = pyotp.TOTP(secret)
    answer = await api.post(f"{TWO}/totp/confirm/", {"otp_code": phone.at(clock.now)}, headers=tokens.bearer)
    assert answer.status == 200, answer.text
    clock.now += 60
    return Owner(email, tokens.user["id"], tokens, answer.json["recovery_codes"]), phone


async def challenge(api: Api, email: str = ADA, **fields: object) -> str:
    """The token of a sign-in that waits for its second factor."""
    answer = await api.post(LOGIN, {"email": email, "password": PASSWORD, **fields})
    assert (answer.status, answer.code) == (401, "otp_required"), answer.text
    return str(answer.json["temporary_token"])


async def verify(api: Api, token: str, code: str) -> Answer:
    """Answer a challenge."""
    return await api.post(VERIFY, {"temporary_token": token, "otp_code": code})


async def is_live(api: Api, tokens: Tokens) -> bool:
    return (await api.get("/api/me/", headers=tokens.bearer)).status == 200


async def employee_bearer(api: Api, db: asyncpg.Connection, email: str = "eve@example.com") -> dict[str, str]:
    """The access token of a new, approved employee."""
    employee_id = await db.fetchval(
        """INSERT INTO employees (email, email_canonical, username, username_canonical, password_hash, status,
                                  company_id)
           VALUES ($1, $1, $2, $2, $3, 'Approved', claim_company_id('employee', NULL)) RETURNING id""",
        email,
        email.partition("@")[0],
        hashing.encode(PASSWORD, 4),
    )
    session_id = await db.fetchval(
        "INSERT INTO sessions (employee_id, expires_at) VALUES ($1, now() + interval '1 hour') RETURNING id",
        employee_id,
    )
    svc = api.client.server.app[SERVICE]
    person = Person(Kind.EMPLOYEE, employee_id)
    claims = claims_about(person, await PEOPLE[Kind.EMPLOYEE].profile(svc.db, employee_id))
    return {"Authorization": f"Bearer {svc.tokens.issue(claims, session_id)}"}
