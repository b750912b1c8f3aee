"""What happens while a password is being checked counts: whoever acts by it then may have lost the right to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import asyncpg
import pyotp
import pytest

from tests.client import PASSWORD, Answer, Api, Tokens
from tests.conftest import FakeClock
from tests.endpoints.kit import unchanged
from tests.endpoints.otp.kit import ADA, LOGIN, TWO, USERS, account_code, challenge, verify, with_factor
from tests.mailbox import Mailbox

NEW = "nine violet teapots"
CHANGE = f"{USERS}/password/change/"
DEAD = (401, "token_not_valid")
PBKDF2 = "pbkdf2_sha256$1000$salt$"


class Held:
    """The first check of a password is made, and then waits to be let go."""

    def __init__(self, api: Api) -> None:
        self._hasher, self._go, self.checked = api.service.hasher, asyncio.Event(), asyncio.Event()

    @contextlib.asynccontextmanager
    async def meanwhile(self, asked: Awaitable[Answer]) -> AsyncIterator[asyncio.Task[Answer]]:
        """Ask; the block runs once the password was checked, and before it is acted upon."""
        real = self._hasher.verify

        async def slow(*args: Any) -> bool:
            found = await real(*args)
            if not self.checked.is_set():
                self.checked.set()
                await self._go.wait()
            return found

        self._hasher.verify = slow  # type: ignore[method-assign]
        try:
            task = asyncio.ensure_future(asked)
            await self.checked.wait()
            yield task
        finally:
            self._go.set()
            self._hasher.verify = real  # type: ignore[method-assign]
        await task


def post(api: Api, tokens: Tokens, path: str, **body: str) -> Awaitable[Answer]:
    return api.post(path, body, headers=tokens.bearer)


async def change_password(api: Api, tokens: Tokens) -> None:
    answer = await post(api, tokens, CHANGE, current_password=PASSWORD, new_password=NEW, confirm_password=NEW)
    assert answer.status == 200, answer.text


async def end_all(api: Api, tokens: Tokens) -> None:
    assert (await api.post(f"{USERS}/logout-all/", headers=tokens.bearer)).status == 200


ENDINGS = pytest.mark.parametrize("end", [change_password, end_all])


async def two_sessions(api: Api) -> tuple[Tokens, Tokens]:
    await api.register(email=ADA)
    return await api.session_of(ADA), await api.session_of(ADA)


@ENDINGS
async def test_an_ended_session_moves_no_address(api: Api, db: asyncpg.Connection, mailbox: Mailbox, end: Any) -> None:
    own, other = await two_sessions(api)
    body = {"email": "new@example.com", "current_password": PASSWORD, "first_name": "Eve"}
    async with Held(api).meanwhile(api.patch(f"{USERS}/profile/", body, headers=other.bearer)) as asked:
        await end(api, own)
    assert (asked.result().status, asked.result().code) == DEAD
    assert await db.fetchval("SELECT count(*) FROM links WHERE email = 'new@example.com'") == 0
    assert await db.fetchval("SELECT first_name FROM users") == ""
    assert await mailbox.to(api, "new@example.com") == []


@ENDINGS
async def test_an_ended_session_sets_no_password(api: Api, db: asyncpg.Connection, end: Any) -> None:
    own, other = await two_sessions(api)
    body = {
        "current_password": PASSWORD,
        "new_password": "seven green kettles",
        "confirm_password": "seven green kettles",
    }
    async with Held(api).meanwhile(post(api, other, CHANGE, **body)) as asked:
        await end(api, own)
        events = await db.fetchval("SELECT count(*) FROM audit")
    assert (asked.result().status, asked.result().code) == DEAD
    assert await db.fetchval("SELECT count(*) FROM audit") == events


@ENDINGS
@pytest.mark.parametrize("path", [f"{TWO}/disable/", f"{TWO}/recovery-codes/"])
async def test_an_ended_session_changes_no_second_factor(
    api: Api, mailbox: Mailbox, db: asyncpg.Connection, path: str, end: Any
) -> None:
    owner = await with_factor(api, mailbox)
    answer = await verify(api, await challenge(api), owner.recovery[0])
    other = Tokens(answer.json["access"], answer.json["refresh"], answer.json["user"])
    async with Held(api).meanwhile(post(api, other, path, password=PASSWORD, otp_code=owner.recovery[1])) as asked:
        await end(api, owner.tokens)
        codes = await db.fetch("SELECT code_hash FROM recovery_codes ORDER BY id")
    assert (asked.result().status, asked.result().code) == DEAD
    assert await db.fetchval("SELECT otp_enabled FROM users") is True
    assert await db.fetch("SELECT code_hash FROM recovery_codes ORDER BY id") == codes


async def test_an_ended_session_switches_no_second_factor_on(
    api: Api, mailbox: Mailbox, db: asyncpg.Connection
) -> None:
    own, other = await two_sessions(api)
    code = await account_code(api, mailbox, other)
    async with Held(api).meanwhile(post(api, other, f"{TWO}/enable/", otp_code=code, password=PASSWORD)) as asked:
        await end_all(api, own)
    assert (asked.result().status, asked.result().code) == DEAD
    assert await db.fetchval("SELECT otp_enabled FROM users") is False


@pytest.mark.parametrize("path", [LOGIN, f"{USERS}/login/api/", "/token/", "/staff/login/"])
async def test_a_sign_in_under_way_does_not_pass_a_new_second_factor(
    api: Api, mailbox: Mailbox, db: asyncpg.Connection, path: str
) -> None:
    await api.register(email=ADA)
    tokens = await api.session_of(ADA)
    code = await account_code(api, mailbox, tokens)
    body = {"email": ADA, "password": PASSWORD}
    async with Held(api).meanwhile(api.post(path, data=body)) as asked:
        assert (await post(api, tokens, f"{TWO}/enable/", otp_code=code)).status == 200
    assert (asked.result().status, "access_token" in asked.result().cookies) == (401, False)
    assert await db.fetchval("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == 1


async def test_switching_on_twice_gives_recovery_codes_once(
    api: Api, mailbox: Mailbox, db: asyncpg.Connection, clock: FakeClock
) -> None:
    own, other = await two_sessions(api)
    secret = (await post(api, own, f"{TWO}/totp/setup/")).json["secret"]
    code = await account_code(api, mailbox, other)
    answers = await asyncio.gather(
        post(api, own, f"{TWO}/totp/confirm/", otp_code=pyotp.TOTP(secret).at(clock.now)),
        post(api, other, f"{TWO}/enable/", otp_code=code),
    )
    given = [answer.json["recovery_codes"] for answer in answers if answer.json.get("recovery_codes")]
    assert [len(codes) for codes in given] == [10]
    assert await db.fetchval("SELECT count(*) FROM recovery_codes") == 10


async def test_a_confirmed_app_and_the_factor_come_together(api: Api, db: asyncpg.Connection, clock: FakeClock) -> None:
    """One transaction: a process that dies leaves no app that counts beside a factor that is off."""
    own, other = await two_sessions(api)
    secret = (await post(api, own, f"{TWO}/totp/setup/")).json["secret"]
    await end_all(api, other)
    answer = await post(api, own, f"{TWO}/totp/confirm/", otp_code=pyotp.TOTP(secret).at(clock.now))
    assert (answer.status, await db.fetchval("SELECT count(confirmed_at) FROM authenticators")) == (401, 0)


async def test_codes_mailed_before_a_new_password_are_void(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    code = await account_code(api, mailbox, owner.tokens)
    await change_password(api, owner.tokens)
    answer = await post(api, owner.tokens, f"{TWO}/disable/", password=NEW, otp_code=code)
    assert (answer.status, answer.code) == (400, "otp_invalid")


async def test_codes_mailed_to_the_address_before_are_void(api: Api, mailbox: Mailbox) -> None:
    owner = await with_factor(api, mailbox)
    token = await challenge(api)
    code = await mailbox.code(api, ADA)
    body = {"email": "new@example.com", "current_password": PASSWORD}
    assert (await api.patch(f"{USERS}/profile/", body, headers=owner.bearer)).status == 200
    link = await mailbox.link(api, "new@example.com")
    assert (await api.post(f"{USERS}/email/confirm/", {"token": link})).status == 200
    assert (await verify(api, token, code)).status == 400


async def test_an_old_hash_is_renewed_at_the_first_of_two_steps(
    api: Api, mailbox: Mailbox, db: asyncpg.Connection
) -> None:
    owner = await with_factor(api, mailbox)
    modern = await db.fetchval("SELECT password_hash FROM users")
    await db.execute("UPDATE users SET password_hash = $1", old_hash(PASSWORD))
    early = await challenge(api)
    assert (await db.fetchval("SELECT password_hash FROM users"))[:20] == modern[:20]
    await db.execute("UPDATE users SET password_hash = $1", old_hash(PASSWORD))
    await db.execute("UPDATE challenges SET password_hash = $1", old_hash(PASSWORD))
    answer = await api.post(LOGIN, {"email": ADA, "password": PASSWORD, "otp_code": owner.recovery[0]})
    assert answer.status == 200
    assert (await verify(api, early, owner.recovery[1])).status == 200  # the same password, stored in another way


async def test_a_challenge_for_another_password_is_void(api: Api, mailbox: Mailbox, db: asyncpg.Connection) -> None:
    owner = await with_factor(api, mailbox)
    token = await challenge(api)
    await db.execute("UPDATE users SET password_hash = $1", old_hash(NEW))
    async with unchanged(db, "challenges", "recovery_codes", "guard", "audit"):
        answer = await verify(api, token, owner.recovery[0])
    assert (answer.status, answer.code) == (400, "otp_invalid")


def old_hash(password: str) -> str:
    """As Django stored it once."""
    import base64
    import hashlib

    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), b"salt", 1000)
    return PBKDF2 + base64.b64encode(digest).decode()
