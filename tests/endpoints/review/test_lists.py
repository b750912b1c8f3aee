"""The employees, who waits, and everybody of the help desk."""

import pytest

from tests.endpoints.employees.kit import emil, registered
from tests.endpoints.kit import NOT_AUTHENTICATED, TIME, WRONG_ACCOUNT_TYPE, add_employee, profile, unchanged
from tests.rights.paging import assert_checked, assert_pages
from tests.rights.world import FORBIDDEN, World, hold

LIST = "/api/v1/hdts/employees/"
PENDING = "/api/v1/hdts/user-management/pending/api/"
DESK = "/api/v1/hdts/user-management/users/api/"
ALL = [LIST, PENDING, DESK]


async def ids(world: World, query: str, who: str = "desk") -> list[int]:
    answer = await world.api.get(LIST + query, headers=await world.as_(who))
    assert answer.status == 200, answer.text
    return [row["id"] for row in answer.json]


def penny(number: int) -> dict:
    known = {"id": number, "first_name": "Emil", "last_name": "Berg", "full_name": "Emil Berg"}
    return registered("penny@example.com", **known)


@pytest.mark.parametrize("path", ALL)
async def test_who_may_look(world: World, path: str) -> None:
    refusals = {
        "nobody": (401, NOT_AUTHENTICATED),
        "employee": (403, WRONG_ACCOUNT_TYPE),
        **dict.fromkeys(("plain", "helper", "admin_a", "both"), (403, FORBIDDEN)),
    }
    for who in refusals:
        await world.as_(who)
    async with unchanged(world.db):
        for who, refused in refusals.items():
            answer = await world.api.get(path, headers=await world.as_(who))
            assert (answer.status, answer.json) == refused, who
    for who in ("root", "desk"):
        answer = await world.api.get(path, headers=await world.as_(who))
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")


@pytest.mark.parametrize("path", ALL)
@pytest.mark.parametrize("loss", ["is_active = false", "role_id = (SELECT id FROM roles WHERE name = 'Agent' LIMIT 1)"])
async def test_who_lost_the_role_looks_no_more(world: World, path: str, loss: str) -> None:
    me = await world.as_("desk")
    await world.add("other", ("hdts", "Admin"))
    if "role_id" in loss:
        loss = loss.replace("WHERE", f"WHERE system_id = {world.systems['hdts']} AND")
    await world.db.execute(f"UPDATE assignments SET {loss} WHERE user_id = $1", world.people["desk"])
    answer = await world.api.get(path, headers=me)
    assert (answer.status, answer.json) == (403, FORBIDDEN)


async def test_the_list(world: World, pending: int) -> None:
    answer = await world.api.get(LIST, headers=await world.as_("desk"))
    one, other = penny(pending), emil(id=world.people["agent_a"], last_login=None)
    other["system_roles"][0]["last_logged_on"] = None
    assert (answer.status, answer.json) == (200, sorted([one, other], key=lambda row: row["id"]))


async def test_by_status(world: World, pending: int) -> None:
    rejected = await add_employee(world.db, 900, "rex@example.com", "Rejected")
    for status, expected in (("Pending", pending), ("Approved", world.people["agent_a"]), ("Rejected", rejected)):
        assert await ids(world, f"?status={status}") == [expected]
    for wrong in ("pending", "Waiting", ""):
        answer = await world.api.get(f"{LIST}?status={wrong}", headers=await world.as_("desk"))
        assert (answer.status, list(answer.json)) == (400, ["status"]), wrong


@pytest.mark.parametrize("typed", ["penny", "PENN", "penny@example.com", "penny berg"])
async def test_search(world: World, pending: int, typed: str) -> None:
    assert await ids(world, f"?search={typed}") == [pending]
    assert await ids(world, f"?search={typed}&status=Approved") == []


async def test_search_takes_wildcards_literally(world: World, pending: int) -> None:
    everybody = await ids(world, "")
    for typed in ("berg", "BERG"):
        assert await ids(world, f"?search={typed}") == everybody
    for typed in ("%25x", "p_nny", "nobody", "plain"):
        assert await ids(world, f"?search={typed}") == []
    company_id = await world.db.fetchval("SELECT company_id FROM employees WHERE id = $1", pending)
    assert await ids(world, f"?search={company_id}") == [pending]


async def test_pages(world: World, pending: int) -> None:
    for number in range(901, 904):
        await add_employee(world.db, number, f"e{number}@example.com", "Pending")
    wanted = sorted([world.people["agent_a"], pending, 901, 902, 903])
    await assert_pages(world, LIST, wanted, "desk")
    await assert_pages(world, f"{LIST}?status=Pending", [n for n in wanted if n != world.people["agent_a"]], "desk")
    await assert_checked(world, LIST)


async def test_who_waits(world: World, pending: int) -> None:
    for who in ("root", "desk"):
        answer = await world.api.get(PENDING, headers=await world.as_(who))
        assert (answer.status, answer.json) == (
            200,
            {"count": 1, "users": [penny(pending)], "results": [penny(pending)]},
        )
    await world.db.execute("UPDATE employees SET status = 'Approved'")
    answer = await world.api.get(PENDING, headers=await world.as_("desk"))
    assert answer.json == {"count": 0, "users": [], "results": []}


async def test_everybody_of_the_help_desk(world: World, pending: int) -> None:
    await hold(world.db, world.people["agent_b"], "hdts", "Spare", is_active=False)
    answer = await world.api.get(DESK, headers=await world.as_("desk"))
    staff, everybody = answer.json.pop("users"), answer.json.pop("all_users")
    assert answer.json == {"count": 5, "system_users_count": 3, "employees_count": 2}
    members = sorted(world.people[who] for who in ("desk", "helper", "agent_b"))
    assert [person["id"] for person in staff] == members
    (helper,) = [person for person in staff if person["id"] == world.people["helper"]]
    role = {
        "system_slug": "hdts",
        "system_name": "Help Desk and Ticketing System",
        "role_name": "Agent",
        "is_active": True,
    }
    role |= {"last_logged_on": None, "assigned_at": TIME, "id": helper["system_roles"][0]["id"]}
    known = {"email": "helper@example.com", "username": "helper", "first_name": "Helga", "full_name": "Helga"}
    assert helper == profile(**known, id=world.people["helper"], status="Approved", system_roles=[role])
    assert everybody[: len(staff)] == [{**person, "type": "user"} for person in staff]
    employees = [(person["id"], person["type"]) for person in everybody[len(staff) :]]
    assert employees == sorted((number, "employee") for number in (pending, world.people["agent_a"]))
    (shown,) = [person for person in everybody if person["id"] == pending and person["type"] == "employee"]
    assert shown == penny(pending)


async def test_the_help_desks_admin_sees_no_roles_elsewhere(world: World) -> None:
    """agent_b holds a role of beta too, which only superusers and admins of beta see."""
    await hold(world.db, world.people["agent_b"], "hdts", "Spare")
    for who, slugs in (("desk", ["hdts"]), ("root", ["beta", "hdts"])):
        answer = await world.api.get(DESK, headers=await world.as_(who))
        (shown,) = [person for person in answer.json["users"] if person["id"] == world.people["agent_b"]]
        assert [role["system_slug"] for role in shown["system_roles"]] == slugs
