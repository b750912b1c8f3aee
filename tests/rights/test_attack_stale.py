"""A right that was lost, or a role that was given, while a request was under way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
import pytest

from tests.client import Answer
from tests.rights.world import World

PASSWORD = "nine staples, one horse"
EVIL = {"email": "evil@example.com", "password": PASSWORD, "is_superuser": True}


async def dripped(
    world: World, method: str, path: str, body: dict[str, Any], who: str, between: Callable[[], Awaitable[object]]
) -> Answer:
    """Send the first byte of the body, let something happen, send the rest."""
    begun, goes_on, raw = asyncio.Event(), asyncio.Event(), orjson.dumps(body)

    async def chunks() -> AsyncIterator[bytes]:
        yield raw[:1]
        begun.set()
        await goes_on.wait()
        yield raw[1:]

    headers = {**await world.as_(who), "Content-Type": "application/json"}
    sent = asyncio.ensure_future(world.api.request(method, path, data=chunks(), headers=headers))
    await begun.wait()
    await asyncio.sleep(0.15)  # the request is past the middlewares that know the caller
    await between()
    goes_on.set()
    return await sent


async def superuser_no_more(world: World) -> None:
    await world.db.execute("UPDATE users SET is_superuser = false WHERE id = $1", world.people["second"])


STALE: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/api/v1/users/", EVIL),
    ("PATCH", "/api/v1/users/{second}/", {"is_superuser": True}),
    ("POST", "/api/v1/systems/", {"name": "Evil"}),
    ("POST", "/api/v1/users/invite-agent/", {"email": "root@example.com", "system": "alpha", "role": "Agent"}),
]


@pytest.mark.parametrize("method, path, body", STALE, ids=["create user", "promote oneself", "new system", "invite"])
async def test_who_is_no_superuser_any_more_when_his_body_ends(
    world: World, method: str, path: str, body: dict[str, Any]
) -> None:
    """He still is an admin of alpha."""
    second = await world.add("second", ("alpha", "Admin"), is_superuser=True)
    answer = await dripped(world, method, path.format(second=second), body, "second", lambda: superuser_no_more(world))
    assert (answer.status, answer.code) == (403, "permission_denied")
    assert await world.db.fetchval("SELECT array_agg(email) FROM users WHERE is_superuser") == ["root@example.com"]


@pytest.mark.parametrize("end", ["logout-all", "deactivated"])
async def test_a_session_that_ended_before_the_body_did(world: World, end: str) -> None:
    second = await world.add("second", ("alpha", "Admin"), is_superuser=True)
    me, root = await world.as_("second"), await world.as_("root")

    async def ends() -> None:
        if end == "logout-all":
            answer = await world.api.post("/api/v1/users/logout-all/", {}, headers=me)
        else:
            answer = await world.api.patch(f"/api/v1/users/{second}/", {"is_active": False}, headers=root)
        assert answer.status == 200

    answer = await dripped(world, "POST", "/api/v1/users/", EVIL, "second", ends)
    assert (answer.status, answer.code) == (401, "token_not_valid")
    assert await world.db.fetchval("SELECT count(*) FROM users WHERE email = 'evil@example.com'") == 0


@pytest.mark.parametrize("noun", ["roles", "systems"])
async def test_what_is_given_while_it_is_removed_without_force(world: World, noun: str) -> None:
    """The removal comes second: somebody holds the role then."""
    made = await world.api.post("/api/v1/systems/", {"name": "Gamma"}, headers=await world.as_("root"))
    body = {"system": "gamma", "name": "Fresh"}
    role = (await world.api.post("/api/v1/roles/", body, headers=await world.as_("root"))).json["id"]
    path = f"/api/v1/roles/{role}/" if noun == "roles" else f"/api/v1/systems/{made.json['id']}/"
    async with world.db.transaction():
        await world.db.execute(
            "INSERT INTO assignments (user_id, system_id, role_id) VALUES ($1, $2, $3)",
            world.people["plain"],
            made.json["id"],
            role,
        )
        removing = asyncio.ensure_future(world.api.request("DELETE", path, headers=await world.as_("root")))
        async with asyncio.timeout(1.5):
            while not await world.db.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                await asyncio.sleep(0.01)
    assert (await removing).status == 409
    assert await world.db.fetchval("SELECT count(*) FROM assignments WHERE role_id = $1", role) == 1
