"""No answer to a client depends on the mail server."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from authsvc.flows import recover_password
from authsvc.jobs import outbox
from authsvc.jobs.outbox import transport_of
from tests.client import PASSWORD, Answer, Api, Tokens
from tests.endpoints.kit import PROFILE
from tests.endpoints.passwords.kit import FORGOT, NEW_PASSWORD
from tests.jobs.conftest import MailServer

Serve = Callable[..., Awaitable[Api]]
USERS = "/api/v1/users"


async def a_day_with_mails(api: Api, email: str) -> list[Answer]:
    """Everything that mails something."""
    answers = [await api.post(f"{USERS}/register/", {"email": email, "password": PASSWORD})]
    answers.append(await api.post(f"{USERS}/login/", {"email": email, "password": PASSWORD}))
    bearer = Tokens(answers[-1].json["access"], "", {}).bearer
    answers.append(await api.post(f"{USERS}/2fa/request-otp-authenticated/", headers=bearer))
    change = {"email": f"new.{email}", "current_password": PASSWORD}
    answers.append(await api.patch(PROFILE, change, headers=bearer))
    answers.append(await api.post(FORGOT, {"email": email}))
    body = {"old_password": PASSWORD, "new_password": NEW_PASSWORD}
    answers.append(await api.post(f"{USERS}/change-password/", body, headers=bearer))
    return answers


def shape(answers: list[Answer]) -> list[tuple[int, list[str]]]:
    return [(answer.status, sorted(answer.json)) for answer in answers]


async def all_sent(db: asyncpg.Connection, mails: int) -> None:
    """Wait for the service's own job; a mail that was under way when the server came back is tried again after 5 s."""
    for _ in range(1500):
        if await db.fetchval("SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL") == mails:
            return
        await asyncio.sleep(0.01)
    raise AssertionError([dict(row) for row in await db.fetch("SELECT template, attempts, last_error FROM outbox")])


@pytest.mark.parametrize("trouble", ["away", "slow", "451", "drops"])
async def test_answers_are_the_same_and_every_mail_arrives_later(
    serve: Serve, db: asyncpg.Connection, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    monkeypatch.setattr(outbox, "transport_of", transport_of)
    monkeypatch.setattr(outbox, "_POLL", 0.02)
    monkeypatch.setattr(recover_password, "_ANSWER_TIME", 0.0)
    api = await serve(smtp_url=mail_server.url)
    good = await a_day_with_mails(api, "ada@example.com")
    await all_sent(db, 6)

    if trouble == "away":
        await mail_server.stop()
    mail_server.dawdles_at = "mail" if trouble == "slow" else ""
    mail_server.data_reply = "451 later" if trouble == "451" else "250 OK"
    mail_server.drops = trouble == "drops"
    async with asyncio.timeout(outbox.SEND_TIME / 2):  # where the server is slow it takes no mail at all
        bad = await a_day_with_mails(api, "bob@example.com")
    assert shape(bad) == shape(good)

    await recovers(db, mail_server)
    assert subjects(mail_server, "ada@example.com") == subjects(mail_server, "bob@example.com")


async def recovers(db: asyncpg.Connection, mail_server: MailServer) -> None:
    if mail_server.is_away:
        await mail_server.start()
    mail_server.data_reply, mail_server.drops = "250 OK", False
    mail_server.goes_on.set()
    await db.execute("UPDATE outbox SET next_try_at = now() WHERE sent_at IS NULL")
    await all_sent(db, 12)


def subjects(mail_server: MailServer, address: str) -> set[Any]:
    return {mail["Subject"] for mail in mail_server.received if address in mail["To"]}
