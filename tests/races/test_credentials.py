"""Many guesses, and many uses of one secret, at once and at two servers of one database."""

import asyncio
import contextlib
import hashlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pyotp
import pytest

from authsvc import guard, second_factor
from authsvc.core import hashing
from authsvc.core.person import Kind
from tests.client import PASSWORD, Answer, Api
from tests.conftest import FakeClock
from tests.endpoints.captcha.kit import Answers, respond
from tests.endpoints.otp.kit import ADA, LOGIN, TWO, USERS, account_code, challenge, verify, with_app, with_factor
from tests.guard.kit import DOORS, FORMS, HashChecks, captcha_token, captcha_tokens, fail, knock
from tests.mailbox import Mailbox

MANY = 50
WRONG = "wrong horse battery"
NO_CODE = "aaaaa-aaaaa"


class Pair:
    """Two servers on one database; requests go to them in turn."""

    def __init__(self, one: Api, other: Api) -> None:
        self.one, self.apis = one, (one, other)

    async def all(self, times: int, ask: Callable[[Api, int], Awaitable[Answer]]) -> list[Answer]:
        """Many requests at once."""
        return list(await asyncio.gather(*(ask(self.apis[number % 2], number) for number in range(times))))


@pytest.fixture
async def pair(serve: Any) -> Pair:
    return Pair(*[await serve(db_acquire_timeout=10.0, db_pool_size=5) for _ in range(2)])


def statuses(answers: list[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


def one_winner(answers: list[Answer]) -> bool:
    """Exactly one success, and only proper refusals beside it."""
    counts = statuses(answers)
    return counts[200] == 1 and counts.keys() <= {200, 400, 401, 409, 429}


async def invariants(db: asyncpg.Connection) -> None:
    """What no race may break."""
    broken = await db.fetchval(
        """SELECT (SELECT count(*) FROM challenges WHERE tries > 5) + (SELECT count(*) FROM codes WHERE tries > 5)
                + (SELECT count(*) FROM (SELECT FROM codes WHERE used_at IS NULL AND voided_at IS NULL
                    GROUP BY kind, person_id, purpose HAVING count(*) > 1) twice)"""
    )
    assert broken == 0


@pytest.mark.parametrize("known", [True, False])
async def test_a_hundred_guesses_without_captcha_are_three_checks(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    if known:
        await pair.one.register(email=ADA)
    checks = HashChecks(monkeypatch)
    answers = await pair.all(100, lambda api, number: knock(api, DOORS[number // 2 % len(DOORS)], ADA))
    assert checks.count == 3
    assert Counter(answer.code for answer in answers) == {"invalid_credentials": 3, "captcha_required": 97}


@pytest.mark.parametrize("known", [True, False])
async def test_a_hundred_guesses_with_captchas_are_ten_checks(
    pair: Pair, db: asyncpg.Connection, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    if known:
        await pair.one.register(email=ADA)
    tokens = await captcha_tokens(db, 100)
    checks = HashChecks(monkeypatch)
    answers = await pair.all(
        100, lambda api, number: knock(api, FORMS[number // 2 % len(FORMS)], ADA, captcha=tokens[number])
    )
    assert checks.count == 10
    assert statuses(answers) == {401: 10, 429: 90}
    assert len(await mailbox.to(pair.one, ADA, "Too many failed attempts")) == int(known)


async def test_after_nine_failures_one_more_is_checked_however_many_come(
    pair: Pair, db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pair.one.register(email=ADA)
    await db.execute("INSERT INTO guard (key, failures) VALUES ('account:staff:ada@example.com', 9)")
    tokens = await captcha_tokens(db, MANY)
    checks = HashChecks(monkeypatch)
    answers = await pair.all(MANY, lambda api, number: knock(api, FORMS[0], ADA, captcha=tokens[number]))
    assert (checks.count, statuses(answers)) == (1, {401: 1, 429: MANY - 1})


@pytest.mark.parametrize("door", ["GET /token/", f"POST {LOGIN}"])
async def test_right_passwords_at_once_all_get_in(pair: Pair, monkeypatch: pytest.MonkeyPatch, door: str) -> None:
    await pair.one.register(email=ADA)
    real = hashing.verify
    monkeypatch.setattr(hashing, "verify", lambda *args: time.sleep(0.02) or real(*args))
    answers = await pair.all(10, lambda api, _: knock(api, door, ADA, PASSWORD))
    assert statuses(answers) == {200: 10}


async def test_wrong_passwords_of_one_session_are_ten_checks(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = await pair.one.sign_in()
    checks = HashChecks(monkeypatch)
    body = {"current_password": WRONG}
    answers = await pair.all(MANY, lambda api, _: api.post(f"{USERS}/password/verify/", body, headers=tokens.bearer))
    assert checks.count <= 10
    assert statuses(answers).keys() <= {400, 401, 429}
    assert (await pair.one.get("/api/me/", headers=tokens.bearer)).status == 401


async def open_challenges(db: asyncpg.Connection, email: str) -> list[str]:
    """Sign-ins that wait, one per caller."""
    tokens = [f"challenge {number}" for number in range(MANY)]
    for token in tokens:
        await db.execute(
            """INSERT INTO challenges (user_id, token_hash, password_hash, remember, expires_at)
               SELECT id, $1, password_hash, true, now() + interval '5 minutes' FROM users WHERE email = $2""",
            hashlib.sha256(token.encode()).digest(),
            email,
        )
    return tokens


async def code_of(kind: str, api: Api, mailbox: Mailbox, phone: pyotp.TOTP, now: float, recovery: list[str]) -> str:
    if kind == "mailed":
        await challenge(api)
        return await mailbox.code(api, ADA)
    return recovery[0] if kind == "recovery" else phone.at(now)


@pytest.mark.parametrize("kind", ["mailed", "app", "recovery"])
async def test_one_code_answers_one_of_many_challenges(
    pair: Pair, db: asyncpg.Connection, mailbox: Mailbox, clock: FakeClock, kind: str
) -> None:
    owner, phone = await with_app(pair.one, clock)
    code = await code_of(kind, pair.one, mailbox, phone, clock.now, owner.recovery)
    tokens = await open_challenges(db, ADA)
    answers = await pair.all(MANY, lambda api, number: verify(api, tokens[number], code))
    assert one_winner(answers)
    await invariants(db)


@pytest.mark.parametrize("kind", ["mailed", "app", "recovery"])
async def test_one_challenge_lets_one_in(
    pair: Pair, db: asyncpg.Connection, mailbox: Mailbox, clock: FakeClock, kind: str
) -> None:
    owner, phone = await with_app(pair.one, clock)
    token = await challenge(pair.one)
    codes = {"mailed": await mailbox.code(pair.one, ADA), "app": phone.at(clock.now), "recovery": owner.recovery[0]}
    answers = await pair.all(MANY, lambda api, _: verify(api, token, codes[kind]))
    assert one_winner(answers)
    assert await db.fetchval("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == 2
    await invariants(db)


async def test_one_challenge_lets_one_in_with_many_right_codes(
    pair: Pair, db: asyncpg.Connection, mailbox: Mailbox
) -> None:
    owner = await with_factor(pair.one, mailbox)
    token = await challenge(pair.one)
    answers = await pair.all(10, lambda api, number: verify(api, token, owner.recovery[number]))
    assert one_winner(answers)


async def test_who_loses_a_challenge_keeps_his_code(
    pair: Pair, db: asyncpg.Connection, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await with_factor(pair.one, mailbox)
    token, both, real = await challenge(pair.one), asyncio.Barrier(2), second_factor.spend

    async def meanwhile(*args: Any) -> bool:
        found = await real(*args)
        with contextlib.suppress(TimeoutError):  # wait for the other one, if it comes that far
            await asyncio.wait_for(both.wait(), 0.2)
        return found

    monkeypatch.setattr(second_factor, "spend", meanwhile)
    answers = await pair.all(2, lambda api, number: verify(api, token, owner.recovery[number]))
    assert one_winner(answers)
    assert await db.fetchval("SELECT count(*) FROM recovery_codes WHERE used_at IS NOT NULL") == 1


async def test_a_challenge_stands_five_guesses_at_once(pair: Pair, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await with_factor(pair.one, mailbox)
    token = await challenge(pair.one)
    answers = await pair.all(MANY, lambda api, _: verify(api, token, NO_CODE))
    assert statuses(answers).keys() <= {400, 429}
    assert await db.fetchval("SELECT tries FROM challenges") <= 5


async def test_guesses_over_many_challenges_are_ten(pair: Pair, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await with_factor(pair.one, mailbox)
    tokens = await open_challenges(db, ADA)
    answers = await pair.all(MANY, lambda api, number: verify(api, tokens[number], NO_CODE))
    assert statuses(answers) == {400: 10, 429: MANY - 10}


async def test_one_account_code_switches_on_once(pair: Pair, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    tokens = await pair.one.sign_in()
    code = await account_code(pair.one, mailbox, tokens)
    answers = await pair.all(MANY, lambda api, _: api.post(f"{TWO}/enable/", {"otp_code": code}, headers=tokens.bearer))
    assert one_winner(answers)
    assert await db.fetchval("SELECT count(*) FROM recovery_codes") == 10


async def test_one_app_is_confirmed_once(pair: Pair, db: asyncpg.Connection, clock: FakeClock) -> None:
    tokens = await pair.one.sign_in()
    secret = (await pair.one.post(f"{TWO}/totp/setup/", headers=tokens.bearer)).json["secret"]
    body = {"otp_code": pyotp.TOTP(secret).at(clock.now)}
    answers = await pair.all(MANY, lambda api, _: api.post(f"{TWO}/totp/confirm/", body, headers=tokens.bearer))
    assert one_winner(answers)
    assert await db.fetchval("SELECT count(*) FROM recovery_codes") == 10


async def test_many_setups_leave_one_secret(pair: Pair, db: asyncpg.Connection) -> None:
    tokens = await pair.one.sign_in()
    answers = await pair.all(MANY, lambda api, _: api.post(f"{TWO}/totp/setup/", headers=tokens.bearer))
    assert statuses(answers) == {200: MANY}
    assert await db.fetchval("SELECT count(*) FROM authenticators") == 1


async def test_five_code_mails_an_hour_and_one_code_that_works(
    pair: Pair, db: asyncpg.Connection, mailbox: Mailbox
) -> None:
    tokens = await pair.one.sign_in()
    path = f"{TWO}/request-otp-authenticated/"
    answers = await pair.all(MANY, lambda api, _: api.post(path, headers=tokens.bearer))
    assert statuses(answers) == {200: MANY}
    assert await db.fetchval("SELECT count(*) FROM outbox WHERE template = 'code'") == 5
    assert await db.fetchval("SELECT count(*) FROM codes WHERE voided_at IS NULL") == 1


async def test_one_captcha_answer_gets_one_token(
    pair: Pair, db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id, right = await Answers(monkeypatch).ask(pair.one)
    answers = await pair.all(MANY, lambda api, _: respond(api, session_id, right))
    assert Counter(answer.json["valid"] for answer in answers) == {True: 1, False: MANY - 1}
    assert sum("captcha_token" in answer.json for answer in answers) == 1


async def test_one_captcha_token_lets_one_try_through(pair: Pair, db: asyncpg.Connection) -> None:
    await fail(pair.one, db, ADA, 3)
    token = await captcha_token(db)
    answers = await pair.all(MANY, lambda api, _: knock(api, f"POST {LOGIN}", ADA, captcha=token))
    codes = Counter(answer.code for answer in answers)
    assert codes == {"invalid_credentials": 1, "captcha_required": MANY - 1}


async def test_one_captcha_token_is_good_for_one_account(pair: Pair, db: asyncpg.Connection) -> None:
    emails = [f"nobody{number}@example.com" for number in range(MANY)]
    svc = pair.one.service
    keys = [guard.sign_in_key(svc, Kind.STAFF, email, None, None) for email in emails]
    await db.execute("INSERT INTO guard (key, failures) SELECT unnest($1::text[]), 3", keys)
    token = await captcha_token(db)
    answers = await pair.all(MANY, lambda api, number: knock(api, f"POST {LOGIN}", emails[number], captcha=token))
    codes = Counter(answer.code for answer in answers)
    assert codes == {"invalid_credentials": 1, "captcha_required": MANY - 1}


async def test_free_uses_of_a_network_are_five_at_once_too(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair(await serve(limits=True), await serve(limits=True))
    path = f"{USERS}/password/forgot/"
    answers = await pair.all(20, lambda api, number: api.post(path, {"email": f"nobody{number}@example.com"}))
    assert statuses(answers) == {200: 5, 400: 15}
