"""Switching the second factor on and off."""

import re

import asyncpg
import pytest

from tests.client import PASSWORD, Api, cookie_header
from tests.conftest import FakeClock
from tests.endpoints.kit import unchanged
from tests.endpoints.otp.kit import (
    ADA,
    LOGIN,
    NO_CODE,
    OFF,
    ON,
    OTP_INVALID,
    TWO,
    USERS,
    WRONG_PASSWORD,
    account_code,
    challenge,
    employee_bearer,
    is_live,
    verify,
    with_app,
    with_factor,
)
from tests.mailbox import Mailbox

ENABLE, DISABLE, CHECK = f"{TWO}/enable/", f"{TWO}/disable/", f"{USERS}/verify-disable-otp/"
OWN = {
    f"{TWO}/request-otp-authenticated/": {},
    ENABLE: {"otp_code": NO_CODE},
    DISABLE: {"otp_code": NO_CODE, "password": PASSWORD},
    CHECK: {"otp_code": NO_CODE, "password": PASSWORD},
    f"{TWO}/totp/setup/": {},
    f"{TWO}/totp/confirm/": {"otp_code": NO_CODE},
    f"{TWO}/recovery-codes/": {"otp_code": NO_CODE, "password": PASSWORD},
}
WRONG = "wrong horse battery"
REQUIRED = ["This field is required."]


async def codes_of_all(api: Api, headers: dict[str, str]) -> dict[str, str | None]:
    return {path: (await api.post(path, body, headers=headers)).code for path, body in OWN.items()}


async def test_strangers_are_refused_everywhere(api: Api) -> None:
    assert await codes_of_all(api, {}) == dict.fromkeys(OWN, "not_authenticated")


async def test_employees_are_refused_everywhere(api: Api, db: asyncpg.Connection) -> None:
    assert await codes_of_all(api, await employee_bearer(api, db)) == dict.fromkeys(OWN, "wrong_account_type")


async def test_pages_elsewhere_are_refused_everywhere(api: Api) -> None:
    tokens = await api.sign_in()
    headers = {**cookie_header(access_token=tokens.access), "Sec-Fetch-Site": "cross-site"}
    assert await codes_of_all(api, headers) == dict.fromkeys(OWN, "permission_denied")


async def test_what_is_missing_is_named(api: Api) -> None:
    tokens = await api.sign_in()
    missing = {path: dict.fromkeys(body, REQUIRED) for path, body in OWN.items() if body}
    found = {path: (await api.post(path, {}, headers=tokens.bearer)).json for path in missing}
    assert found == missing


async def test_a_code_is_a_short_string(api: Api) -> None:
    tokens = await api.sign_in()
    for value in (123456, ["123456"], {"code": "123456"}, True, None, "", "1" * 51):
        answer = await api.post(ENABLE, {"otp_code": value}, headers=tokens.bearer)
        assert (answer.status, list(answer.json)) == (400, ["otp_code"])


async def test_a_mailed_code_switches_it_on(api: Api, mailbox: Mailbox) -> None:
    tokens = await api.sign_in()
    code = await account_code(api, mailbox, tokens)
    answer = await api.post(ENABLE, {"otp_code": code}, headers=tokens.bearer)
    recovery = answer.json.pop("recovery_codes")
    assert (answer.status, answer.json) == (200, {"message": "The second factor is on.", "otp_enabled": True})
    assert len(set(recovery)) == 10
    assert all(re.fullmatch(r"[a-z2-7]{5}-[a-z2-7]{5}", one) for one in recovery)
    assert (await api.get("/api/me/", headers=tokens.bearer)).json["data"]["otp_enabled"] is True


async def test_the_right_password_may_come_along(api: Api, mailbox: Mailbox) -> None:
    tokens = await api.sign_in()
    code = await account_code(api, mailbox, tokens)
    body = {"otp_code": code, "password": PASSWORD}
    assert (await api.post(ENABLE, body, headers=tokens.bearer)).status == 200


async def test_a_wrong_password_that_comes_along_is_refused_and_spends_no_code(api: Api, mailbox: Mailbox) -> None:
    tokens = await api.sign_in()
    code = await account_code(api, mailbox, tokens)
    answer = await api.post(ENABLE, {"otp_code": code, "password": WRONG}, headers=tokens.bearer)
    assert (answer.status, answer.json) == (400, WRONG_PASSWORD)
    assert (await api.post(ENABLE, {"otp_code": code}, headers=tokens.bearer)).status == 200


async def test_enabling_twice_is_a_conflict(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    code = await account_code(api, mailbox, owner.tokens)
    answer = await api.post(ENABLE, {"otp_code": code}, headers=owner.bearer)
    assert (answer.status, answer.code) == (409, "conflict")


@pytest.mark.parametrize("path", [ENABLE, DISABLE, CHECK])
async def test_a_wrong_code_changes_nothing(api: Api, db: asyncpg.Connection, mailbox: Mailbox, path: str) -> None:
    tokens = await api.sign_in()
    await db.execute("UPDATE users SET otp_enabled = $1", path != ENABLE)
    body = {"otp_code": NO_CODE} if path == ENABLE else {"otp_code": NO_CODE, "password": PASSWORD}
    answer = await api.post(path, body, headers=tokens.bearer)
    assert (answer.status, answer.json) == (400, OTP_INVALID)
    assert await mailbox.to(api, tokens.user["email"], "second factor") == []


@pytest.mark.parametrize("path", [DISABLE, CHECK, f"{TWO}/recovery-codes/"])
async def test_what_is_off_is_not_switched_off(api: Api, db: asyncpg.Connection, mailbox: Mailbox, path: str) -> None:
    tokens = await api.sign_in()
    code = await account_code(api, mailbox, tokens)
    async with unchanged(db, "codes"):
        answer = await api.post(path, {"otp_code": code, "password": PASSWORD}, headers=tokens.bearer)
    assert (answer.status, answer.code) == (409, "conflict")


@pytest.mark.parametrize("path", [DISABLE, CHECK, f"{TWO}/recovery-codes/"])
async def test_a_wrong_password_spends_no_code(api: Api, mailbox: Mailbox, path: str) -> None:
    owner = await with_factor(api, mailbox)
    body = {"otp_code": owner.recovery[0], "password": WRONG}
    answer = await api.post(path, body, headers=owner.bearer)
    assert (answer.status, answer.json) == (400, WRONG_PASSWORD)
    assert (await api.post(path, {**body, "password": PASSWORD}, headers=owner.bearer)).status == 200


async def test_password_and_code_switch_it_off(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    code = await account_code(api, mailbox, owner.tokens)
    answer = await api.post(DISABLE, {"otp_code": code, "password": PASSWORD}, headers=owner.bearer)
    assert (answer.status, answer.json) == (200, {"message": "The second factor is off.", "otp_enabled": False})
    assert (await api.sign_in(ADA)).user["otp_enabled"] is False


async def test_switching_off_forgets_app_and_recovery_codes(
    api: Api, db: asyncpg.Connection, clock: FakeClock, mailbox: Mailbox
) -> None:
    owner, phone = await with_app(api, clock)
    body = {"otp_code": phone.at(clock.now), "password": PASSWORD}
    assert (await api.post(DISABLE, body, headers=owner.bearer)).status == 200
    counts = await db.fetchrow("SELECT (SELECT count(*) FROM authenticators), (SELECT count(*) FROM recovery_codes)")
    assert tuple(counts) == (0, 0)
    clock.now += 60
    for code in (phone.at(clock.now), owner.recovery[0]):
        assert (await api.post(ENABLE, {"otp_code": code}, headers=owner.bearer)).json == OTP_INVALID


@pytest.mark.parametrize("kind", ["mailed", "app", "recovery"])
async def test_checking_before_disabling_spends_nothing(
    api: Api, mailbox: Mailbox, clock: FakeClock, kind: str
) -> None:
    owner, phone = await with_app(api, clock)
    code = {"app": phone.at(clock.now), "recovery": owner.recovery[0]}.get(kind)
    body = {"otp_code": code or await account_code(api, mailbox, owner.tokens), "password": PASSWORD}
    for _ in range(7):
        answer = await api.post(CHECK, body, headers=owner.bearer)
        assert (answer.status, answer.json) == (200, {"verified": True})
    assert (await api.post(DISABLE, body, headers=owner.bearer)).status == 200


async def test_enabling_ends_the_other_sessions_and_tells_the_owner(api: Api, mailbox: Mailbox) -> None:
    await api.register(email=ADA)
    other, this = await api.sign_in(ADA), await api.sign_in(ADA)
    code = await account_code(api, mailbox, this)
    await api.post(ENABLE, {"otp_code": code}, headers=this.bearer)
    assert (await is_live(api, this), await is_live(api, other)) == (True, False)
    assert len(await mailbox.to(api, ADA, ON)) == 1


async def test_disabling_ends_the_other_sessions_and_tells_the_owner(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    signed_in = await verify(api, await challenge(api), owner.recovery[0])
    this = {"Authorization": f"Bearer {signed_in.json['access']}"}
    body = {"otp_code": owner.recovery[1], "password": PASSWORD}
    assert (await api.post(DISABLE, body, headers=this)).status == 200
    assert (await api.get("/api/me/", headers=this)).status == 200
    assert await is_live(api, owner.tokens) is False
    assert len(await mailbox.to(api, ADA, OFF)) == 1


async def test_disabling_voids_waiting_challenges(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    token = await challenge(api)
    code = await mailbox.code(api, ADA)
    await api.post(DISABLE, {"otp_code": owner.recovery[0], "password": PASSWORD}, headers=owner.bearer)
    assert (await verify(api, token, code)).json == OTP_INVALID


async def test_changes_are_audited(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    await api.post(DISABLE, {"otp_code": owner.recovery[0], "password": PASSWORD}, headers=owner.bearer)
    rows = await db.fetch("SELECT event FROM audit WHERE event LIKE 'second_factor%' ORDER BY seq")
    assert [row["event"] for row in rows] == ["second_factor_on", "second_factor_off"]


async def test_a_code_for_somebody_without_factor_is_not_asked_for(api: Api) -> None:
    await api.register(email=ADA)
    body = {"email": ADA, "password": PASSWORD, "otp_code": "123456"}
    assert (await api.post(LOGIN, body)).status == 200
