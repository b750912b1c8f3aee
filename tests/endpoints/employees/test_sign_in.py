"""POST …/login/: employees sign in, and nobody else there."""

import asyncpg
import pytest

from authsvc.core import hashing
from tests.client import PASSWORD, Api
from tests.endpoints.employees.kit import EMIL, LOGIN, STAFF, emil, is_live, login, sign_in, signed_in
from tests.endpoints.kit import (
    INVALID_CREDENTIALS,
    TIME,
    Sevens,
    add_employee,
    all_cookies,
    assert_cookies,
    basic,
    claims_of,
    looks,
    paths_of,
    set_cookies,
    unchanged,
)
from tests.guard.kit import CAPTCHA_REQUIRED, LOCKED_OUT, captcha_token, captcha_tokens

FAILED = {**INVALID_CREDENTIALS, "success": False}
REFUSALS = {
    "status = 'Pending'": {"detail": "Your account is waiting for approval.", "code": "pending_approval"},
    "status = 'Rejected'": {"detail": "Your account was rejected.", "code": "rejected"},
    "is_active = false": {"detail": "Your account is disabled.", "code": "account_disabled"},
}


async def test_the_whole_answer(api: Api, db: asyncpg.Connection) -> None:
    number = await add_employee(db)
    answer = await login(api)
    assert (answer.status, answer.json) == (200, signed_in(emil(id=number)))
    assert_cookies(answer, answer.json["access"], answer.json["refresh"])
    assert answer.headers["Cache-Control"] == "no-store"
    assert "device" in all_cookies(answer)
    assert await db.fetchrow("SELECT kind, person_id FROM sessions") == ("employee", number)


async def test_the_claims(api: Api, db: asyncpg.Connection) -> None:
    number = await add_employee(db)
    claims = await claims_of(api, (await sign_in(api)).access)
    session_id = await db.fetchval("SELECT id FROM sessions")
    for varying in ("jti", "iat", "exp"):
        assert claims.pop(varying)
    assert claims == {
        "token_type": "access",
        "iss": "http://auth.test",
        "sub": f"employee:{number}",
        "sid": session_id,
        "user_id": number,
        "employee_id": number,
        "user_type": "employee",
        "email": EMIL,
        "username": "emil",
        "full_name": "Emil Berg",
        "first_name": "Emil",
        "last_name": "Berg",
        "roles": [{"system": "hdts", "role": "Employee"}],
    }


async def test_a_form_and_another_spelling_will_do(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db)
    answer = await api.post(LOGIN, data={"email": " EMIL@Example.com", "password": PASSWORD})
    assert (answer.status, answer.json) == (200, signed_in(emil()))


async def test_a_session_of_the_browser(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db)
    cookies = set_cookies(await login(api, remember_me=False))
    assert [("max-age" in attributes) for _, attributes in cookies.values()] == [False, False]


@pytest.mark.parametrize("change", REFUSALS)
async def test_why_not_is_said_after_the_right_password_only(api: Api, db: asyncpg.Connection, change: str) -> None:
    await add_employee(db)
    await db.execute(f"UPDATE employees SET {change}")
    wrong, unknown = await login(api, password="wrong"), await login(api, "nobody@example.com")
    assert looks(wrong) == looks(unknown)
    assert (wrong.status, wrong.json) == (401, FAILED)
    right = await login(api)
    assert (right.status, right.json) == (403, {**REFUSALS[change], "success": False})
    assert (all_cookies(right), await db.fetchval("SELECT count(*) FROM sessions")) == ({}, 0)
    assert await db.fetchval("SELECT last_login FROM employees") is None


async def test_wrong_and_unknown_are_the_same(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db)
    wrong, unknown = await login(api, password="wrong"), await login(api, "nobody@example.com", "wrong")
    assert looks(wrong) == looks(unknown)
    assert (wrong.status, wrong.json) == (401, FAILED)


async def test_a_staff_user_is_unknown_here(api: Api) -> None:
    await api.register(email="ada@example.com")
    stranger = await login(api, "nobody@example.com")
    answer = await login(api, "ada@example.com")
    assert (answer.status, answer.json, looks(answer)) == (401, FAILED, looks(stranger))


async def test_an_employee_is_unknown_at_the_staffs_paths(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db)
    body = {"email": EMIL, "password": PASSWORD}
    for path in paths_of("sessions.obtain", "sessions.login_api"):
        answer = await api.post(path, body)
        await db.execute("DELETE FROM guard")
        assert (answer.status, answer.code) == (401, "invalid_credentials")
        assert not {"access_token", "refresh_token", "device"} & all_cookies(answer).keys()
    answer = await api.get("/token/", headers=basic(EMIL))
    assert (answer.status, answer.json) == (401, INVALID_CREDENTIALS)
    assert await db.fetchval("SELECT count(*) FROM sessions") == 0


async def test_an_old_hash_is_replaced(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db)
    await db.execute("UPDATE employees SET password_hash = $1", hashing.encode(PASSWORD, 5))
    await sign_in(api)
    assert (await db.fetchval("SELECT password_hash FROM employees")).startswith("bcrypt_sha256$$2b$04$")
    await sign_in(api)


async def test_a_sign_in_is_audited_as_the_employees(api: Api, db: asyncpg.Connection) -> None:
    number = await add_employee(db)
    await login(api, password="wrong")
    await sign_in(api)
    rows = await db.fetch("SELECT event, actor_type, subject_type, subject_id, subject_name FROM audit ORDER BY seq")
    assert [tuple(row) for row in rows] == [
        ("authn_login_fail", None, "employee", number, EMIL),
        ("authn_login_success", "employee", "employee", number, EMIL),
    ]


# --- the guard


async def test_the_fourth_try_asks_for_a_captcha(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db)
    for _ in range(3):
        assert (await login(api, password="wrong")).status == 401
    answer = await login(api)
    assert (answer.status, answer.json) == (400, {**CAPTCHA_REQUIRED, "success": False})
    assert (await login(api, captcha_token=await captcha_token(db))).status == 200


async def test_the_tenth_failure_locks_the_employee_and_not_the_user_of_that_address(
    api: Api, db: asyncpg.Connection
) -> None:
    await add_employee(db)
    await api.register(email=EMIL)
    tokens = await sign_in(api)
    for captcha in await captcha_tokens(db, 10):
        assert (await login(api, password="wrong", captcha_token=captcha)).status == 401
    answer = await login(api, captcha_token=await captcha_token(db))
    assert (answer.status, answer.json) == (429, {**LOCKED_OUT, "success": False})
    assert await is_live(api, tokens)
    assert (await api.sign_in(EMIL)).user["email"] == EMIL


async def test_a_locked_user_does_not_lock_the_employee_of_that_address(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db)
    await api.register(email=EMIL)
    for captcha in await captcha_tokens(db, 10):
        body = {"email": EMIL, "password": "wrong", "captcha_token": captcha}
        assert (await api.post(f"{STAFF}/login/", body)).status == 401
    assert (await api.post(f"{STAFF}/login/", {"email": EMIL, "password": PASSWORD})).status == 429
    await sign_in(api)


async def test_a_device_of_the_user_is_none_of_the_employee(api: Api, sevens: Sevens, db: asyncpg.Connection) -> None:
    """The cookie of user 7's browser gives employee 7 no budget of his own."""
    answer = await api.post(f"{STAFF}/login/", {"email": "ada@example.com", "password": PASSWORD})
    device = {"Cookie": f"device={answer.cookies['device'].value}"}
    for captcha in await captcha_tokens(db, 10):
        await login(api, password="wrong", captcha_token=captcha)
    body = {"email": EMIL, "password": PASSWORD, "captcha_token": await captcha_token(db)}
    assert (await api.post(LOGIN, body, headers=device)).status == 429


async def test_bad_fields(api: Api, db: asyncpg.Connection) -> None:
    required = ["This field is required."]
    async with unchanged(db):
        assert (await api.post(LOGIN, {})).json == {"email": required, "password": required}
        answer = await api.post(LOGIN, {"email": [EMIL], "password": PASSWORD})
        assert (answer.status, answer.json) == (400, {"email": ["Not a valid string."]})


async def test_the_second_sign_in_says_when_the_last_one_was(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db)
    first, second = await sign_in(api), await sign_in(api)
    assert (first.user["last_login"], second.user["last_login"]) == (TIME, TIME)
    assert first.user["last_login"] <= second.user["last_login"]
