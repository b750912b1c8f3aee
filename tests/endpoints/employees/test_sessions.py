"""Refreshing, looking at and ending an employee's sessions."""

import asyncpg
import pytest

from authsvc.core.person import Kind
from tests.client import Api
from tests.endpoints.employees.kit import LOGOUT, LOGOUT_ALL, ROTATE, SESSIONS, is_live, sign_in
from tests.endpoints.kit import (
    ACCESS,
    NOT_AUTHENTICATED,
    NUMBER,
    TIME,
    TOKEN_NOT_VALID,
    WRONG_ACCOUNT_TYPE,
    Sevens,
    add_employee,
    assert_alive,
    assert_cleared,
    assert_cookies,
    assert_dead,
    cookies_of,
    paths_of,
    refresh_cookie,
    set_cookies,
    unchanged,
)

OUT = {"message": "Logout successful"}
BY_COOKIE = paths_of("tokens.rotate_cookie", kind=Kind.EMPLOYEE)
SIGN_OUT = [*paths_of("sessions.logout", kind=Kind.EMPLOYEE), *paths_of("sessions.logout_anyway")]


@pytest.mark.parametrize("path", BY_COOKIE)
async def test_refreshing_by_cookie(api: Api, db: asyncpg.Connection, path: str) -> None:
    await add_employee(db)
    tokens = await sign_in(api)
    answer = await api.post(path, headers=refresh_cookie(tokens.refresh))
    expected = {"message": "Token refreshed", "access": ACCESS, "expires_in": 900, "user_type": "employee"}
    assert (answer.status, answer.json) == (200, expected)
    successor = set_cookies(answer)["refresh_token"][0]
    assert_cookies(answer, answer.json["access"], successor)
    assert successor != tokens.refresh
    assert (await api.post(path, headers=refresh_cookie(successor))).status == 200


async def test_refreshing_in_the_body_at_the_shared_path(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db)
    tokens = await sign_in(api)
    answer = await api.post("/api/v1/token/refresh/", {"refresh": tokens.refresh})
    assert (answer.status, answer.json.keys()) == (200, {"access", "refresh", "expires_in"})
    answer = await api.get("/token/", headers=refresh_cookie(answer.json["refresh"]))
    assert (answer.status, answer.json) == (200, {"access": ACCESS, "expires_in": 900})


async def test_the_employees_path_takes_no_token_in_the_body(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db)
    tokens = await sign_in(api)
    async with unchanged(db):
        for body in ({}, {"refresh": tokens.refresh}):
            answer = await api.post(ROTATE, body)
            assert (answer.status, answer.json) == (401, NOT_AUTHENTICATED)
    await assert_alive(api, tokens)


async def test_a_staff_token_is_refused_there_and_neither_spent_nor_taken_for_stolen(
    api: Api, db: asyncpg.Connection, sevens: Sevens
) -> None:
    async with unchanged(db):
        answer = await api.post(ROTATE, headers=refresh_cookie(sevens.user.refresh))
        assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)
        assert_cleared(answer)
    await assert_alive(api, sevens.user)
    fresh = (await api.post("/api/v1/token/refresh/", {"refresh": sevens.user.refresh})).json["refresh"]
    async with unchanged(db):  # the one before, within its grace
        assert (await api.post(ROTATE, headers=refresh_cookie(sevens.user.refresh))).status == 401
    assert (await api.post("/api/v1/token/refresh/", {"refresh": fresh})).status == 200


async def test_a_reused_token_ends_the_session(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db)
    tokens = await sign_in(api)
    token = tokens.refresh
    for _ in range(2):
        answer = await api.post(ROTATE, headers=refresh_cookie(token))
        token = set_cookies(answer)["refresh_token"][0]
    assert (await api.post(ROTATE, headers=refresh_cookie(tokens.refresh))).json == TOKEN_NOT_VALID
    assert not await is_live(api, tokens)
    row = await db.fetchrow("SELECT subject_type, subject_name FROM audit WHERE event = 'authn_token_reuse'")
    assert tuple(row) == ("employee", "emil@example.com")


@pytest.mark.parametrize("path", SIGN_OUT)
@pytest.mark.parametrize("by", ["bearer", "cookies", "refresh cookie", "refresh body"])
async def test_signing_out(api: Api, db: asyncpg.Connection, path: str, by: str) -> None:
    await add_employee(db)
    tokens = await sign_in(api)
    headers = {"bearer": tokens.bearer, "cookies": cookies_of(tokens), "refresh cookie": refresh_cookie(tokens.refresh)}
    body = {"refresh": tokens.refresh} if by == "refresh body" else {}
    answer = await api.post(path, body, headers=headers.get(by, {}))
    assert (answer.status, answer.json) == (200, OUT)
    assert_cleared(answer)
    await assert_dead(api, tokens)


async def test_who_signs_out_there(api: Api, db: asyncpg.Connection, sevens: Sevens) -> None:
    async with unchanged(db):
        for headers in (sevens.user.bearer, cookies_of(sevens.user), refresh_cookie(sevens.user.refresh)):
            answer = await api.post(LOGOUT, headers=headers)
            assert (answer.status, answer.json, set_cookies(answer)) == (403, WRONG_ACCOUNT_TYPE, {})
        answer = await api.post(LOGOUT, {"refresh": sevens.user.refresh})
        assert (answer.status, answer.json) == (403, WRONG_ACCOUNT_TYPE)
        answer = await api.post(LOGOUT)
        assert (answer.status, answer.json) == (401, NOT_AUTHENTICATED)
        answer = await api.post(LOGOUT, headers={"Authorization": "Bearer stale"})
        assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)
    await assert_alive(api, sevens.user)


async def test_signing_out_there_with_sessions_of_both_kinds_ends_the_employees(
    api: Api, db: asyncpg.Connection, sevens: Sevens
) -> None:
    headers = {**sevens.user.bearer, **cookies_of(sevens.employee)}
    answer = await api.post(LOGOUT, headers=headers)
    assert (answer.status, answer.json) == (200, OUT)
    await assert_dead(api, sevens.employee)
    await assert_alive(api, sevens.user)


async def test_the_sign_out_page_leads_to_the_employees_sign_in(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db)
    tokens = await sign_in(api)
    answer = await api.get("/logout/", headers=cookies_of(tokens))
    staff = await api.get("/logout/")
    assert (answer.status, staff.status) == (303, 303)
    assert answer.headers["Location"] != staff.headers["Location"]
    await assert_dead(api, tokens)


async def test_own_sessions(api: Api, db: asyncpg.Connection, sevens: Sevens) -> None:
    other = await sign_in(api)
    answer = await api.get(SESSIONS, headers=sevens.employee.bearer)
    row = {"id": NUMBER, "created_at": TIME, "last_used_at": TIME, "ip": "127.0.0.1"}
    rows = [{**row, "user_agent": row_["user_agent"], "current": row_["current"]} for row_ in answer.json]
    assert (answer.status, answer.json, len(rows)) == (200, rows, 2)
    assert sorted(row_["current"] for row_ in answer.json) == [False, True]
    ids = {row_["id"] for row_ in answer.json}
    assert ids == {r["id"] for r in await db.fetch("SELECT id FROM sessions WHERE employee_id = 7")}
    (gone,) = (row_["id"] for row_ in answer.json if not row_["current"])
    assert (await api.request("DELETE", f"{SESSIONS}{gone}/", headers=sevens.employee.bearer)).status == 204
    await assert_dead(api, other)
    await assert_alive(api, sevens.employee)
    await assert_alive(api, sevens.user)


async def test_the_session_of_the_user_of_that_number_is_not_ones_own(
    api: Api, db: asyncpg.Connection, sevens: Sevens
) -> None:
    for kind, path, tokens in (
        ("staff", SESSIONS, sevens.employee),
        ("employee", "/api/v1/users/sessions/", sevens.user),
    ):
        foreign = await db.fetchval("SELECT id FROM sessions WHERE kind = $1", kind)
        async with unchanged(db):
            answer = await api.request("DELETE", f"{path}{foreign}/", headers=tokens.bearer)
            assert (answer.status, answer.code) == (404, "not_found")
        assert foreign not in [row["id"] for row in (await api.get(path, headers=tokens.bearer)).json]


async def test_signing_out_everywhere(api: Api, sevens: Sevens) -> None:
    other = await sign_in(api)
    answer = await api.post(LOGOUT_ALL, headers=sevens.employee.bearer)
    assert (answer.status, answer.json) == (200, OUT)
    assert_cleared(answer)
    for tokens in (sevens.employee, other):
        await assert_dead(api, tokens)
    await assert_alive(api, sevens.user)
