"""X-API-Key: by which other services name themselves at internal paths."""

import asyncio
import datetime as dt
import logging

import asyncpg
import pytest

from authsvc import log
from tests.client import Answer, Api
from tests.endpoints.kit import NOT_AUTHENTICATED, TOKEN_NOT_VALID, looks
from tests.internal.conftest import Listen, Pair, Serve
from tests.internal.kit import (
    EMPLOYEE,
    HELP_DESK,
    INSIDE,
    LOOKUPS,
    MISSING,
    NOT_FOUND,
    USER,
    add_key,
    ask,
    employee,
    forwarded,
    keyed,
    user,
)

OTHER_SCOPE = {"detail": "This service key is for other lookups.", "code": "permission_denied"}
NOTED = "SELECT last_used_at FROM service_keys WHERE name = $1"


async def lookup(api: Api, pair: Pair, *keys: str) -> Answer:
    return await ask(api, USER.format(pair.id), headers=keyed(*keys))


async def test_a_key_opens_what_it_is_for(inside: Api, db: asyncpg.Connection, pair: Pair) -> None:
    users, employees = await add_key(db, "tickets", "users"), await add_key(db, "desk", "employees")
    all_of_it = await add_key(db, "all", "users", "employees", "turns", "metrics")
    turns = await add_key(db, "turns", "turns", "metrics")
    for path, opens in ((USER, users), (HELP_DESK, users), (EMPLOYEE, employees)):
        for key in (users, employees, turns, all_of_it):
            for number in (pair.id, MISSING):
                answer = await ask(inside, path.format(number), headers=keyed(key))
                if key in (opens, all_of_it):
                    assert answer.status == (200 if number == pair.id else 404)
                else:
                    assert (answer.status, answer.json) == (403, OTHER_SCOPE)
    assert (await lookup(inside, pair, users)).json == user(pair.id)


async def test_a_wrong_key_is_worse_than_none(inside: Api, db: asyncpg.Connection, pair: Pair) -> None:
    key = await add_key(db, "tickets", "users")
    assert (await lookup(inside, pair)).json == user(pair.id)
    wrong = ["", "x", key[:-1], key + "x", key.lower(), key.removeprefix("authsvc_"), f"Bearer {key}", "é" * 20]
    for text in (*wrong, f"{key},{key}", f"{key}, {key}", "a" * 5000, "'; --"):
        answer = await lookup(inside, pair, text)
        assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID), text
    assert (await lookup(inside, pair, f" {key} ")).status == 200  # no part of a header's value (RFC 9110)


async def test_two_keys_are_none(inside: Api, db: asyncpg.Connection, pair: Pair) -> None:
    key, other = await add_key(db, "tickets", "users"), await add_key(db, "desk", "users")
    for keys in ((key, key), (key, other), (key, "x"), ("", key), (key, "")):
        answer = await lookup(inside, pair, *keys)
        assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID), keys


async def test_a_revoked_key_is_refused_at_once_and_its_name_is_free(
    inside: Api, db: asyncpg.Connection, pair: Pair
) -> None:
    key = await add_key(db, "tickets", "users")
    assert (await lookup(inside, pair, key)).status == 200
    await db.execute("UPDATE service_keys SET revoked_at = now()")
    assert (await lookup(inside, pair, key)).json == TOKEN_NOT_VALID
    assert (await lookup(inside, pair, await add_key(db, "tickets", "users"))).status == 200
    assert (await lookup(inside, pair, key)).json == TOKEN_NOT_VALID


async def test_where_a_key_is_required(serve: Serve, db: asyncpg.Connection, pair: Pair) -> None:
    api = await serve(**INSIDE, require_service_key=True)
    key, other = await add_key(db, "tickets", "users", "employees"), await add_key(db, "turns", "turns")
    ada = await api.sign_in("ada@example.com")
    for path in LOOKUPS:
        for number in (pair.id, MISSING):
            for headers in ({}, ada.bearer, {"Authorization": f"Bearer {key}"}, {"Cookie": f"X-API-Key={key}"}):
                answer = await ask(api, path.format(number), headers=headers)
                assert (answer.status, answer.json) == (401, NOT_AUTHENTICATED), headers
            assert (await ask(api, path.format(number), headers=keyed("x"))).json == TOKEN_NOT_VALID
            assert (await ask(api, path.format(number), headers=keyed(other))).json == OTHER_SCOPE
        assert (await ask(api, path.format(pair.id), headers=keyed(key))).status == 200
        assert (await ask(api, f"{path.format(pair.id)}?X-API-Key={key}")).json == NOT_AUTHENTICATED
    assert (await ask(api, EMPLOYEE.format(pair.id), headers=keyed(key))).json == employee(pair.id)


async def test_outside_a_key_is_not_even_looked_at(api: Api, db: asyncpg.Connection, pair: Pair) -> None:
    key = await add_key(db, "tickets", "users", "employees")
    nothing = looks(await ask(api, "/api/v1/users/nowhere/1/"))
    for path in LOOKUPS:
        for sent in (key, "x"):
            assert looks(await ask(api, path.format(pair.id), headers=keyed(sent))) == nothing
    assert await db.fetchval(NOTED, "tickets") is None


async def test_a_forged_address_is_not_made_good_by_a_key(inside: Api, db: asyncpg.Connection, pair: Pair) -> None:
    key = await add_key(db, "tickets", "users")
    answer = await ask(inside, USER.format(pair.id), headers=[*forwarded("127.0.0.1"), *keyed(key)])
    assert (answer.status, answer.json) == (404, NOT_FOUND)


async def test_a_key_opens_no_other_path(inside: Api, db: asyncpg.Connection) -> None:
    key = await add_key(db, "all", "users", "employees", "turns", "metrics")
    for path in ("/api/me/", "/api/v1/users/", "/api/v1/tts/user-info/1/", "/api/v1/hdts/employees/"):
        for headers in (keyed(key), {"Authorization": f"Bearer {key}"}):
            assert (await ask(inside, path, headers=headers)).status == 401, path
    assert (await ask(inside, "/api/v1/", headers=keyed("x"))).status == 200


async def test_the_key_is_nowhere_in_the_database(inside: Api, db: asyncpg.Connection, pair: Pair) -> None:
    key = await add_key(db, "tickets", "users")
    assert (await lookup(inside, pair, key)).status == 200
    assert len(key) >= 50
    tables = await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    held = [row[0] for (name,) in tables for row in await db.fetch(f"SELECT t::text FROM {name} t")]
    assert any("tickets" in text for text in held)
    secret = key.removeprefix("authsvc_")
    for form in (secret, secret.encode().hex(), key.encode().hex()):
        assert [text for text in held if form in text] == []


async def test_the_last_use_is_noted_at_most_once_a_minute(inside: Api, db: asyncpg.Connection, pair: Pair) -> None:
    key = await add_key(db, "tickets", "users")
    await add_key(db, "desk", "users")
    assert await db.fetchval(NOTED, "tickets") is None
    await lookup(inside, pair, key)
    first = await db.fetchval(NOTED, "tickets")
    assert abs(dt.datetime.now(dt.UTC) - first) < dt.timedelta(minutes=1)
    await lookup(inside, pair, key)
    assert await db.fetchval(NOTED, "tickets") == first
    await db.execute("UPDATE service_keys SET last_used_at = now() - interval '55 seconds' WHERE name = 'tickets'")
    moved = await db.fetchval(NOTED, "tickets")
    await lookup(inside, pair, key)
    assert await db.fetchval(NOTED, "tickets") == moved
    await db.execute("UPDATE service_keys SET last_used_at = now() - interval '61 seconds' WHERE name = 'tickets'")
    await lookup(inside, pair, key)
    assert await db.fetchval(NOTED, "tickets") >= first
    assert await db.fetchval(NOTED, "desk") is None


async def test_a_lookup_does_not_wait_for_the_note_of_another(inside: Api, db: asyncpg.Connection, pair: Pair) -> None:
    key = await add_key(db, "tickets", "users")
    transaction = db.transaction()
    await transaction.start()
    try:
        await db.execute("UPDATE service_keys SET last_used_at = now()")
        async with asyncio.timeout(1):
            assert (await lookup(inside, pair, key)).status == 200
    finally:
        await transaction.rollback()


async def test_fifty_at_once_with_one_key(inside: Api, db: asyncpg.Connection, pair: Pair) -> None:
    key = await add_key(db, "tickets", "users")
    answers = await asyncio.gather(*(lookup(inside, pair, key) for _ in range(50)))
    assert {(answer.status, answer.text) for answer in answers} == {(200, answers[0].text)}


async def test_the_request_log_names_the_service(
    listen: Listen,
    db: asyncpg.Connection,
    pair: Pair,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log, "_lines", None)  # as on a terminal: each line by itself, where caplog sees it
    caplog.set_level(logging.INFO, "authsvc.requests")
    (url,) = await listen(**INSIDE)
    key, path = await add_key(db, "tickets", "users", "turns"), USER.format(pair.id)
    await ask(url, path, headers=keyed(key))
    await ask(url, path)
    await ask(url, path, headers=keyed("x"))
    await ask(url, path, headers=[*keyed(key), *forwarded("127.0.0.1")])
    await ask(url, EMPLOYEE.format(pair.id), headers=keyed(key))
    await ask(url, "/api/v1/tts/round-robin/?role_name=Technician", headers=keyed(key))
    lines = [record.fields for record in caplog.records if record.getMessage() == "request"]  # type: ignore[attr-defined]
    assert [(line["route"], line["status"], line["service"]) for line in lines] == [
        ("internal.user", 200, "tickets"),
        ("internal.user", 200, None),
        ("internal.user", 401, None),
        ("internal.user", 404, None),
        ("internal.employee", 403, None),
        ("tts.round_robin", 200, "tickets"),
    ]
    assert key not in str([vars(record) for record in caplog.records])
