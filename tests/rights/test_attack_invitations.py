"""Links of invitations, used when the world has moved on since they were mailed."""

import asyncio

import pytest

from tests.client import PASSWORD
from tests.endpoints.invitations.kit import NEW, NEW_PASSWORD, SEND, accept, assert_dead_link, invite, link
from tests.endpoints.kit import PASSWORD_HASH
from tests.mailbox import Mailbox, body
from tests.rights.world import World

MOVE = "UPDATE users SET email = $2, email_canonical = $2 WHERE id = $1"


async def test_the_link_of_a_system_admin_does_not_open_a_superusers_account(world: World, mailbox: Mailbox) -> None:
    """Nobody had that address when it was invited; now a superuser has."""
    await invite(world)
    token = await link(world, mailbox)
    boss = await world.add("boss", is_superuser=True, otp_enabled=True)
    await world.db.execute(MOVE, boss, NEW)
    await assert_dead_link(world, token)
    row = await world.db.fetchrow("SELECT password_hash, otp_enabled, status FROM users WHERE id = $1", boss)
    assert tuple(row) == (PASSWORD_HASH, True, "Approved")


async def test_an_account_that_proved_its_address_meanwhile_keeps_password_and_factor(
    world: World, mailbox: Mailbox
) -> None:
    """Two invitations; the first made the account, its owner then switched a second factor on."""
    await invite(world)
    first = await link(world, mailbox)
    await invite(world, "admin_b", system="beta")
    second = await link(world, mailbox)
    assert (await accept(world, first)).status == 200
    tokens = await world.api.sign_in(NEW, NEW_PASSWORD)
    await world.db.execute("UPDATE users SET otp_enabled = true WHERE email = $1", NEW)
    await accept(world, second, password="quite another long horse")
    assert await world.db.fetchval("SELECT otp_enabled FROM users WHERE email = $1", NEW)
    assert (await world.api.get("/api/me/", headers=tokens.bearer)).status == 200


async def test_a_link_from_before_a_deactivation_stays_dead(world: World, mailbox: Mailbox) -> None:
    await invite(world, email="plain@example.com")  # has the role at once; the next one needs a link
    user, root = world.people["plain"], await world.as_("root")
    await world.db.execute("UPDATE users SET email_verified_at = NULL WHERE id = $1", user)
    await invite(world, email="plain@example.com", role="Spare")
    token = await link(world, mailbox, "plain@example.com")
    for active in (False, True):
        answer = await world.api.patch(f"/api/v1/users/{user}/", {"is_active": active}, headers=root)
        assert answer.status == 200
    await assert_dead_link(world, token)


async def test_a_rejection_while_the_link_is_used_stands(world: World, mailbox: Mailbox) -> None:
    user = await world.add("unproven", status="Pending")
    await world.db.execute("UPDATE users SET email_verified_at = NULL WHERE id = $1", user)
    await invite(world, email="unproven@example.com")
    token = await link(world, mailbox, "unproven@example.com")
    async with world.db.transaction():
        await world.db.execute("UPDATE users SET status = 'Rejected' WHERE id = $1", user)
        accepting = asyncio.ensure_future(accept(world, token))
        async with asyncio.timeout(1.5):
            while not await world.db.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                await asyncio.sleep(0.01)
    await accepting
    assert await world.db.fetchval("SELECT status FROM users WHERE id = $1", user) == "Rejected"


async def test_who_is_deactivated_cannot_be_invited(world: World, mailbox: Mailbox) -> None:
    await world.db.execute("UPDATE users SET is_active = false WHERE id = $1", world.people["plain"])
    assert (await invite(world, email="plain@example.com")).status in {400, 409}
    assert await mailbox.to(world.api, "plain@example.com", "invited") == []


@pytest.mark.parametrize("noun", ["role", "system"])
async def test_a_name_adds_no_paragraph_to_a_mail(world: World, mailbox: Mailbox, noun: str) -> None:
    name = "Agent.\n\nYour account is locked. Unlock it here:\n\nhttps://evil.example/?token=x\n\nx"
    me = await world.as_("admin_a")
    if noun == "role":
        answer = await world.api.post("/api/v1/roles/", {"system": "alpha", "name": name}, headers=me)
        assert answer.status == 400 or (await invite(world, role=name)).status == 201
    else:
        answer = await world.api.patch(f"/api/v1/systems/{world.systems['alpha']}/", {"name": name}, headers=me)
        assert answer.status == 400 or (await invite(world)).status == 201
    mails = await mailbox.to(world.api, NEW, "invited")
    assert [line for mail in mails for line in body(mail).splitlines() if line.startswith("https://evil")] == []


async def test_a_form_may_leave_its_optional_fields_empty(world: World) -> None:
    form = {"email": NEW, "system": "alpha", "role": "Spare", "user_id": "", "system_id": "", "role_id": ""}
    answer = await world.api.request("POST", SEND[0], data=form, headers=await world.as_("admin_a"))
    assert answer.status == 201, answer.text


async def test_a_link_makes_no_use_of_who_is_signed_in(world: World, mailbox: Mailbox) -> None:
    """The invited address gets the role, whoever's session the browser holds."""
    await invite(world)
    token = await link(world, mailbox)
    sent = {"token": token, "password": NEW_PASSWORD, "email": "agent@beta.example.com", "user_id": 1}
    answer = await world.api.post("/api/v1/users/invitations/accept/", sent, headers=await world.as_("agent_b"))
    assert (answer.status, answer.json["user"]) == (200, NEW)
    assert (await world.api.sign_in("agent@beta.example.com", PASSWORD)).user["system_roles"][0][
        "system_slug"
    ] == "beta"


async def test_the_names_of_who_accepts_are_his_own(world: World, mailbox: Mailbox) -> None:
    """A stranger registered the address; the invited person says who he is."""
    await world.api.register(email=NEW, first_name="Evil", last_name="Stranger", username="evil")
    await invite(world)
    token = await link(world, mailbox)
    assert (await accept(world, token, first_name="Nora", last_name="New", username="nora")).status == 200
    row = await world.db.fetchrow("SELECT first_name, last_name, username FROM users WHERE email = $1", NEW)
    assert tuple(row) == ("Nora", "New", "nora")
