"""What today's callers read of the answers."""

import asyncpg
import pytest

from tests.client import PASSWORD, Answer, Api
from tests.compat.kit import FORM, JSON, MULTIPART, ORIGIN, as_json, cookie_line, multipart, send, urlencoded, values_of
from tests.endpoints.kit import (
    ACCESS,
    INVALID_CREDENTIALS,
    REFRESH,
    TIME,
    add_employee,
    all_cookies,
    assert_cookies,
    employee,
    events,
    paths_of,
    profile,
    set_cookies,
    unchanged,
)
from tests.rights.world import MISSING, World, add_system, hold, make_world

LOGIN_API = "/api/v1/users/login/api/"
OBTAIN = "/api/v1/token/obtain/"
ASSIGNMENTS = paths_of("assignments.index")
STATUS = "/api/v1/hdts/user-management/update-status/{}/"
NEW_PASSWORD = "another horse battery"
LOGIN = as_json(email="ada@example.com", password=PASSWORD)


@pytest.fixture
async def world(api: Api, db: asyncpg.Connection) -> World:
    return await make_world(api, db)


async def get(world: World, path: str, who: str) -> Answer:
    """A request by cookie, as a front end sends it."""
    await world.as_(who)
    return await send(world.api, "GET", path, ORIGIN, cookie_line(world.tokens[who]))


async def test_login_api_reads_success_and_cookies(api: Api) -> None:
    await api.register(email="ada@example.com")
    answer = await send(api, "POST", LOGIN_API, ORIGIN, JSON, body=LOGIN)
    assert (answer.status, answer.json) == (
        200,
        {
            "success": True,
            "otp_required": False,
            "message": "Login successful",
            "access": ACCESS,
            "refresh": REFRESH,
            "expires_in": 900,
            "user": profile(last_login=TIME),
            "redirect": {"primary_system": None, "url": None, "available_systems": {}},
        },
    )
    assert_cookies(answer, answer.json["access"], answer.json["refresh"])
    names = [line.partition("=")[0] for line in answer.headers.getall("Set-Cookie")]
    assert sorted(names) == ["access_token", "device", "refresh_token"]
    assert all("Domain" not in line for line in answer.headers.getall("Set-Cookie"))
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN.removeprefix("Origin: ")


async def test_login_api_behind_https(serve) -> None:
    api: Api = await serve(public_url="https://auth.test")
    await api.register(email="ada@example.com")
    answer = await send(api, "POST", LOGIN_API, JSON, body=LOGIN)
    assert_cookies(answer, answer.json["access"], answer.json["refresh"], secure="")
    assert values_of(answer)["access_token"] == answer.json["access"]


async def test_login_api_reads_otp_required(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email="ada@example.com")
    await db.execute("UPDATE users SET otp_enabled = true")
    answer = await send(api, "POST", LOGIN_API, JSON, body=LOGIN)
    challenge = answer.json.pop("temporary_token")
    assert (answer.status, answer.json) == (
        200,
        {
            "success": False,
            "otp_required": True,
            "expires_in": 300,
            "methods": ["email"],
            "message": "A code of your second factor is required.",
        },
    )
    assert isinstance(challenge, str)
    assert len(challenge) > 30
    assert all_cookies(answer) == {}


async def test_login_api_reads_failures(api: Api) -> None:
    await api.register(email="ada@example.com")
    answer = await send(api, "POST", LOGIN_API, JSON, body=as_json(email="ada@example.com", password="wrong"))
    assert (answer.status, answer.json) == (401, {**INVALID_CREDENTIALS, "success": False})
    assert set(set_cookies(answer)) == {"browser"}  # it counts failures; no session


@pytest.mark.parametrize("path", [OBTAIN, "/token/"])
async def test_obtain_reads_access_and_detail(api: Api, path: str) -> None:
    await api.register(email="ada@example.com")
    answer = await send(api, "POST", path, JSON, body=LOGIN)
    assert (answer.status, answer.json["access"], answer.json["refresh"]) == (200, ACCESS, REFRESH)
    answer = await send(api, "POST", path, JSON, body=as_json(email="ada@example.com", password="wrong"))
    assert (answer.status, answer.json) == (401, INVALID_CREDENTIALS)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="authsvc"'
    answer = await send(api, "POST", path, JSON, body=b"{}")
    required = ["This field is required."]
    assert (answer.status, answer.json) == (400, {"email": required, "password": required})


@pytest.mark.parametrize("kind", [JSON, FORM, MULTIPART])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_update_status_by_post(world: World, method: str, kind: str) -> None:
    number = await add_employee(world.db, email="new@example.com", status="Pending")
    await world.as_("root")
    for name, value, status in (("action", "approve", "Approved"), ("status", "Rejected", "Rejected")):
        body = {
            JSON: as_json(**{name: value}),
            FORM: urlencoded(**{name: value}),
            MULTIPART: multipart((name, value)),
        }[kind]
        path = STATUS.format(number)
        answer = await send(world.api, method, path, ORIGIN, cookie_line(world.tokens["root"]), kind, body=body)
        assert (answer.status, answer.json) == (
            200,
            {
                "success": True,
                "message": f"The employee was {status.lower()}.",
                "user_id": number,
                "status": status,
            },
        )
        assert await world.db.fetchval("SELECT status FROM employees WHERE id = $1", number) == status
    assert await world.db.fetchval("SELECT status FROM employees WHERE id <> $1", number) == "Approved"


async def test_agents_is_an_array(world: World) -> None:
    for who in ("root", "admin_a", "agent_a"):
        answer = await get(world, "/api/v1/users/agents/", who)
        assert (answer.status, type(answer.json)) == (200, list)
        ids = [row["id"] for row in answer.json]
        assert ids == sorted(set(ids))
        assert world.people["agent_a"] in ids
        assert world.people["plain"] not in ids
    card = next(row for row in answer.json if row["id"] == world.people["shared"])
    assert set(card) == {
        "id", "type", "email", "first_name", "last_name", "full_name", "company_id", "department", "profile_picture",
    }  # fmt: skip


@pytest.mark.parametrize("path", ASSIGNMENTS)
async def test_assignments_are_an_array(world: World, path: str) -> None:
    answer = await get(world, path, "agent_a")
    assert (answer.status, answer.json) == (200, [await assignment(world)])
    assert len((await get(world, path, "root")).json) == await world.db.fetchval("SELECT count(*) FROM assignments")


async def assignment(world: World, **known: object) -> dict[str, object]:
    """agent_a's role in alpha."""
    return {
        "id": await world.held("agent_a", "alpha"),
        "user_id": world.people["agent_a"],
        "email": "agent@alpha.example.com",
        "username": "agent_a",
        "first_name": "agent_a",
        "middle_name": None,
        "last_name": "Alpha",
        "full_name": "agent_a Alpha",
        "user_is_active": True,
        "system_id": world.systems["alpha"],
        "system_slug": "alpha",
        "system_name": "System alpha",
        "role_id": await world.role("alpha", "Agent"),
        "role": "Agent",
        "role_name": "Agent",
        "is_active": True,
        "settings": {},
        "assigned_at": TIME,
        "assigned_by": None,
        "last_logged_on": TIME,
        **known,
    }


@pytest.mark.parametrize("path", ASSIGNMENTS)
async def test_legacy_assignment_ids(serve, db: asyncpg.Connection, path: str) -> None:
    world = await make_world(await serve(legacy_assignment_ids=True), db)
    held, user = await world.held("agent_a", "alpha"), world.people["agent_a"]
    await db.execute("UPDATE assignments SET id = id + 1000")  # so that one cannot be taken for the other
    answer = await get(world, path, "agent_a")
    legacy = await assignment(world, id=user, assignment_id=held + 1000)
    assert (answer.status, answer.json) == (200, [legacy])
    one = await get(world, f"{path}{held + 1000}/", "agent_a")
    assert (one.status, one.json) == (200, await assignment(world))
    assert (await get(world, f"{path}{user}/", "agent_a")).status == 404


async def test_legacy_lists_are_paged_by_the_assignment(serve, db: asyncpg.Connection) -> None:
    world = await make_world(await serve(legacy_assignment_ids=True), db)
    found, path = [], f"{ASSIGNMENTS[0]}?limit=3"
    while path:
        answer = await get(world, path, "root")
        found += [row["assignment_id"] for row in answer.json]
        link = answer.headers.get("Link", "")
        path = link.partition(">")[0].removeprefix("<http://auth.test")
    assert found == [row["id"] for row in await db.fetch("SELECT id FROM assignments ORDER BY id")]


async def test_help_desk_people_of_both_kinds(world: World) -> None:
    await add_system(world.db, "hdts")
    await hold(world.db, world.people["agent_a"], "hdts", "Admin")
    answer = await get(world, "/api/v1/hdts/user-management/users/api/", "root")
    body = answer.json
    assert (answer.status, set(body)) == (
        200,
        {"count", "system_users_count", "employees_count", "users", "all_users"},
    )
    assert (body["count"], body["system_users_count"], body["employees_count"]) == (2, 1, 1)
    number = world.people["agent_a"]  # the employee's, too
    assert [(row["type"], row["id"]) for row in body["all_users"]] == [("user", number), ("employee", number)]
    assert [row["email"] for row in body["users"]] == ["agent@alpha.example.com"]
    assert body["all_users"][0] == {**body["users"][0], "type": "user"}
    roles = [{**employee()["system_roles"][0], "system_name": "System hdts", "last_logged_on": None}]
    assert body["all_users"][1] == employee(
        id=number, email="emil@example.com", username="emil", first_name="Emil", last_name="Berg",
        full_name="Emil Berg", last_login=None, system_roles=roles,
        notified=body["all_users"][1]["notified"],
    )  # fmt: skip


async def test_round_robin_of_old_is_an_array(world: World) -> None:
    role = await world.role("alpha", "Agent")
    pool = sorted(world.people[who] for who in ("agent_a", "both", "shared", "dead"))
    for query in ("system=alpha&role_name=Agent", f"system=alpha&role_id={role}", "system=alpha&role_name=agent&x=1"):
        answer = await get(world, f"/api/v1/tts/round-robin/?{query}", "plain")
        assert (answer.status, answer.json) == (200, pool), query


async def test_users_info_of_old_is_an_object_by_id(world: World) -> None:
    await world.as_("plain")
    number = world.people["shared"]
    body = as_json(employee_cookie_ids=[number, MISSING, number])
    line = cookie_line(world.tokens["plain"])
    answer = await send(world.api, "POST", "/api/v1/tts/users-info/", ORIGIN, line, JSON, body=body)
    assert (answer.status, list(answer.json)) == (200, [str(number)])
    person = answer.json[str(number)]
    assert (person["id"], person["email"]) == (number, "shared@example.com")


async def test_change_password_without_confirmation(world: World) -> None:
    await world.as_("plain")
    line, path = cookie_line(world.tokens["plain"]), "/api/v1/users/change-password/"
    async with unchanged(world.db):
        answer = await send(world.api, "POST", path, ORIGIN, line, JSON, body=as_json(new_password=NEW_PASSWORD))
        assert (answer.status, answer.json) == (400, {"current_password": ["This field is required."]})
    body = as_json(current_password=PASSWORD, new_password=NEW_PASSWORD)
    answer = await send(world.api, "POST", path, ORIGIN, line, JSON, body=body)
    assert (answer.status, answer.json) == (200, {"detail": "The password was changed."})
    assert (await get(world, "/api/me/", "plain")).status == 200
    assert (await events(world.db)).count("password_changed") == 1
    answer = await send(world.api, "POST", OBTAIN, JSON, body=as_json(email="plain@example.com", password=NEW_PASSWORD))
    assert answer.status == 200
