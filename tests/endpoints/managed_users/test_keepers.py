"""A system keeps an active Admin, the service a superuser: whichever way somebody would take the last one."""

import pytest

from tests.client import Answer
from tests.endpoints.kit import unchanged
from tests.rights.requests import edits, removals, switches
from tests.rights.world import World

LAST_ADMIN = {"detail": "A system keeps at least one active Admin.", "code": "conflict"}
LAST_SUPERUSER = {"detail": "At least one superuser must remain.", "code": "conflict"}


async def ways(world: World, who: str) -> list[tuple[str, str, dict]]:
    """Every way to take the role Admin of alpha from its holder."""
    user, held = world.people[who], await world.held(who, "alpha")
    return [
        *edits(held, {"role": "Agent"}),
        *edits(held, {"role_id": await world.role("alpha", "Spare")}),
        *edits(held, {"is_active": False}),
        *removals(held),
        *switches(user, held),
        ("PATCH", f"/api/v1/users/{user}/", {"is_active": False}),
        ("PATCH", f"/api/v1/users/{user}/", {"status": "Rejected"}),
        ("PUT", f"/api/v1/users/management/{user}/", {"is_active": False}),
        ("DELETE", f"/api/v1/users/{user}/", {}),
        ("DELETE", f"/api/v1/users/management/{user}/", {}),
    ]


async def send(world: World, who: str, way: tuple[str, str, dict]) -> Answer:
    method, path, body = way
    return await world.api.request(method, path, json=body or {}, headers=await world.as_(who))


async def test_the_last_admin_of_a_system_stays(world: World) -> None:
    await world.as_("root")
    async with unchanged(world.db):
        for way in await ways(world, "admin_a"):
            answer = await send(world, "root", way)
            assert (answer.status, answer.json) == (409, LAST_ADMIN), way


@pytest.mark.parametrize("number", range(15))
async def test_one_of_two_admins_goes(world: World, number: int) -> None:
    await world.add("second", ("alpha", "Admin"))
    found = await ways(world, "admin_a")
    assert number < len(found)
    assert (await send(world, "root", found[number])).status in {200, 204}
    assert (await send(world, "root", (await ways(world, "second"))[number])).json == LAST_ADMIN


@pytest.mark.parametrize("lame", ["assignment off", "person off", "person rejected"])
async def test_an_admin_who_cannot_act_does_not_count(world: World, lame: str) -> None:
    other = await world.add("second", ("alpha", "Admin"))
    script = {
        "assignment off": "UPDATE assignments SET is_active = false WHERE user_id = $1",
        "person off": "UPDATE users SET is_active = false WHERE id = $1",
        "person rejected": "UPDATE users SET status = 'Rejected' WHERE id = $1",
    }[lame]
    await world.db.execute(script, other)
    for way in await ways(world, "admin_a"):
        assert (await send(world, "root", way)).json == LAST_ADMIN


async def test_a_system_with_its_last_admin_can_go(world: World) -> None:
    root = await world.as_("root")
    answer = await world.api.request("DELETE", f"/api/v1/systems/{world.systems['alpha']}/?force=true", headers=root)
    assert answer.status == 204


async def test_the_role_admin_stays_with_its_system(world: World) -> None:
    role = f"/api/v1/roles/{await world.role('alpha', 'Admin')}/"
    root = await world.as_("root")
    await world.api.patch(role, {"is_custom": True}, headers=root)
    assert (await world.api.request("DELETE", f"{role}?force=true", headers=root)).status == 409
    assert await world.db.fetchval("SELECT count(*) FROM assignments WHERE user_id = $1", world.people["admin_a"]) == 1


@pytest.mark.parametrize("body", [{"is_superuser": False}, {"is_active": False}, {"status": "Rejected"}])
async def test_the_last_superuser_stays(world: World, body: dict) -> None:
    await world.as_("root")
    way = ("PATCH", f"/api/v1/users/{world.people['root']}/", body)
    async with unchanged(world.db):
        answer = await send(world, "root", way)
        assert (answer.status, answer.json) == (409, LAST_SUPERUSER)
    await world.add("second", is_superuser=True)
    assert (await send(world, "root", way)).status == 200
    second = ("PATCH", f"/api/v1/users/{world.people['second']}/", body)
    assert (await send(world, "second", second)).json == LAST_SUPERUSER


async def test_a_superuser_who_cannot_act_does_not_count(world: World) -> None:
    await world.add("second", is_superuser=True, is_active=False)
    way = ("PATCH", f"/api/v1/users/{world.people['root']}/", {"is_superuser": False})
    assert (await send(world, "root", way)).json == LAST_SUPERUSER
