"""Authenticator apps: set up, confirmed, each time step once."""

import base64
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
import pyotp
import pytest

from tests.client import PASSWORD, Api
from tests.conftest import FakeClock
from tests.endpoints.otp.kit import (
    ADA,
    BOB,
    LOGIN,
    ON,
    OTP_INVALID,
    TWO,
    USERS,
    challenge,
    is_live,
    verify,
    with_app,
    with_factor,
)
from tests.mailbox import Mailbox

SETUP, CONFIRM = f"{TWO}/totp/setup/", f"{TWO}/totp/confirm/"
MESSAGE = {"message": "The authenticator was confirmed.", "otp_enabled": True}


def credentials(code: str) -> dict[str, str]:
    return {"email": ADA, "password": PASSWORD, "otp_code": code}


async def test_setup_gives_secret_uri_and_qr_code(api: Api) -> None:
    tokens = await api.sign_in((await api.register(email=ADA))["email"])
    answer = await api.post(SETUP, headers=tokens.bearer)
    assert (answer.status, answer.json.keys()) == (200, {"secret", "otpauth_uri", "qr"})
    secret, uri = answer.json["secret"], urlsplit(answer.json["otpauth_uri"])
    assert len(base64.b32decode(secret)) >= 20
    assert (uri.scheme, uri.netloc, unquote(uri.path)) == ("otpauth", "totp", f"/authsvc:{ADA}")
    assert parse_qs(uri.query) == {"secret": [secret], "issuer": ["authsvc"]}
    assert answer.json["qr"].startswith("data:image/svg+xml")
    assert answer.headers["Cache-Control"] == "no-store"


async def test_setup_alone_changes_nothing(api: Api, mailbox: Mailbox) -> None:
    tokens = await api.sign_in((await api.register(email=ADA))["email"])
    secret = (await api.post(SETUP, headers=tokens.bearer)).json["secret"]
    assert (await api.sign_in(ADA)).user["otp_enabled"] is False
    body = {"otp_code": pyotp.TOTP(secret).now()}
    assert (await api.post(f"{TWO}/enable/", body, headers=tokens.bearer)).json == OTP_INVALID


async def test_confirming_switches_the_factor_on(api: Api, clock: FakeClock, mailbox: Mailbox) -> None:
    await api.register(email=ADA)
    other, this = await api.sign_in(ADA), await api.sign_in(ADA)
    phone = pyotp.TOTP((await api.post(SETUP, headers=this.bearer)).json["secret"])
    answer = await api.post(CONFIRM, {"otp_code": phone.at(clock.now)}, headers=this.bearer)
    assert len(answer.json.pop("recovery_codes")) == 10
    assert (answer.status, answer.json) == (200, MESSAGE)
    assert (await is_live(api, this), await is_live(api, other)) == (True, False)
    assert len(await mailbox.to(api, ADA, ON)) == 1


async def test_confirming_beside_mailed_codes_keeps_the_recovery_codes(
    api: Api, clock: FakeClock, mailbox: Mailbox
) -> None:
    owner = await with_factor(api, mailbox)
    phone = pyotp.TOTP((await api.post(SETUP, headers=owner.bearer)).json["secret"])
    answer = await api.post(CONFIRM, {"otp_code": phone.at(clock.now)}, headers=owner.bearer)
    assert (answer.status, answer.json) == (200, MESSAGE)
    assert (await verify(api, await challenge(api), owner.recovery[0])).status == 200


async def test_a_new_setup_voids_the_secret_before(api: Api, clock: FakeClock) -> None:
    tokens = await api.sign_in()
    first, second = [pyotp.TOTP((await api.post(SETUP, headers=tokens.bearer)).json["secret"]) for _ in range(2)]
    wrong, right = {"otp_code": first.at(clock.now)}, {"otp_code": second.at(clock.now)}
    assert (await api.post(CONFIRM, wrong, headers=tokens.bearer)).json == OTP_INVALID
    assert (await api.post(CONFIRM, right, headers=tokens.bearer)).status == 200


async def test_setup_is_a_conflict_while_an_app_is_in_use(api: Api, clock: FakeClock) -> None:
    owner, phone = await with_app(api, clock)
    answer = await api.post(SETUP, headers=owner.bearer)
    assert (answer.status, answer.code) == (409, "conflict")
    assert (await api.post(LOGIN, credentials(phone.at(clock.now)))).status == 200


async def test_confirming_twice_is_refused(api: Api, clock: FakeClock) -> None:
    owner, phone = await with_app(api, clock)
    answer = await api.post(CONFIRM, {"otp_code": phone.at(clock.now)}, headers=owner.bearer)
    assert (answer.status, answer.json) == (400, OTP_INVALID)


async def test_confirming_without_setup_is_refused(api: Api) -> None:
    tokens = await api.sign_in()
    assert (await api.post(CONFIRM, {"otp_code": "123456"}, headers=tokens.bearer)).json == OTP_INVALID


async def test_another_persons_app_confirms_nothing(api: Api, clock: FakeClock) -> None:
    ada, bob = await api.sign_in(), await api.sign_in()
    secrets = [(await api.post(SETUP, headers=who.bearer)).json["secret"] for who in (ada, bob)]
    body = {"otp_code": pyotp.TOTP(secrets[1]).at(clock.now)}
    assert (await api.post(CONFIRM, body, headers=ada.bearer)).json == OTP_INVALID


async def test_the_code_that_confirmed_does_not_sign_in(api: Api, clock: FakeClock) -> None:
    _, phone = await with_app(api, clock)
    assert (await api.post(LOGIN, credentials(phone.at(clock.now - 60)))).json == OTP_INVALID


@pytest.mark.parametrize("shift,status", [(-60, 400), (-30, 200), (0, 200), (30, 200), (60, 400)])
async def test_the_present_step_and_its_neighbours_are_taken(
    api: Api, clock: FakeClock, shift: int, status: int
) -> None:
    _, phone = await with_app(api, clock)
    clock.now += 300
    assert (await api.post(LOGIN, credentials(phone.at(clock.now + shift)))).status == status


async def test_a_step_is_taken_once_over_all_places(api: Api, clock: FakeClock) -> None:
    owner, phone = await with_app(api, clock)
    code = phone.at(clock.now)
    assert (await verify(api, await challenge(api), code)).status == 200
    assert (await api.post(LOGIN, credentials(code))).json == OTP_INVALID
    assert (await verify(api, await challenge(api), code)).json == OTP_INVALID
    body = {"otp_code": code, "password": PASSWORD}
    for path in (f"{USERS}/verify-disable-otp/", f"{TWO}/recovery-codes/", f"{TWO}/disable/"):
        assert (await api.post(path, body, headers=owner.bearer)).json == OTP_INVALID


async def test_no_step_before_an_accepted_one_is_taken(api: Api, clock: FakeClock) -> None:
    _, phone = await with_app(api, clock)
    clock.now += 300
    assert (await api.post(LOGIN, credentials(phone.at(clock.now + 30)))).status == 200
    for step in (-30, 0, 30):
        assert (await api.post(LOGIN, credentials(phone.at(clock.now + step)))).json == OTP_INVALID


async def test_a_code_in_other_digits_is_refused(api: Api, clock: FakeClock) -> None:
    _, phone = await with_app(api, clock)
    wide = "".join(chr(ord("０") + int(digit)) for digit in phone.at(clock.now))
    assert (await api.post(LOGIN, credentials(wide))).json == OTP_INVALID


async def test_another_persons_app_does_not_sign_in(api: Api, clock: FakeClock) -> None:
    await with_app(api, clock)
    _, bobs = await with_app(api, clock, BOB)
    assert (await api.post(LOGIN, credentials(bobs.at(clock.now)))).json == OTP_INVALID


async def test_mailed_codes_work_beside_the_app(api: Api, clock: FakeClock, mailbox: Mailbox) -> None:
    await with_app(api, clock)
    token = await challenge(api)
    assert (await verify(api, token, await mailbox.code(api, ADA))).status == 200


async def test_the_secret_is_shown_once(api: Api, db: asyncpg.Connection, clock: FakeClock) -> None:
    owner, phone = await with_app(api, clock)
    for path in ("/api/me/", f"{USERS}/profile/", f"{USERS}/token/validate/"):
        assert phone.secret not in (await api.get(path, headers=owner.bearer)).text
