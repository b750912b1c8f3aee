"""POST password/forgot/: a link for whoever has the address, the same answer for everybody."""

import asyncio
import contextlib
import datetime as dt
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest

from authsvc.flows import recover_password
from tests.client import PASSWORD, Api
from tests.conftest import PUBLIC_URL, Addresses
from tests.endpoints.passwords import kit
from tests.endpoints.passwords.kit import FORGOT
from tests.mailbox import Mailbox, body

SAID = {"message": "If an account has this address, a link to set a new password was mailed to it."}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that do not wait."""
    monkeypatch.setattr(recover_password, "_ANSWER_TIME", 0.0)


async def four_people(api: Api, db: asyncpg.Connection) -> dict[str, str]:
    people = {name: f"{name}@example.com" for name in ("known", "deactivated", "rejected")}
    for email in people.values():
        await api.register(email=email)
    await db.execute("UPDATE users SET is_active = false WHERE email = $1", people["deactivated"])
    await db.execute("UPDATE users SET status = 'Rejected' WHERE email = $1", people["rejected"])
    return {**people, "unknown": "unknown@example.com"}


async def test_everybody_gets_the_same_answer(api: Api, db: asyncpg.Connection, quick: None) -> None:
    answers = [await api.post(FORGOT, {"email": email}) for email in (await four_people(api, db)).values()]
    assert [(a.status, a.json) for a in answers] == [(200, SAID)] * 4
    varying = {"Date", "X-Request-ID"}
    assert len({tuple((k, v) for k, v in a.headers.items() if k not in varying) for a in answers}) == 1


async def test_nobody_gets_it_sooner(api: Api, db: asyncpg.Connection) -> None:
    async def duration(email: str) -> float:
        started = time.perf_counter()
        await api.post(FORGOT, {"email": email})
        return time.perf_counter() - started

    took = await asyncio.gather(*(duration(email) for email in (await four_people(api, db)).values()))
    assert min(took) >= recover_password._ANSWER_TIME
    assert max(took) < recover_password._ANSWER_TIME + 0.2


async def test_a_refused_captcha_takes_as_long(serve: Callable[..., Any], db: asyncpg.Connection) -> None:
    api = await serve(limits=True)
    await db.execute("INSERT INTO guard (key, failures) VALUES ('use:127.0.0.1', 5)")
    started = time.perf_counter()
    answer = await api.post(FORGOT, {"email": "ada@example.com"})
    assert answer.code == "captcha_required"
    assert time.perf_counter() - started >= recover_password._ANSWER_TIME


async def test_only_who_may_sign_in_is_mailed(api: Api, db: asyncpg.Connection, mailbox: Mailbox, quick: None) -> None:
    people = await four_people(api, db)
    for email in people.values():
        await api.post(FORGOT, {"email": email})
    sent = {name: len(await mailbox.to(api, email, "new password")) for name, email in people.items()}
    assert sent == {"known": 1, "deactivated": 0, "rejected": 0, "unknown": 0}


async def test_any_spelling_is_mailed_to_the_stored_address(api: Api, mailbox: Mailbox, quick: None) -> None:
    await api.register(email="Ada@example.com")
    await api.post(FORGOT, {"email": "  aDA@EXAMPLE.com "})
    assert len(await mailbox.to(api, "Ada@example.com", "new password")) == 1
    assert {mail["To"] for mail in mailbox.mails} == {"Ada@example.com"}


async def test_the_other_kind_with_the_same_address_is_not_meant(api: Api, db: asyncpg.Connection, quick: None) -> None:
    await kit.add_employee(api, "erin@example.com")
    await api.post(FORGOT, {"email": "erin@example.com"})
    assert await db.fetchval("SELECT count(*) FROM links") == 0


async def test_three_mails_an_hour(api: Api, db: asyncpg.Connection, mailbox: Mailbox, quick: None) -> None:
    email = (await api.register())["email"]
    answers = [await api.post(FORGOT, {"email": email}) for _ in range(5)]
    assert [a.json for a in answers] == [SAID] * 5
    assert len(await mailbox.to(api, email, "new password")) == 3
    third = await mailbox.link(api, email, "new password")
    await kit.age(db, "outbox", dt.timedelta(minutes=61))
    await api.post(FORGOT, {"email": email})
    assert len(await mailbox.to(api, email, "new password")) == 4
    assert await mailbox.link(api, email, "new password") != third


async def test_beyond_three_mails_the_newest_link_still_works(api: Api, mailbox: Mailbox, quick: None) -> None:
    email = (await api.register())["email"]
    for _ in range(5):
        await api.post(FORGOT, {"email": email})
    token = (await mailbox.to(api, email, "new password")) and await mailbox.link(api, email, "new password")
    assert (await kit.reset(api, token)).status == 200


async def test_a_newer_link_voids_the_older(api: Api, mailbox: Mailbox) -> None:
    email = (await api.register())["email"]
    older, newer = [await kit.reset_token(api, mailbox, email) for _ in range(2)]
    assert (await kit.reset(api, older)).json == kit.DEAD_TOKEN
    assert (await kit.reset(api, newer)).status == 200


FORGED = [
    {"Host": "evil.example"},
    {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
    {"Forwarded": "host=evil.example;proto=https"},
    {"Host": "auth.test@evil.example"},
]


@pytest.mark.parametrize("headers", FORGED, ids=str)
async def test_links_begin_with_the_public_url(
    api: Api, mailbox: Mailbox, quick: None, headers: dict[str, str]
) -> None:
    email = (await api.register())["email"]
    await api.post(FORGOT, {"email": email}, headers=headers)
    text = body((await mailbox.to(api, email, "new password"))[-1])
    links = [line for line in text.splitlines() if "://" in line]
    assert len(links) == 1
    assert links[0].startswith(f"{PUBLIC_URL}/api/v1/users/password/reset/?token=")
    assert "evil" not in text


NO_ADDRESS = [
    (["ada@example.com", "evil@example.com"], "Not a valid string."),
    ({"$ne": ""}, "Not a valid string."),
    (True, "Not a valid string."),
    (7, "Not a valid string."),
    (None, "This field may not be null."),
    ("", "This field may not be blank."),
    ("ada", "Enter a valid email address."),
    ("ada@example.com,evil@example.com", "Enter a valid email address."),
    ("ada@example.com\nevil@example.com", "Enter a valid email address."),
    ("ada@example.com\0", "Not a valid string."),
]


@pytest.mark.parametrize("email,sentence", NO_ADDRESS, ids=repr)
async def test_one_address_is_one_string(
    api: Api, db: asyncpg.Connection, quick: None, email: object, sentence: str
) -> None:
    await api.register(email="ada@example.com")
    answer = await api.post(FORGOT, {"email": email})
    assert (answer.status, answer.json) == (400, {"email": [sentence]})
    assert await db.fetchval("SELECT count(*) FROM links WHERE purpose = 'reset'") == 0


async def test_without_an_address(api: Api, quick: None) -> None:
    assert (await api.post(FORGOT, {})).json == {"email": ["This field is required."]}


async def test_asking_is_audited_without_the_link(api: Api, db: asyncpg.Connection, quick: None) -> None:
    email = (await api.register())["email"]
    await api.post(FORGOT, {"email": email})
    await api.post(FORGOT, {"email": "nobody@example.com"})
    assert await kit.events(db, "password_reset_asked") == [("password_reset_asked", None, email)]


async def test_asking_changes_nothing_else(api: Api, quick: None) -> None:
    tokens = await api.sign_in()
    await api.post(FORGOT, {"email": tokens.user["email"]})
    assert await kit.is_access_live(api, tokens.access)
    assert await kit.can_sign_in(api, tokens.user["email"], PASSWORD)


async def test_a_link_on_its_way_to_an_address_that_is_left_is_dead(
    api: Api, database: Addresses, db: asyncpg.Connection, mailbox: Mailbox, quick: None
) -> None:
    """Slowed down by hand: `forgot` has read the old address when the new one is confirmed."""
    tokens = await api.sign_in()
    old = tokens.user["email"]
    change = await kit.change_token(api, mailbox, tokens, "new@example.com")
    async with one_at_a_time(database, tokens.user["id"]):
        asking = asyncio.create_task(api.post(FORGOT, {"email": old}))
        await asyncio.sleep(0.1)
        assert (await kit.confirm(api, change)).status == 200
    await asking
    for mail in await mailbox.to(api, old, "Set a new password"):
        token = body(mail).partition("token=")[2].split()[0]
        assert (await kit.reset(api, token)).json == kit.DEAD_TOKEN
    assert await db.fetchval("SELECT email FROM users") == "new@example.com"


@contextlib.asynccontextmanager
async def one_at_a_time(database: Addresses, user_id: int) -> AsyncIterator[None]:
    """Hold the lock under which a person's mails are queued."""
    holder = await asyncpg.connect(database.superuser)
    async with holder.transaction():
        await holder.execute("SELECT pg_advisory_xact_lock(hashtext('outbox staff'), $1)", user_id)
        yield
    await holder.close()
