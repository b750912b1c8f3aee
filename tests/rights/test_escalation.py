"""Nobody gets or gives a right that is not his to give: every way, by everybody who might try."""

import asyncpg
import pytest

from authsvc.routes import ROUTES
from authsvc.routing import Access
from tests.client import Answer, Api
from tests.endpoints.kit import PROFILE, unchanged
from tests.rights import probes
from tests.rights.requests import Request, all_writes, edits, grants, removals, switches
from tests.rights.world import FORBIDDEN, NOT_FOUND, World, make_world

USERS = ["/api/v1/users/{}/", "/api/v1/users/management/{}/"]


async def send(world: World, who: str, request: Request) -> Answer:
    sent = {} if request.body is None else {"json": request.body}
    return await world.api.request(request.method, request.path, headers=await world.as_(who), **sent)


async def test_the_ways_work_for_who_may(world: World) -> None:
    """Otherwise the refusals below would prove nothing."""
    await world.as_("admin_a")
    snapshot = await probes.Snapshot.take(world.db)
    held = await world.held("agent_a", "alpha")
    found = set()
    for request in await all_writes(world, "agent_a", "alpha"):
        answer = await send(world, "admin_a", request)
        assert answer.status in {200, 201, 204}, (request, answer.text)
        found.add(request.path.replace(str(held), "{id}"))
        await snapshot.restore()
    assert len(found) >= 11


@pytest.mark.parametrize("who", ["plain", "pending", "agent_a", "employee"])
async def test_who_administers_nothing_writes_no_assignment(world: World, who: str) -> None:
    await world.as_(who)
    async with unchanged(world.db):
        for request in await all_writes(world, "agent_a", "alpha"):
            answer = await send(world, who, request)
            assert answer.status == 403, request
            assert who == "employee" or answer.json == FORBIDDEN


@pytest.mark.parametrize("who", ["admin_b", "both"])
async def test_an_admin_writes_none_of_another_system(world: World, who: str) -> None:
    await world.as_(who)
    for target in ("agent_a", "shared"):
        async with unchanged(world.db):
            for request in await all_writes(world, target, "alpha"):
                answer = await send(world, who, request)
                assert answer.status in {400, 404}, (request, answer.text)


async def test_a_member_sees_his_own_assignment_but_does_not_change_it(world: World) -> None:
    held = await world.held("both", "alpha")
    await world.as_("both")
    async with unchanged(world.db):
        for request in [*edits(held, {"role": "Admin"}), *removals(held)]:
            assert (await send(world, "both", request)).json == FORBIDDEN
        for request in switches(world.people["both"], held):
            assert (await send(world, "both", request)).json == {"system_role_id": ["Unknown assignment of this user."]}


LOSSES = {
    "switched off": "UPDATE assignments SET is_active = false WHERE user_id = $1",
    "taken away": "DELETE FROM assignments WHERE user_id = $1",
    "another role": """UPDATE assignments a SET role_id = r.id FROM roles r
                        WHERE a.user_id = $1 AND r.system_id = a.system_id AND r.name = 'Agent'""",
    "role renamed": "UPDATE roles r SET name = 'admin' FROM assignments a WHERE a.user_id = $1 AND r.id = a.role_id",
}


@pytest.mark.parametrize("loss", LOSSES)
async def test_an_admin_who_lost_his_role_has_lost_it_at_the_next_request(world: World, loss: str) -> None:
    await world.add("second", ("alpha", "Admin"))
    me = await world.as_("admin_a")
    assert (await world.api.get("/api/v1/users/", headers=me)).status == 200
    await world.db.execute(LOSSES[loss], world.people["admin_a"])
    async with unchanged(world.db):
        for request in await all_writes(world, "agent_a", "alpha"):
            assert (await send(world, "admin_a", request)).json == FORBIDDEN


async def test_a_superuser_no_more_is_none_at_the_next_request(world: World) -> None:
    await world.add("second", is_superuser=True)
    await world.as_("root")
    await world.db.execute("UPDATE users SET is_superuser = false WHERE id = $1", world.people["root"])
    async with unchanged(world.db):
        for request in await all_writes(world, "agent_a", "alpha"):
            assert (await send(world, "root", request)).json == FORBIDDEN


async def test_a_system_admin_touches_no_superuser(world: World) -> None:
    boss = await world.add("boss", ("alpha", "Agent"), is_superuser=True)
    await world.as_("admin_a")
    async with unchanged(world.db):
        for request in await all_writes(world, "boss", "alpha"):
            assert (await send(world, "admin_a", request)).json == FORBIDDEN, request
        for path in USERS:
            answer = await world.api.patch(path.format(boss), {"first_name": "X"}, headers=await world.as_("admin_a"))
            assert answer.json == FORBIDDEN
            answer = await world.api.request("DELETE", path.format(boss), headers=await world.as_("admin_a"))
            assert answer.json == FORBIDDEN


async def test_a_system_admin_does_not_edit_another_systems_admin(world: World) -> None:
    me = await world.as_("admin_a")
    async with unchanged(world.db):
        for path in USERS:
            answer = await world.api.patch(path.format(world.people["both"]), {"first_name": "X"}, headers=me)
            assert answer.json == FORBIDDEN


@pytest.mark.parametrize("who", ["admin_a", "root"])
async def test_a_role_of_another_system_cannot_be_given(world: World, who: str) -> None:
    foreign, user_id = await world.role("beta", "Technician"), world.people["agent_a"]
    requests = grants(user_id, "agent@alpha.example.com", "alpha", foreign)
    requests += edits(await world.held("agent_a", "alpha"), {"role_id": foreign})
    await world.as_(who)
    async with unchanged(world.db):
        for request in requests:
            answer = await send(world, who, request)
            field = "role" if "email" in request.body or "system_id" in request.body else "role_id"
            assert (answer.status, set(answer.json) & {field, "role"} != set()) == (400, True), answer.text


async def test_user_and_system_of_an_assignment_never_change(world: World) -> None:
    held = await world.held("agent_a", "alpha")
    moved = {"user": world.people["root"], "user_id": world.people["root"], "system": "beta", "id": 1}
    moved |= {"system_id": world.systems["beta"], "assigned_by": 1, "assigned_at": "2000-01-01T00:00:00Z"}
    before = await world.db.fetchrow("SELECT * FROM assignments WHERE id = $1", held)
    for request in edits(held, moved):
        assert (await send(world, "root", request)).status == 200
    assert await world.db.fetchrow("SELECT * FROM assignments WHERE id = $1", held) == before


PRIVILEGED = {
    "status": "Rejected",
    "is_active": False,
    "is_staff": True,
    "is_superuser": True,
    "email": "other@example.com",
    "username": "other",
    "company_id": "MA9999",
    "notified": True,
}


@pytest.mark.parametrize("field", PRIVILEGED)
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_a_privileged_field_is_refused_when_it_changes_and_fine_when_not(
    world: World, method: str, field: str
) -> None:
    me = await world.as_("admin_a")
    for path in USERS:
        here = path.format(world.people["agent_a"])
        shown = (await world.api.get(here, headers=me)).json
        async with unchanged(world.db):
            body = {"first_name": "Changed too", field: PRIVILEGED[field]}
            answer = await world.api.request(method, here, json=body, headers=me)
            assert (answer.status, answer.code) == (403, "permission_denied")
        answer = await world.api.request(method, here, json={**shown, "last_name": "New"}, headers=me)
        assert (answer.status, answer.json) == (200, {**shown, "last_name": "New", "full_name": "agent_a New"})


@pytest.mark.parametrize("who", ["plain", "pending", "agent_a", "admin_a", "both"])
async def test_nobody_promotes_himself(world: World, who: str) -> None:
    me, own = await world.as_(who), world.people[who]
    columns = "SELECT email, is_superuser, is_staff, status, is_active, notified, company_id FROM users WHERE id = $1"
    before = await world.db.fetchrow(columns, own)
    for path in (*(path.format(own) for path in USERS), PROFILE):
        for method in ("PATCH", "PUT"):
            for body in (
                {"is_superuser": True},
                {"is_staff": True},
                {**PRIVILEGED, "email": before["email"], "status": "Pending"},
            ):
                answer = await world.api.request(method, path, json=body, headers=me)
                assert answer.status in ({200} if path == PROFILE else {403, 404}), answer.text
    assert await world.db.fetchrow(columns, own) == before


# Columns that no body may ever reach, beside those of the row's own body.
SMUGGLED = {
    "id": 424242, "pk": 424242, "is_superuser": True, "is_staff": True, "is_live": True, "password_hash": "x",
    "password_changed_at": None, "email_verified_at": "2020-01-01T00:00:00Z", "otp_enabled": False, "kind": "employee",
    "company_id": "MA9999", "status_by": 1, "assigned_by": 1, "invited_by": 1, "token_hash": "x",
    "name_canonical": "x", "email_canonical": "x", "system_roles": [{"system_slug": "beta", "role_name": "Admin"}],
    "roles": ["Admin"], "groups": ["Admin"], "user_permissions": ["all"], "created_at": "2020-01-01T00:00:00Z",
    "expires_at": "2099-01-01T00:00:00Z", "accepted_at": "2020-01-01T00:00:00Z",
}  # fmt: skip
_WRITING = [
    (row, path)
    for row in ROUTES
    for path in row.paths
    if row.access in {Access.SIGNED_IN, Access.ADMIN} and row.method not in {"GET", "DELETE"}
]


async def test_no_body_reaches_a_column_outside_its_schema(world: World) -> None:
    people = (
        "SELECT id, is_superuser, is_staff, password_hash, company_id, email_canonical, kind FROM users ORDER BY id"
    )
    await probes.settle(world)
    snapshot = await probes.Snapshot.take(world.db)
    before = await world.db.fetch(people)
    for row, path in _WRITING:
        for who in ("agent_a", "admin_a"):
            answer = await probes.probe(world, row, path, who, "alpha", extra=SMUGGLED)
            assert answer.status < 500, (path, answer.text)
            after = await world.db.fetch(people)
            assert after[: len(before)] == before, path
            assert not any(new["is_superuser"] or new["is_staff"] for new in after[len(before) :])
            for table in ("users", "systems", "roles", "assignments", "invitations"):
                assert await world.db.fetchval(f"SELECT count(*) FROM {table} WHERE id = 424242") == 0, path
            await snapshot.restore()


async def test_an_admin_gives_the_role_admin_in_his_system(world: World) -> None:
    body = {"user": world.people["agent_a"], "system": "alpha", "role": "Admin"}
    answer = await world.api.post("/api/v1/system-roles/", body, headers=await world.as_("admin_a"))
    assert (answer.status, answer.json["role"], answer.json["assigned_by"]) == (201, "Admin", world.people["admin_a"])
    assert (await world.api.get("/api/v1/users/", headers=await world.as_("agent_a"))).status == 200


@pytest.mark.parametrize("name", ["admin", "ADMIN", "Administrator", "Admins"])
async def test_only_a_role_named_exactly_admin_administers(world: World, name: str) -> None:
    system = await world.db.fetchval(
        "INSERT INTO systems (name, name_canonical, slug) VALUES ('C', 'c', 'c') RETURNING id"
    )
    await world.db.execute(
        "INSERT INTO roles (system_id, name, name_canonical) VALUES ($1, $2, lower($2))", system, name
    )
    await world.add("nearly", ("c", name))
    answer = await world.api.get("/api/v1/users/", headers=await world.as_("nearly"))
    assert (answer.status, answer.json) == (403, FORBIDDEN)


@pytest.mark.parametrize("name", ["Admin", "admin", "ＡＤＭＩＮ", " Admin "])
async def test_no_second_role_can_be_named_admin(world: World, name: str) -> None:
    me, spare = await world.as_("admin_a"), await world.role("alpha", "Spare")
    async with unchanged(world.db):
        for answer in (
            await world.api.patch(f"/api/v1/roles/{spare}/", {"name": name}, headers=me),
            await world.api.post("/api/v1/roles/", {"system": "alpha", "name": name}, headers=me),
            await world.api.post("/api/v1/tts/create-role/", {"system": "alpha", "name": name}, headers=me),
        ):
            assert (answer.status, answer.code) == (409, "conflict")


async def _lacks_the_factor(serve, db: asyncpg.Connection) -> World:
    api: Api = await serve(require_2fa_for_admins=True)
    return await make_world(api, db)


async def test_without_the_factor_that_admins_need_nothing_is_administered(serve, db: asyncpg.Connection) -> None:
    world = await _lacks_the_factor(serve, db)
    for who in ("root", "admin_a"):
        assert (await world.api.get("/api/v1/users/", headers=await world.as_(who))).json == FORBIDDEN


async def test_without_the_factor_that_admins_need_only_what_is_ones_own_is_seen(serve, db: asyncpg.Connection) -> None:
    world = await _lacks_the_factor(serve, db)
    root, foreign = await world.as_("root"), await world.held("agent_b", "beta")
    assert (await world.api.get("/api/v1/system-roles/", headers=root)).json == []
    assert (await world.api.get("/api/v1/users/agents/", headers=root)).json == []
    assert (await world.api.get(f"/api/v1/system-roles/{foreign}/", headers=root)).json == NOT_FOUND
