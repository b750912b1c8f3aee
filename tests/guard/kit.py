"""What tests of the guard share: every door where address and password are checked, and looks behind it."""

import hashlib
import secrets
import threading

import asyncpg
import pytest
from aiohttp import encode_basic_auth

from authsvc.core import hashing
from authsvc.core.person import Kind
from authsvc.routes import ROUTES
from authsvc.routing import Access
from authsvc.schemas.otp import RequestBody
from authsvc.schemas.sessions import SignInBody
from tests.client import PASSWORD, Answer, Api, cookie_header

WRONG = "wrong horse battery"
BASIC = [f"{row.method} {path}" for row in ROUTES if row.access is Access.BASIC for path in row.paths]
_WITH_PASSWORD = [row for row in ROUTES if row.spec.body in {SignInBody, RequestBody}]
FORMS = [f"POST {path}" for row in _WITH_PASSWORD if Kind.STAFF in row.kinds for path in row.paths]
EMPLOYEES_FORMS = [f"POST {path}" for row in _WITH_PASSWORD if Kind.EMPLOYEE in row.kinds for path in row.paths]
DOORS = FORMS + BASIC  # every name of every place that takes address and password of any staff user
LOGIN = "POST /api/v1/users/login/"

CAPTCHA_REQUIRED = {
    "detail": "A captcha is required.",
    "code": "captcha_required",
    "captcha_token": ["Solve a captcha and send its captcha_token."],
}
LOCKED_OUT = {"detail": "Too many failed attempts. Try again later.", "code": "locked_out"}
WRONG_CREDENTIALS = {"detail": "No active account found with the given credentials.", "code": "invalid_credentials"}


def said_at(door: str, body: dict[str, object]) -> dict[str, object]:
    """An error's body as that door says it."""
    return {**body, "success": False} if door.endswith("/login/api/") else body


async def knock(
    api: Api,
    door: str,
    email: str,
    password: str = WRONG,
    *,
    captcha: str | None = None,
    device: str | None = None,
    **headers: str,
) -> Answer:
    """Try address and password at one door."""
    if device is not None:
        headers |= cookie_header(device=device)
    method, path = door.split()
    if door in BASIC:
        headers["Authorization"] = encode_basic_auth(email, password)
        return await api.request(method, path, headers=headers)
    body = {"email": email, "password": password, **({"captcha_token": captcha} if captcha else {})}
    return await api.request(method, path, json=body, headers=headers)


async def captcha_tokens(db: asyncpg.Connection, times: int) -> list[str]:
    """Tokens as solved captchas give them."""
    tokens = [secrets.token_urlsafe(32) for _ in range(times)]
    await db.execute(
        """INSERT INTO captchas (session_hash, answer_hash, expires_at, answered_at, token_hash, token_expires_at)
           SELECT uuid_send(gen_random_uuid()), '', now() + interval '10 minutes', now(), h,
                  now() + interval '10 minutes'
             FROM unnest($1::bytea[]) h""",
        [hashlib.sha256(token.encode()).digest() for token in tokens],
    )
    return tokens


async def captcha_token(db: asyncpg.Connection) -> str:
    """One of them."""
    return (await captcha_tokens(db, 1))[0]


async def fail(
    api: Api, db: asyncpg.Connection, email: str, times: int, *, door: str = LOGIN, device: str | None = None
) -> list[Answer]:
    """So many wrong passwords in a row, each with a captcha."""
    captchas = await captcha_tokens(db, times)
    return [await knock(api, door, email, captcha=captcha, device=device) for captcha in captchas]


async def lock(api: Api, db: asyncpg.Connection, email: str, *, device: str | None = None) -> None:
    """The tenth wrong password of a name without failures; the second to ninth are only written down."""
    await fail(api, db, email, 1, device=device)
    await db.execute("UPDATE guard SET failures = 9 WHERE last_failed_at = (SELECT max(last_failed_at) FROM guard)")
    answers = await fail(api, db, email, 1, device=device)
    assert answers[0].status == 401


async def device_of(api: Api, email: str, device: str | None = None) -> str:
    """The cookie of a browser in which somebody signed in."""
    answer = await knock(api, LOGIN, email, PASSWORD, device=device)
    assert answer.status == 200, answer.text
    return str(answer.cookies["device"].value)


class HashChecks:
    """Counts the passwords that were really compared."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self._mutex = threading.Lock()
        real = hashing.verify

        def counted(password: str, stored: str) -> bool:
            with self._mutex:
                self.count += 1
            return real(password, stored)

        monkeypatch.setattr(hashing, "verify", counted)
