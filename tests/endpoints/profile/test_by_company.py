"""GET /api/v1/users/profile/by-company/{company_id}/: a colleague, as the caller may see him."""

import asyncpg
import pytest
from yarl import URL

from tests.client import Api, Tokens
from tests.endpoints.kit import (
    NOT_AUTHENTICATED,
    TIME,
    WRONG_ACCOUNT_TYPE,
    add_employee,
    add_role,
    employee,
    profile,
    sign_in_employee,
)

NOT_FOUND = {"detail": "Not found.", "code": "not_found"}


def path(company_id: str) -> str:
    return f"/api/v1/users/profile/by-company/{company_id}/"


async def look_up(api: Api, viewer: Tokens, company_id: str) -> tuple[int, object]:
    answer = await api.get(path(company_id), headers=viewer.bearer)
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status, answer.json


@pytest.fixture
async def bob(api: Api) -> dict:
    """The colleague who is looked up."""
    return await api.register(email="bob@example.com", first_name="Bob", last_name="Berg", department="IT Department")


def card(bob: dict, **known: object) -> dict:
    names = ("id", "email", "first_name", "last_name", "full_name", "company_id", "department")
    return {**{name: bob[name] for name in names}, "type": "user", "profile_picture": None, **known}


async def employees_company_id(db: asyncpg.Connection) -> str:
    return await db.fetchval("SELECT company_id FROM employees")


async def test_oneself_is_seen_whole(api: Api) -> None:
    await api.register(email="ada@example.com")
    tokens = await api.sign_in("ada@example.com")
    expected = {"type": "user", **profile(last_login=TIME)}
    assert await look_up(api, tokens, tokens.user["company_id"]) == (200, expected)


async def test_a_plain_colleague_sees_the_card(api: Api, bob: dict) -> None:
    assert await look_up(api, await api.sign_in(), bob["company_id"]) == (200, card(bob))


async def test_a_superuser_sees_everybody_whole(api: Api, db: asyncpg.Connection, bob: dict) -> None:
    tokens = await api.sign_in()
    await db.execute("UPDATE users SET is_superuser = true WHERE id = $1", tokens.user["id"])
    assert await look_up(api, tokens, bob["company_id"]) == (200, {"type": "user", **bob})


async def test_an_admin_sees_the_people_of_his_system_whole(api: Api, db: asyncpg.Connection, bob: dict) -> None:
    tokens = await api.sign_in()
    await add_role(db, tokens.user["id"], "tts", "Admin")
    await add_role(db, bob["id"], "tts", "Agent")
    status, found = await look_up(api, tokens, bob["company_id"])
    assert status == 200
    (held,) = found["system_roles"]  # type: ignore[index]
    assert (held["system_slug"], held["role_name"]) == ("tts", "Agent")
    assert found == {"type": "user", **bob, "system_roles": [held]}


@pytest.mark.parametrize(
    "system, role, is_active",
    [("ams", "Admin", True), ("tts", "Agent", True), ("tts", "admin", True), ("tts", "Admin", False)],
)
async def test_who_does_not_administer_him_sees_the_card(
    api: Api, db: asyncpg.Connection, bob: dict, system: str, role: str, is_active: bool
) -> None:
    tokens = await api.sign_in()
    await add_role(db, tokens.user["id"], system, role, is_active=is_active)
    await add_role(db, bob["id"], "tts", "Agent")
    assert await look_up(api, tokens, bob["company_id"]) == (200, card(bob))


async def test_an_admin_sees_the_card_of_who_has_no_role(api: Api, db: asyncpg.Connection, bob: dict) -> None:
    tokens = await api.sign_in()
    await add_role(db, tokens.user["id"], "tts", "Admin")
    assert await look_up(api, tokens, bob["company_id"]) == (200, card(bob))


# --- employees


async def test_a_plain_colleague_sees_an_employees_card(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db, 7)
    company_id = await employees_company_id(db)
    known = {"id": 7, "email": "emil@example.com", "first_name": "Emil", "last_name": "Berg", "full_name": "Emil Berg"}
    expected = {**known, "company_id": company_id, "department": None, "type": "employee", "profile_picture": None}
    assert await look_up(api, await api.sign_in(), company_id) == (200, expected)


@pytest.mark.parametrize("who", ["superuser", "hdts admin"])
async def test_who_administers_the_help_desk_sees_employees_whole(api: Api, db: asyncpg.Connection, who: str) -> None:
    tokens = await api.sign_in()
    await add_employee(db, 7)
    if who == "superuser":
        await db.execute("UPDATE users SET is_superuser = true")
    else:
        await add_role(db, tokens.user["id"], "hdts", "Admin")
    status, found = await look_up(api, tokens, await employees_company_id(db))
    held = {**found["system_roles"][0], "role_name": "Employee", "last_logged_on": None}  # type: ignore[index]
    known = {"id": 7, "email": "emil@example.com", "username": "emil", "first_name": "Emil", "last_name": "Berg"}
    expected = employee(**known, full_name="Emil Berg", last_login=None, system_roles=[held])
    assert (status, found) == (200, expected)


async def test_an_admin_of_another_system_sees_an_employees_card(api: Api, db: asyncpg.Connection) -> None:
    tokens = await api.sign_in()
    await add_employee(db, tokens.user["id"])
    await add_role(db, tokens.user["id"], "tts", "Admin")
    _, found = await look_up(api, tokens, await employees_company_id(db))
    assert "status" not in found  # type: ignore[operator]


async def test_an_employee_with_ones_own_number_is_not_oneself(api: Api, db: asyncpg.Connection) -> None:
    tokens = await api.sign_in()
    await add_employee(db, tokens.user["id"])
    _, found = await look_up(api, tokens, await employees_company_id(db))
    assert (found["type"], found["email"]) == ("employee", "emil@example.com")  # type: ignore[index]
    assert "status" not in found  # type: ignore[operator]


async def test_employees_may_not_look_up(api: Api, db: asyncpg.Connection, bob: dict) -> None:
    await add_employee(db)
    tokens = await sign_in_employee(api)
    for company_id in (bob["company_id"], await employees_company_id(db), "MA9998"):
        assert await look_up(api, tokens, company_id) == (403, WRONG_ACCOUNT_TYPE)


# --- nobody there


async def test_an_unknown_id_is_not_found(api: Api) -> None:
    tokens = await api.sign_in()
    for unknown in ("MA9998", "x", "0", "-", "A" * 32):
        assert await look_up(api, tokens, unknown) == (404, NOT_FOUND)


async def test_what_is_no_id_is_not_found(api: Api) -> None:
    tokens = await api.sign_in()
    for odd in ("A" * 33, "MA%00", "MA%250001", "M%C3%841", "%27", "MA_1", "%EF%BC%91"):
        answer = await api.get(URL(path(odd), encoded=True), headers=tokens.bearer)
        assert (answer.status, answer.json) == (404, NOT_FOUND)


async def test_the_id_of_a_deleted_person_is_not_found(api: Api, db: asyncpg.Connection, bob: dict) -> None:
    tokens = await api.sign_in()
    await db.execute("DELETE FROM users WHERE id = $1", bob["id"])
    assert await look_up(api, tokens, bob["company_id"]) == (404, NOT_FOUND)


async def test_small_letters_find_the_same_person(api: Api, bob: dict) -> None:
    assert await look_up(api, await api.sign_in(), bob["company_id"].lower()) == (200, card(bob))


async def test_strangers_see_nothing(api: Api, bob: dict) -> None:
    for company_id in (bob["company_id"], "MA9998"):
        answer = await api.get(path(company_id))
        assert (answer.status, answer.json) == (401, NOT_AUTHENTICATED)
