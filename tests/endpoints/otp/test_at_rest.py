"""What the database and the log know of codes, secrets and tokens: nothing that could be used."""

import base64
import re

import asyncpg
import pytest

from authsvc import log
from tests.client import PASSWORD, Api
from tests.conftest import FakeClock
from tests.endpoints.captcha.kit import Answers, respond, wrong
from tests.endpoints.otp.kit import ADA, LOGIN, NO_CODE, TWO, USERS, challenge, verify, with_app
from tests.guard.kit import device_of, fail, knock
from tests.mailbox import Mailbox

WRONG = "a wrong horse battery"


async def dump(db: asyncpg.Connection) -> str:
    """All rows of all tables as text."""
    tables = await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = [await db.fetch(f"SELECT t::text AS line FROM {table['tablename']} t") for table in tables]
    return "\n".join(row["line"] for found in rows for row in found)


def pattern_of(secret: str) -> str:
    """A secret as itself (digits within a hash or a moment are none), as bytea shows it, and in base64."""
    encoded = base64.b64encode(secret.encode()).decode()[: len(secret) // 3 * 4]
    plain = rf"(?<![0-9a-f.]){re.escape(secret)}(?![0-9a-f])"
    return "|".join((plain, secret.encode().hex(), re.escape(encoded)))


def found_in(text: str, secrets: dict[str, str]) -> list[str]:
    """Names of the secrets that a text holds."""
    return [name for name, secret in secrets.items() if re.search(pattern_of(secret), text, re.IGNORECASE)]


class Lived:
    """A whole life of an account, and every secret that was part of it."""

    def __init__(self, api: Api, db: asyncpg.Connection, clock: FakeClock, mailbox: Mailbox, answers: Answers) -> None:
        self.api, self.db, self.clock, self.mailbox, self.answers = api, db, clock, mailbox, answers
        self.secrets = {"password": PASSWORD, "wrong password": WRONG}
        self.dumps: list[str] = []

    async def live(self) -> None:
        await self.solve_a_captcha()
        await self.use_the_factor()
        await self.forget_the_password()
        self.dumps.append(await dump(self.db))

    async def solve_a_captcha(self) -> None:
        (first, wanted), (second, answer) = await self.answers.ask(self.api), await self.answers.ask(self.api)
        await respond(self.api, first, wrong(wanted))
        solved = await respond(self.api, second, answer.lower())
        self.secrets |= {"captcha answer": answer, "another captcha answer": wanted}
        self.secrets |= {"captcha session": second, "captcha token": solved.json["captcha_token"]}
        await fail(self.api, self.db, "nobody@example.com", 3)
        await knock(self.api, f"POST {LOGIN}", "nobody@example.com", WRONG, captcha=solved.json["captcha_token"])

    async def use_the_factor(self) -> None:
        owner, phone = await with_app(self.api, self.clock)
        token, waiting = await challenge(self.api), await challenge(self.api)
        self.dumps.append(await dump(self.db))  # while the mail waits to be sent
        code = await self.mailbox.code(self.api, ADA)
        await verify(self.api, token, NO_CODE)
        signed_in = await verify(self.api, token, code)
        assert signed_in.status == 200
        body = {"otp_code": phone.at(self.clock.now), "password": PASSWORD}
        renewed = await self.api.post(f"{TWO}/recovery-codes/", body, headers=owner.bearer)
        for number, recovery in enumerate(owner.recovery + renewed.json["recovery_codes"]):
            self.secrets[f"recovery code {number}"] = recovery
        await self.api.post(LOGIN, {"email": ADA, "password": PASSWORD, "otp_code": renewed.json["recovery_codes"][0]})
        self.secrets |= {"TOTP secret": phone.secret, "TOTP code": body["otp_code"], "mailed code": code}
        self.secrets |= {"challenge": token, "waiting challenge": waiting}
        self.secrets |= {"access": signed_in.json["access"], "refresh": signed_in.json["refresh"]}

    async def forget_the_password(self) -> None:
        await self.api.register(email="bob@example.com")
        self.secrets["device"] = await device_of(self.api, "bob@example.com")
        await self.api.post(f"{USERS}/password/forgot/", {"email": ADA})
        self.dumps.append(await dump(self.db))
        self.secrets["reset link"] = await self.mailbox.link(self.api, ADA, "Set a new password")
        self.secrets["address link"] = await self.mailbox.link(self.api, ADA, "Confirm your address")


@pytest.fixture
async def lived(
    api: Api, db: asyncpg.Connection, clock: FakeClock, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> Lived:
    return Lived(api, db, clock, mailbox, Answers(monkeypatch, really=True))


async def test_the_database_and_the_log_hold_nothing_usable(lived: Lived, capfd: pytest.CaptureFixture[str]) -> None:
    log.configure("json", "debug")
    await lived.live()
    logged = "".join(capfd.readouterr())
    log.configure("json", "warning")
    assert len(lived.secrets) > 30
    assert {name for text in lived.dumps for name in found_in(text, lived.secrets)} == set()
    assert found_in(logged, lived.secrets) == []


async def test_what_was_searched_would_be_found(db: asyncpg.Connection) -> None:
    await db.execute(
        """INSERT INTO outbox (template, kind, person_id, recipient, sealed, not_after)
           VALUES ('code', 'staff', 1, 'x', convert_to('123456 and abcde-fghij', 'UTF8'), now())"""
    )
    text = await dump(db) + "\nyour code is 654321."
    secrets = {"in bytes": "123456 and abcde-fghij", "in a log": "654321", "nowhere": "999999"}
    assert found_in(text, secrets) == ["in bytes", "in a log"]


async def test_the_secret_of_an_app_is_sealed_anew_each_time(api: Api, db: asyncpg.Connection) -> None:
    from authsvc import second_factor
    from authsvc.keys import SERVICE

    tokens = await api.sign_in()
    secret = (await api.post(f"{TWO}/totp/setup/", headers=tokens.bearer)).json["secret"]
    sealed = await db.fetchval("SELECT sealed FROM authenticators")
    svc = api.client.server.app[SERVICE]
    assert second_factor.unseal_totp(svc, sealed) == secret
    assert second_factor.seal_totp(svc, secret) != sealed
