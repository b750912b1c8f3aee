"""What the ticket tracker asks, in the shapes that it and its old front end know."""

import pytest

from authsvc.queries import tts
from tests.client import Answer
from tests.endpoints.kit import COMPANY_ID, NUMBER, TIME, unchanged
from tests.rights.world import ALPHA, MISSING, NOT_FOUND, World, add_system, hold

ROUND_ROBIN = "/api/v1/tts/round-robin/"
INFOS = "/api/v1/tts/users-info/"
ASSIGN = "/api/v1/tts/assign-agent-to-role/"


async def get(world: World, path: str, who: str = "plain") -> Answer:
    return await world.api.get(path, headers=await world.as_(who))


async def post(world: World, path: str, body: dict, who: str = "plain") -> Answer:
    return await world.api.post(path, body, headers=await world.as_(who))


@pytest.fixture
async def pool(world: World) -> list[int]:
    """Who takes turns as Technician of tts, and some who do not."""
    world.systems["tts"] = await add_system(world.db, "tts")
    for who in ("plain", "agent_a", "shared", "dead"):
        await hold(world.db, world.people[who], "tts", "Technician")
    await hold(world.db, world.people["agent_b"], "tts", "Technician", is_active=False)
    await hold(world.db, world.people["admin_a"], "tts", "Agent")
    await world.db.execute("UPDATE users SET is_active = false WHERE id = $1", world.people["dead"])
    return sorted(world.people[who] for who in ("plain", "agent_a", "shared"))


async def test_round_robin(world: World, pool: list[int]) -> None:
    expected = {"user_ids": pool, "system": "TTS", "role": "Technician", "count": 3, "next_user_id": pool[0]}
    assert (await get(world, f"{ROUND_ROBIN}?system=TTS&role=Technician")).json == expected
    expected |= {"system": "tts", "role": "TECHNICIAN"}
    assert (await get(world, f"{ROUND_ROBIN}?role=TECHNICIAN")).json == expected


async def test_round_robin_of_old(world: World, pool: list[int]) -> None:
    role = await world.role("tts", "Technician")
    for query in ("role_name=technician", f"role_id={role}", "system=TTS&role_name=Technician"):
        assert (await get(world, f"{ROUND_ROBIN}?{query}")).json == pool
    for query in ("role_name=Nobody", f"role_id={MISSING}", "system=nowhere&role_name=Technician"):
        answer = await get(world, f"{ROUND_ROBIN}?{query}")
        assert (answer.status, answer.json) == (200, [])
    foreign = await world.role("alpha", "Agent")
    assert (await get(world, f"{ROUND_ROBIN}?role_id={foreign}")).json == []


@pytest.mark.parametrize("query", ["role=Nobody", "system=nowhere&role=Technician", "system=alpha&role=Techniciän"])
async def test_round_robin_of_an_unknown_role(world: World, pool: list[int], query: str) -> None:
    answer = await get(world, f"{ROUND_ROBIN}?{query}")
    assert (answer.status, answer.json) == (404, NOT_FOUND)


async def test_round_robin_while_nobody_takes_turns(world: World, pool: list[int]) -> None:
    expected = {"user_ids": [], "system": "tts", "role": "Spare", "count": 0, "next_user_id": None}
    assert (await get(world, f"{ROUND_ROBIN}?role=Spare")).json == expected
    assert (await get(world, f"{ROUND_ROBIN}?role_name=Spare")).json == []
    answer = await post(world, f"{ROUND_ROBIN}next/", {"role": "Spare"})
    assert (answer.status, answer.code) == (409, "conflict")


async def test_the_pool_is_not_planned_for_each_role(world: World, pool: list[int]) -> None:
    """Although one role is held by many and another by few: planning costs more than reading."""
    await world.db.execute(
        """INSERT INTO company_ids (company_id, kind) SELECT 'MANY' || n, 'staff' FROM generate_series(1, 3000) n;
           INSERT INTO users (email, email_canonical, username, username_canonical, company_id)
           SELECT name || '@example.com', name || '@example.com', name, name, upper(name)
             FROM (SELECT 'many' || n AS name FROM generate_series(1, 3000) n) named;
           INSERT INTO assignments (user_id, system_id, role_id)
           SELECT u.id, r.system_id, r.id FROM users u, roles r JOIN systems s ON s.id = r.system_id
            WHERE u.username LIKE 'many%' AND s.slug = 'tts' AND r.name = 'Agent'"""
    )
    await world.db.execute("VACUUM (FULL, ANALYZE) users, assignments, roles, systems, turns")  # of what tests left
    statement = await world.db.prepare(tts.SQL["pool"])
    for _ in range(20):
        assert (await statement.fetchrow("tts", None, "technician"))["user_ids"] == pool
    plans = "SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE statement = $1"
    assert tuple(await world.db.fetchrow(plans, tts.SQL["pool"])) == (5, 15)


async def test_turns_go_round(world: World, pool: list[int]) -> None:
    body = {"system": "TTS", "role": "technician"}
    given = [(await post(world, f"{ROUND_ROBIN}next/", body)).json for _ in range(5)]
    order = [*pool, *pool[:2]]
    assert given == [{"user_id": user, "turn": turn} for turn, user in enumerate(order, 1)]
    shown = await get(world, f"{ROUND_ROBIN}?role=Technician")
    assert (shown.json["user_ids"], shown.json["next_user_id"]) == (pool, pool[2])


async def test_who_leaves_or_joins_the_pool_confuses_nobody(world: World, pool: list[int]) -> None:
    body = {"role": "Technician"}
    await post(world, f"{ROUND_ROBIN}next/", body)
    await world.db.execute("UPDATE assignments SET is_active = false WHERE user_id = $1", pool[1])
    assert (await post(world, f"{ROUND_ROBIN}next/", body)).json == {"user_id": pool[2], "turn": 2}
    late = await world.add("late", ("tts", "Technician"))
    assert (await get(world, f"{ROUND_ROBIN}?role=Technician")).json["next_user_id"] == late
    assert (await post(world, f"{ROUND_ROBIN}next/", body)).json == {"user_id": late, "turn": 3}
    assert (await post(world, f"{ROUND_ROBIN}next/", body)).json == {"user_id": pool[0], "turn": 4}


async def test_next_is_checked(world: World, pool: list[int]) -> None:
    assert (await post(world, f"{ROUND_ROBIN}next/", {})).json == {"role": ["This field is required."]}
    assert (await post(world, f"{ROUND_ROBIN}next/", {"role": "Nobody"})).json == NOT_FOUND


def info(world: World, who: str, email: str, **known: object) -> dict:
    return {
        "id": world.people[who],
        "email": email,
        "first_name": who,
        "last_name": "Alpha",
        "full_name": f"{who} Alpha",
        "company_id": COMPANY_ID,
        "profile_picture": None,
        "department": None,
        "position": None,
        "is_active": True,
        "date_joined": TIME,
        "system_roles": [],
        **known,
    }


def held(slug: str, role: str) -> dict:
    return {"system": f"System {slug}", "system_slug": slug, "role": role, "is_active": True}


def card(world: World, who: str, email: str) -> dict:
    found = info(world, who, email)
    shown = ("id", "email", "first_name", "last_name", "full_name", "company_id", "profile_picture", "department")
    return {**{name: found[name] for name in shown}, "type": "user"}


@pytest.mark.parametrize("who", ["agent_a", "admin_a", "root"])
async def test_user_info_of_who_shares_a_system(world: World, who: str) -> None:
    answer = await get(world, f"/api/v1/tts/user-info/{world.people['shared']}/", who)
    roles = [held("alpha", "Agent"), *([held("beta", "Technician")] if who == "root" else [])]
    assert (answer.status, answer.json) == (200, info(world, "shared", "shared@example.com", system_roles=roles))


async def test_user_info_of_a_stranger_is_a_card(world: World) -> None:
    answer = await get(world, f"/api/v1/tts/user-info/{world.people['shared']}/", "plain")
    assert (answer.status, answer.json) == (200, card(world, "shared", "shared@example.com"))


async def test_user_info_of_oneself_and_of_nobody(world: World) -> None:
    own = await get(world, f"/api/v1/tts/user-info/{world.people['plain']}/")
    assert own.json == info(world, "plain", "plain@example.com")
    for number in (MISSING, 2**31, 9999999999):
        assert (await get(world, f"/api/v1/tts/user-info/{number}/")).json == NOT_FOUND


async def test_users_info_in_order_with_those_whom_nobody_knows(world: World) -> None:
    ids = [MISSING, world.people["shared"], world.people["plain"], MISSING - 1, world.people["shared"]]
    answer = await post(world, INFOS, {"user_ids": ids})
    people = [info(world, "plain", "plain@example.com"), card(world, "shared", "shared@example.com")]
    assert answer.json == {"users": people, "not_found": [MISSING, MISSING - 1]}


async def test_users_info_of_old_is_keyed_by_id(world: World) -> None:
    plain = world.people["plain"]
    answer = await post(world, INFOS, {"employee_cookie_ids": [plain, MISSING]})
    assert answer.json == {str(plain): info(world, "plain", "plain@example.com")}
    assert (await post(world, INFOS, {"employee_cookie_ids": []})).json == {}


async def test_users_info_takes_a_thousand(world: World) -> None:
    ids = list(range(MISSING - 999, MISSING + 1))
    answer = await post(world, INFOS, {"user_ids": ids})
    assert (answer.status, answer.json) == (200, {"users": [], "not_found": ids})
    for name in ("user_ids", "employee_cookie_ids"):
        answer = await post(world, INFOS, {name: [*ids, 1]})
        assert (answer.status, answer.json) == (400, {name: ["Expected a list of at most 1000 ids."]})


@pytest.mark.parametrize("wrong", [None, "1", 1, {}, ["1"], [True], [0], [-1], [2**31], [1.5], [None], [[1]]])
async def test_users_info_takes_ids_only(world: World, wrong: object) -> None:
    answer = await post(world, INFOS, {"user_ids": wrong})
    assert (answer.status, list(answer.json)) == (400, ["user_ids"])


async def test_users_info_of_nothing(world: World) -> None:
    assert (await post(world, INFOS, {})).json == {"user_ids": ["This field is required."]}
    assert (await post(world, INFOS, {"user_ids": []})).json == {"users": [], "not_found": []}


@pytest.mark.parametrize("user", ["user_id", "userID"])
@pytest.mark.parametrize("role", ["role", "role_name", "role_id"])
async def test_an_agent_gets_a_role_once(world: World, user: str, role: str) -> None:
    wanted = await world.role(ALPHA, "Spare") if role == "role_id" else "SPARE"
    body = {user: world.people["agent_a"], role: wanted, "system_slug": "ALPHA", "settings": {"level": 2}}
    answer = await post(world, ASSIGN, body, "admin_a")
    assert (answer.status, answer.json) == (
        201,
        {
            "id": NUMBER,
            "user_id": world.people["agent_a"],
            "email": "agent@alpha.example.com",
            "username": "agent_a",
            "first_name": "agent_a",
            "middle_name": None,
            "last_name": "Alpha",
            "full_name": "agent_a Alpha",
            "user_is_active": True,
            "system_id": world.systems[ALPHA],
            "system_slug": ALPHA,
            "system_name": "System alpha",
            "role_id": await world.role(ALPHA, "Spare"),
            "role": "Spare",
            "role_name": "Spare",
            "is_active": True,
            "settings": {"level": 2},
            "assigned_at": TIME,
            "assigned_by": world.people["admin_a"],
            "last_logged_on": None,
            "message": "The role was assigned.",
        },
    )
    async with unchanged(world.db):
        again = await post(world, ASSIGN, {**body, "settings": {}}, "admin_a")
        assert (again.status, again.json) == (200, {**answer.json, "message": "The person holds the role already."})


async def test_assigning_is_checked(world: World) -> None:
    required = ["This field is required."]
    assert (await post(world, ASSIGN, {}, "admin_a")).json == {"user_id": required, "role": required}
    body = {"user_id": world.people["agent_a"], "role": "Agent"}
    assert (await post(world, ASSIGN, body, "root")).json == {"system_slug": ["Unknown system."]}
    body |= {"system_slug": ALPHA, "role": "Nobody"}
    assert (await post(world, ASSIGN, body, "root")).json == {"role": ["Unknown role of this system."]}


async def test_the_forms_data(world: World) -> None:
    for path in (
        "/api/v1/tts/assign-agent-to-role/",
        "/api/v1/tts/assign-role/",
        "/api/v1/tts/create-role/",
        "/assign-role/",
    ):
        answer = await get(world, path, "admin_a")
        assert set(answer.json) == {"assignments", "roles", "users"}
        assert [row["username"] for row in answer.json["assignments"]] == [
            "dead",
            "admin_a",
            "agent_a",
            "both",
            "shared",
        ]
        expected = [
            {"id": await world.role(ALPHA, name), "name": name, "system_slug": ALPHA}
            for name in ("Admin", "Agent", "Technician", "Spare")
        ]
        assert answer.json["roles"] == expected
        assert card(world, "agent_a", "agent@alpha.example.com") in answer.json["users"]
