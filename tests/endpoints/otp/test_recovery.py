"""Recovery codes: ten, each once."""

import asyncpg
import pytest

from tests.client import PASSWORD, Api
from tests.endpoints.otp.kit import (
    ADA,
    LOGIN,
    OTP_INVALID,
    TWO,
    Owner,
    account_code,
    challenge,
    is_live,
    verify,
    with_factor,
)
from tests.mailbox import Mailbox

RENEW = f"{TWO}/recovery-codes/"


async def sign_in(api: Api, code: str) -> int:
    return (await api.post(LOGIN, {"email": ADA, "password": PASSWORD, "otp_code": code})).status


async def renew(api: Api, owner: Owner, code: str) -> list[str]:
    answer = await api.post(RENEW, {"otp_code": code, "password": PASSWORD}, headers=owner.bearer)
    assert (answer.status, answer.json.keys()) == (200, {"recovery_codes"})
    return list(answer.json["recovery_codes"])


async def test_each_works_once(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    for code in owner.recovery:
        assert await sign_in(api, code) == 200
        assert await sign_in(api, code) == 400


async def test_one_that_signed_in_answers_no_challenge(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    assert await sign_in(api, owner.recovery[0]) == 200
    assert (await verify(api, await challenge(api), owner.recovery[0])).json == OTP_INVALID


@pytest.mark.parametrize(
    "form", [str.upper, lambda code: code.replace("-", ""), lambda code: f" {code[:3]} {code[3:]}"]
)
async def test_it_may_be_typed_as_people_type(api: Api, mailbox: Mailbox, form: object) -> None:
    owner = await with_factor(api, mailbox)
    assert await sign_in(api, form(owner.recovery[0])) == 200
    assert await sign_in(api, owner.recovery[0]) == 400


async def test_renewing_gives_ten_others_and_voids_the_old(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    fresh = await renew(api, owner, await account_code(api, mailbox, owner.tokens))
    assert len(set(fresh) - set(owner.recovery)) == 10
    assert [await sign_in(api, owner.recovery[0]), await sign_in(api, fresh[0])] == [400, 200]


async def test_one_of_the_old_will_do_to_renew(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    fresh = await renew(api, owner, owner.recovery[3])
    assert [await sign_in(api, owner.recovery[4]), await sign_in(api, fresh[4])] == [400, 200]


async def test_renewing_ends_no_session(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    await renew(api, owner, owner.recovery[0])
    assert await is_live(api, owner.tokens)


async def test_without_a_factor_there_is_nothing_to_renew(api: Api, mailbox: Mailbox) -> None:
    tokens = await api.sign_in()
    body = {"otp_code": await account_code(api, mailbox, tokens), "password": PASSWORD}
    answer = await api.post(RENEW, body, headers=tokens.bearer)
    assert (answer.status, answer.code) == (409, "conflict")


async def test_renewing_is_audited(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    await renew(api, owner, owner.recovery[0])
    assert await db.fetchval("SELECT count(*) FROM audit WHERE event = 'recovery_codes_renewed'") == 1
