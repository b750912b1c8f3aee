"""Accepting: whoever holds the link ends with the account and the role, and nobody else."""

import re

import pytest
from aiohttp import FormData

from tests.client import PASSWORD
from tests.endpoints.invitations.kit import (
    ACCEPT,
    DEAD,
    NEW,
    NEW_PASSWORD,
    PAGE,
    accept,
    assert_dead_link,
    invite,
    is_open,
    link,
)
from tests.endpoints.kit import assert_dead, claims_of, events, unchanged
from tests.mailbox import Mailbox
from tests.rights.world import World

TECHNICIAN = [{"system": "alpha", "role": "Technician"}]


async def sign_in(world: World, email: str = NEW) -> list[dict]:
    """The roles in the token of the invited person."""
    tokens = await world.api.sign_in(email, NEW_PASSWORD)
    return (await claims_of(world.api, tokens.access))["roles"]


async def test_a_new_person_accepts(world: World, mailbox: Mailbox) -> None:
    await invite(world, first_name="Nora", phone_number="09171234567", department="IT Department")
    answer = await accept(world, await link(world, mailbox), last_name="New", password_confirm=NEW_PASSWORD)
    message = "The invitation was accepted. You can sign in now."
    assert (answer.status, answer.json) == (200, {"message": message, "user": NEW})
    assert await sign_in(world) == TECHNICIAN
    row = await world.db.fetchrow(
        """SELECT username, full_name, phone_number, department, status, email_verified_at IS NOT NULL
             FROM users WHERE email = $1""",
        NEW,
    )
    assert tuple(row) == ("new", "Nora New", "+639171234567", "IT Department", "Approved", True)
    assert "invitation_accepted" in await events(world.db)
    given = await world.db.fetchval("SELECT assigned_by FROM assignments ORDER BY id DESC LIMIT 1")
    assert given == world.people["admin_a"]


@pytest.mark.parametrize("encoding", ["form", "multipart"])
async def test_a_new_person_accepts_by_a_form(world: World, mailbox: Mailbox, encoding: str) -> None:
    await invite(world)
    form = FormData(
        {"token": await link(world, mailbox), "password": NEW_PASSWORD}, default_to_multipart=encoding == "multipart"
    )
    assert (await world.api.request("POST", ACCEPT, data=form)).status == 200
    assert await sign_in(world) == TECHNICIAN


async def test_a_new_person_accepts_on_the_page(world: World, mailbox: Mailbox) -> None:
    await invite(world)
    token = await link(world, mailbox)
    for _ in range(2):  # looking spends nothing
        page = await world.api.get(f"{PAGE}?token={token}")
        assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert "invited to System alpha as Technician" in page.text
    assert re.search(rf'name="token" value="{token}"', page.text)
    form = {"token": token, "password": NEW_PASSWORD, "password_confirm": "another one entirely"}
    assert (await world.api.request("POST", PAGE, data=form)).status == 400
    form["password_confirm"] = NEW_PASSWORD
    done = await world.api.request("POST", PAGE, data=form)
    assert (done.status, f"You can sign in as {NEW} now." in done.text) == (200, True)
    assert await sign_in(world) == TECHNICIAN


async def test_a_link_works_once(world: World, mailbox: Mailbox) -> None:
    await invite(world)
    token = await link(world, mailbox)
    assert (await accept(world, token)).status == 200
    await assert_dead_link(world, token)


async def test_an_expired_link_is_dead(world: World, mailbox: Mailbox) -> None:
    await invite(world)
    await world.db.execute("UPDATE invitations SET expires_at = now()")
    await assert_dead_link(world, await link(world, mailbox))


LOSSES = {
    "role taken": "UPDATE assignments SET is_active = false WHERE user_id = $1",
    "demoted": """UPDATE assignments a SET role_id = r.id FROM roles r
                   WHERE a.user_id = $1 AND r.system_id = a.system_id AND r.name = 'Agent'""",
    "deactivated": "UPDATE users SET is_active = false WHERE id = $1",
    "rejected": "UPDATE users SET status = 'Rejected' WHERE id = $1",
    "removed": "DELETE FROM users WHERE id = $1",
}


@pytest.mark.parametrize("loss", LOSSES)
async def test_the_link_of_an_inviter_without_the_right_is_dead(world: World, mailbox: Mailbox, loss: str) -> None:
    await world.add("second", ("alpha", "Admin"))
    await invite(world)
    await world.db.execute(LOSSES[loss], world.people["admin_a"])
    await assert_dead_link(world, await link(world, mailbox))


async def test_the_link_dies_with_its_role_and_system(world: World, mailbox: Mailbox) -> None:
    await invite(world)
    token = await link(world, mailbox)
    role = await world.role("alpha", "Technician")
    await world.api.request("DELETE", f"/api/v1/roles/{role}/", headers=await world.as_("admin_a"))
    await assert_dead_link(world, token)


@pytest.mark.parametrize("factor", ["none", "mail", "app"])
async def test_an_account_that_somebody_else_registered_is_the_invited_persons(
    world: World, mailbox: Mailbox, factor: str
) -> None:
    """The attacker chose the password, a second factor, and holds sessions and a reset link."""
    await world.api.register(email=NEW)
    attacker = await world.api.sign_in(NEW)
    other = await world.api.sign_in(NEW)
    if factor == "app":
        await world.api.post("/api/v1/users/2fa/totp/setup/", headers=attacker.bearer)
    if factor != "none":
        await world.db.execute("UPDATE users SET otp_enabled = true WHERE email = $1", NEW)
    challenge = await world.api.post("/api/v1/users/login/", {"email": NEW, "password": PASSWORD})
    answer = await invite(world)
    assert "invitation" in answer.json, "an unproven address needs the link"
    token = await link(world, mailbox)
    assert (await accept(world, token)).status == 200
    for tokens in (attacker, other):
        await assert_dead(world.api, tokens)
    old = await world.api.post("/api/v1/users/login/", {"email": NEW, "password": PASSWORD})
    assert (old.status, old.code) == (401, "invalid_credentials")
    if factor != "none":
        code = {"temporary_token": challenge.json["temporary_token"], "otp_code": "000000"}
        assert (await world.api.post("/api/v1/users/login/verify-otp/", code)).code == "otp_invalid"
    assert await sign_in(world) == TECHNICIAN


async def test_links_from_before_the_acceptance_are_dead(world: World, mailbox: Mailbox) -> None:
    await world.api.register(email=NEW)
    confirm = await mailbox.link(world.api, NEW, "Confirm")
    await world.api.post("/api/v1/users/password/forgot/", {"email": NEW})
    reset = await mailbox.link(world.api, NEW, "password")
    await invite(world)
    await accept(world, await link(world, mailbox))
    body = {"token": reset, "password": PASSWORD, "password_confirm": PASSWORD}
    assert (await world.api.post("/api/v1/users/password/reset/", body)).status == 400
    assert (await world.api.post("/api/v1/users/email/confirm/", {"token": confirm})).status == 400


@pytest.mark.parametrize("change", ["is_active = false", "status = 'Rejected'"])
async def test_a_dead_account_does_not_come_back_by_invitation(world: World, mailbox: Mailbox, change: str) -> None:
    await world.api.register(email=NEW)
    assert (await invite(world)).status == 201
    token = await link(world, mailbox)
    await world.db.execute(f"UPDATE users SET {change} WHERE email = $1", NEW)
    assert (await invite(world)).status == 409
    answer = await accept(world, token)
    assert (answer.status, answer.json) == (400, DEAD)
    assert await world.db.fetchval(f"SELECT count(*) FROM users WHERE email = $1 AND {change}", NEW) == 1


@pytest.mark.parametrize(
    "body, fields",
    [
        ({"password": "password"}, ["password"]),
        ({"password": "new@example.com"}, ["password"]),
        ({"password_confirm": "something else"}, ["password_confirm"]),
        ({"suffix": "x"}, ["suffix"]),
        ({"username": "a@b"}, ["username"]),
        ({"username": "plain"}, ["username"]),
        ({"department": "x"}, ["department"]),
    ],
)
async def test_what_is_wrong_leaves_the_link_alive(
    world: World, mailbox: Mailbox, body: dict, fields: list[str]
) -> None:
    await invite(world)
    token = await link(world, mailbox)
    async with unchanged(world.db):
        answer = await accept(world, token, **body)
        assert (answer.status, sorted(answer.json)) == (400, fields)
    assert await is_open(world, token)


async def test_an_empty_body_and_another_kind_of_token(world: World, mailbox: Mailbox) -> None:
    required = ["This field is required."]
    assert (await world.api.post(ACCEPT, {})).json == {"token": required, "password": required}
    await world.api.post("/api/v1/users/password/forgot/", {"email": "plain@example.com"})
    reset = await mailbox.link(world.api, "plain@example.com", "password")
    await assert_dead_link(world, reset)


async def test_nothing_but_the_persons_own_words_is_taken_from_the_body(world: World, mailbox: Mailbox) -> None:
    await invite(world)
    sent = {
        "email": "root@example.com",
        "is_superuser": True,
        "role": "Admin",
        "system": "beta",
        "company_id": "MA9999",
    }
    assert (await accept(world, await link(world, mailbox), **sent)).json["user"] == NEW
    assert await sign_in(world) == TECHNICIAN
    row = await world.db.fetchrow("SELECT is_superuser, company_id FROM users WHERE email = $1", NEW)
    assert (row["is_superuser"], row["company_id"] == "MA9999") == (False, False)


async def test_a_username_that_nobody_chose_is_made_unique(world: World, mailbox: Mailbox) -> None:
    await invite(world, email="plain@elsewhere.example.com")
    token = await link(world, mailbox, "plain@elsewhere.example.com")
    form = {"token": token, "password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    assert (await world.api.request("POST", PAGE, data=form)).status == 200


async def test_the_page_stays_a_page_when_the_inviters_phone_number_is_taken(world: World, mailbox: Mailbox) -> None:
    await world.db.execute("UPDATE users SET phone_number = '+639171234567' WHERE username = 'plain'")
    await invite(world, phone_number="09171234567")
    form = {"token": await link(world, mailbox), "password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    page = await world.api.request("POST", PAGE, data=form)
    assert (page.status, page.headers["Content-Type"]) == (400, "text/html; charset=utf-8"), page.text
