"""Lookups by other services, from inside the internal network: what they get, of whom."""

import asyncio

import asyncpg
import pytest

from tests.client import Api
from tests.endpoints.kit import TIME, add_employee, add_role, looks, profile, sign_in_employee, unchanged
from tests.internal.conftest import Pair
from tests.internal.kit import EMPLOYEE, HELP_DESK, LOOKUPS, MISSING, NOT_FOUND, USER, employee, user
from tests.rights.world import add_user

ADA = {"status": "Approved", "first_name": "Ada", "last_name": "Lovelace", "full_name": "Ada Lovelace"}


def held(assignment_id: object, slug: str, role: str = "Agent", *, is_active: bool = True) -> dict[str, object]:
    name = "Help Desk and Ticketing System" if slug == "hdts" else f"System {slug}"
    return {
        "id": assignment_id,
        "system_name": name,
        "system_slug": slug,
        "role_name": role,
        "assigned_at": TIME,
        "last_logged_on": None,
        "is_active": is_active,
    }


async def test_a_user_and_an_employee_of_one_number_are_two_people(
    inside: Api, db: asyncpg.Connection, pair: Pair
) -> None:
    async with unchanged(db):
        answer = await inside.get(USER.format(pair.id))
        assert (answer.status, answer.json) == (200, user(pair.id))
        answer = await inside.get(EMPLOYEE.format(pair.id))
        assert (answer.status, answer.json) == (200, employee(pair.id))
        answer = await inside.get(HELP_DESK.format(pair.id))
        system = await db.fetchval("SELECT name FROM systems WHERE slug = 'hdts'")
        role = {**held(pair.held, "hdts"), "system_name": system}
        assert (answer.status, answer.json) == (200, profile(id=pair.id, **ADA, system_roles=[role]))


async def test_one_kind_is_never_found_by_the_number_of_the_other(inside: Api, db: asyncpg.Connection) -> None:
    staff = await add_user(db, "ada@example.com", first_name="Ada", last_name="Lovelace")
    other = await add_employee(db, staff + 1)
    await add_role(db, staff, "hdts", "Agent")
    for path, number in ((USER, other), (HELP_DESK, other), (EMPLOYEE, staff)):
        answer = await inside.get(path.format(number))
        assert (answer.status, answer.json) == (404, NOT_FOUND), path
    assert (await inside.get(EMPLOYEE.format(other))).json == employee(other)
    assert (await inside.get(USER.format(staff))).json == user(staff)


async def test_only_who_holds_an_active_role_of_the_help_desk_is_its_user(inside: Api, db: asyncpg.Connection) -> None:
    tts, inactive, both = [await add_user(db, f"{name}@example.com") for name in ("tts", "inactive", "both")]
    nobody = await add_user(db, "nobody@example.com")
    await add_role(db, tts, "tts", "Agent")
    await add_role(db, inactive, "hdts", "Agent", is_active=False)
    await add_role(db, inactive, "tts", "Agent")
    await add_role(db, both, "hdts", "Agent", is_active=False)
    await add_role(db, both, "hdts", "Admin")
    for number in (tts, inactive, nobody):
        answer = await inside.get(HELP_DESK.format(number))
        assert (answer.status, answer.json) == (404, NOT_FOUND)
    answer = await inside.get(HELP_DESK.format(both))
    assert answer.status == 200
    assert [(r["role_name"], r["is_active"]) for r in answer.json["system_roles"]] == [
        ("Agent", False),
        ("Admin", True),
    ]
    await db.execute("UPDATE assignments SET is_active = false WHERE user_id = $1 AND is_active", tts)
    await db.execute("UPDATE assignments SET is_active = true WHERE user_id = $1", inactive)
    assert (await inside.get(HELP_DESK.format(inactive))).status == 200  # felt at once


async def test_who_was_deactivated_is_found_and_said_to_be_so(inside: Api, db: asyncpg.Connection, pair: Pair) -> None:
    await db.execute("UPDATE users SET is_active = false")
    await db.execute("UPDATE employees SET status = 'Rejected'")
    assert (await inside.get(USER.format(pair.id))).json == user(pair.id, is_active=False)
    assert (await inside.get(EMPLOYEE.format(pair.id))).json == employee(pair.id, status="Rejected")
    assert (await inside.get(HELP_DESK.format(pair.id))).json["is_active"] is False


async def test_all_fields_of_an_employee(inside: Api, db: asyncpg.Connection, pair: Pair) -> None:
    await db.execute(
        """UPDATE employees SET middle_name = 'Otto', suffix = 'Jr.', phone_number = '+639171234567',
                  department = 'IT Department'"""
    )
    given = {"middle_name": "Otto", "suffix": "Jr.", "phone_number": "+639171234567", "department": "IT Department"}
    answer = await inside.get(EMPLOYEE.format(pair.id))
    assert answer.json == employee(pair.id, **given, full_name="Emil Otto Berg Jr.")


@pytest.mark.parametrize("number", [MISSING, 2**31, 9999999999, "0", "01", "-1", "1.0", "abc", "1e3", "%31%00"])
async def test_there_is_nobody_of_that_number(inside: Api, pair: Pair, number: object) -> None:
    for path in LOOKUPS:
        answer = await inside.get(path.format(number))
        assert (answer.status, answer.json) == (404, NOT_FOUND), path


async def test_credentials_of_people_neither_help_nor_hurt(inside: Api, db: asyncpg.Connection, pair: Pair) -> None:
    staff, emil = await inside.sign_in("ada@example.com"), await sign_in_employee(inside)
    alone = await inside.get(USER.format(pair.id))
    for headers in (
        staff.bearer,
        emil.bearer,
        {"Authorization": "Bearer null"},
        {"Authorization": "Basic eA=="},
        {"Cookie": "access_token=garbage"},
    ):
        answer = await inside.get(USER.format(pair.id), headers=headers)
        assert looks(answer) == looks(alone), headers


async def test_head_says_the_same_without_the_body(inside: Api, pair: Pair) -> None:
    for path in LOOKUPS:
        asked = await inside.get(path.format(pair.id))
        answer = await inside.request("HEAD", path.format(pair.id))
        assert (answer.status, answer.text) == (200, "")
        assert answer.headers["Content-Length"] == asked.headers["Content-Length"] == str(len(asked.text))
        assert (await inside.request("HEAD", path.format(MISSING))).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_lookups_only_look(inside: Api, db: asyncpg.Connection, pair: Pair, method: str) -> None:
    async with unchanged(db):
        for path in LOOKUPS:
            answer = await inside.request(method, path.format(pair.id))
            assert (answer.status, answer.code) == (405, "method_not_allowed")
            assert answer.headers["Allow"] == "GET,HEAD"


async def test_without_the_slash(inside: Api, pair: Pair) -> None:
    for path in LOOKUPS:
        answer = await inside.get(path.format(pair.id)[:-1])
        assert (answer.status, answer.headers["Location"]) == (308, path.format(pair.id))


async def test_no_page_of_a_browser_may_read_a_lookup(inside: Api, pair: Pair) -> None:
    for path in LOOKUPS:
        for number in (pair.id, MISSING):
            for origin in ("https://tts.example.com", "http://auth.test", "https://evil.example", "null"):
                answer = await inside.get(path.format(number), headers={"Origin": origin})
                assert [name for name in answer.headers if name.startswith("Access-Control")] == []
                assert answer.headers["Cache-Control"] == "no-store"


async def test_fifty_at_once(inside: Api, db: asyncpg.Connection, pair: Pair) -> None:
    wanted = [LOOKUPS[i % 3].format(pair.id) for i in range(50)]
    async with unchanged(db):
        answers = await asyncio.gather(*(inside.get(path) for path in wanted))
    assert [answer.status for answer in answers] == [200] * 50
    assert len({answer.text for answer in answers}) == 3
    assert all(answer.json["id"] == pair.id for answer in answers)
