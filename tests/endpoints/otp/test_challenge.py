"""The sign-in that waits for its second factor."""

import asyncpg
import pytest

from tests.client import PASSWORD, Api, cookie_header
from tests.conftest import FakeClock
from tests.endpoints.otp.kit import (
    ADA,
    BOB,
    LOGIN,
    NO_CODE,
    OTP_INVALID,
    TWO,
    USERS,
    VERIFY,
    challenge,
    is_live,
    verify,
    with_app,
    with_factor,
)
from tests.guard.kit import FORMS, knock
from tests.mailbox import Mailbox

NEW = "another horse battery"
SIGN_INS = [door for door in FORMS if "request-otp" not in door]
REQUIRED = {"detail": "A code of your second factor is required.", "code": "otp_required", "expires_in": 300}


@pytest.mark.parametrize("door", [door for door in SIGN_INS if not door.endswith("/login/api/")])
async def test_the_right_password_gets_a_challenge_and_no_session(
    api: Api, db: asyncpg.Connection, mailbox: Mailbox, door: str
) -> None:
    await with_factor(api, mailbox)
    before = await db.fetchval("SELECT count(*) FROM sessions")
    answer = await knock(api, door, ADA, PASSWORD)
    token = answer.json.pop("temporary_token")
    assert (answer.status, answer.json) == (401, {**REQUIRED, "methods": ["email"]})
    assert (len(token), dict(answer.cookies)) == (43, {})
    assert await db.fetchval("SELECT count(*) FROM sessions") == before


async def test_login_api_says_so_with_success_false(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    answer = await knock(api, "POST /api/v1/users/login/api/", ADA, PASSWORD)
    token = answer.json.pop("temporary_token")
    assert (answer.status, dict(answer.cookies)) == (200, {})
    assert answer.json == {
        "success": False,
        "otp_required": True,
        "expires_in": 300,
        "methods": ["email"],
        "message": "A code of your second factor is required.",
    }
    assert (await verify(api, token, owner.recovery[0])).status == 200


async def test_login_api_with_the_code_at_once(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    body = {"email": ADA, "password": PASSWORD, "otp_code": owner.recovery[0]}
    answer = await api.post(f"{USERS}/login/api/", body)
    assert (answer.status, answer.json["success"], answer.json["otp_required"]) == (200, True, False)
    refused = await api.post(f"{USERS}/login/api/", body)
    assert (refused.status, refused.json) == (400, {**OTP_INVALID, "success": False})


async def test_with_an_app_there_are_two_methods(api: Api, clock: FakeClock) -> None:
    await with_app(api, clock)
    assert (await api.post(LOGIN, {"email": ADA, "password": PASSWORD})).json["methods"] == ["email", "totp"]


async def test_the_code_completes_the_sign_in(api: Api, mailbox: Mailbox) -> None:
    await with_factor(api, mailbox)
    answer = await verify(api, await challenge(api), await mailbox.code(api, ADA))
    assert answer.status == 200
    assert answer.json.keys() == {"message", "access", "refresh", "expires_in", "user", "redirect"}
    assert answer.json["user"]["email"] == ADA
    assert answer.cookies.keys() == {"access_token", "refresh_token", "device"}


async def test_it_is_answered_as_a_form_too(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    form = {"temporary_token": await challenge(api), "otp_code": owner.recovery[0]}
    assert (await api.post(VERIFY, data=form)).status == 200


@pytest.mark.parametrize("remember,max_age", [(True, "604800"), (False, "")])
async def test_remember_me_is_kept(api: Api, mailbox: Mailbox, remember: bool, max_age: str) -> None:
    owner = await with_factor(api, mailbox)
    answer = await verify(api, await challenge(api, remember_me=remember), owner.recovery[0])
    assert answer.cookies["refresh_token"]["max-age"] == max_age
    refreshed = await api.post(
        f"{USERS}/token/refresh/", headers=cookie_header(refresh_token=answer.cookies["refresh_token"].value)
    )
    assert refreshed.cookies["refresh_token"]["max-age"] == max_age


@pytest.mark.parametrize("age,status", [("4 minutes 55 seconds", 200), ("5 minutes", 400)])
async def test_a_challenge_lives_five_minutes(
    api: Api, db: asyncpg.Connection, mailbox: Mailbox, age: str, status: int
) -> None:
    owner = await with_factor(api, mailbox)
    token = await challenge(api)
    await db.execute(f"UPDATE challenges SET expires_at = expires_at - interval '{age}'")
    assert (await verify(api, token, owner.recovery[0])).status == status


@pytest.mark.parametrize("wrong,status", [(4, 200), (5, 400)])
async def test_a_challenge_stands_five_tries(api: Api, mailbox: Mailbox, wrong: int, status: int) -> None:
    owner = await with_factor(api, mailbox)
    token = await challenge(api)
    for _ in range(wrong):
        answer = await verify(api, token, NO_CODE)
        assert (answer.status, answer.json) == (400, OTP_INVALID)
    assert (await verify(api, token, owner.recovery[0])).status == status


async def test_a_challenge_is_good_for_one_success(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    token = await challenge(api)
    assert [(await verify(api, token, code)).status for code in owner.recovery[:2]] == [200, 400]


async def test_an_answered_challenge_spends_no_further_code(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    token = await challenge(api)
    await verify(api, token, owner.recovery[0])
    await verify(api, token, owner.recovery[1])
    assert (await verify(api, await challenge(api), owner.recovery[1])).status == 200


async def test_whatever_is_wrong_the_answer_is_the_same(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    spent, expired, live = [await challenge(api) for _ in range(3)]
    await verify(api, spent, owner.recovery[0])
    await db.execute("UPDATE challenges SET expires_at = now() WHERE token_hash = sha256($1)", expired.encode())
    answers = [
        await verify(api, live, NO_CODE),
        await verify(api, spent, owner.recovery[1]),
        await verify(api, expired, owner.recovery[1]),
        await verify(api, "x" * 43, owner.recovery[1]),
        await verify(api, live, owner.recovery[0]),
        await verify(api, live.swapcase(), owner.recovery[1]),
    ]
    assert {(answer.status, answer.text) for answer in answers} == {(400, answers[0].text)}
    assert answers[0].json == OTP_INVALID


@pytest.mark.parametrize("path", ["password/change", "change-password", "profile/reset-password"])
async def test_a_change_of_password_voids_it(api: Api, mailbox: Mailbox, path: str) -> None:
    owner = await with_factor(api, mailbox)
    token = await challenge(api)
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert (await api.post(f"{USERS}/{path}/", body, headers=owner.bearer)).status == 200
    assert (await verify(api, token, owner.recovery[0])).json == OTP_INVALID


async def test_a_new_password_by_mail_voids_it_and_the_code(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    token = await challenge(api)
    code = await mailbox.code(api, ADA)
    await api.post(f"{USERS}/password/forgot/", {"email": ADA})
    link = await mailbox.link(api, ADA, "Set a new password")
    body = {"token": link, "password": NEW, "password_confirm": NEW}
    assert (await api.post(f"{USERS}/password/reset/", body)).status == 200
    assert (await verify(api, token, owner.recovery[0])).json == OTP_INVALID
    assert (await api.post(LOGIN, {"email": ADA, "password": NEW, "otp_code": code})).json == OTP_INVALID


@pytest.mark.parametrize("change", ["is_active = false", "status = 'Rejected'"])
async def test_who_is_shut_out_gets_in_by_no_challenge(
    api: Api, db: asyncpg.Connection, mailbox: Mailbox, change: str
) -> None:
    owner = await with_factor(api, mailbox)
    token = await challenge(api)
    before = len(await mailbox.to(api, ADA, "Your code"))
    await db.execute(f"UPDATE users SET {change}")
    assert (await verify(api, token, owner.recovery[0])).json == OTP_INVALID
    await api.post(f"{TWO}/request-otp/", {"temporary_token": token})
    assert len(await mailbox.to(api, ADA, "Your code")) == before


async def test_a_deleted_persons_challenge_is_dead(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    token = await challenge(api)
    await db.execute("DELETE FROM users")
    assert (await verify(api, token, owner.recovery[0])).json == OTP_INVALID


async def test_a_challenge_is_its_persons(api: Api, mailbox: Mailbox) -> None:
    await with_factor(api, mailbox)
    bob = await with_factor(api, mailbox, BOB)
    token = await challenge(api, ADA)
    assert (await verify(api, token, bob.recovery[0])).json == OTP_INVALID


async def test_a_challenge_leaves_other_sessions_alone(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    await verify(api, await challenge(api), owner.recovery[0])
    assert await is_live(api, owner.tokens)


async def test_a_known_device_gets_no_new_device_mail(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    first = await verify(api, await challenge(api), owner.recovery[0])
    headers = {**cookie_header(device=first.cookies["device"].value), "User-Agent": "another browser"}
    body = {"temporary_token": await challenge(api), "otp_code": owner.recovery[1]}
    assert (await api.post(VERIFY, body, headers=headers)).status == 200
    assert await mailbox.to(api, ADA, "A new sign-in") == []


@pytest.mark.parametrize(
    "sent,fields",
    [
        ({}, ["otp_code", "temporary_token"]),
        ({"temporary_token": "x", "otp_code": ["123456"]}, ["otp_code"]),
        ({"temporary_token": ["x"], "otp_code": "123456"}, ["temporary_token"]),
        ({"temporary_token": None, "otp_code": 123456}, ["otp_code", "temporary_token"]),
        ({"temporary_token": "x" * 201, "otp_code": "1" * 51}, ["otp_code", "temporary_token"]),
    ],
)
async def test_fields_of_the_wrong_shape_are_named(api: Api, sent: dict[str, object], fields: list[str]) -> None:
    answer = await api.post(VERIFY, sent)
    assert (answer.status, sorted(answer.json)) == (400, fields)
