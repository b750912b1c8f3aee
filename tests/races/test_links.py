"""Many at once on one mailed link, over two servers: exactly one outcome."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any

import asyncpg
import pytest

from authsvc.flows import recover_password
from tests.client import PASSWORD, Answer, Api, Tokens
from tests.conftest import Addresses
from tests.db import invariants
from tests.endpoints.passwords import kit
from tests.endpoints.passwords.kit import FORGOT, NEW_PASSWORD
from tests.mailbox import Mailbox

MANY = 50
Serve = Callable[..., Awaitable[Api]]
Call = Callable[[Api], Awaitable[Answer]]


@pytest.fixture
async def nodes(serve: Serve) -> list[Api]:
    """Two servers on one database."""
    return [await serve(), await serve()]


async def at_once(nodes: Sequence[Api], *calls: Call) -> list[Answer]:
    """MANY requests at once, over both servers, taking the calls in turn."""
    return list(await asyncio.gather(*(calls[i % len(calls)](nodes[i // 2 % 2]) for i in range(MANY))))


async def test_one_reset_link_sets_one_password(nodes: list[Api], db: asyncpg.Connection, mailbox: Mailbox) -> None:
    email = (await nodes[0].register())["email"]
    token = await kit.reset_token(nodes[0], mailbox, email)
    passwords = [f"{NEW_PASSWORD} {i}" for i in range(MANY)]
    answers = await at_once(nodes, *(partial(kit.reset, token=token, password=password) for password in passwords))
    assert Counter(answer.status for answer in answers) == {200: 1, 400: MANY - 1}
    assert [a.json for a in answers if a.status == 400] == [kit.DEAD_TOKEN] * (MANY - 1)
    winner = next(i for i, answer in enumerate(answers) if answer.status == 200)
    assert await kit.can_sign_in(nodes[1], email, passwords[winner])
    assert len(await kit.events(db, "password_reset")) == 1
    assert len(await mailbox.to(nodes[0], email, "Your password was changed")) == 1
    await invariants.check(db)


async def test_one_address_link_confirms_once(nodes: list[Api], db: asyncpg.Connection, mailbox: Mailbox) -> None:
    tokens = await nodes[0].sign_in()
    token = await kit.change_token(nodes[0], mailbox, tokens, "new@example.com")
    answers = await at_once(nodes, partial(kit.confirm, token=token))
    assert Counter(answer.status for answer in answers) == {200: 1, 400: MANY - 1}
    assert [a.json for a in answers if a.status == 400] == [kit.DEAD_LINK] * (MANY - 1)
    assert len(await kit.events(db, "address_proven")) == 1
    await invariants.check(db)


async def test_one_address_for_two_people_is_had_by_one(
    nodes: list[Api], db: asyncpg.Connection, mailbox: Mailbox
) -> None:
    people = [await nodes[0].sign_in() for _ in range(2)]
    links = [
        await kit.change_token(nodes[0], mailbox, tokens, spelling)
        for tokens, spelling in zip(people, ("Wanted@example.com", "wanted@example.com"), strict=True)
    ]
    answers = await at_once(nodes, *(partial(kit.confirm, token=token) for token in links))
    assert Counter(answer.status for answer in answers) == {200: 1, 400: MANY - 1}
    taken = {"email": ["A user with this email already exists."]}
    assert all(answer.json in (kit.DEAD_LINK, taken) for answer in answers if answer.status == 400)
    assert await db.fetchval("SELECT count(*) FROM users WHERE email_canonical = 'wanted@example.com'") == 1
    await invariants.check(db)


async def test_many_asks_of_one_person_make_three_mails_and_one_live_link(
    nodes: list[Api], db: asyncpg.Connection, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recover_password, "_ANSWER_TIME", 0.0)
    email = (await nodes[0].register())["email"]
    answers = await at_once(nodes, lambda api: api.post(FORGOT, {"email": email}))
    assert {(answer.status, answer.text) for answer in answers} == {(200, answers[0].text)}
    mails = await mailbox.to(nodes[0], email, "Set a new password")
    assert len(mails) == 3
    live = "SELECT count(*) FROM links WHERE purpose = 'reset' AND used_at IS NULL AND voided_at IS NULL"
    assert await db.fetchval(live) == 1
    await invariants.check(db)


async def test_a_reset_against_sign_ins_leaves_no_session_of_the_old_password(
    nodes: list[Api], db: asyncpg.Connection, mailbox: Mailbox
) -> None:
    email = (await nodes[0].register())["email"]
    token = await kit.reset_token(nodes[0], mailbox, email)
    signing_in = [
        nodes[i % 2].post("/api/v1/users/login/", {"email": email, "password": PASSWORD}) for i in range(MANY)
    ]
    answers = await asyncio.gather(*signing_in[: MANY // 2], kit.reset(nodes[0], token), *signing_in[MANY // 2 :])
    assert answers[MANY // 2].status == 200
    assert {answer.status for answer in answers} <= {200, 400, 401, 429}
    assert await db.fetchval("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == 0
    await invariants.check(db)


async def in_each_others_way(
    database: Addresses, tokens: Tokens, *requests: Coroutine[Any, Any, Answer]
) -> list[Answer]:
    """Let each request run into the person's row, one after the other, then let them all go on.

    The next one starts once the one before waits. The last need not: what it does may not touch that row.
    """
    holder = await asyncpg.connect(database.superuser)
    async with holder.transaction():
        await holder.execute("SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE", tokens.user["id"])
        tasks = []
        for request in requests:
            tasks.append(asyncio.create_task(request))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.6 if tasks[1:] else 5):
                    while await holder.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") < len(tasks):
                        await asyncio.sleep(0.01)
    await holder.close()
    return list(await asyncio.gather(*tasks))


def change(api: Api, tokens: Tokens, password: str) -> Coroutine[Any, Any, Answer]:
    body = {"old_password": PASSWORD, "new_password": password}
    return api.post("/api/v1/users/change-password/", body, headers=tokens.bearer)


async def test_a_change_before_a_reset(
    nodes: list[Api], database: Addresses, db: asyncpg.Connection, mailbox: Mailbox
) -> None:
    tokens = await nodes[0].sign_in()
    email = tokens.user["email"]
    token = await kit.reset_token(nodes[0], mailbox, email)
    changed, reset = await in_each_others_way(
        database, tokens, change(nodes[0], tokens, "seven orange kettles"), kit.reset(nodes[1], token)
    )
    assert (changed.status, reset.status, reset.json) == (200, 400, kit.DEAD_TOKEN)
    assert await kit.can_sign_in(nodes[0], email, "seven orange kettles")
    await invariants.check(db)


async def test_a_change_before_a_confirmation(
    nodes: list[Api], database: Addresses, db: asyncpg.Connection, mailbox: Mailbox
) -> None:
    tokens = await nodes[0].sign_in()
    token = await kit.change_token(nodes[0], mailbox, tokens, "new@example.com")
    changed, confirmed = await in_each_others_way(
        database, tokens, change(nodes[0], tokens, NEW_PASSWORD), kit.confirm(nodes[1], token)
    )
    assert changed.status == 200
    assert confirmed.status == 200 or confirmed.json == kit.DEAD_LINK
    await invariants.check(db)


async def test_a_reset_before_another_ask(
    nodes: list[Api], database: Addresses, db: asyncpg.Connection, mailbox: Mailbox
) -> None:
    tokens = await nodes[0].sign_in()
    email = tokens.user["email"]
    token = await kit.reset_token(nodes[0], mailbox, email)
    reset, asked = await in_each_others_way(
        database, tokens, kit.reset(nodes[0], token), nodes[1].post(FORGOT, {"email": email})
    )
    assert (reset.status, asked.status) == (200, 200)
    assert await kit.can_sign_in(nodes[0], email, NEW_PASSWORD)
    await invariants.check(db)
