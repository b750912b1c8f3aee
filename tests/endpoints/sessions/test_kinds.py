"""User 7 and employee 7 are two people, and nothing takes one for the other."""

import re

import asyncpg
import jwt
import pytest

from authsvc.core.person import Kind
from authsvc.routes import ROUTES
from authsvc.routing import Access
from tests.client import Api
from tests.endpoints.kit import (
    PROFILE,
    TOKEN_NOT_VALID,
    WRONG_ACCOUNT_TYPE,
    Sevens,
    add_employee,
    assert_alive,
    assert_dead,
    claims_of,
    cookies_of,
    refresh_cookie,
    sign_in_employee,
    unchanged,
)

_SAMPLES = {"company_id": "MA0001", "slug": "tts"}


def filled(path: str) -> str:
    """A path with something in place of each `{name:pattern}`."""
    return re.sub(r"\{(\w+)(?::(?:[^{}]|\{[^{}]*\})*)?\}", lambda found: _SAMPLES.get(found[1], "7"), path)


STAFF_ONLY = [
    (row.method, filled(path))
    for row in ROUTES
    for path in row.paths
    if row.access in (Access.SIGNED_IN, Access.ADMIN, Access.ADMIN_PAGE) and row.kinds == {Kind.STAFF}
]
BOTH = [
    (row.method, path)
    for row in ROUTES
    for path in row.paths
    if row.access is Access.SIGNED_IN and set(Kind) <= row.kinds and not row.settles_itself
]


async def test_the_tokens_say_whose_they_are(api: Api, sevens: Sevens) -> None:
    user, employee = [await claims_of(api, tokens.access) for tokens in sevens]
    assert (user["sub"], user["user_type"], user["user_id"], user["email"]) == (
        "staff:7",
        "staff",
        7,
        "ada@example.com",
    )
    assert (employee["sub"], employee["user_type"], employee["user_id"]) == ("employee:7", "employee", 7)
    assert (employee["email"], employee["employee_id"]) == ("emil@example.com", 7)
    assert "employee_id" not in user
    assert user["sid"] != employee["sid"]


async def test_each_sees_himself(api: Api, sevens: Sevens) -> None:
    for tokens, noun, email in ((sevens.user, "user", "ada@"), (sevens.employee, "employee", "emil@")):
        for headers in (tokens.bearer, cookies_of(tokens)):
            me = (await api.get("/api/me/", headers=headers)).json
            assert (me["type"], me["data"]["email"], me["data"]["id"]) == (noun, email + "example.com", 7)
            assert (await api.get(PROFILE, headers=headers)).json["email"] == email + "example.com"
            valid = (await api.get("/api/v1/users/token/validate/", headers=headers)).json
            assert (valid["email"], valid["user_id"]) == (email + "example.com", 7)


async def test_each_refreshes_himself(api: Api, sevens: Sevens) -> None:
    for tokens, kind in ((sevens.user, "staff"), (sevens.employee, "employee")):
        answer = await api.post("/api/v1/users/token/refresh/", headers=refresh_cookie(tokens.refresh))
        assert answer.json["user_type"] == kind
        assert (await claims_of(api, answer.json["access"]))["sub"] == f"{kind}:7"


async def test_each_edits_himself(api: Api, db: asyncpg.Connection, sevens: Sevens) -> None:
    for tokens, name in ((sevens.user, "Augusta"), (sevens.employee, "Emilio")):
        answer = await api.patch(PROFILE, {"first_name": name}, headers=tokens.bearer)
        assert (answer.status, answer.json["first_name"]) == (200, name)
    names = await db.fetchrow("SELECT u.first_name, e.first_name FROM users u JOIN employees e USING (id)")
    assert tuple(names) == ("Augusta", "Emilio")
    audited = await db.fetch("SELECT actor_type, actor_name FROM audit WHERE event = 'profile_changed' ORDER BY seq")
    assert [tuple(row) for row in audited] == [("user", "ada@example.com"), ("employee", "emil@example.com")]


async def test_each_signs_out_himself(api: Api, sevens: Sevens) -> None:
    await api.post("/api/v1/users/logout/", headers=sevens.employee.bearer)
    await assert_dead(api, sevens.employee)
    await assert_alive(api, sevens.user)


@pytest.mark.parametrize("table, gone", [("users", 0), ("employees", 1)])
async def test_each_is_shut_out_himself(
    api: Api, db: asyncpg.Connection, sevens: Sevens, table: str, gone: int
) -> None:
    await db.execute(f"UPDATE {table} SET is_active = false WHERE id = 7")
    await assert_dead(api, sevens[gone])
    await assert_alive(api, sevens[1 - gone])


async def test_the_rights_of_the_one_are_not_those_of_the_other(
    api: Api, db: asyncpg.Connection, sevens: Sevens
) -> None:
    await db.execute("UPDATE users SET is_superuser = true WHERE id = 7")
    answer = await api.get("/api/v1/users/profile/by-company/MA0001/", headers=sevens.employee.bearer)
    assert (answer.status, answer.json) == (403, WRONG_ACCOUNT_TYPE)


async def test_a_token_with_the_other_kind_swapped_in_is_refused(api: Api, sevens: Sevens, signing_keys) -> None:
    signer = signing_keys.signer
    for tokens, sub in ((sevens.user, "employee:7"), (sevens.employee, "staff:7")):
        claims = {**await claims_of(api, tokens.access), "sub": sub}
        forged = jwt.encode(claims, signer.private, signer.algorithm, headers={"typ": "at+jwt", "kid": signer.kid})
        answer = await api.get("/api/me/", headers={"Authorization": f"Bearer {forged}"})
        assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)


async def test_a_users_cookie_beside_an_employees_header(api: Api, sevens: Sevens) -> None:
    both = {**cookies_of(sevens.user), **sevens.employee.bearer}
    assert (await api.get("/api/me/", headers=both)).json["type"] == "employee"


async def test_an_employee_is_of_the_wrong_kind_where_only_staff_may_call(
    api: Api, db: asyncpg.Connection, sevens: Sevens
) -> None:
    for method, path in STAFF_ONLY:
        async with unchanged(db):
            for headers in (sevens.employee.bearer, cookies_of(sevens.employee)):
                answer = await api.request(method, path, headers=headers)
                assert (answer.status, answer.json) == (403, WRONG_ACCOUNT_TYPE), (method, path)


@pytest.mark.parametrize("method, path", BOTH)
async def test_an_employee_may_call_what_is_for_both(api: Api, sevens: Sevens, method: str, path: str) -> None:
    answer = await api.request(method, path, headers=sevens.employee.bearer)
    assert (answer.status in (200, 400), answer.code) == (True, None)  # 400: fields of the body are missing


async def test_what_is_for_both_is_only_this() -> None:
    assert {path for _, path in BOTH} <= {
        "/api/me/",
        PROFILE,
        "/api/v1/users/token/validate/",
        "/api/v1/users/change-password/",
        "/api/v1/users/verify-password/",
        "/api/v1/users/password/change/",
        "/api/v1/users/password/verify/",
        "/api/v1/users/profile/reset-password/",
    }


@pytest.mark.parametrize("path", ["/api/v1/users/login/", "/api/v1/users/login/api/", "/token/"])
async def test_one_address_of_two_people_opens_the_users_session(api: Api, db: asyncpg.Connection, path: str) -> None:
    await api.register(email="both@example.com", password="violet hammer orbit")
    await add_employee(db, email="both@example.com")
    body = {"email": "both@example.com", "password": "violet hammer orbit"}
    access = (await api.post(path, body)).json["access"]
    assert (await claims_of(api, access))["user_type"] == "staff"
    employee = await sign_in_employee(api, "both@example.com")
    assert (await claims_of(api, employee.access))["user_type"] == "employee"
