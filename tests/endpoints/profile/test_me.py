"""GET /api/me/: who am I, staff or employee?"""

import asyncpg
import pytest

from tests.client import Api
from tests.endpoints.kit import (
    NOT_AUTHENTICATED,
    TIME,
    TOKEN_NOT_VALID,
    add_employee,
    add_role,
    cookies_of,
    employee,
    profile,
    sign_in_employee,
)

ADA = "ada@example.com"


async def test_staff(api: Api) -> None:
    user = await api.register(email=ADA)
    tokens = await api.sign_in(ADA)
    for headers in (tokens.bearer, cookies_of(tokens)):
        answer = await api.get("/api/me/", headers=headers)
        assert (answer.status, answer.json) == (200, {"type": "user", "data": profile(id=user["id"], last_login=TIME)})
        assert answer.headers["Cache-Control"] == "no-store"


async def test_an_employee(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db, 7)
    answer = await api.get("/api/me/", headers=(await sign_in_employee(api)).bearer)
    known = {"id": 7, "email": "emil@example.com", "username": "emil", "first_name": "Emil", "last_name": "Berg"}
    assert (answer.status, answer.json) == (200, {"type": "employee", "data": employee(**known, full_name="Emil Berg")})


async def test_roles_and_status_are_those_of_now(api: Api, db: asyncpg.Connection) -> None:
    tokens = await api.sign_in()
    await add_role(db, tokens.user["id"], "tts", "Agent")
    await db.execute("UPDATE users SET status = 'Approved', is_superuser = true")
    data = (await api.get("/api/me/", headers=tokens.bearer)).json["data"]
    assert (data["status"], data["is_superuser"], len(data["system_roles"])) == ("Approved", True, 1)


async def test_nobody(api: Api) -> None:
    answer = await api.get("/api/me/")
    assert (answer.status, answer.json) == (401, NOT_AUTHENTICATED)
    assert answer.headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize("change", ["is_active = false", "status = 'Rejected'"])
async def test_who_is_shut_out_is_nobody_at_once(api: Api, db: asyncpg.Connection, change: str) -> None:
    tokens = await api.sign_in()
    await db.execute(f"UPDATE users SET {change}")
    for headers in (tokens.bearer, cookies_of(tokens)):
        answer = await api.get("/api/me/", headers=headers)
        assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)


async def test_head_says_the_same_without_a_body(api: Api) -> None:
    tokens = await api.sign_in()
    answer = await api.request("HEAD", "/api/me/", headers=tokens.bearer)
    assert (answer.status, answer.text) == (200, "")
    assert (await api.request("HEAD", "/api/me/")).status == 401


async def test_two_authorization_headers_are_refused(api: Api) -> None:
    from multidict import CIMultiDict

    tokens = await api.sign_in()
    headers = CIMultiDict([("Authorization", f"Bearer {tokens.access}"), ("Authorization", "Bearer x")])
    answer = await api.get("/api/me/", headers=headers)
    detail = "More than one Authorization header."
    assert (answer.status, answer.json) == (400, {"detail": detail, "code": "malformed"})
