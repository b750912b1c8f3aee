"""systems/: listed by staff, made and removed by superusers, described by their admins."""

import asyncpg
import pytest

from tests.client import Answer, Api
from tests.endpoints.kit import NUMBER, TIME, events, unchanged
from tests.rights.paging import INVALID_CURSOR, TEXT_CURSOR, assert_checked, assert_pages
from tests.rights.world import FORBIDDEN, MISSING, NOT_FOUND, World, make_world

SYSTEMS = "/api/v1/systems/"


@pytest.fixture
async def world(api: Api, db: asyncpg.Connection) -> World:
    return await make_world(api, db)


async def create(world: World, who: str = "root", **body: object) -> Answer:
    return await world.api.post(SYSTEMS, body, headers=await world.as_(who))


async def patch(world: World, body: dict, who: str = "root", slug: str = "alpha") -> Answer:
    return await world.api.patch(f"{SYSTEMS}{world.systems[slug]}/", body, headers=await world.as_(who))


def system(**known: object) -> dict:
    made = {"id": NUMBER, "name": "Help Desk", "slug": "help-desk", "description": "", "url": None, "is_active": True}
    return {**made, "created_at": TIME, **known}


async def test_a_new_system_has_the_role_admin_and_nobody_in_it(world: World) -> None:
    body = {"name": " Help Desk ", "description": "Tickets", "url": "https://hd.example.com/in"}
    answer = await create(world, **body)
    expected = system(description="Tickets", url="https://hd.example.com/in")
    assert (answer.status, answer.json) == (201, expected)
    root = await world.as_("root")
    assert (await world.api.get(f"{SYSTEMS}{answer.json['id']}/", headers=root)).json == answer.json
    roles = (await world.api.get("/api/v1/roles/?system=help-desk", headers=root)).json
    assert [(role["name"], role["is_custom"]) for role in roles] == [("Admin", False)]
    held = await world.api.get("/api/v1/system-roles/?system=help-desk", headers=root)
    assert held.json == []
    assert (await events(world.db))[-1] == "system_created"


@pytest.mark.parametrize(
    "name, slug",
    [("Ä & B", "a-b"), ("  TTS 2 ", "tts-2"), ("x" * 60, "x" * 50), ("--a--", "a")],
)
async def test_the_default_slug_is_made_of_the_name(world: World, name: str, slug: str) -> None:
    assert (await create(world, name=name)).json == system(name=name.strip(), slug=slug)


@pytest.mark.parametrize("slug, stored", [("ABC", "abc"), ("a-1", "a-1"), ("x" * 50, "x" * 50)])
async def test_slugs_are_stored_in_lower_case(world: World, slug: str, stored: str) -> None:
    assert (await create(world, name="Help Desk", slug=slug)).json == system(slug=stored)


@pytest.mark.parametrize("slug", ["a b", "a_b", "a/b", "ä", "\u017f", "x" * 51, "a.b", "%"])
async def test_a_slug_that_is_none(world: World, slug: str) -> None:
    answer = await create(world, name="Help Desk", slug=slug)
    assert (answer.status, list(answer.json)) == (400, ["slug"])


async def test_a_name_without_a_slug_in_it(world: World) -> None:
    answer = await create(world, name="日本")
    expected = {"slug": ["Enter a valid slug: letters, digits and hyphens only."]}
    assert (answer.status, answer.json) == (400, expected)


@pytest.mark.parametrize(
    "body, detail",
    [
        ({"name": "Other", "slug": "ALPHA"}, "A system with this slug exists already."),
        ({"name": "SYSTEM  Alpha", "slug": "other"}, "A system with this name exists already."),
        ({"name": "Alpha"}, "A system with this slug exists already."),
    ],
)
async def test_names_and_slugs_are_unique_ignoring_case(world: World, body: dict, detail: str) -> None:
    await world.as_("root")
    async with unchanged(world.db):
        answer = await create(world, **body)
        assert (answer.status, answer.json) == (409, {"detail": detail, "code": "conflict"})


@pytest.mark.parametrize(
    "body, fields",
    [
        ({}, ["name"]),
        ({"name": " "}, ["name"]),
        ({"name": "x" * 151}, ["name"]),
        ({"name": "x", "url": "javascript:alert(1)"}, ["url"]),
        ({"name": "x", "url": "https://"}, ["url"]),
        ({"name": "x", "description": "x" * 2001}, ["description"]),
        ({"name": ["x"], "slug": 1}, ["name", "slug"]),
    ],
)
async def test_what_is_wrong_is_said_on_the_field(world: World, body: dict, fields: list[str]) -> None:
    answer = await create(world, **body)
    assert (answer.status, sorted(answer.json)) == (400, fields)


async def test_only_superusers_make_systems(world: World) -> None:
    assert (await create(world, "admin_a", name="New")).json == FORBIDDEN


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("who", ["root", "admin_a"])
async def test_name_description_and_url_are_its_admins(world: World, who: str, method: str) -> None:
    path, me = f"{SYSTEMS}{world.systems['alpha']}/", await world.as_(who)
    before = (await world.api.get(path, headers=me)).json
    body = {"name": "New name", "description": "", "url": "http://a.example.com"}
    answer = await world.api.request(method, path, json=body, headers=me)
    assert (answer.status, answer.json) == (200, {**before, **body})
    answer = await world.api.request(method, path, json={**before, "url": ""}, headers=me)
    assert (answer.status, answer.json) == (200, before)


@pytest.mark.parametrize("body", [{"slug": "other"}, {"is_active": False}, {"name": "X", "slug": "other"}])
async def test_slug_and_activity_are_the_superusers(world: World, body: dict) -> None:
    await world.as_("admin_a")
    async with unchanged(world.db):
        assert (await patch(world, body, "admin_a")).json == FORBIDDEN
    assert (await patch(world, {"slug": "ALPHA", "is_active": True}, "admin_a")).status == 200
    assert (await patch(world, body)).json.items() >= body.items()


async def test_a_name_that_another_system_has(world: World) -> None:
    answer = await patch(world, {"name": "system BETA"})
    assert (answer.status, answer.code) == (409, "conflict")


async def test_slugs_are_matched_ignoring_case_everywhere(world: World) -> None:
    root = await world.as_("root")
    for path in (
        f"{SYSTEMS}?slug=ALPHA",
        "/api/v1/roles/?system=Alpha",
        "/api/v1/roles/?system__slug=ALPHA",
        "/api/v1/system-roles/?system=ALPHA",
        "/api/v1/users/?system=Alpha",
        "/api/v1/system-roles/system/ALPHA/roles/",
        "/api/v1/system-roles/systems/Alpha/users/",
        "/api/v1/tts/round-robin/?system=ALPHA&role_name=agent",
    ):
        upper, lower = [
            await world.api.get(p, headers=root)
            for p in (path, path.replace("ALPHA", "alpha").replace("Alpha", "alpha"))
        ]
        assert upper.status == 200
        assert upper.json == lower.json != [], path


async def test_the_list(world: World) -> None:
    await assert_pages(world, SYSTEMS, [world.systems["alpha"], world.systems["beta"]], "plain")
    await assert_pages(world, f"{SYSTEMS}?slug=beta", [world.systems["beta"]], "plain")
    await assert_pages(world, f"{SYSTEMS}?slug=nowhere", [], "plain")
    await assert_checked(world, SYSTEMS)


@pytest.mark.parametrize(
    "path", [SYSTEMS, "/api/v1/roles/", "/api/v1/system-roles/", "/api/v1/users/agents/", "/api/v1/users/invitations/"]
)
async def test_a_cursor_of_another_list(world: World, path: str) -> None:
    answer = await world.api.get(f"{path}?cursor={TEXT_CURSOR}", headers=await world.as_("root"))
    assert (answer.status, answer.json) == (400, INVALID_CURSOR)


async def test_a_system_in_use_goes_only_by_force(world: World) -> None:
    path, root = f"{SYSTEMS}{world.systems['alpha']}/", await world.as_("root")
    for query in ("", "?force=false", "?force=0"):
        async with unchanged(world.db):
            answer = await world.api.request("DELETE", path + query, headers=root)
            assert (answer.status, answer.code) == (409, "conflict")
    assert (await world.api.request("DELETE", f"{path}?force=maybe", headers=root)).status == 400
    assert (await world.api.request("DELETE", f"{path}?force=true", headers=root)).status == 204
    assert (await world.api.get(path, headers=root)).json == NOT_FOUND
    for table in ("roles", "assignments"):
        count = f"SELECT count(*) FROM {table} WHERE system_id = $1"
        assert await world.db.fetchval(count, world.systems["alpha"]) == 0
    assert (await world.api.get("/api/v1/users/", headers=await world.as_("admin_a"))).json == FORBIDDEN
    assert (await events(world.db))[-1] != "system_changed"


async def test_an_unused_system_goes(world: World) -> None:
    made = (await create(world, name="Help Desk")).json["id"]
    root = await world.as_("root")
    assert (await world.api.request("DELETE", f"{SYSTEMS}{made}/", headers=root)).status == 204
    assert (await world.api.request("DELETE", f"{SYSTEMS}{made}/", headers=root)).json == NOT_FOUND
    assert (await world.api.get(f"{SYSTEMS}{MISSING}/", headers=root)).json == NOT_FOUND
