"""Sending, listing, resending and revoking invitations."""

import pytest
from aiohttp import FormData

from authsvc import mails
from tests.client import Answer
from tests.endpoints.invitations.kit import LIST, NEW, SEND, assert_dead_link, invite, is_open, link
from tests.endpoints.kit import COMPANY_ID, NUMBER, TIME, events, paths_of, unchanged
from tests.mailbox import Mailbox, body
from tests.rights.paging import assert_checked, assert_pages
from tests.rights.world import FORBIDDEN, MISSING, NOT_FOUND, ROLES, World

REQUIRED = ["This field is required."]
HELD = {"detail": "This person holds the role already.", "code": "conflict"}


def invited(email: str = NEW) -> dict:
    return {
        "message": f"An invitation was mailed to {email}.",
        "invitation": {"id": NUMBER, "email": email, "status": "pending", "expires_at": TIME},
        "user": email,
        "role": "Technician",
        "system": "alpha",
    }


def row(world: World, **known: object) -> dict:
    made = {"id": NUMBER, "email": NEW, "status": "pending", "created_at": TIME, "expires_at": TIME}
    return {**made, "system": "alpha", "role": "Technician", "invited_by": world.people["admin_a"], **known}


@pytest.mark.parametrize("path", SEND)
async def test_a_new_person_gets_a_link(world: World, mailbox: Mailbox, path: str) -> None:
    answer = await invite(world, path=path, email=" New@Example.com ")
    assert (answer.status, answer.json) == (201, invited("New@example.com"))
    mail = body(await mailbox.newest(world.api, "New@example.com", "invited"))
    assert "You are invited to System alpha as Technician." in mail
    assert "http://auth.test/invitations/accept/?token=" in mail
    assert await is_open(world, await link(world, mailbox, "New@example.com"))
    assert await world.db.fetchval("SELECT count(*) FROM users WHERE email_canonical = $1", NEW) == 0
    assert (await events(world.db))[-1] == "invitation_sent"
    hours = await world.db.fetchval("SELECT extract(epoch FROM expires_at - now()) / 3600 FROM invitations")
    assert 71.9 < hours <= 72


@pytest.mark.parametrize("encoding", ["form", "multipart"])
@pytest.mark.parametrize("path", SEND)
async def test_forms_are_taken(world: World, path: str, encoding: str) -> None:
    form = FormData(default_to_multipart=encoding == "multipart")
    for name, value in {
        "email": NEW,
        "role_id": str(await world.role("alpha", "Technician")),
        "first_name": "N",
    }.items():
        form.add_field(name, value)
    answer = await world.api.request("POST", path, data=form, headers=await world.as_("admin_a"))
    assert (answer.status, answer.json) == (201, invited())


async def test_a_role_is_named_in_many_ways(world: World) -> None:
    role, system = await world.role("alpha", "Technician"), world.systems["alpha"]
    ways = [
        {"system": "ALPHA", "role": "technician"},
        {"system_id": system, "role_id": role},
        {"system": system, "role": role},
        {"role_id": role},
        {"role": str(role)},
    ]
    for number, way in enumerate(ways):
        email = f"n{number}@example.com"
        answer = await world.api.post(SEND[0], {"email": email, **way}, headers=await world.as_("admin_a"))
        assert (answer.status, answer.json) == (201, invited(email)), way


async def test_the_old_body_names_a_user(world: World, mailbox: Mailbox) -> None:
    body = {"user_id": world.people["agent_a"], "system_id": world.systems["alpha"]}
    body["role_id"] = await world.role("alpha", "Technician")
    answer = await world.api.post(SEND[2], body, headers=await world.as_("admin_a"))
    assert (answer.status, answer.json["user"]) == (201, "agent@alpha.example.com")
    assert answer.json["assignment"]["user_id"] == world.people["agent_a"]


async def test_a_proven_person_gets_the_role_and_a_notice_at_once(world: World, mailbox: Mailbox) -> None:
    answer = await invite(world, email="PLAIN@example.com")
    assigned = answer.json.pop("assignment")
    assert (answer.status, answer.json) == (
        201,
        {
            "message": "plain@example.com has the role now.",
            "user": "plain@example.com",
            "company_id": COMPANY_ID,
            "role": "Technician",
            "system": "alpha",
        },
    )
    assert (assigned["user_id"], assigned["role"], assigned["assigned_by"]) == (
        world.people["plain"], "Technician", world.people["admin_a"],
    )  # fmt: skip
    assert not {"is_administered", "is_superusers"} & assigned.keys()
    mail = body(await mailbox.newest(world.api, "plain@example.com", "new role"))
    assert "You have the role Technician in System alpha now." in mail
    assert (await events(world.db))[-1] == "role_granted"
    again = await invite(world, email="plain@example.com")
    assert (again.status, again.json) == (409, HELD)


async def test_a_newer_invitation_replaces_the_one_before(world: World, mailbox: Mailbox) -> None:
    await invite(world)
    first = await link(world, mailbox)
    await invite(world)
    second = await link(world, mailbox)
    await assert_dead_link(world, first)
    assert await is_open(world, second)
    assert await world.db.fetchval("SELECT count(*) FROM invitations WHERE revoked_at IS NULL") == 1


@pytest.mark.parametrize(
    "body, expected",
    [
        ({}, {"email": REQUIRED, "role": REQUIRED}),
        ({"email": NEW}, {"role": REQUIRED}),
        ({"role": "Agent", "system": "alpha"}, {"email": REQUIRED}),
        ({"email": NEW, "role": "Agent"}, {"system": REQUIRED}),
        ({"email": "x", "role_id": 1}, {"email": ["Enter a valid email address."]}),
        ({"email": NEW, "system": "nowhere", "role": "Agent"}, {"system": ["Unknown system."]}),
        ({"email": NEW, "system": "alpha", "role": "Nobody"}, {"role": ["Unknown role of this system."]}),
        ({"email": NEW, "role_id": MISSING}, {"role": ["Unknown role."]}),
        ({"user_id": MISSING, "system": "alpha", "role": "Agent"}, {"user_id": ["Unknown user."]}),
        ({"email": NEW, "system": "alpha", "role": "Agent", "suffix": "x"}, {"suffix": ['"x" is not a valid choice.']}),
        ({"email": [NEW], "system": "alpha", "role": "Agent"}, {"email": ["Not a valid string."]}),
    ],
)
async def test_what_is_wrong_is_said_on_the_field(world: World, body: dict, expected: dict) -> None:
    for who in ("admin_a", "root"):
        await world.as_(who)
        async with unchanged(world.db):
            for path in SEND:
                answer = await world.api.post(path, body, headers=await world.as_(who))
                assert (answer.status, answer.json) == (400, expected)


async def test_a_system_admin_invites_no_superuser(world: World) -> None:
    await world.as_("admin_a")
    async with unchanged(world.db):
        assert (await invite(world, email="root@example.com")).json == FORBIDDEN


async def test_what_can_be_offered(world: World) -> None:
    for path in paths_of("invitations.offers"):
        answer = await world.api.get(path, headers=await world.as_("admin_a"))
        roles = [{"id": await world.role("alpha", name), "name": name} for name in ROLES]
        system = {"id": world.systems["alpha"], "name": "System alpha", "slug": "alpha", "roles": roles}
        assert answer.json["systems"] == [system]
        assert {user["type"] for user in answer.json["available_users"]} == {"user"}


async def test_the_list(world: World) -> None:
    made = [(await invite(world, email=f"n{i}@example.com")).json["invitation"]["id"] for i in range(4)]
    beta = await world.invitation("beta", NEW, "admin_b")
    await assert_pages(world, LIST, made, "admin_a")
    await assert_pages(world, LIST, [*made, beta])
    await assert_checked(world, LIST)
    await world.db.execute("UPDATE invitations SET expires_at = now() WHERE id = $1", made[1])
    await at(world, "DELETE", made[2])
    answer = await world.api.get(LIST, headers=await world.as_("admin_a"))
    states = ["pending", "expired", "revoked", "pending"]
    expected = [row(world, id=made[i], email=f"n{i}@example.com", status=states[i]) for i in range(4)]
    assert answer.json == expected


async def at(world: World, method: str, number: int, tail: str = "", who: str = "admin_a") -> Answer:
    return await world.api.request(method, f"{LIST}{number}/{tail}", headers=await world.as_(who))


async def test_a_revoked_link_is_dead(world: World, mailbox: Mailbox) -> None:
    number = (await invite(world)).json["invitation"]["id"]
    answer = await at(world, "DELETE", number)
    assert (answer.status, answer.text) == (204, "")
    await assert_dead_link(world, await link(world, mailbox))
    for method, tail in (("DELETE", ""), ("POST", "resend/")):
        assert (await at(world, method, number, tail)).code == "conflict"
    assert (await events(world.db)).count("invitation_revoked") == 1


async def test_a_resent_link_replaces_the_old_one(world: World, mailbox: Mailbox) -> None:
    number = (await invite(world)).json["invitation"]["id"]
    old = await link(world, mailbox)
    await world.db.execute("UPDATE invitations SET expires_at = now()")
    answer = await at(world, "POST", number, "resend/")
    assert (answer.status, answer.json) == (200, row(world, id=number))
    await assert_dead_link(world, old)
    assert await is_open(world, await link(world, mailbox))


async def test_a_resent_mail_names_the_system_as_the_first_one_did(world: World, mailbox: Mailbox) -> None:
    number = (await invite(world)).json["invitation"]["id"]
    await at(world, "POST", number, "resend/")
    assert "invited to System alpha as" in body(await mailbox.newest(world.api, NEW, "invited"))


async def test_a_resend_beyond_the_hours_number_keeps_the_old_link(
    world: World, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(mails.KINDS, "invitation", mails.KINDS["invitation"]._replace(per_hour=1))
    number = (await invite(world)).json["invitation"]["id"]
    token = await link(world, mailbox)
    assert (await at(world, "POST", number, "resend/")).code == "throttled"
    assert await is_open(world, token)


async def test_invitations_beyond_the_hours_number_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(mails.KINDS, "invitation", mails.KINDS["invitation"]._replace(per_hour=1))
    assert (await invite(world)).status == 201
    async with unchanged(world.db):
        answer = await invite(world, email="other@example.com")
        assert (answer.status, answer.code) == (429, "throttled")


async def test_other_systems_invitations_are_missing(world: World) -> None:
    beta = await world.invitation("beta", NEW, "admin_b")
    await world.as_("admin_a")
    async with unchanged(world.db):
        for number in (beta, MISSING):
            for method, tail in (("DELETE", ""), ("POST", "resend/")):
                answer = await at(world, method, number, tail)
                assert (answer.status, answer.json) == (404, NOT_FOUND)
