"""system-roles/ and user-system-roles/: who holds which role."""

import pytest

from tests.client import Answer
from tests.endpoints.kit import NUMBER, TIME, claims_of, events, paths_of, unchanged
from tests.rights.paging import assert_checked, assert_pages
from tests.rights.requests import edits, removals
from tests.rights.world import MISSING, NOT_FOUND, World, make_world

CREATE = paths_of("assignments.create")
LISTS = paths_of("assignments.index")
EDIT_SETTINGS = "/api/v1/system-roles/user-system-roles/edit-settings/"


async def assignment(world: World, who: str = "agent_a", role: str = "Agent", **known: object) -> dict:
    person = await world.db.fetchrow("SELECT email, first_name, last_name FROM users WHERE id = $1", world.people[who])
    return {
        "id": NUMBER,
        "user_id": world.people[who],
        "username": who,
        "middle_name": None,
        **dict(person),
        "full_name": f"{person['first_name']} {person['last_name']}",
        "user_is_active": True,
        "system_id": world.systems["alpha"],
        "system_slug": "alpha",
        "system_name": "System alpha",
        "role_id": await world.role("alpha", role),
        "role": role,
        "role_name": role,
        "is_active": True,
        "settings": {},
        "assigned_at": TIME,
        "assigned_by": None,
        "last_logged_on": None,
        **known,
    }


async def post(world: World, body: dict, who: str = "admin_a", path: str = CREATE[0]) -> Answer:
    return await world.api.post(path, body, headers=await world.as_(who))


async def seen(world: World, query: str = "", who: str = "root") -> list[tuple[str, str, str]]:
    answer = await world.api.get(LISTS[0] + query, headers=await world.as_(who))
    assert answer.status == 200, answer.text
    return [(row["username"], row["system_slug"], row["role"]) for row in answer.json]


@pytest.mark.parametrize("path", CREATE)
@pytest.mark.parametrize("names", ["slug and name", "ids", "old names", "digits"])
async def test_a_role_is_given(world: World, path: str, names: str) -> None:
    user, system, role = world.people["agent_a"], world.systems["alpha"], await world.role("alpha", "Technician")
    body = {
        "slug and name": {"user": user, "system": "Alpha", "role": "technician"},
        "ids": {"user": user, "system": system, "role": role},
        "old names": {"user_id": user, "system_id": system, "role_id": role},
        "digits": {"user_id": user, "system": str(system), "role": str(role)},
    }[names]
    answer = await post(world, {**body, "settings": {"shift": ["late", 1, None]}, "is_active": False}, path=path)
    expected = {"settings": {"shift": ["late", 1, None]}, "is_active": False}
    expected["assigned_by"] = world.people["admin_a"]
    assert (answer.status, answer.json) == (201, await assignment(world, role="Technician", **expected))
    assert (await events(world.db))[-1] == "role_granted"


async def test_the_same_again_is_a_conflict(world: World) -> None:
    await world.as_("admin_a")
    async with unchanged(world.db):
        for path in CREATE:
            body = {"user": world.people["agent_a"], "system": "alpha", "role": "AGENT"}
            answer = await post(world, body, path=path)
            detail = "This person holds the role already."
            assert (answer.status, answer.json) == (409, {"detail": detail, "code": "conflict"})


@pytest.mark.parametrize(
    "body, fields",
    [
        ({}, ["role", "system", "user"]),
        ({"user": "7"}, ["user"]),
        ({"user": True, "system": "alpha", "role": "Agent"}, ["user"]),
        ({"user": 0, "system": "alpha", "role": "Agent"}, ["user"]),
        ({"user_id": MISSING, "system": "alpha", "role": "Agent"}, ["user_id"]),
        ({"user": 1, "system_id": "nowhere", "role": "Agent"}, ["system_id"]),
        ({"user": 1, "system": "alpha", "role_id": "Nobody"}, ["role_id"]),
        ({"user": 1, "system": "alpha", "role": ["Agent"]}, ["role"]),
        ({"user": 1, "system": "alpha", "role": "Agent", "settings": []}, ["settings"]),
        ({"user": 1, "system": "alpha", "role": "Agent", "settings": {"x": "y" * 17000}}, ["settings"]),
        ({"user": 1, "system": "alpha", "role": "Agent", "is_active": "yes"}, ["is_active"]),
    ],
)
async def test_what_is_wrong_is_said_on_the_field(world: World, body: dict, fields: list[str]) -> None:
    answer = await post(world, body, "root")
    assert (answer.status, sorted(answer.json)) == (400, fields)


async def test_a_user_and_an_employee_of_one_number_are_two_people(world: World) -> None:
    both = world.people["agent_a"]
    assert await world.db.fetchval("SELECT count(*) FROM employees WHERE id = $1", both) == 1
    await world.db.execute("UPDATE employees SET id = $2 WHERE id = $1", both, both + 1000)
    answer = await post(world, {"user": both + 1000, "system": "alpha", "role": "Agent"}, "root")
    assert (answer.status, answer.json) == (400, {"user": ["Unknown user."]})


async def test_what_may_change(world: World) -> None:
    held = await world.held("agent_a", "alpha")
    body = {"role": "Spare", "is_active": False, "settings": {"a": 1}}
    expected = await assignment(world, id=held, **{**body, "role_id": await world.role("alpha", "Spare")})
    expected["role_name"] = "Spare"
    for request in edits(held, body):
        answer = await world.api.request(request.method, request.path, json=body, headers=await world.as_("admin_a"))
        assert (answer.status, answer.json) == (200, expected)
    assert (await events(world.db)).count("role_changed_for") == 1


async def test_a_role_that_he_holds_already_is_a_conflict(world: World) -> None:
    body = {"user": world.people["agent_a"], "system": "alpha", "role": "Spare"}
    held = (await post(world, body)).json["id"]
    answer = await world.api.patch(f"{CREATE[0]}{held}/", {"role": "Agent"}, headers=await world.as_("admin_a"))
    assert (answer.status, answer.code) == (409, "conflict")


async def test_a_role_is_taken(world: World) -> None:
    for who in ("agent_a", "both", "shared"):
        held = await world.held(who, "alpha")
        request = removals(held)[["agent_a", "both", "shared"].index(who)]
        answer = await world.api.request("DELETE", request.path, headers=await world.as_("admin_a"))
        assert (answer.status, answer.text) == (204, "")
        answer = await world.api.request("DELETE", request.path, headers=await world.as_("admin_a"))
        assert (answer.status, answer.json) == (404, NOT_FOUND)
    assert (await events(world.db)).count("role_revoked") == 3


async def test_a_change_acts_on_the_next_request_and_in_the_next_token(world: World) -> None:
    await world.add("second", ("alpha", "Admin"))
    me = await world.as_("admin_a")
    held = f"{CREATE[0]}{await world.held('admin_a', 'alpha')}/"
    assert (await world.api.patch(held, {"role": "Agent"}, headers=await world.as_("second"))).status == 200
    assert (await world.api.get("/api/v1/users/", headers=me)).code == "permission_denied"
    rotated = await world.api.post("/api/v1/token/refresh/", {"refresh": world.tokens["admin_a"].refresh})
    claims = await claims_of(world.api, rotated.json["access"])
    assert claims["roles"] == [{"system": "alpha", "role": "Agent"}]


async def test_the_list_is_paged(world: World) -> None:
    rows = [row[0] for row in await world.db.fetch("SELECT id FROM assignments ORDER BY id")]
    for path in LISTS:
        await assert_pages(world, path, rows)
        await assert_checked(world, path)
    row = (await world.api.get(f"{LISTS[0]}?user={world.people['agent_a']}", headers=await world.as_("root"))).json
    assert row == [await assignment(world)]


async def test_filters(world: World) -> None:
    await world.db.execute("UPDATE assignments SET is_active = false WHERE user_id = $1", world.people["dead"])
    shared = [("shared", "alpha", "Agent"), ("shared", "beta", "Technician")]
    assert await seen(world, f"?user={world.people['shared']}") == shared
    assert await seen(world, "?role=technician") == shared[1:]
    assert await seen(world, f"?role={await world.role('beta', 'Technician')}") == shared[1:]
    assert await seen(world, "?is_active=false") == [("dead", "alpha", "Agent")]
    by_slug = await seen(world, "?system=ALPHA&is_active=true")
    assert by_slug == await seen(world, f"?system={world.systems['alpha']}&is_active=1")
    assert {row[1] for row in by_slug} == {"alpha"}
    assert await seen(world, "?system=nowhere") == await seen(world, f"?user={MISSING}") == []


@pytest.mark.parametrize("query", ["user=x", "user=0", "user=2147483648", "is_active=maybe", "role=" + "x" * 151])
async def test_filters_are_checked(world: World, query: str) -> None:
    answer = await world.api.get(f"{LISTS[0]}?{query}", headers=await world.as_("root"))
    assert (answer.status, list(answer.json)) == (400, [query.partition("=")[0]])


async def test_one_old_front_end_reads_the_users_id_as_the_id_of_a_row(serve, db) -> None:
    world = await make_world(await serve(legacy_assignment_ids=True), db)
    held = await world.held("agent_a", "alpha")
    for path in LISTS:
        answer = await world.api.get(path, headers=await world.as_("agent_a"))
        (row,) = answer.json
        assert (row["id"], row["assignment_id"]) == (world.people["agent_a"], held)
        assert row == {**await assignment(world), "assignment_id": held, "last_logged_on": TIME}
    assert (await world.api.get(f"{LISTS[0]}{held}/", headers=await world.as_("agent_a"))).json["id"] == held
    rows = [row[0] for row in await db.fetch("SELECT id FROM assignments ORDER BY id")]
    await assert_pages(world, LISTS[0], rows, key="assignment_id")


async def test_the_users_of_a_system_are_whole(world: World) -> None:
    body = {"user": world.people["agent_a"], "system": "alpha", "role": "Spare"}
    await post(world, body)
    answer = await world.api.get("/api/v1/system-roles/systems/Alpha/users/", headers=await world.as_("admin_a"))
    assert answer.json["system"] == {"id": world.systems["alpha"], "name": "System alpha", "slug": "alpha"}
    assert (answer.json["users_count"], len(answer.json["users"])) == (5, 6)
    found = [row for row in answer.json["users"] if row["user_id"] == world.people["agent_a"]]
    given = await assignment(world, role="Spare", assigned_by=world.people["admin_a"])
    assert found == [await assignment(world), given]


async def test_settings_are_replaced(world: World) -> None:
    body = {"user_id": world.people["agent_a"], "settings": {"b": {"c": 2}}}
    answer = await post(world, body, path=EDIT_SETTINGS)
    assert (answer.status, answer.json) == (200, await assignment(world, settings={"b": {"c": 2}}))


async def test_settings_of_an_ambiguous_person_need_a_system_or_role(world: World) -> None:
    body = {"user_id": world.people["shared"], "settings": {"x": 1}}
    await world.as_("root")
    async with unchanged(world.db):
        answer = await post(world, body, "root", EDIT_SETTINGS)
        choices = "Say which system and role: alpha/Agent, beta/Technician."
        assert (answer.status, answer.json) == (400, {"role": [choices]})
    for more, slug in (
        ({"system": "BETA"}, "beta"),
        ({"role": "agent"}, "alpha"),
        ({"system": "alpha", "role": "Agent"}, "alpha"),
    ):
        answer = await post(world, {**body, **more}, "root", EDIT_SETTINGS)
        assert (answer.status, answer.json["system_slug"]) == (200, slug)
    answer = await post(world, {**body, "system": "alpha", "role": "Spare"}, "root", EDIT_SETTINGS)
    assert (answer.status, answer.json) == (400, {"user_id": ["This user holds no such role in your systems."]})


async def test_settings_go_to_the_system_that_is_named_by_id(world: World) -> None:
    foreign = {"user_id": world.people["agent_a"], "system": world.systems["beta"], "settings": {"x": 1}}
    assert (await post(world, foreign, "root", EDIT_SETTINGS)).status == 400
    wanted = {"user_id": world.people["shared"], "role": await world.role("beta", "Technician"), "settings": {}}
    assert (await post(world, wanted, "root", EDIT_SETTINGS)).json["system_slug"] == "beta"


@pytest.mark.parametrize(
    "body, field",
    [({"settings": {}}, "user_id"), ({"user_id": 1}, "settings"), ({"user_id": 1, "settings": "{}"}, "settings")],
)
async def test_settings_are_checked(world: World, body: dict, field: str) -> None:
    answer = await post(world, body, path=EDIT_SETTINGS)
    assert (answer.status, list(answer.json)) == (400, [field])
