"""Turns for programs of the internal network: the old list without a session, a turn by service key."""

import asyncio
from typing import Any

import asyncpg
import pytest

from authsvc import bodies
from authsvc.middleware import body as body_gate
from tests.client import Api
from tests.endpoints.kit import (
    NOT_AUTHENTICATED,
    TOKEN_NOT_VALID,
    WRONG_ACCOUNT_TYPE,
    add_employee,
    sign_in_employee,
    unchanged,
)
from tests.internal.conftest import Serve
from tests.internal.kit import INSIDE, MISSING, add_key, ask, forwarded, keyed
from tests.internal.test_service_keys import OTHER_SCOPE
from tests.rights.world import add_system, add_user, hold

ROUND_ROBIN = "/api/v1/tts/round-robin/"
NEXT = f"{ROUND_ROBIN}next/"
OLD = f"{ROUND_ROBIN}?role_name=Technician"
DOCUMENTED = f"{ROUND_ROBIN}?role=Technician"
BODY = {"role": "Technician"}


@pytest.fixture
async def pool(db: asyncpg.Connection) -> list[int]:
    """Who takes turns as Technician of tts."""
    await add_system(db, "tts")
    found = [await add_user(db, f"{name}@example.com") for name in ("ada", "ben")]
    for number in found:
        await hold(db, number, "tts", "Technician")
    return found


async def test_the_old_list_needs_no_session_inside(inside: Api, db: asyncpg.Connection, pool: list[int]) -> None:
    role = await db.fetchval("SELECT id FROM roles WHERE name = 'Technician'")
    async with unchanged(db):
        for query in (
            "role_name=technician",
            f"role_id={role}",
            "system=TTS&role_name=Technician",
            "role=&role_name=TECHNICIAN",
        ):
            answer = await inside.get(f"{ROUND_ROBIN}?{query}")
            assert (answer.status, answer.json) == (200, pool), query
        for query in ("role_name=Nobody", f"role_id={MISSING}", "system=nowhere&role_name=Technician"):
            answer = await inside.get(f"{ROUND_ROBIN}?{query}")
            assert (answer.status, answer.json) == (200, []), query
    for headers in ({"Authorization": "Bearer null"}, {"Cookie": "access_token=stale"}):
        assert (await inside.get(OLD, headers=headers)).json == pool


async def test_outside_the_old_list_needs_one(api: Api, db: asyncpg.Connection, pool: list[int]) -> None:
    key = await add_key(db, "tickets", "turns")
    for headers in ({}, keyed(key), forwarded("192.0.2.1")):
        answer = await ask(api, OLD, headers=headers)
        assert (answer.status, answer.json) == (401, NOT_AUTHENTICATED)
    ada = await api.sign_in("ada@example.com")
    assert (await api.get(OLD, headers=ada.bearer)).json == pool


async def test_a_forged_address_is_outside(inside: Api, pool: list[int]) -> None:
    for headers in (forwarded("127.0.0.1"), [("Forwarded", "for=127.0.0.1")]):
        answer = await ask(inside, OLD, headers=headers)
        assert (answer.status, answer.json) == (401, NOT_AUTHENTICATED)


async def test_the_documented_form_needs_a_session_everywhere(
    inside: Api, db: asyncpg.Connection, pool: list[int]
) -> None:
    key = await add_key(db, "tickets", "turns")
    for query in ("role=Technician", "role=Technician&role_name=Technician", "role=Nobody", "system=x&role=Technician"):
        for headers in ({}, keyed(key)):
            answer = await ask(inside, f"{ROUND_ROBIN}?{query}", headers=headers)
            assert (answer.status, answer.json) == (401, NOT_AUTHENTICATED), query
    ada = await inside.sign_in("ada@example.com")
    expected = {"user_ids": pool, "system": "tts", "role": "Technician", "count": 2, "next_user_id": pool[0]}
    assert (await inside.get(DOCUMENTED, headers=ada.bearer)).json == expected


async def test_an_employee_stays_outside_his_own_paths(inside: Api, db: asyncpg.Connection, pool: list[int]) -> None:
    await add_employee(db)
    emil = await sign_in_employee(inside)
    for method, path in (("GET", OLD), ("GET", DOCUMENTED), ("POST", NEXT)):
        answer = await inside.request(method, path, headers=emil.bearer, json=BODY)
        assert (answer.status, answer.json) == (403, WRONG_ACCOUNT_TYPE)


async def test_keys_for_turns(inside: Api, serve: Serve, db: asyncpg.Connection, pool: list[int]) -> None:
    key, other = await add_key(db, "tickets", "turns"), await add_key(db, "desk", "users", "employees")
    strict = await serve(**INSIDE, require_service_key=True)
    for api in (inside, strict):
        assert (await ask(api, OLD, headers=keyed(key))).json == pool
        answer = await ask(api, OLD, headers=keyed(other))
        assert (answer.status, answer.json) == (403, OTHER_SCOPE)
        for wrong in (keyed("x"), keyed(key, key)):
            answer = await ask(api, OLD, headers=wrong)
            assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)
    answer = await ask(strict, OLD)
    assert (answer.status, answer.json) == (401, NOT_AUTHENTICATED)
    ada = await strict.sign_in("ada@example.com")
    assert (await strict.get(OLD, headers=ada.bearer)).json == pool


async def test_a_turn_by_service_key(inside: Api, db: asyncpg.Connection, pool: list[int]) -> None:
    key, other = await add_key(db, "tickets", "turns"), await add_key(db, "desk", "users")
    for headers, status, refusal in (
        ([], 401, NOT_AUTHENTICATED),
        ([("Authorization", "Bearer null")], 401, TOKEN_NOT_VALID),
        (keyed("x"), 401, TOKEN_NOT_VALID),
        (keyed(key, key), 401, TOKEN_NOT_VALID),
        (keyed(other), 403, OTHER_SCOPE),
    ):
        answer = await ask(inside, NEXT, method="POST", headers=headers, json=BODY)
        assert (answer.status, answer.json) == (status, refusal)
    turns = [await ask(inside, NEXT, method="POST", headers=keyed(key), json=BODY) for _ in range(3)]
    assert [turn.json for turn in turns] == [
        {"user_id": user, "turn": number} for number, user in enumerate([*pool, pool[0]], 1)
    ]
    ada = await inside.sign_in("ada@example.com")
    assert (await inside.post(NEXT, BODY, headers=ada.bearer)).json == {"user_id": pool[1], "turn": 4}


async def test_no_turn_by_service_key_from_outside(api: Api, db: asyncpg.Connection, pool: list[int]) -> None:
    key = await add_key(db, "tickets", "turns")
    async with unchanged(db):
        for headers in (keyed(key), [*keyed(key), *forwarded("192.0.2.1")]):
            answer = await ask(api, NEXT, method="POST", headers=headers, json=BODY)
            assert (answer.status, answer.json) == (401, NOT_AUTHENTICATED)


async def test_a_service_is_no_page_of_a_browser(inside: Api, db: asyncpg.Connection, pool: list[int]) -> None:
    """A page of another site that makes a browser inside ask has no key to send, and no cookie is asked for one."""
    key = await add_key(db, "tickets", "turns")
    async with unchanged(db):
        answer = await ask(
            inside, NEXT, method="POST", headers=[*keyed(key), ("Origin", "https://evil.example")], json=BODY
        )
        assert (answer.status, answer.code) == (403, "permission_denied")


async def test_a_key_revoked_while_its_body_is_on_the_way_gives_no_turn(
    inside: Api, db: asyncpg.Connection, pool: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    key, under_way, goes_on = await add_key(db, "tickets", "turns"), asyncio.Event(), asyncio.Event()
    read = bodies.read

    async def late(*args: Any, **kwargs: Any) -> Any:
        under_way.set()
        await goes_on.wait()
        return await read(*args, **kwargs)

    async def asked() -> tuple[int, Any]:
        under_way.clear()
        goes_on.clear()
        asking = asyncio.create_task(ask(inside, NEXT, method="POST", headers=keyed(key), json=BODY))
        await under_way.wait()
        if is_revoked:
            await db.execute("UPDATE service_keys SET revoked_at = now()")
        goes_on.set()
        answer = await asking
        return answer.status, answer.json

    monkeypatch.setattr(bodies, "read", late)
    monkeypatch.setattr(body_gate, "_PROMPT", 0.0)
    is_revoked = False
    assert await asked() == (200, {"user_id": pool[0], "turn": 1})
    is_revoked = True
    async with unchanged(db, "service_keys"):
        assert await asked() == (401, TOKEN_NOT_VALID)
