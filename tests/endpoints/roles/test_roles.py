"""roles/: seen by all staff, custom ones changed by the admins of their system, default ones by superusers."""

import pytest

from tests.client import Answer
from tests.endpoints.kit import NUMBER, TIME, events, paths_of, unchanged
from tests.rights.paging import assert_checked, assert_pages
from tests.rights.world import FORBIDDEN, NOT_FOUND, ROLES, World

CREATE = [*paths_of("roles.create"), *paths_of("tts.create_role")]


def role(world: World, **known: object) -> dict:
    made = {"id": NUMBER, "name": "Lead", "system": world.systems["alpha"], "system_slug": "alpha", "description": ""}
    return {**made, "system_name": "System alpha", "is_custom": True, "created_at": TIME, **known}


async def at(world: World, name: str, slug: str = "alpha") -> str:
    return f"/api/v1/roles/{await world.role(slug, name)}/"


async def patch(world: World, name: str, body: dict, who: str = "admin_a") -> Answer:
    return await world.api.patch(await at(world, name), body, headers=await world.as_(who))


async def remove(world: World, name: str, query: str = "", who: str = "admin_a") -> Answer:
    return await world.api.request("DELETE", await at(world, name) + query, headers=await world.as_(who))


@pytest.mark.parametrize("path", CREATE)
@pytest.mark.parametrize("by", ["slug", "id", "digits"])
async def test_a_new_role(world: World, path: str, by: str) -> None:
    system = {"slug": "ALPHA", "id": world.systems["alpha"], "digits": str(world.systems["alpha"])}[by]
    body = {"system": system, "name": " Lead ", "description": "Leads", "is_custom": False}
    answer = await world.api.post(path, body, headers=await world.as_("admin_a"))
    message = {"message": "The role was created."} if "tts" in path else {}
    assert (answer.status, answer.json) == (201, {**role(world, description="Leads"), **message})
    assert (await events(world.db))[-1] == "role_created"


async def test_a_superuser_makes_default_roles(world: World) -> None:
    body = {"system": "alpha", "name": "Lead", "is_custom": False}
    answer = await world.api.post("/api/v1/roles/", body, headers=await world.as_("root"))
    assert (answer.status, answer.json) == (201, role(world, is_custom=False))


@pytest.mark.parametrize("name", ["agent", "AGENT", " Agent ", "Ａｇｅｎｔ"])
async def test_names_are_unique_in_a_system_ignoring_case(world: World, name: str) -> None:
    await world.as_("root")
    async with unchanged(world.db):
        for path in CREATE:
            answer = await world.api.post(path, {"system": "alpha", "name": name}, headers=await world.as_("root"))
            detail = "This system has a role of that name already."
            assert (answer.status, answer.json) == (409, {"detail": detail, "code": "conflict"})
        assert (await patch(world, "Spare", {"name": name}, "root")).status == 409


@pytest.mark.parametrize(
    "body, fields",
    [
        ({}, ["name", "system"]),
        ({"name": "x", "system": ""}, ["system"]),
        ({"name": "x", "system": True}, ["system"]),
        ({"name": "x", "system": ["alpha"]}, ["system"]),
        ({"name": "x", "system": "nowhere"}, ["system"]),
        ({"name": "x", "system": 0}, ["system"]),
        ({"name": "x", "system": 2**40}, ["system"]),
        ({"name": "x" * 151, "system": "alpha"}, ["name"]),
        ({"name": None, "system": "alpha"}, ["name"]),
        ({"name": "x", "system": "alpha", "description": 1}, ["description"]),
    ],
)
async def test_what_is_wrong_is_said_on_the_field(world: World, body: dict, fields: list[str]) -> None:
    answer = await world.api.post("/api/v1/roles/", body, headers=await world.as_("root"))
    assert (answer.status, sorted(answer.json)) == (400, fields)


async def test_the_trackers_path_means_its_own_system(world: World) -> None:
    root = await world.as_("root")
    answer = await world.api.post("/api/v1/tts/create-role/", {"name": "Lead"}, headers=root)
    assert (answer.status, answer.json) == (400, {"system": ["Unknown system."]})
    await world.api.post("/api/v1/systems/", {"name": "TTS"}, headers=root)
    answer = await world.api.post("/api/v1/tts/create-role/", {"name": "Lead"}, headers=root)
    assert (answer.status, answer.json["system_slug"]) == (201, "tts")


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_a_custom_role_is_its_admins(world: World, method: str) -> None:
    path, me = await at(world, "Spare"), await world.as_("admin_a")
    body = {"name": "Lead", "description": "Leads", "system": "beta", "id": 1, "is_custom": True}
    answer = await world.api.request(method, path, json=body, headers=me)
    assert (answer.status, answer.json) == (200, role(world, description="Leads"))
    assert (await world.api.get(path, headers=await world.as_("plain"))).json == answer.json
    assert (await world.api.request(method, path, json={"name": "LEAD"}, headers=me)).json["name"] == "LEAD"


async def test_default_roles_are_the_superusers(world: World) -> None:
    await world.as_("admin_a")
    async with unchanged(world.db):
        assert (await patch(world, "Admin", {"description": "x"})).json == FORBIDDEN
        assert (await patch(world, "Spare", {"is_custom": False})).json == FORBIDDEN
    assert (await patch(world, "Admin", {"description": "x"}, "root")).json["description"] == "x"
    assert (await patch(world, "Spare", {"is_custom": False}, "root")).json["is_custom"] is False
    for who in ("admin_a", "root"):
        for name in ("Admin", "Spare"):
            assert (await remove(world, name, "?force=true", who)).status == 409


async def test_admin_keeps_its_name(world: World) -> None:
    answer = await patch(world, "Admin", {"name": "Boss"}, "root")
    assert (answer.status, answer.json) == (409, {"detail": "The role Admin stays what it is.", "code": "conflict"})
    assert (await patch(world, "Admin", {"name": "Admin"}, "root")).status == 200


async def test_a_held_role_goes_only_by_force(world: World) -> None:
    await world.as_("admin_a")
    for query in ("", "?force=false"):
        async with unchanged(world.db):
            assert (await remove(world, "Agent", query)).code == "conflict"
    answer = await remove(world, "Agent", "?force=true")
    assert (answer.status, answer.text) == (204, "")
    mine = await world.api.get("/api/v1/system-roles/", headers=await world.as_("agent_a"))
    assert mine.json == []
    assert (await events(world.db)).count("role_removed") == 1


async def test_an_unheld_role_goes(world: World) -> None:
    path = await at(world, "Spare")
    assert (await remove(world, "Spare")).status == 204
    assert (await world.api.get(path, headers=await world.as_("admin_a"))).json == NOT_FOUND


async def test_the_list(world: World) -> None:
    ids = {(slug, name): await world.role(slug, name) for slug in ("alpha", "beta") for name in ROLES}
    alpha = [number for (slug, _), number in ids.items() if slug == "alpha"]
    await assert_pages(world, "/api/v1/roles/", list(ids.values()), "plain")
    for query in ("system=alpha", f"system={world.systems['alpha']}", "system__slug=Alpha"):
        await assert_pages(world, f"/api/v1/roles/?{query}", alpha, "plain")
    for query in ("system=nowhere", "system=0", "system=99999999999999", "system__slug=x"):
        answer = await world.api.get(f"/api/v1/roles/?{query}", headers=await world.as_("plain"))
        assert answer.json == [], query
    await assert_checked(world, "/api/v1/roles/")


async def test_the_roles_of_a_system_are_whole(world: World) -> None:
    for path in paths_of("roles.of_system"):
        answer = await world.api.get(path.partition("{")[0] + "ALPHA/roles/", headers=await world.as_("plain"))
        named = {"id": world.systems["alpha"], "name": "System alpha", "slug": "alpha"}
        rows = [role(world, name=name, is_custom=name != "Admin") for name in ROLES]
        assert answer.json == {"system": named, "roles_count": 4, "roles": rows}
