"""What a rejection ends: sessions, tokens, challenges, mailed links. And what it leaves."""

import asyncpg
import pytest

from authsvc.flows import recover_password
from tests.client import PASSWORD, Api, Tokens
from tests.endpoints.employees.kit import (
    DEAD_TOKEN,
    ENABLE,
    FORGOT,
    LOGIN,
    NEW_PASSWORD,
    OTP_INVALID,
    REQUEST,
    RESET,
    ROTATE,
    STAFF,
    Owner,
    challenge,
    sign_in,
    verify,
    with_factor,
)
from tests.endpoints.kit import add_employee, assert_alive, assert_dead, refresh_cookie
from tests.endpoints.review.kit import PENNY, decide
from tests.mailbox import Mailbox
from tests.rights.world import World


@pytest.fixture
async def penny(world: World) -> int:
    """An approved employee with the number of user plain."""
    return await add_employee(world.db, world.people["plain"], PENNY)


async def reject(world: World, number: int) -> None:
    assert (await decide(world, number, {"action": "reject"})).status == 200


async def test_all_sessions_end_at_once(world: World, penny: int) -> None:
    sessions = [await sign_in(world.api, PENNY) for _ in range(3)]
    plain = await world.api.sign_in("plain@example.com")
    other = await sign_in(world.api)  # another employee
    await reject(world, penny)
    for tokens in sessions:
        await assert_dead(world.api, tokens)
    assert (await world.api.post(ROTATE, headers=refresh_cookie(sessions[0].refresh))).code == "token_not_valid"
    for tokens in (plain, other):
        await assert_alive(world.api, tokens)
    reasons = await world.db.fetch("SELECT end_reason FROM sessions WHERE employee_id = $1", penny)
    assert [row["end_reason"] for row in reasons] == ["rejected"] * 3


async def test_they_end_on_the_other_server_too(world: World, penny: int, serve) -> None:
    other: Api = await serve()
    tokens = await sign_in(other, PENNY)
    await reject(world, penny)
    await assert_dead(other, tokens)


async def test_approving_again_brings_none_back(world: World, penny: int) -> None:
    tokens = await sign_in(world.api, PENNY)
    await reject(world, penny)
    assert (await decide(world, penny, {"action": "approve"})).status == 200
    await assert_dead(world.api, tokens)
    await sign_in(world.api, PENNY)


async def test_approving_ends_nothing(world: World, penny: int) -> None:
    await world.db.execute("UPDATE employees SET status = 'Pending' WHERE id = $1", penny)
    assert (await decide(world, penny, {"action": "approve"})).status == 200
    tokens = await sign_in(world.api, PENNY)
    assert (await decide(world, penny, {"action": "approve"})).status == 200
    await assert_alive(world.api, tokens)


async def test_a_mailed_link_is_dead_for_good(
    world: World, penny: int, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recover_password, "_ANSWER_TIME", 0.0)
    await world.api.post(FORGOT, {"email": PENNY})
    mine = await mailbox.link(world.api, PENNY, "Set a new password")
    await world.api.post(f"{STAFF}/password/forgot/", {"email": "plain@example.com"})
    plains = await mailbox.link(world.api, "plain@example.com", "Set a new password")
    await reject(world, penny)
    body = {"password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    assert (await world.api.post(RESET, {"token": mine, **body})).json == DEAD_TOKEN
    assert (await world.api.post(f"{STAFF}/password/reset/", {"token": plains, **body})).status == 200
    await decide(world, penny, {"action": "approve"})
    assert (await world.api.post(RESET, {"token": mine, **body})).json == DEAD_TOKEN


async def _challenged(world: World, db: asyncpg.Connection, mailbox: Mailbox) -> tuple[Owner, str]:
    owner = await with_factor(world.api, db, mailbox, PENNY)
    return owner, await challenge(world.api, PENNY)


async def test_a_challenge_is_dead_for_good(world: World, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    owner, token = await _challenged(world, db, mailbox)
    number = owner.tokens.user["id"]
    await reject(world, number)
    assert (await verify(world.api, token, owner.recovery[0])).json == OTP_INVALID
    assert (await world.api.post(REQUEST, {"temporary_token": token})).json == OTP_INVALID
    await decide(world, number, {"action": "approve"})
    assert (await verify(world.api, token, owner.recovery[0])).json == OTP_INVALID
    assert (await verify(world.api, await challenge(world.api, PENNY), owner.recovery[0])).status == 200


async def test_the_challenge_of_the_user_of_that_number_lives(
    world: World, penny: int, db: asyncpg.Connection, mailbox: Mailbox
) -> None:
    await db.execute("UPDATE users SET otp_enabled = true WHERE id = $1", penny)
    asked = await world.api.post(f"{STAFF}/login/", {"email": "plain@example.com", "password": PASSWORD})
    code = await mailbox.code(world.api, "plain@example.com")
    await reject(world, penny)
    body = {"temporary_token": asked.json["temporary_token"], "otp_code": code}
    assert (await world.api.post(f"{STAFF}/login/verify-otp/", body)).status == 200


async def test_a_code_from_before_works_no_more(world: World, penny: int, mailbox: Mailbox) -> None:
    """A code for changing the account, asked for in a session that the rejection ended."""
    tokens: Tokens = await sign_in(world.api, PENNY)
    await world.api.post(REQUEST, {}, headers=tokens.bearer)
    code = await mailbox.code(world.api, PENNY)
    await reject(world, penny)
    answer = await world.api.post(ENABLE, {"otp_code": code}, headers=tokens.bearer)
    assert (answer.status, answer.code) == (401, "token_not_valid")


async def test_who_is_rejected_hears_why_only_with_the_right_password(world: World, penny: int) -> None:
    await reject(world, penny)
    wrong = await world.api.post(LOGIN, {"email": PENNY, "password": "wrong"})
    right = await world.api.post(LOGIN, {"email": PENNY, "password": PASSWORD})
    assert [(a.status, a.code) for a in (wrong, right)] == [(401, "invalid_credentials"), (403, "rejected")]
