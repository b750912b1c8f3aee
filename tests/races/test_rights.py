"""Many at once on one right: one winner, nobody twice, never the last one gone."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine

import asyncpg
import pytest

from tests.client import Answer, Api
from tests.endpoints.kit import events
from tests.mailbox import Mailbox
from tests.rights.requests import edits, removals, switches
from tests.rights.world import World, add_system, make_world

MANY = 50
ASSIGN = "/api/v1/tts/assign-agent-to-role/"
Serve = Callable[..., Awaitable[Api]]


@pytest.fixture
async def world(api: Api, db: asyncpg.Connection) -> World:
    return await make_world(api, db)


@pytest.fixture
async def second(world: World, serve: Serve) -> Api:
    """Another instance of the service on the same database."""
    return await serve()


async def at_once(
    apis: list[Api], method: str, path: str, body: dict, headers: dict, number: int = MANY
) -> list[Answer]:
    """The same request, so many times, by turns to each instance."""
    calls = (apis[i % len(apis)].request(method, path, json=body, headers=headers) for i in range(number))
    return list(await asyncio.gather(*calls))


async def in_step(db: asyncpg.Connection, lock: str, calls: list[Coroutine[None, None, Answer]]) -> list[Answer]:
    """All calls wait behind a lock, each past what it reads before it writes, and are then let go together."""
    async with db.transaction():
        await db.execute(lock)
        waiting = [asyncio.ensure_future(call) for call in calls]
        async with asyncio.timeout(0.9):
            while await db.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") < len(waiting):
                await asyncio.sleep(0.01)
    return list(await asyncio.gather(*waiting))


def statuses(answers: list[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


async def test_a_thousand_turns_over_two_instances_are_fair(world: World, second: Api) -> None:
    await add_system(world.db, "tts")
    agents = [await world.add(f"t{i}", ("tts", "Technician")) for i in range(7)]
    me, gate = await world.as_("plain"), asyncio.Semaphore(16)

    async def turn(api: Api) -> Answer:
        async with gate:
            while True:
                answer = await api.post("/api/v1/tts/round-robin/next/", {"role": "Technician"}, headers=me)
                if answer.status != 503:  # a busy machine: nothing was handed out, and a client asks again
                    return answer

    answers = await asyncio.gather(*(turn((world.api, second)[i % 2]) for i in range(1000)))
    assert statuses(answers) == {200: 1000}
    by_turn = sorted((answer.json["turn"], answer.json["user_id"]) for answer in answers)
    assert by_turn == [(turn, agents[(turn - 1) % 7]) for turn in range(1, 1001)]
    counts = Counter(user for _, user in by_turn)
    assert max(counts.values()) - min(counts.values()) <= 1


async def _removals(world: World, who: str) -> list[tuple[str, str, dict]]:
    user, held = world.people[who], await world.held(who, "alpha")
    return [
        edits(held, {"role": "Agent"})[0],
        edits(held, {"is_active": False})[0],
        removals(held)[0],
        switches(user, held)[0],
        ("PATCH", f"/api/v1/users/{user}/", {"is_active": False}),
        ("PATCH", f"/api/v1/users/{user}/", {"status": "Rejected"}),
        ("DELETE", f"/api/v1/users/{user}/", {}),
    ]


@pytest.mark.parametrize("mine", range(7))
@pytest.mark.parametrize("theirs", [0, 2, 4, 6])
async def test_of_the_last_two_admins_one_stays(world: World, second: Api, mine: int, theirs: int) -> None:
    await world.add("other", ("alpha", "Admin"))
    root = await world.as_("root")
    one, two = (await _removals(world, "admin_a"))[mine], (await _removals(world, "other"))[theirs]
    answers = await asyncio.gather(
        world.api.request(one[0], one[1], json=one[2] or {}, headers=root),
        second.request(two[0], two[1], json=two[2] or {}, headers=root),
    )
    assert max(answer.status for answer in answers) == 409, [answer.text for answer in answers]
    assert min(answer.status for answer in answers) in {200, 204}
    left = """SELECT count(*) FROM assignments a JOIN roles r ON r.id = a.role_id JOIN users u ON u.id = a.user_id
               WHERE r.name = 'Admin' AND a.system_id = $1 AND a.is_active AND u.is_live"""
    assert await world.db.fetchval(left, world.systems["alpha"]) == 1


WAYS = [
    ("PATCH", {"is_superuser": False}),
    ("PATCH", {"is_active": False}),
    ("PATCH", {"status": "Rejected"}),
    ("DELETE", {}),
]


@pytest.mark.parametrize("way", WAYS, ids=str)
async def test_of_the_last_two_superusers_one_stays(world: World, second: Api, way: tuple[str, dict]) -> None:
    """Each takes the right of the other."""
    other = await world.add("other", is_superuser=True)
    method, body = way
    calls = [(world.api, "root", other), (second, "other", world.people["root"])]
    bearers = [await world.as_(who) for _, who, _ in calls]
    answers = await asyncio.gather(
        *(
            api.request(method, f"/api/v1/users/{target}/", json=body, headers=bearer)
            for (api, _, target), bearer in zip(calls, bearers, strict=True)
        )
    )
    assert min(answer.status for answer in answers) in {200, 204}
    # Too late by a moment, the other one has lost his session, his right, or what he could see.
    assert max(answer.status for answer in answers) in {401, 403, 404, 409}
    assert await world.db.fetchval("SELECT count(*) FROM users WHERE is_superuser AND is_live") == 1


@pytest.mark.parametrize("turn", range(3))
async def test_two_superusers_who_change_each_others_status_wait_for_each_other(
    world: World, second: Api, turn: int
) -> None:
    """A status names who gave it: each changes one row and looks at the other's, whose turn is by their ids."""
    await world.add("third", is_superuser=True)
    other = await world.add("other", is_superuser=True)
    calls = [(world.api, "root", other), (second, "other", world.people["root"])]
    bearers = [await world.as_(who) for _, who, _ in calls]
    answers = await in_step(
        world.db,
        "LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE",
        [
            api.request("PATCH", f"/api/v1/users/{target}/", json={"status": "Pending"}, headers=bearer)
            for (api, _, target), bearer in zip(calls, bearers, strict=True)
        ],
    )
    assert [answer.status for answer in answers] == [200, 200], [answer.text for answer in answers]


async def test_two_admins_of_two_systems_removed_crosswise(world: World, second: Api) -> None:
    """Locks are taken in one order, whichever way the rows lie: no deadlock, no 500."""
    for slugs in (("alpha", "beta"), ("beta", "alpha")):
        await world.add(f"x{slugs[0]}", *((slug, "Admin") for slug in slugs))
    root = await world.as_("root")
    answers = await asyncio.gather(
        world.api.request("DELETE", f"/api/v1/users/{world.people['xalpha']}/", headers=root),
        second.request("DELETE", f"/api/v1/users/{world.people['xbeta']}/", headers=root),
    )
    assert [answer.status for answer in answers] == [204, 204]


CREATIONS = {
    "assignment": ("/api/v1/system-roles/", {"user": "agent_a", "system": "alpha", "role": "Spare"}),
    "role": ("/api/v1/roles/", {"system": "alpha", "name": "Lead"}),
    "role of tts": ("/api/v1/tts/create-role/", {"system": "alpha", "name": "LEAD"}),
    "system": ("/api/v1/systems/", {"name": "Help Desk"}),
    "grant by mail": (
        "/api/v1/users/invite-agent/",
        {"email": "plain@example.com", "system": "alpha", "role": "Spare"},
    ),
}


@pytest.mark.parametrize("what", CREATIONS)
async def test_of_many_identical_creations_one_wins(world: World, second: Api, what: str) -> None:
    path, body = CREATIONS[what]
    body = {**body, **({"user": world.people["agent_a"]} if "user" in body else {})}
    answers = await at_once([world.api, second], "POST", path, body, await world.as_("root"))
    assert statuses(answers) == {201: 1, 409: MANY - 1}
    assert {answer.code for answer in answers if answer.status == 409} == {"conflict"}


async def test_of_many_identical_users_one_is_made(world: World, second: Api) -> None:
    body = {"email": "new@example.com"}
    answers = await at_once([world.api, second], "POST", "/api/v1/users/", body, await world.as_("root"))
    assert statuses(answers) == {201: 1, 400: MANY - 1}
    assert await world.db.fetchval("SELECT count(*) FROM users WHERE email = 'new@example.com'") == 1


async def test_an_agent_assigned_many_times_holds_the_role_once(world: World, second: Api) -> None:
    body = {"user_id": world.people["agent_a"], "system_slug": "alpha", "role": "Spare"}
    answers = await at_once([world.api, second], "POST", ASSIGN, body, await world.as_("root"))
    assert statuses(answers)[201] == 1
    assert set(statuses(answers)) <= {200, 201}


async def test_assigning_an_agent_at_the_same_moment_is_as_good_as_later(world: World, second: Api) -> None:
    body = {"user_id": world.people["agent_a"], "system_slug": "alpha", "role": "Spare"}
    root = await world.as_("root")
    calls = [api.post(ASSIGN, body, headers=root) for api in (world.api, second)]
    answers = await in_step(world.db, "LOCK TABLE assignments IN SHARE MODE", calls)
    assert statuses(answers) == {201: 1, 200: 1}


async def test_of_many_invitations_one_is_open(world: World, second: Api) -> None:
    body = {"email": "new@example.com", "system": "alpha", "role": "Spare"}
    answers = await at_once([world.api, second], "POST", "/api/v1/users/invite-agent/", body, await world.as_("root"))
    assert set(statuses(answers)) <= {201, 409}
    assert statuses(answers)[201] >= 1
    assert await world.db.fetchval("SELECT count(*) FROM invitations WHERE revoked_at IS NULL") == 1


async def test_an_invitation_is_accepted_once(world: World, second: Api, mailbox: Mailbox) -> None:
    body = {"email": "new@example.com", "system": "alpha", "role": "Spare"}
    await world.api.post("/api/v1/users/invite-agent/", body, headers=await world.as_("admin_a"))
    accepted = {
        "token": await mailbox.link(world.api, "new@example.com", "invited"),
        "password": "nine staples, one horse",
    }
    answers = await at_once([world.api, second], "POST", "/api/v1/users/invitations/accept/", accepted, {})
    assert statuses(answers) == {200: 1, 400: MANY - 1}
    assert await world.db.fetchval("SELECT count(*) FROM users WHERE email = 'new@example.com'") == 1
    assert (
        await world.db.fetchval(
            "SELECT count(*) FROM assignments a JOIN users u ON u.id = a.user_id WHERE u.username = 'new'"
        )
        == 1
    )


async def test_a_user_is_removed_once(world: World, second: Api) -> None:
    path = f"/api/v1/users/{world.people['plain']}/"
    answers = await at_once([world.api, second], "DELETE", path, {}, await world.as_("root"), 20)
    assert statuses(answers) == {204: 1, 404: 19}


@pytest.mark.parametrize("noun, event", [("assignments", "role_revoked"), ("roles", "role_removed")])
async def test_what_two_remove_is_removed_and_audited_once(world: World, second: Api, noun: str, event: str) -> None:
    number = await (world.role("alpha", "Spare") if noun == "roles" else world.held("agent_a", "alpha"))
    path = f"/api/v1/{'roles' if noun == 'roles' else 'system-roles'}/{number}/"
    root = await world.as_("root")
    calls = [api.request("DELETE", path, headers=root) for api in (world.api, second)]
    answers = await in_step(world.db, f"SELECT FROM {noun} WHERE id = {number} FOR UPDATE", calls)
    assert statuses(answers) == {204: 1, 404: 1}
    assert (await events(world.db)).count(event) == 1
