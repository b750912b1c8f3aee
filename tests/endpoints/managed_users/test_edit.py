"""PATCH, PUT, DELETE users/{id}/ and users/management/{id}/."""

import asyncpg
import pytest

from tests.client import PASSWORD, Api
from tests.endpoints.kit import TIME, assert_alive, assert_dead, claims_of, events, profile, unchanged
from tests.mailbox import Mailbox
from tests.rights.world import MISSING, NOT_FOUND, World

PATHS = ["/api/v1/users/{}/", "/api/v1/users/management/{}/"]


async def patch(world: World, target: str, body: dict, who: str = "root", status: int = 200) -> dict:
    answer = await world.api.patch(PATHS[0].format(world.people[target]), body, headers=await world.as_(who))
    assert answer.status == status, answer.text
    return answer.json


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("who", ["root", "admin_a"])
async def test_plain_fields(world: World, who: str, method: str, path: str) -> None:
    body = {
        "first_name": "Ada",
        "middle_name": "",
        "last_name": "  Lovelace ",
        "suffix": "Jr.",
        "phone_number": "09171234567",
        "department": "Budget Department",
    }
    here, me = path.format(world.people["agent_a"]), await world.as_(who)
    before = (await world.api.get(here, headers=me)).json
    answer = await world.api.request(method, here, json=body, headers=me)
    changed = {"middle_name": None, "last_name": "Lovelace", "full_name": "Ada Lovelace Jr."}
    changed |= {"phone_number": "+639171234567"}
    assert (answer.status, answer.json) == (200, {**before, **body, **changed})
    assert (await world.api.get(here, headers=me)).json == answer.json
    again = await world.api.request(method, here, json={"phone_number": None, "suffix": ""}, headers=me)
    assert again.json == {**answer.json, "phone_number": None, "suffix": None, "full_name": "Ada Lovelace"}


async def test_superusers_set_flags_and_status(world: World, db: asyncpg.Connection) -> None:
    body = {"is_staff": True, "notified": True, "status": "Approved"}
    shown = await patch(world, "pending", body)
    expected = profile(
        id=world.people["pending"],
        email="pending@example.com",
        username="pending",
        first_name="pending",
        last_name="Alpha",
        full_name="pending Alpha",
        **body,
    )
    assert shown == expected
    row = await db.fetchrow("SELECT status_by, status_at IS NOT NULL FROM users WHERE id = $1", shown["id"])
    assert tuple(row) == (world.people["root"], True)


@pytest.mark.parametrize("status, subject", [("Approved", "was approved"), ("Rejected", "was not approved")])
async def test_a_decision_is_mailed(world: World, mailbox: Mailbox, status: str, subject: str) -> None:
    await patch(world, "pending", {"status": status})
    assert len(await mailbox.to(world.api, "pending@example.com", subject)) == 1
    await patch(world, "pending", {"status": status})
    assert len(await mailbox.to(world.api, "pending@example.com", "approved")) == 1


@pytest.mark.parametrize("change", [{"is_active": False}, {"status": "Rejected"}])
async def test_who_is_shut_out_is_out_at_once(world: World, db: asyncpg.Connection, change: dict) -> None:
    await world.as_("agent_a")
    other = await world.api.sign_in("agent@alpha.example.com")
    await world.as_("plain")
    await patch(world, "agent_a", change)
    for tokens in (world.tokens["agent_a"], other):
        await assert_dead(world.api, tokens)
    await assert_alive(world.api, world.tokens["plain"])
    answer = await world.api.post("/api/v1/users/login/", {"email": "agent@alpha.example.com", "password": PASSWORD})
    assert (answer.status, answer.code) == (403, "rejected" if "status" in change else "account_disabled")
    reasons = await db.fetch("SELECT DISTINCT end_reason FROM sessions WHERE user_id = $1", world.people["agent_a"])
    assert [row[0] for row in reasons] == ["rejected" if "status" in change else "deactivated"]


async def test_who_is_let_in_again_signs_in_anew(world: World) -> None:
    await world.as_("agent_a")
    await patch(world, "agent_a", {"is_active": False})
    await patch(world, "agent_a", {"is_active": True})
    await assert_dead(world.api, world.tokens["agent_a"])
    assert (await world.api.sign_in("agent@alpha.example.com")).user["id"] == world.people["agent_a"]


async def test_a_reset_link_from_before_a_deactivation_is_dead(world: World, mailbox: Mailbox) -> None:
    await world.api.post("/api/v1/users/password/forgot/", {"email": "agent@alpha.example.com"})
    token = await mailbox.link(world.api, "agent@alpha.example.com", "password")
    await patch(world, "agent_a", {"is_active": False})
    await patch(world, "agent_a", {"is_active": True})
    body = {"token": token, "password": "another horse battery", "password_confirm": "another horse battery"}
    answer = await world.api.post("/api/v1/users/password/reset/", body)
    assert (answer.status, list(answer.json)) == (400, ["token"])


async def test_unlocking_lets_a_locked_person_try_again(world: World) -> None:
    wrong = {"email": "plain@example.com", "password": "wrong"}
    codes = [(await world.api.post("/api/v1/users/login/", wrong)).code for _ in range(4)]
    assert codes[-1] == "captcha_required"
    await patch(world, "plain", {"unlock": True})
    assert (await world.api.sign_in("plain@example.com")).user["id"] == world.people["plain"]
    assert "authn_unlock" in await events(world.db)


async def test_nobody_changes_address_username_or_company_id_here(world: World) -> None:
    await world.as_("root")
    async with unchanged(world.db):
        for body in ({"email": "x@example.com"}, {"username": "x"}, {"company_id": "MA9999"}):
            await patch(world, "plain", {"first_name": "X", **body}, status=403)


async def test_a_phone_number_that_is_taken(world: World) -> None:
    await patch(world, "plain", {"phone_number": "+639171234567"})
    shown = await patch(world, "pending", {"phone_number": "0917-123-4567"}, status=400)
    assert shown == {"phone_number": ["A user with this phone number already exists."]}


@pytest.mark.parametrize(
    "body, fields",
    [
        ({"suffix": "x"}, ["suffix"]),
        ({"department": "x"}, ["department"]),
        ({"phone_number": "x"}, ["phone_number"]),
        ({"is_active": None}, ["is_active"]),
        ({"is_active": "no"}, ["is_active"]),
        ({"status": ["Approved"]}, ["status"]),
        ({"system_role_id": "1"}, ["system_role_id"]),
        ({"first_name": 1, "last_name": {}}, ["first_name", "last_name"]),
    ],
)
async def test_what_is_wrong_is_said_on_the_field(world: World, body: dict, fields: list[str]) -> None:
    await world.as_("root")
    async with unchanged(world.db):
        assert sorted(await patch(world, "plain", body, status=400)) == fields


async def test_an_assignment_is_switched_by_way_of_its_holder(world: World) -> None:
    body = {"system_role_id": await world.held("agent_a", "alpha"), "system_role_is_active": False}
    await world.as_("agent_a")
    for who, active in (("admin_a", False), ("root", True)):
        shown = await patch(world, "agent_a", {**body, "system_role_is_active": active}, who)
        assert [held["is_active"] for held in shown["system_roles"]] == [active]
    shown = await patch(world, "agent_a", {"system_role_id": body["system_role_id"]}, status=400)
    assert shown == {"system_role_is_active": ["This field is required."]}
    shown = await patch(world, "plain", body, status=400)
    assert shown == {"system_role_id": ["Unknown assignment of this user."]}


async def test_an_empty_body_changes_nothing(world: World) -> None:
    await world.as_("root")
    async with unchanged(world.db):
        await patch(world, "plain", {})


async def test_a_removed_user_is_gone_and_the_audit_keeps_his_name(world: World, db: asyncpg.Connection) -> None:
    await world.as_("agent_a")
    company_id = await db.fetchval("SELECT company_id FROM users WHERE id = $1", world.people["agent_a"])
    for path in PATHS:
        answer = await world.api.request(
            "DELETE", path.format(world.people["agent_a"]), headers=await world.as_("root")
        )
        expected = (204, "") if path == PATHS[0] else (404, '{"detail":"Not found.","code":"not_found"}')
        assert (answer.status, answer.text) == expected
    await assert_dead(world.api, world.tokens["agent_a"])
    rows = await db.fetch(
        "SELECT event, subject_name FROM audit WHERE event IN ('user_removed', 'authn_login') ORDER BY seq"
    )
    assert ("user_removed", "agent@alpha.example.com") in [tuple(row) for row in rows]
    assert await db.fetchval("SELECT count(*) FROM company_ids WHERE company_id = $1", company_id) == 1
    assert await db.fetchval("SELECT count(*) FROM assignments WHERE user_id = $1", world.people["agent_a"]) == 0
    assert await db.fetchval("SELECT count(*) FROM employees WHERE id = $1", world.people["agent_a"]) == 1


async def test_nobody_removes_himself(world: World) -> None:
    await world.add("second", is_superuser=True)
    answer = await world.api.request("DELETE", PATHS[0].format(world.people["root"]), headers=await world.as_("root"))
    assert (answer.status, answer.json) == (409, {"detail": "You cannot remove yourself.", "code": "conflict"})


async def test_missing_users(world: World) -> None:
    root = await world.as_("root")
    for path in PATHS:
        for method in ("GET", "PATCH", "PUT", "DELETE"):
            answer = await world.api.request(method, path.format(MISSING), headers=root, json={})
            assert (answer.status, answer.json) == (404, NOT_FOUND)


async def test_role_changes_are_in_the_next_token(world: World, api: Api) -> None:
    tokens = await api.sign_in("agent@alpha.example.com")
    assert (await claims_of(api, tokens.access))["roles"] == [{"system": "alpha", "role": "Agent"}]
    body = {"system_role_id": await world.held("agent_a", "alpha"), "system_role_is_active": False}
    await patch(world, "agent_a", body)
    rotated = await api.post("/api/v1/token/refresh/", {"refresh": tokens.refresh})
    assert (await claims_of(api, rotated.json["access"]))["roles"] == []
    assert (await api.get("/api/v1/users/profile/", headers=tokens.bearer)).json["last_login"] == TIME
