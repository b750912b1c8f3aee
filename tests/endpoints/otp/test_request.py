"""Asking for a mailed code: for a sign-in under way, with the password, signed in, or by address alone."""

import asyncpg
import pytest

from tests.client import PASSWORD, Api, cookie_header
from tests.endpoints.otp.kit import (
    ADA,
    BOB,
    LOGIN,
    OTP_INVALID,
    SENT,
    TWO,
    account_code,
    challenge,
    employee_bearer,
    verify,
    with_factor,
)
from tests.mailbox import Mailbox, body

REQUEST = f"{TWO}/request-otp/"
AUTHENTICATED = f"{TWO}/request-otp-authenticated/"
CODE = "Your code"


async def test_a_challenge_gets_another_code(api: Api, mailbox: Mailbox) -> None:
    await with_factor(api, mailbox)
    token = await challenge(api)
    first = await mailbox.code(api, ADA)
    answer = await api.post(REQUEST, {"temporary_token": token})
    assert (answer.status, answer.json) == (200, SENT)
    second = await mailbox.code(api, ADA)
    assert len(await mailbox.to(api, ADA, CODE)) == 3
    assert first == second or (await verify(api, token, first)).json == OTP_INVALID
    assert (await verify(api, token, second)).status == 200


async def test_address_and_password_get_a_code_that_signs_in_with_the_password(api: Api, mailbox: Mailbox) -> None:
    await with_factor(api, mailbox)
    answer = await api.post(REQUEST, {"email": " ADA@Example.com", "password": PASSWORD})
    assert (answer.status, answer.json) == (200, SENT)
    given = {"email": ADA, "password": PASSWORD, "otp_code": await mailbox.code(api, ADA)}
    assert (await api.post(LOGIN, given)).status == 200


async def test_without_a_second_factor_the_password_gets_no_mail(api: Api, mailbox: Mailbox) -> None:
    await api.register(email=ADA)
    assert (await api.post(REQUEST, {"email": ADA, "password": PASSWORD})).json == SENT
    assert await mailbox.to(api, ADA, CODE) == []


async def test_who_is_signed_in_gets_a_code_for_the_account(api: Api, mailbox: Mailbox) -> None:
    tokens = await api.sign_in()
    assert (await api.post(REQUEST, {}, headers=tokens.bearer)).json == SENT
    code = await mailbox.code(api, tokens.user["email"])
    assert (await api.post(f"{TWO}/enable/", {"otp_code": code}, headers=tokens.bearer)).status == 200


async def test_who_is_signed_in_may_name_himself(api: Api, mailbox: Mailbox) -> None:
    tokens = await api.sign_in()
    own = tokens.user["email"]
    assert (await api.post(REQUEST, {"email": f" {own.upper()} "}, headers=tokens.bearer)).json == SENT
    code = await mailbox.code(api, own)
    assert (await api.post(f"{TWO}/enable/", {"otp_code": code}, headers=tokens.bearer)).status == 200


async def test_the_cookie_will_do_and_no_body_is_needed(api: Api, mailbox: Mailbox) -> None:
    tokens = await api.sign_in()
    answer = await api.post(REQUEST, headers=cookie_header(access_token=tokens.access))
    assert (answer.status, answer.json) == (200, SENT)
    assert len(await mailbox.to(api, tokens.user["email"], CODE)) == 1


async def test_a_page_elsewhere_cannot_ask_with_the_cookie(api: Api, mailbox: Mailbox) -> None:
    tokens = await api.sign_in()
    headers = {**cookie_header(access_token=tokens.access), "Origin": "https://evil.example.com"}
    assert (await api.post(REQUEST, headers=headers)).status == 403
    assert await mailbox.to(api, tokens.user["email"], CODE) == []


@pytest.mark.parametrize("address", [ADA, "nobody@example.com", "not an address"])
async def test_an_address_alone_learns_and_gets_nothing(api: Api, mailbox: Mailbox, address: str) -> None:
    await with_factor(api, mailbox)
    before = len(await mailbox.to(api, ADA, CODE))
    answer = await api.post(REQUEST, {"email": address})
    assert (answer.status, answer.json) == (200, SENT)
    assert len(await mailbox.to(api, ADA, CODE)) == before


async def test_another_persons_address_alone_sends_nothing_to_anybody(api: Api, mailbox: Mailbox) -> None:
    await with_factor(api, mailbox)
    bob = await api.sign_in((await api.register(email=BOB))["email"])
    await api.post(REQUEST, {"email": ADA}, headers=bob.bearer)
    assert await mailbox.to(api, BOB, CODE) == []
    assert len(await mailbox.to(api, ADA, CODE)) == 1


async def test_nobody_who_says_nothing_gets_the_neutral_answer(api: Api, mailbox: Mailbox) -> None:
    for headers in ({}, {"Authorization": "Bearer null"}):
        answer = await api.post(REQUEST, headers=headers)
        assert (answer.status, answer.json) == (200, SENT)
    await mailbox.to(api, ADA)
    assert mailbox.mails == []


async def test_a_wrong_password_is_refused(api: Api, mailbox: Mailbox) -> None:
    await with_factor(api, mailbox)
    for email in (ADA, "nobody@example.com"):
        answer = await api.post(REQUEST, {"email": email, "password": "wrong horse battery"})
        assert (answer.status, answer.code) == (401, "invalid_credentials")
    assert len(await mailbox.to(api, ADA, CODE)) == 1


async def test_an_unknown_challenge_is_refused(api: Api) -> None:
    answer = await api.post(REQUEST, {"temporary_token": "x" * 43})
    assert (answer.status, answer.json) == (400, OTP_INVALID)


async def test_a_challenge_that_was_answered_gets_no_more_codes(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    token = await challenge(api)
    assert (await verify(api, token, owner.recovery[0])).status == 200
    assert (await api.post(REQUEST, {"temporary_token": token})).json == OTP_INVALID


@pytest.mark.parametrize(
    "sent,field",
    [
        ({"email": [ADA], "password": PASSWORD}, "email"),
        ({"email": ADA, "password": [PASSWORD]}, "password"),
        ({"temporary_token": {"a": 1}}, "temporary_token"),
        ({"email": "a" * 255}, "email"),
        ({"email": ADA, "password": ""}, "password"),
    ],
)
async def test_fields_of_the_wrong_shape_are_named(api: Api, sent: dict[str, object], field: str) -> None:
    answer = await api.post(REQUEST, sent)
    assert (answer.status, list(answer.json)) == (400, [field])


async def test_five_code_mails_an_hour_however_they_are_asked_for(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    token = await challenge(api)
    for _ in range(2):
        await api.post(REQUEST, {"temporary_token": token})
        await api.post(REQUEST, {"email": ADA, "password": PASSWORD})
        assert (await api.post(AUTHENTICATED, headers=owner.bearer)).json == SENT
    assert len(await mailbox.to(api, ADA, CODE)) == 5


async def test_a_code_that_could_not_be_mailed_voids_no_older_one(api: Api, mailbox: Mailbox) -> None:
    tokens = await api.sign_in()
    for _ in range(5):
        code = await account_code(api, mailbox, tokens)
    assert await account_code(api, mailbox, tokens) == code
    assert (await api.post(f"{TWO}/enable/", {"otp_code": code}, headers=tokens.bearer)).status == 200


async def test_an_hour_later_there_are_codes_again(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    tokens = await api.sign_in()
    for _ in range(6):
        await api.post(AUTHENTICATED, headers=tokens.bearer)
    await db.execute("UPDATE outbox SET created_at = created_at - interval '1 hour 1 second'")
    await api.post(AUTHENTICATED, headers=tokens.bearer)
    assert len(await mailbox.to(api, tokens.user["email"], CODE)) == 6


async def test_the_mail_holds_the_code_and_no_link(api: Api, mailbox: Mailbox) -> None:
    tokens = await api.sign_in()
    code = await account_code(api, mailbox, tokens)
    mail = await mailbox.newest(api, tokens.user["email"], CODE)
    assert mail["Subject"] == CODE
    assert code in body(mail)
    assert "http" not in body(mail)


async def test_asking_as_signed_in_needs_a_session(api: Api) -> None:
    assert (await api.post(AUTHENTICATED)).code == "not_authenticated"


async def test_an_employees_session_asks_for_the_employee(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    bearer = await employee_bearer(api, db)
    assert (await api.post(REQUEST, {}, headers=bearer)).status == 200
    assert len(await mailbox.to(api, "eve@example.com", CODE)) == 1


async def test_an_employees_challenge_is_refused(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await employee_bearer(api, db)
    await db.execute(
        """INSERT INTO challenges (employee_id, token_hash, password_hash, remember, expires_at)
           SELECT id, sha256('for employees'), password_hash, true, now() + interval '5 minutes' FROM employees"""
    )
    answer = await api.post(REQUEST, {"temporary_token": "for employees"})
    assert (answer.status, answer.json) == (400, OTP_INVALID)
    assert (await verify(api, "for employees", "123456")).json == OTP_INVALID
    assert await mailbox.to(api, "eve@example.com") == []
