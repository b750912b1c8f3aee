"""Assignments, roles and the people in them: what a hostile or careless admin can do with values that are allowed."""

from typing import Any

import pytest

from tests.endpoints.kit import events
from tests.rights.world import FORBIDDEN, World, add_system, hold

LISTS = [
    "/api/v1/system-roles/",
    "/api/v1/system-roles/systems/alpha/users/",
    "/api/v1/tts/assign-role/",
]


@pytest.mark.parametrize("path", LISTS)
async def test_settings_of_one_assignment_break_no_list(world: World, path: str) -> None:
    """Refused or kept; but whatever is kept can be shown to everybody who lists it."""
    held = await world.held("agent_a", "alpha")
    raw = b'{"settings":' + b'{"a":' * 253 + b"1" + b"}" * 254
    headers = {**await world.as_("admin_a"), "Content-Type": "application/json"}
    answer = await world.api.request("PATCH", f"/api/v1/system-roles/{held}/", data=raw, headers=headers)
    assert answer.status in {200, 400}
    answer = await world.api.get(path, headers={**await world.as_("root"), "Accept": "application/json"})
    assert answer.status == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_changed_role_id_beside_the_old_name_is_not_lost(world: World, method: str) -> None:
    """Clients put back the whole ASSIGNMENT, which has both."""
    await world.add("second", ("alpha", "Admin"))
    root, path = (
        await world.as_("root"),
        f"/api/v1/system-roles/user-system-roles/{await world.held('second', 'alpha')}/",
    )
    body = (await world.api.get(path, headers=root)).json
    answer = await world.api.request(
        method, path, json={**body, "role_id": await world.role("alpha", "Agent")}, headers=root
    )
    assert answer.status == 400 or answer.json["role"] == "Agent"


async def test_a_role_that_is_named_like_admins_id_gives_no_admin(world: World) -> None:
    me, admin = await world.as_("admin_a"), await world.role("alpha", "Admin")
    made = await world.api.post("/api/v1/roles/", {"system": "alpha", "name": str(admin)}, headers=me)
    if made.status == 201:
        body = {"user_id": world.people["agent_a"], "system": "alpha", "role": made.json["name"]}
        answer = await world.api.post("/api/v1/system-roles/", body, headers=me)
        assert answer.json["role_id"] == made.json["id"]


@pytest.mark.parametrize("way", ["take", "switch off", "remove the user"])
async def test_a_dead_admin_of_a_system_without_admin_can_go(world: World, way: str) -> None:
    await add_system(world.db, "gamma")
    user, root = await world.add("gone", is_active=False), await world.as_("root")
    path = f"/api/v1/system-roles/{await hold(world.db, user, 'gamma', 'Admin')}/"
    if way == "switch off":
        answer = await world.api.patch(path, {"is_active": False}, headers=root)
    else:
        gone = path if way == "take" else f"/api/v1/users/{user}/"
        answer = await world.api.request("DELETE", gone, headers=root)
    assert answer.status in {200, 204}, answer.text


async def test_whose_roles_go_with_a_role_is_audited(world: World) -> None:
    """An admin cannot take a superuser's role, but can remove the role with everybody in it."""
    boss = await world.add("boss", ("alpha", "Spare"), is_superuser=True)
    path = f"/api/v1/roles/{await world.role('alpha', 'Spare')}/?force=true"
    answer = await world.api.request("DELETE", path, headers=await world.as_("admin_a"))
    assert answer.status in {204, 403}
    rows = await world.db.fetch("SELECT subject_id FROM audit WHERE event = 'role_revoked'")
    assert answer.status == 403 or [row["subject_id"] for row in rows] == [boss]


async def test_users_are_filtered_by_the_id_of_a_role_and_of_a_system(world: World) -> None:
    root, role = await world.as_("root"), await world.role("alpha", "Admin")
    by_role = await world.api.get(f"/api/v1/users/?role={role}", headers=root)
    by_system = await world.api.get(f"/api/v1/users/?system={world.systems['beta']}&role=Admin", headers=root)
    assert [row["email"] for row in by_role.json] == ["admin@alpha.example.com"]
    assert [row["email"] for row in by_system.json] == ["admin@beta.example.com", "both@example.com"]


WRONG: list[tuple[str, str, dict[str, Any], str]] = [
    ("POST", "/api/v1/users/", {"email": "new@example.com", "company_id": "not an id"}, "company_id"),
    ("POST", "/api/v1/systems/", {"name": "Gamma", "url": "HTTP://gamma.example.com"}, "url"),
    ("POST", "/api/v1/systems/", {"name": "Gamma", "url": "\u0001http://gamma.example.com"}, "url"),
    ("POST", "/api/v1/users/invite-agent/", {"user_id": 1, "email": "new@example.com", "role": "Spare"}, "email"),
]


@pytest.mark.parametrize("method, path, body, field", WRONG, ids=["company id", "scheme", "control", "two people"])
async def test_what_is_wrong_is_said_on_the_field(
    world: World, method: str, path: str, body: dict[str, Any], field: str
) -> None:
    if "user_id" in body:
        body = {**body, "user_id": world.people["agent_a"], "system": "alpha"}
    answer = await world.api.request(method, path, json=body, headers=await world.as_("root"))
    fine = answer.status == 201 and body.get("url", "").startswith("HTTP:")
    assert fine or (answer.status, list(answer.json)) == (400, [field])


LOOKALIKES = [
    "admin",
    " Admin ",
    "ADMIN",
    "Ａdmin",
    "Ａｄｍｉｎ",
    "Admın",
    "Аdmin",
    "Ad\u200bmin",
    "Adm\u00adin",
    "Admin\u0301",
]


@pytest.mark.parametrize("name", LOOKALIKES)
async def test_what_looks_like_admin_is_none(world: World, name: str) -> None:
    """Refused as taken, or a role without any right."""
    body = {"system": "alpha", "name": name}
    made = await world.api.post("/api/v1/roles/", body, headers=await world.as_("admin_a"))
    assert made.status in {201, 400, 409}
    if made.status == 201:
        user = await world.add("fake")
        await world.db.execute(
            "INSERT INTO assignments (user_id, system_id, role_id) VALUES ($1, $2, $3)",
            user,
            world.systems["alpha"],
            made.json["id"],
        )
        assert (await world.api.get("/api/v1/users/", headers=await world.as_("fake"))).json == FORBIDDEN
    assert (await events(world.db)).count("role_created") == (made.status == 201)
