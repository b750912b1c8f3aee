"""Every place that checks a secret passes the one guard: found by what the rows take, over all their names."""

from collections.abc import Mapping
from typing import Any

import asyncpg
import pytest
from aiohttp import encode_basic_auth

from authsvc import guard
from authsvc.routes import ROUTES
from authsvc.routing import EMPLOYEES_ONLY, Access, Route
from authsvc.schemas.base import Password
from authsvc.schemas.sessions import SignInBody
from tests.client import PASSWORD, Api, Tokens
from tests.endpoints.kit import add_employee, sign_in_employee

SECRET_NAMES = {"password", "otp_code", "temporary_token", "token", "response"}
WRONG, TOKEN, NO_CODE, NEW = "wrong horse battery", "x" * 43, "aaaaa-aaaaa", "another horse battery"
CODE_ONLY = {"otp_code": NO_CODE}
WRONG_PASSWORD = {"password": WRONG, "otp_code": NO_CODE}
WRONG_CODE = {"password": PASSWORD, "otp_code": NO_CODE}
SIGN_IN = {"email": "ada@example.com", "password": WRONG}
RESET = {"token": TOKEN, "password": NEW, "password_confirm": NEW}
ADDRESS = {"email": "new@example.com", "current_password": WRONG}

# What is wrong in each body, and how often the guard must be passed for it.
ATTEMPTS: Mapping[str, list[tuple[dict[str, str], int]]] = {
    "sessions.obtain": [(SIGN_IN, 1)],
    "sessions.login_api": [(SIGN_IN, 1)],
    "sessions.login_employee": [(SIGN_IN, 1)],
    "sessions.verify_otp_employee": [({"temporary_token": TOKEN, "otp_code": NO_CODE}, 1)],
    "sessions.verify_otp": [({"temporary_token": TOKEN, "otp_code": NO_CODE}, 1)],
    "sign_in.submit": [
        (SIGN_IN, 1),
        ({"temporary_token": TOKEN, "otp_code": NO_CODE}, 1),
        ({**SIGN_IN, "captcha_session": TOKEN, "captcha_response": "ABCDEF"}, 1),
    ],
    "passwords.reset": [(RESET, 1)],
    "links.reset": [(RESET, 1)],
    "passwords.change": [
        ({"current_password": WRONG, "new_password": NEW}, 1),
        ({"old_password": WRONG, "new_password": NEW}, 1),
    ],
    "passwords.check": [({"current_password": WRONG}, 1), ({"password": WRONG}, 1)],
    "passwords.confirm_address": [({"token": TOKEN}, 1)],
    "links.confirm": [({"token": TOKEN}, 1)],
    "links.accept_invitation": [(RESET, 1)],
    "invitations.accept": [(RESET, 1)],
    "profile.edit": [(ADDRESS, 1)],
    "otp.request": [({"temporary_token": TOKEN}, 1), (SIGN_IN, 1)],
    "otp.enable": [(CODE_ONLY, 1), (WRONG_PASSWORD, 1), (WRONG_CODE, 2)],
    "otp.disable": [(WRONG_PASSWORD, 1), (WRONG_CODE, 2)],
    "otp.check_before_disabling": [(WRONG_PASSWORD, 1), (WRONG_CODE, 2)],
    "otp.confirm_app": [(CODE_ONLY, 1)],
    "otp.renew_recovery_codes": [(WRONG_PASSWORD, 1), (WRONG_CODE, 2)],
    "captcha.verify": [({"session_id": TOKEN, "response": "ABCDEF"}, 1)],
}
EXCEPTIONS = {
    "managed_users.create": "its password is set, not checked",
    "users.register": "its password is set, not checked",
    "users.register_employee": "its password is set, not checked",
    "tokens.verify": "takes access and refresh tokens: signed, or 256 random bits of a session; it signs nobody in",
}
WITH_FACTOR = {"otp.renew_recovery_codes"}  # says 409 to who has none


def takes_a_secret(row: Route) -> bool:
    fields = row.spec.body._declared_fields if row.spec.body else {}
    return any(isinstance(field, Password) or name in SECRET_NAMES for name, field in fields.items())


async def employee(api: Api, db: asyncpg.Connection) -> Tokens:
    """A session of a new employee."""
    await add_employee(db)
    return await sign_in_employee(api)


ROWS = [row for row in ROUTES if takes_a_secret(row)]


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> list[guard.Attempt]:
    """The attempts that were counted."""
    found: list[guard.Attempt] = []
    real = guard._reserve

    async def counted(svc: Any, attempt: guard.Attempt, place: Any) -> None:
        found.append(attempt)
        await real(svc, attempt, place)

    monkeypatch.setattr(guard, "_reserve", counted)
    return found


def test_every_row_that_takes_a_secret_is_decided_about() -> None:
    assert {row.name for row in ROWS} == ATTEMPTS.keys() | EXCEPTIONS.keys()
    assert ATTEMPTS.keys() & EXCEPTIONS.keys() == set()


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.name in ATTEMPTS], ids=lambda row: f"{row.method} {row.path}"
)
async def test_a_wrong_secret_passes_the_guard_at_every_name(
    api: Api, db: asyncpg.Connection, passed: list[guard.Attempt], row: Route
) -> None:
    signed_in = row.access in {Access.SIGNED_IN, Access.EMPLOYEE}
    headers = (await (employee(api, db) if row.kinds == EMPLOYEES_ONLY else api.sign_in())).bearer if signed_in else {}
    for people in ("users", "employees"):
        await db.execute(f"UPDATE {people} SET otp_enabled = $1", row.name in WITH_FACTOR)
    for path in row.paths:
        for body, passes in ATTEMPTS[row.name]:
            passed.clear()
            how = {"data": body} if row.access is Access.PUBLIC_PAGE else {"json": body}
            answer = await api.request(row.method, path, headers=headers, **how)
            assert answer.status in {400, 401} or answer.json.get("valid") is False, answer.text
            assert (path, body, len(passed)) == (path, body, passes)
            assert {bool(attempt.session_id) for attempt in passed} == {signed_in}


BASIC = [path for row in ROUTES if row.access is Access.BASIC for path in row.paths]


@pytest.mark.parametrize("path", BASIC)
async def test_basic_credentials_pass_the_guard(api: Api, passed: list[guard.Attempt], path: str) -> None:
    answer = await api.get(path, headers={"Authorization": encode_basic_auth("ada@example.com", WRONG)})
    assert (answer.status, len(passed)) == (401, 1)


LINK_PAGES = [
    path
    for row in ROUTES
    if row.spec.query and "token" in row.spec.query._declared_fields and row.method == "GET"
    for path in row.paths
]


@pytest.mark.parametrize("path", LINK_PAGES)
async def test_a_page_that_says_whether_a_link_is_good_passes_the_guard(
    api: Api, passed: list[guard.Attempt], path: str
) -> None:
    answer = await api.get(path, params={"token": TOKEN}, headers={"Accept": "application/json"})
    assert (answer.status, answer.json) == (200, {"valid": False})
    assert len(passed) == 1


async def test_a_code_that_comes_with_the_password_passes_the_guard_too(
    api: Api, db: asyncpg.Connection, passed: list[guard.Attempt]
) -> None:
    email = (await api.register())["email"]
    await add_employee(db, email=email)
    await db.execute("UPDATE users SET otp_enabled = true")
    await db.execute("UPDATE employees SET otp_enabled = true")
    names = [path for row in ROUTES if row.spec.body is SignInBody for path in row.paths]
    for path in names:
        await api.post(path, {"email": email, "password": PASSWORD, "otp_code": NO_CODE})
    assert [attempt.event for attempt in passed] == ["authn_login_fail", "authn_code_fail"] * len(names)
