"""Mailed codes: digits, tries, minutes, purpose, person."""

import asyncpg
import pytest

from tests.client import PASSWORD, Api
from tests.endpoints.otp.kit import (
    ADA,
    BOB,
    LOGIN,
    NO_CODE,
    OTP_INVALID,
    TWO,
    USERS,
    Owner,
    account_code,
    challenge,
    verify,
    with_factor,
)
from tests.guard.kit import BASIC, FORMS, knock
from tests.mailbox import Mailbox

ENABLE = f"{TWO}/enable/"


def other_than(code: str) -> str:
    """Six digits that are wrong for certain."""
    return f"{(int(code) + 1) % 1_000_000:06}"


def written(code: str) -> dict[str, str]:
    """The same digits in ways that are not six ASCII digits."""
    return {
        "full-width": "".join(chr(ord("０") + int(digit)) for digit in code),
        "Arabic-Indic": "".join(chr(ord("٠") + int(digit)) for digit in code),
        "superscript": code[:5] + "²",
        "with a blank": f"{code[:3]} {code[3:]}",
        "with a hyphen": f"{code[:3]}-{code[3:]}",
        "signed": f"+{code}",
        "too long": f"0{code}",
        "too short": code[:5],
        "with a zero-width space": f"{code[:3]}\u200b{code[3:]}",
    }


async def with_challenge(api: Api, mailbox: Mailbox) -> tuple[str, str]:
    """A challenge of a new person, and its code."""
    await with_factor(api, mailbox)
    token = await challenge(api)
    return token, await mailbox.code(api, ADA)


async def test_a_code_is_six_ascii_digits(api: Api, mailbox: Mailbox) -> None:
    tokens = await api.sign_in()
    code = await account_code(api, mailbox, tokens)
    for text in written(code).values():
        assert (await api.post(ENABLE, {"otp_code": text}, headers=tokens.bearer)).json == OTP_INVALID
    assert (await api.post(ENABLE, {"otp_code": code}, headers=tokens.bearer)).status == 200


async def test_blanks_around_a_code_do_no_harm(api: Api, mailbox: Mailbox) -> None:
    tokens = await api.sign_in()
    code = await account_code(api, mailbox, tokens)
    assert (await api.post(ENABLE, {"otp_code": f" {code}\n"}, headers=tokens.bearer)).status == 200


@pytest.mark.parametrize("wrong,status", [(4, 200), (5, 400)])
async def test_a_code_stands_five_tries(
    api: Api, db: asyncpg.Connection, mailbox: Mailbox, wrong: int, status: int
) -> None:
    tokens = await api.sign_in()
    code = await account_code(api, mailbox, tokens)
    for _ in range(wrong):
        await api.post(ENABLE, {"otp_code": other_than(code)}, headers=tokens.bearer)
    assert (await api.post(ENABLE, {"otp_code": code}, headers=tokens.bearer)).status == status


async def test_wrong_codes_of_several_challenges_are_tries_at_one_code(api: Api, mailbox: Mailbox) -> None:
    await with_factor(api, mailbox)
    tokens = [await challenge(api) for _ in range(6)]  # the fifth code was the last that could be mailed
    code = await mailbox.code(api, ADA)
    for token in tokens[:5]:
        assert (await verify(api, token, other_than(code))).json == OTP_INVALID
    assert (await verify(api, tokens[5], code)).json == OTP_INVALID


async def test_peeking_at_a_code_costs_tries_too(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    code = await account_code(api, mailbox, owner.tokens)
    body = {"password": PASSWORD, "otp_code": other_than(code)}
    for _ in range(5):
        await api.post(f"{USERS}/verify-disable-otp/", body, headers=owner.bearer)
    answer = await api.post(f"{USERS}/verify-disable-otp/", {**body, "otp_code": code}, headers=owner.bearer)
    assert answer.json == OTP_INVALID


@pytest.mark.parametrize("age,status", [("4 minutes 55 seconds", 200), ("5 minutes", 400)])
async def test_a_code_lives_five_minutes(
    api: Api, db: asyncpg.Connection, mailbox: Mailbox, age: str, status: int
) -> None:
    tokens = await api.sign_in()
    code = await account_code(api, mailbox, tokens)
    await db.execute(f"UPDATE codes SET expires_at = expires_at - interval '{age}'")
    assert (await api.post(ENABLE, {"otp_code": code}, headers=tokens.bearer)).status == status


async def test_a_newer_code_voids_the_older(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    tokens = await api.sign_in()
    older = await account_code(api, mailbox, tokens)
    newer = await account_code(api, mailbox, tokens)
    live = await db.fetchval("SELECT count(*) FROM codes WHERE voided_at IS NULL AND used_at IS NULL")
    assert live == 1
    if older != newer:
        assert (await api.post(ENABLE, {"otp_code": older}, headers=tokens.bearer)).json == OTP_INVALID
    assert (await api.post(ENABLE, {"otp_code": newer}, headers=tokens.bearer)).status == 200


async def test_a_code_for_one_purpose_leaves_that_for_the_other(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    token = await challenge(api)
    code = await mailbox.code(api, ADA)
    await account_code(api, mailbox, owner.tokens)
    assert (await verify(api, token, code)).status == 200


async def test_a_code_works_once(api: Api, mailbox: Mailbox) -> None:
    _, code = await with_challenge(api, mailbox)
    body = {"email": ADA, "password": PASSWORD, "otp_code": code}
    assert [(await api.post(LOGIN, body)).status for _ in range(2)] == [200, 400]


async def test_a_code_for_signing_in_changes_no_account(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    await challenge(api)
    body = {"otp_code": await mailbox.code(api, ADA), "password": PASSWORD}
    for path in (f"{TWO}/disable/", f"{USERS}/verify-disable-otp/", f"{TWO}/recovery-codes/"):
        assert (await api.post(path, body, headers=owner.bearer)).json == OTP_INVALID
    await db.execute("UPDATE users SET otp_enabled = false")
    assert (await api.post(ENABLE, body, headers=owner.bearer)).json == OTP_INVALID


async def test_a_code_for_the_account_signs_nobody_in(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    token = await challenge(api)
    code = await account_code(api, mailbox, owner.tokens)
    assert (await verify(api, token, code)).json == OTP_INVALID
    answer = await api.post(LOGIN, {"email": ADA, "password": PASSWORD, "otp_code": code})
    assert (answer.status, answer.json) == (400, OTP_INVALID)


async def two_owners(api: Api, mailbox: Mailbox) -> tuple[Owner, Owner]:
    return await with_factor(api, mailbox), await with_factor(api, mailbox, BOB)


async def test_another_persons_code_does_not_sign_in(api: Api, mailbox: Mailbox) -> None:
    await two_owners(api, mailbox)
    mine, _ = await challenge(api, ADA), await challenge(api, BOB)
    code = await mailbox.code(api, BOB)
    assert (await verify(api, mine, code)).json == OTP_INVALID
    assert (await api.post(LOGIN, {"email": BOB, "password": PASSWORD, "otp_code": code})).status == 200


async def test_another_persons_code_does_not_enable(api: Api, mailbox: Mailbox) -> None:
    ada, bob = await api.sign_in(), await api.sign_in()
    code = await account_code(api, mailbox, bob)
    assert (await api.post(ENABLE, {"otp_code": code}, headers=ada.bearer)).json == OTP_INVALID
    assert (await api.post(ENABLE, {"otp_code": code}, headers=bob.bearer)).status == 200


async def test_another_persons_recovery_code_is_worthless(api: Api, mailbox: Mailbox) -> None:
    ada, bob = await two_owners(api, mailbox)
    assert (await verify(api, await challenge(api, ADA), bob.recovery[0])).json == OTP_INVALID
    body = {"otp_code": bob.recovery[0], "password": PASSWORD}
    assert (await api.post(f"{TWO}/disable/", body, headers=ada.bearer)).json == OTP_INVALID


async def test_a_code_alone_signs_nobody_in(api: Api, mailbox: Mailbox) -> None:
    _, code = await with_challenge(api, mailbox)
    answer = await api.post(LOGIN, {"email": ADA, "otp_code": code})
    assert (answer.status, answer.json) == (400, {"password": ["This field is required."]})
    answer = await api.post(LOGIN, {"email": ADA, "password": code, "otp_code": code})
    assert (answer.status, answer.code) == (401, "invalid_credentials")


async def test_a_code_does_not_excuse_a_wrong_password(api: Api, mailbox: Mailbox) -> None:
    _, code = await with_challenge(api, mailbox)
    body = {"email": ADA, "password": "wrong horse battery", "otp_code": code}
    assert (await api.post(LOGIN, body)).code == "invalid_credentials"
    assert (await api.post(LOGIN, {**body, "password": PASSWORD})).status == 200


async def test_ten_wrong_codes_after_the_right_password_lock_codes_at_every_name(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    names = [door.split()[1] for door in FORMS if "request-otp" not in door]
    body = {"email": ADA, "password": PASSWORD, "otp_code": NO_CODE}
    answers = [await api.post(names[number % len(names)], body) for number in range(10)]
    assert {answer.code for answer in answers} == {"otp_invalid"}
    right = {**body, "otp_code": owner.recovery[0]}
    assert {(await api.post(name, right)).code for name in names} == {"locked_out"}
    assert (await verify(api, await challenge(api), owner.recovery[0])).code == "locked_out"


async def test_challenges_and_sign_ins_share_the_budget_of_codes(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    for _ in range(2):
        token = await challenge(api)
        assert {(await verify(api, token, NO_CODE)).code for _ in range(5)} == {"otp_invalid"}
    body = {"email": ADA, "password": PASSWORD, "otp_code": owner.recovery[0]}
    assert (await api.post(LOGIN, body)).code == "locked_out"


async def test_locked_codes_do_not_sign_out_who_is_signed_in(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    for _ in range(10):
        await api.post(LOGIN, {"email": ADA, "password": PASSWORD, "otp_code": NO_CODE})
    body = {"otp_code": owner.recovery[0], "password": PASSWORD}
    assert (await api.post(f"{USERS}/verify-disable-otp/", body, headers=owner.bearer)).status == 200


async def test_a_wrong_code_after_the_right_password_is_told_to_the_owner_once(api: Api, mailbox: Mailbox) -> None:
    await with_factor(api, mailbox)
    token = await challenge(api)
    for _ in range(3):
        await verify(api, token, NO_CODE)
        await api.post(LOGIN, {"email": ADA, "password": PASSWORD, "otp_code": NO_CODE})
    assert len(await mailbox.to(api, ADA, "Somebody may know your password")) == 1


async def test_a_wrong_password_is_no_reason_for_that_mail(api: Api, mailbox: Mailbox) -> None:
    await with_factor(api, mailbox)
    await api.post(LOGIN, {"email": ADA, "password": "wrong horse battery", "otp_code": NO_CODE})
    assert await mailbox.to(api, ADA, "Somebody may know your password") == []


async def test_basic_credentials_of_somebody_with_a_factor(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await with_factor(api, mailbox)
    answer = await knock(api, BASIC[0], ADA, PASSWORD)
    expected = {"detail": "A code of your second factor is required.", "code": "otp_required"}
    assert (answer.status, answer.json) == (401, expected)
    assert await db.fetchval("SELECT count(*) FROM challenges") == 0
