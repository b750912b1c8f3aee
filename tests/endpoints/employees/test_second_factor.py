"""The employees' second factor: switched on, asked for, switched off."""

import asyncpg
import pyotp
import pytest

from tests.client import PASSWORD, Api
from tests.conftest import FakeClock
from tests.endpoints.employees.kit import (
    CONFIRM_APP,
    DISABLE,
    EMIL,
    ENABLE,
    OTP_INVALID,
    RENEW,
    REQUEST,
    SENT,
    SET_UP,
    STAFF,
    VERIFY,
    account_code,
    challenge,
    emil,
    is_live,
    login,
    sign_in,
    signed_in,
    verify,
    with_factor,
)
from tests.endpoints.kit import Like, add_employee, all_cookies, assert_cookies
from tests.mailbox import Mailbox

TOKEN = Like(r"[\w-]{43}")
RECOVERY = Like(r"[a-z0-9]{5}-[a-z0-9]{5}")
ASKED = {
    "success": False,
    "requires_otp": True,
    "otp_required": True,
    "temporary_token": TOKEN,
    "expires_in": 300,
    "methods": ["email"],
    "email": EMIL,
    "message": "A code of your second factor is required.",
}


async def test_enabling(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await add_employee(db)
    other, this = await sign_in(api), await sign_in(api)
    code = await account_code(api, mailbox, this)
    answer = await api.post(ENABLE, {"otp_code": code, "password": PASSWORD}, headers=this.bearer)
    assert (answer.status, answer.json) == (
        200,
        {"message": "The second factor is on.", "otp_enabled": True, "recovery_codes": [RECOVERY] * 10},
    )
    assert (await is_live(api, this), await is_live(api, other)) == (True, False)
    assert len(await mailbox.to(api, EMIL, "Your second factor was changed")) == 1
    assert (await api.post(ENABLE, {"otp_code": code}, headers=this.bearer)).status == 409


async def test_a_sign_in_is_answered_with_a_challenge_and_a_code(
    api: Api, db: asyncpg.Connection, mailbox: Mailbox
) -> None:
    owner = await with_factor(api, db, mailbox)
    asked = await login(api)
    assert (asked.status, asked.json, all_cookies(asked)) == (200, ASKED, {})
    answer = await verify(api, asked.json["temporary_token"], await mailbox.code(api, EMIL))
    assert (answer.status, answer.json) == (200, signed_in(emil(otp_enabled=True)))
    assert_cookies(answer, answer.json["access"], answer.json["refresh"])
    assert await is_live(api, owner.tokens)


async def test_a_challenge_and_a_code_work_once(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await with_factor(api, db, mailbox)
    token = await challenge(api)
    code = await mailbox.code(api, EMIL)
    assert (await verify(api, token, code)).status == 200
    for again in (token, await challenge(api)):
        answer = await verify(api, again, code)
        assert (answer.status, answer.json, all_cookies(answer)) == (400, OTP_INVALID, {})


async def test_another_code_for_the_same_challenge(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await with_factor(api, db, mailbox)
    token = await challenge(api)
    first = await mailbox.code(api, EMIL)
    answer = await api.post(REQUEST, {"temporary_token": token})
    assert (answer.status, answer.json) == (200, SENT)
    second = await mailbox.code(api, EMIL)
    if first != second:
        assert (await verify(api, token, first)).json == OTP_INVALID
    assert (await verify(api, token, second)).status == 200


async def test_a_challenge_belongs_to_its_kind(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    """The staff's paths take no employee's challenge, nor the employees' a staff user's; neither is spent."""
    owner = await with_factor(api, db, mailbox)
    await api.register(email=EMIL)
    await db.execute("DELETE FROM links")
    await db.execute("UPDATE users SET id = e.id, otp_enabled = true FROM employees e")
    employees = await challenge(api)
    answer = await verify(api, employees, owner.recovery[0], f"{STAFF}/login/verify-otp/")
    assert (answer.status, answer.json, all_cookies(answer)) == (400, OTP_INVALID, {})
    assert (await api.post(f"{STAFF}/2fa/request-otp/", {"temporary_token": employees})).json == OTP_INVALID
    asked = await api.post(f"{STAFF}/login/", {"email": EMIL, "password": PASSWORD})
    staffs = asked.json["temporary_token"]
    assert (await verify(api, staffs, owner.recovery[0])).json == OTP_INVALID
    assert (await api.post(REQUEST, {"temporary_token": staffs})).json == OTP_INVALID
    assert (await verify(api, staffs, owner.recovery[0], f"{STAFF}/login/verify-otp/")).json == OTP_INVALID
    answer = await verify(api, employees, owner.recovery[0])
    assert (answer.status, answer.json) == (200, signed_in(emil(otp_enabled=True)))


async def test_a_code_may_come_with_the_password(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    owner = await with_factor(api, db, mailbox)
    answer = await login(api, otp_code=owner.recovery[0])
    assert (answer.status, answer.json) == (200, signed_in(emil(otp_enabled=True)))
    answer = await login(api, otp_code=owner.recovery[0])
    assert (answer.status, answer.json) == (400, {**OTP_INVALID, "success": False})


async def test_an_app(api: Api, db: asyncpg.Connection, clock: FakeClock) -> None:
    await add_employee(db)
    tokens = await sign_in(api)
    made = await api.post(SET_UP, headers=tokens.bearer)
    assert (made.status, made.json.keys()) == (200, {"secret", "otpauth_uri", "qr"})
    phone = pyotp.TOTP(made.json["secret"])
    answer = await api.post(CONFIRM_APP, {"otp_code": phone.at(clock.now)}, headers=tokens.bearer)
    assert (answer.status, answer.json) == (
        200,
        {"message": "The authenticator was confirmed.", "otp_enabled": True, "recovery_codes": [RECOVERY] * 10},
    )
    clock.now += 60
    asked = await login(api)
    assert asked.json == {**ASKED, "methods": ["email", "totp"]}
    assert (await verify(api, asked.json["temporary_token"], phone.at(clock.now))).status == 200
    assert (await verify(api, await challenge(api), phone.at(clock.now))).json == OTP_INVALID


async def test_disabling(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    owner = await with_factor(api, db, mailbox)
    bearer = owner.tokens.bearer
    answer = await api.post(DISABLE, {"password": "wrong", "otp_code": owner.recovery[0]}, headers=bearer)
    assert (answer.status, answer.json) == (400, {"password": ["Current password is incorrect."]})
    answer = await api.post(DISABLE, {"password": PASSWORD, "otp_code": "aaaaa-aaaaa"}, headers=bearer)
    assert (answer.status, answer.json) == (400, OTP_INVALID)
    answer = await api.post(DISABLE, {"password": PASSWORD, "otp_code": owner.recovery[0]}, headers=bearer)
    assert (answer.status, answer.json) == (200, {"message": "The second factor is off.", "otp_enabled": False})
    assert (await login(api)).json == signed_in(emil())
    assert await db.fetchval("SELECT count(*) FROM recovery_codes") == 0


async def test_new_recovery_codes(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    owner = await with_factor(api, db, mailbox)
    body = {"password": PASSWORD, "otp_code": owner.recovery[0]}
    answer = await api.post(RENEW, body, headers=owner.tokens.bearer)
    assert (answer.status, answer.json) == (200, {"recovery_codes": [RECOVERY] * 10})
    assert (await login(api, otp_code=owner.recovery[1])).status == 400
    assert (await login(api, otp_code=answer.json["recovery_codes"][0])).status == 200


@pytest.mark.parametrize("body", [{"email": EMIL}, {"email": "nobody@example.com"}, {}])
async def test_asking_without_password_sends_nothing(
    api: Api, db: asyncpg.Connection, mailbox: Mailbox, body: dict
) -> None:
    await with_factor(api, db, mailbox)
    before = len(await mailbox.to(api, EMIL, "code"))
    answer = await api.post(REQUEST, body)
    assert (answer.status, answer.json) == (200, SENT)
    assert len(await mailbox.to(api, EMIL, "code")) == before


async def test_asking_with_the_password(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await with_factor(api, db, mailbox)
    answer = await api.post(REQUEST, {"email": EMIL, "password": PASSWORD})
    assert (answer.status, answer.json) == (200, SENT)
    assert (await login(api, otp_code=await mailbox.code(api, EMIL))).status == 200
    answer = await api.post(REQUEST, {"email": EMIL, "password": "wrong"})
    assert (answer.status, answer.code) == (401, "invalid_credentials")


async def test_a_code_for_the_account_signs_nobody_in(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    owner = await with_factor(api, db, mailbox)
    token = await challenge(api)
    code = await account_code(api, mailbox, owner.tokens)
    assert (await api.post(VERIFY, {"temporary_token": token, "otp_code": code})).json == OTP_INVALID
