"""An admin of alpha learns nothing of beta: not from lists, searches, filters, by id, nor from what refuses him.

Whatever belongs to beta alone has "beta" in its address and name (tests/rights/world.py).
"""

import base64

import asyncpg
import pytest

from tests.client import Answer
from tests.endpoints.kit import looks, paths_of
from tests.rights.world import MISSING, NOT_FOUND, World

LISTS = paths_of("managed_users.index")


async def beta_only(world: World) -> list[str]:
    """Texts that must not be in an answer to admin_a."""
    people = [world.people["admin_b"], world.people["agent_b"]]
    found = await world.db.fetch("SELECT email, company_id FROM users WHERE id = ANY($1)", people)
    return ["beta", "Beta", *(row["company_id"] for row in found)]


async def assert_clean(world: World, answer: Answer) -> None:
    for text in await beta_only(world):
        assert text not in answer.text, answer.text
        assert text not in str(answer.headers), answer.headers


async def get(world: World, path: str, who: str = "admin_a") -> Answer:
    return await world.api.get(path, headers=await world.as_(who))


def ids(answer: Answer, key: str = "id") -> list[int]:
    return [row[key] for row in answer.json]


QUERIES = [
    "", "?search=agent", "?search=beta", "?search=agent@beta.example.com", "?status=Approved", "?is_active=true",
    "?system=beta", "?role=Technician", "?system=beta&role=Agent", "?ordering=-email", "?ordering=email&limit=1",
    "?limit=1", "?search=MA",
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
async def test_lists_of_users_hold_nobody_of_another_system(world: World, query: str) -> None:
    for path in LISTS:
        answer = await get(world, path + query)
        assert answer.status == 200
        await assert_clean(world, answer)


@pytest.mark.parametrize("query", ["?system=beta", "?search=beta", "?role=Spare", "?system=beta&role=Technician"])
async def test_a_filter_that_only_another_system_meets_finds_nobody(world: World, query: str) -> None:
    for path in LISTS:
        assert (await get(world, path + query)).json == []


async def test_a_role_elsewhere_does_not_answer_a_filter(world: World) -> None:
    """shared is Technician in beta and Agent in alpha."""
    assert (await get(world, "/api/v1/users/?role=technician")).json == []
    found = await get(world, "/api/v1/users/?role=agent&search=shared")
    assert ids(found) == [world.people["shared"]]


async def test_a_cursor_leads_to_nobody_outside(world: World) -> None:
    for key in ("0", '"a"', '"agent@beta.example.comA"'):
        cursor = base64.urlsafe_b64encode(key.encode()).rstrip(b"=").decode()
        ordering = "id" if key == "0" else "email"
        await assert_clean(world, await get(world, f"/api/v1/users/?ordering={ordering}&cursor={cursor}&limit=500"))


async def test_profiles_name_the_roles_of_administered_systems_only(world: World) -> None:
    shared = world.people["shared"]
    for path in (f"/api/v1/users/{shared}/", f"/api/v1/users/management/{shared}/"):
        answer = await get(world, path)
        assert [held["system_slug"] for held in answer.json["system_roles"]] == ["alpha"]
        await assert_clean(world, answer)
        changed = await world.api.patch(path, {"first_name": "S"}, headers=await world.as_("admin_a"))
        assert [held["system_slug"] for held in changed.json["system_roles"]] == ["alpha"]
    for path in [*LISTS, "/api/v1/users/agents/"]:
        (row,) = [row for row in (await get(world, path)).json if row["id"] == shared]
        assert [held["system_slug"] for held in row["system_roles"]] == ["alpha"]


async def test_a_profile_by_company_id_names_the_roles_of_administered_systems_only(world: World) -> None:
    company_id = await world.db.fetchval("SELECT company_id FROM users WHERE id = $1", world.people["shared"])
    answer = await get(world, f"/api/v1/users/profile/by-company/{company_id}/")
    assert [held["system_slug"] for held in answer.json["system_roles"]] == ["alpha"]


async def test_by_company_id_a_stranger_is_a_card(world: World) -> None:
    company_id = await world.db.fetchval("SELECT company_id FROM users WHERE id = $1", world.people["agent_b"])
    answer = await get(world, f"/api/v1/users/profile/by-company/{company_id}/")
    assert set(answer.json) == {
        "id", "type", "email", "first_name", "last_name", "full_name", "company_id", "department", "profile_picture",
    }  # fmt: skip


async def test_agents_are_those_of_shared_systems(world: World) -> None:
    answer = await get(world, "/api/v1/users/agents/")
    await assert_clean(world, answer)
    assert ids(answer) == sorted(world.people[who] for who in ("dead", "admin_a", "agent_a", "both", "shared"))
    assert (await get(world, "/api/v1/users/agents/", "plain")).json == []
    of_beta = await get(world, "/api/v1/users/agents/", "agent_b")
    assert ids(of_beta) == sorted(world.people[who] for who in ("admin_b", "agent_b", "both", "shared"))
    assert {row.get("type") for row in of_beta.json} == {"user"}
    assert all("system_roles" not in row for row in of_beta.json)


async def test_users_info_tells_the_roles_of_shared_systems_only(world: World) -> None:
    wanted = [world.people[who] for who in ("shared", "agent_b", "agent_a")]
    answer = await world.api.post("/api/v1/tts/users-info/", {"user_ids": wanted}, headers=await world.as_("admin_a"))
    by_id = {person["id"]: person for person in answer.json["users"]}
    assert [held["system_slug"] for held in by_id[world.people["shared"]]["system_roles"]] == ["alpha"]
    assert "system_roles" not in by_id[world.people["agent_b"]]
    assert "date_joined" not in by_id[world.people["agent_b"]]
    single = await get(world, f"/api/v1/tts/user-info/{world.people['agent_b']}/")
    assert single.json == by_id[world.people["agent_b"]]


@pytest.mark.parametrize(
    "query",
    ["", "?system=beta", "?user={agent_b}", "?role=Technician", "?system={beta}", "?role={foreign}", "?limit=500"],
)
async def test_assignments_are_ones_own_and_of_administered_systems(world: World, query: str) -> None:
    known = {**world.people, **world.systems, "foreign": await world.role("beta", "Agent")}
    for path in paths_of("assignments.index"):
        answer = await get(world, path + query.format(**known))
        await assert_clean(world, answer)
        assert {row["system_slug"] for row in answer.json} == (
            {"alpha"} if "=" not in query or "500" in query else set()
        )


async def test_a_plain_user_sees_his_own_assignments(world: World) -> None:
    for path in paths_of("assignments.index"):
        assert ids(await get(world, path, "agent_a"), "user_id") == [world.people["agent_a"]]
        assert [row["system_slug"] for row in (await get(world, path, "shared")).json] == ["alpha", "beta"]
        assert (await get(world, path, "plain")).json == []


async def test_the_users_of_another_system_are_as_missing_as_those_of_none(world: World) -> None:
    foreign = await get(world, "/api/v1/system-roles/systems/beta/users/")
    missing = await get(world, "/api/v1/system-roles/systems/gamma/users/")
    assert (foreign.status, foreign.json) == (404, NOT_FOUND)
    assert looks(foreign) == looks(missing)


async def test_invitations_are_those_to_administered_systems(world: World) -> None:
    mine = await world.invitation("alpha", "new@example.com", "admin_a")
    await world.invitation("beta", "new@beta.example.com", "admin_b")
    answer = await get(world, "/api/v1/users/invitations/")
    assert ids(answer) == [mine]
    await assert_clean(world, answer)


async def test_the_forms_offer_what_is_administered(world: World) -> None:
    for path in paths_of("invitations.offers", "tts.form_data"):
        answer = await get(world, path)
        await assert_clean(world, answer)
        users = answer.json.get("available_users") or answer.json["users"]
        assert {row["id"] for row in users} == {
            world.people[who] for who in ("dead", "admin_a", "agent_a", "both", "shared")
        }
        assert {system["slug"] for system in answer.json.get("systems", [])} <= {"alpha"}
        assert {role["system_slug"] for role in answer.json.get("roles", [])} <= {"alpha"}


async def _objects(world: World) -> dict[str, int]:
    return {
        "/api/v1/users/{}/": world.people["agent_b"],
        "/api/v1/users/management/{}/": world.people["agent_b"],
        "/api/v1/system-roles/{}/": await world.held("agent_b", "beta"),
        "/api/v1/system-roles/user-system-roles/{}/": await world.held("agent_b", "beta"),
        "/api/v1/tts/update-assignment/{}/": await world.held("agent_b", "beta"),
        "/api/v1/users/invitations/{}/": await world.invitation("beta", "new@beta.example.com", "admin_b"),
        "/api/v1/users/invitations/{}/resend/": await world.invitation("beta", "n2@beta.example.com", "admin_b"),
        "/api/v1/roles/{}/": await world.role("beta", "Spare"),
        "/api/v1/systems/{}/": world.systems["beta"],
    }


async def test_foreign_and_missing_objects_look_the_same_to_every_method(world: World) -> None:
    me = await world.as_("admin_a")
    for path, foreign in (await _objects(world)).items():
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            if method == "GET" and ("/roles/" in path or "/systems/" in path):
                continue  # all staff may look at roles and systems
            body = {} if method == "GET" else {"json": {"first_name": "X", "name": "X", "is_active": False}}
            there = await world.api.request(method, path.format(foreign), headers=me, **body)
            nowhere = await world.api.request(method, path.format(MISSING), headers=me, **body)
            assert looks(there) == looks(nowhere), (method, path)
            assert there.status in {404, 405}


async def test_foreign_and_missing_names_in_bodies_look_the_same(world: World) -> None:
    me = await world.as_("admin_a")
    role, slug, user = await world.role("beta", "Agent"), "beta", world.people["agent_b"]
    mine = world.people["agent_a"]
    pairs = [
        ("/api/v1/roles/", {"system": slug, "name": "Agent"}, {"system": "gamma", "name": "Agent"}),
        ("/api/v1/roles/", {"system": world.systems["beta"], "name": "X"}, {"system": MISSING, "name": "X"}),
        ("/api/v1/tts/create-role/", {"system": slug, "name": "Agent"}, {"system": "gamma", "name": "Agent"}),
        ("/api/v1/system-roles/", _assignment(user, "alpha", "Spare"), _assignment(MISSING, "alpha", "Spare")),
        ("/api/v1/system-roles/", _assignment(mine, slug, "Agent"), _assignment(mine, "gamma", "Agent")),
        ("/api/v1/system-roles/", _assignment(mine, "alpha", role), _assignment(mine, "alpha", MISSING)),
        ("/api/v1/tts/assign-agent-to-role/", _agent(user, "alpha"), _agent(MISSING, "alpha")),
        ("/api/v1/tts/assign-agent-to-role/", _agent(mine, slug), _agent(mine, "gamma")),
        ("/api/v1/users/invite-agent/", _invited(system=slug), _invited(system="gamma")),
        ("/api/v1/users/invite-agent/", _invited(role_id=role), _invited(role_id=MISSING)),
        ("/api/v1/users/invite-agent/", {"user_id": user, **_to("alpha")}, {"user_id": MISSING, **_to("alpha")}),
        (EDIT_SETTINGS, {"user_id": user, "settings": {}}, {"user_id": MISSING, "settings": {}}),
    ]  # fmt: skip
    for path, foreign, missing in pairs:
        there = await world.api.post(path, foreign, headers=me)
        nowhere = await world.api.post(path, missing, headers=me)
        assert (there.status, looks(there)) == (400, looks(nowhere)), (path, foreign)
        await assert_clean(world, there)


async def test_a_foreign_assignment_of_ones_own_person_looks_missing(world: World) -> None:
    me, path = await world.as_("admin_a"), f"/api/v1/users/{world.people['shared']}/"
    foreign = {"system_role_id": await world.held("shared", "beta"), "system_role_is_active": False}
    there = await world.api.patch(path, foreign, headers=me)
    nowhere = await world.api.patch(path, {**foreign, "system_role_id": MISSING}, headers=me)
    assert (there.status, looks(there)) == (400, looks(nowhere))


async def test_what_refuses_an_ambiguous_request_names_only_administered_systems(world: World) -> None:
    await world.db.execute("UPDATE assignments SET settings = '{}'")
    body = {"user_id": world.people["shared"], "settings": {"shift": "late"}}
    answer = await world.api.post(EDIT_SETTINGS, body, headers=await world.as_("admin_a"))
    assert (answer.status, answer.json["system_slug"]) == (200, "alpha")
    await assert_clean(world, answer)


async def test_who_holds_a_role_elsewhere_is_invited_like_any_stranger(world: World, db: asyncpg.Connection) -> None:
    """A proven account gets the role at once; the answer tells nothing of what it holds in beta."""
    body = {"email": "agent@beta.example.com", "system": "alpha", "role": "Agent"}
    answer = await world.api.post("/api/v1/users/invite-agent/", body, headers=await world.as_("admin_a"))
    assert (answer.status, answer.json["assignment"]["system_slug"]) == (201, "alpha")
    shown = await get(world, f"/api/v1/users/{world.people['agent_b']}/")
    assert [held["system_slug"] for held in shown.json["system_roles"]] == ["alpha"]


EDIT_SETTINGS = "/api/v1/system-roles/user-system-roles/edit-settings/"


def _assignment(user: int, system: str, role: str | int) -> dict[str, object]:
    return {"user": user, "system": system, "role": role}


def _agent(user: int, system: str) -> dict[str, object]:
    return {"user_id": user, "system_slug": system, "role": "Spare"}


def _to(system: str) -> dict[str, object]:
    return {"system": system, "role": "Spare"}


def _invited(**to: object) -> dict[str, object]:
    return {"email": "new@example.com", "role": "Agent", **to} if "system" in to else {"email": "new@example.com", **to}
