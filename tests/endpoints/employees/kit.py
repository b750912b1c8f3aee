"""What the tests of the employees' endpoints share."""

from typing import Any, NamedTuple

import asyncpg

from tests.client import PASSWORD, Answer, Api, Tokens
from tests.endpoints import kit
from tests.endpoints.kit import ACCESS, REFRESH, add_employee
from tests.mailbox import Mailbox

BASE = "/api/v1/hdts/employees/api"
REGISTER, LOGIN, VERIFY = f"{BASE}/register/", f"{BASE}/login/", f"{BASE}/2fa/verify-otp/"
ROTATE, LOGOUT, LOGOUT_ALL, SESSIONS = (
    f"{BASE}/token/refresh/",
    f"{BASE}/logout/",
    f"{BASE}/logout-all/",
    f"{BASE}/sessions/",
)
ME, OWN, CHANGE = f"{BASE}/me/", f"{BASE}/profile/", f"{BASE}/profile/change-password/"
FORGOT, RESET = f"{BASE}/password/forgot/", f"{BASE}/password/reset/"
REQUEST, ENABLE, DISABLE = f"{BASE}/2fa/request-otp/", f"{BASE}/2fa/enable/", f"{BASE}/2fa/disable/"
SET_UP, CONFIRM_APP, RENEW = f"{BASE}/2fa/totp/setup/", f"{BASE}/2fa/totp/confirm/", f"{BASE}/2fa/recovery-codes/"
STAFF = "/api/v1/users"
EMIL = "emil@example.com"
NEW_PASSWORD = "nine violet teapots"
OTP_INVALID = {"detail": "The code is invalid or has expired.", "code": "otp_invalid"}
DEAD_TOKEN = {"token": ["Invalid or expired reset token."]}
SENT = {"message": "If the account uses codes, one was mailed to its address.", "expires_in_minutes": 5}


class Owner(NamedTuple):
    """An employee whose second factor is on, in the session that switched it on."""

    tokens: Tokens
    recovery: list[str]


def emil(**known: Any) -> dict[str, Any]:
    """The EMPLOYEE that add_employee makes."""
    names = {"email": EMIL, "username": "emil", "first_name": "Emil", "last_name": "Berg", "full_name": "Emil Berg"}
    return kit.employee(**{**names, **known})


def registered(email: str = EMIL, **known: Any) -> dict[str, Any]:
    """The EMPLOYEE of who has just registered."""
    (role,) = kit.employee()["system_roles"]
    fresh = {"status": "Pending", "last_login": None, "system_roles": [{**role, "last_logged_on": None}]}
    return kit.employee(**{"email": email, "username": email.partition("@")[0], **fresh, **known})


def signed_in(employee: dict[str, Any]) -> dict[str, Any]:
    """The answer to a sign-in."""
    return {"success": True, "access": ACCESS, "refresh": REFRESH, "expires_in": 900, "employee": employee}


async def login(api: Api, email: str = EMIL, password: str = PASSWORD, **more: Any) -> Answer:
    """One try; `more` goes into the body."""
    return await api.post(LOGIN, {"email": email, "password": password, **more})


async def sign_in(api: Api, email: str = EMIL, password: str = PASSWORD, **more: Any) -> Tokens:
    """A session by way of the API."""
    answer = await login(api, email, password, **more)
    assert answer.status == 200, answer.text
    return Tokens(answer.json["access"], answer.json["refresh"], answer.json["employee"])


async def account_code(api: Api, mailbox: Mailbox, tokens: Tokens) -> str:
    """A mailed code for changing the account."""
    answer = await api.post(REQUEST, {}, headers=tokens.bearer)
    assert (answer.status, answer.json) == (200, SENT)
    return await mailbox.code(api, tokens.user["email"])


async def with_factor(api: Api, db: asyncpg.Connection, mailbox: Mailbox, email: str = EMIL) -> Owner:
    """A new employee who uses mailed codes."""
    await add_employee(db, email=email)
    tokens = await sign_in(api, email)
    code = await account_code(api, mailbox, tokens)
    answer = await api.post(ENABLE, {"otp_code": code}, headers=tokens.bearer)
    assert answer.status == 200, answer.text
    return Owner(tokens, answer.json["recovery_codes"])


async def challenge(api: Api, email: str = EMIL) -> str:
    """The token of a sign-in that waits for its second factor."""
    answer = await login(api, email)
    assert (answer.status, answer.json["requires_otp"]) == (200, True), answer.text
    return str(answer.json["temporary_token"])


async def verify(api: Api, token: str, code: str, path: str = VERIFY) -> Answer:
    """Answer a challenge."""
    return await api.post(path, {"temporary_token": token, "otp_code": code})


async def is_live(api: Api, tokens: Tokens) -> bool:
    """Does the access token open the own profile?"""
    return (await api.get(ME, headers=tokens.bearer)).status == 200
