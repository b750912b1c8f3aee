"""What an access token says, and where a sign-in sends a person."""

import asyncpg
import jwt
import pytest

from tests.client import Api
from tests.conftest import FakeClock
from tests.endpoints.kit import (
    ISSUER,
    NUMBER,
    TIME,
    Like,
    add_employee,
    add_role,
    claims_of,
    published_keys,
    sign_in_employee,
)
from tests.endpoints.sessions.kit import ADA, SIGN_IN, sign_in

ADAS = {"email": ADA, "first_name": "Ada", "last_name": "Lovelace", "username": "countess"}


def claims(clock: FakeClock, user_id: int, **known: object) -> dict[str, object]:
    return {
        "token_type": "access",
        "exp": int(clock()) + 900,
        "iat": int(clock()),
        "jti": Like("[0-9a-f]{32}"),
        "iss": ISSUER,
        "sub": f"staff:{user_id}",
        "sid": NUMBER,
        "user_id": user_id,
        "email": ADA,
        "username": "countess",
        "full_name": "Ada Lovelace",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "user_type": "staff",
        "roles": [],
        **known,
    }


@pytest.mark.parametrize("path", SIGN_IN)
async def test_every_claim_and_no_other(api: Api, clock: FakeClock, path: str) -> None:
    user = await api.register(**ADAS)
    access = (await sign_in(api, path)).json["access"]
    assert await claims_of(api, access) == claims(clock, user["id"])


async def test_the_header_names_type_and_key(api: Api) -> None:
    header = jwt.get_unverified_header((await api.sign_in()).access)
    (kid,) = await published_keys(api)
    assert header == {"alg": "ES256", "typ": "at+jwt", "kid": kid}


async def test_no_two_tokens_have_one_jti(api: Api) -> None:
    await api.register(email=ADA)
    found = [await claims_of(api, (await api.sign_in(ADA)).access) for _ in range(3)]
    assert len({c["jti"] for c in found}) == len({c["sid"] for c in found}) == 3


async def test_the_claims_of_an_employee(api: Api, db: asyncpg.Connection, clock: FakeClock) -> None:
    await add_employee(db, 7)
    tokens = await sign_in_employee(api)
    names = {"email": "emil@example.com", "username": "emil", "first_name": "Emil", "last_name": "Berg"}
    assert await claims_of(api, tokens.access) == {
        **claims(clock, 7, **names, full_name="Emil Berg", sub="employee:7", user_type="employee"),
        "employee_id": 7,
        "roles": [{"system": "hdts", "role": "Employee"}],
    }


@pytest.mark.parametrize("path", SIGN_IN)
async def test_active_roles_in_order_of_assignment(api: Api, db: asyncpg.Connection, path: str) -> None:
    user = await api.register(email=ADA)
    await add_role(db, user["id"], "tts", "Agent")
    await add_role(db, user["id"], "bms", "Off", is_active=False)
    await add_role(db, user["id"], "ams", "Operator")
    await add_role(db, user["id"], "tts", "Admin")
    answer = await sign_in(api, path)
    assert (await claims_of(api, answer.json["access"]))["roles"] == [
        {"system": "tts", "role": "Agent"},
        {"system": "ams", "role": "Operator"},
        {"system": "tts", "role": "Admin"},
    ]
    shown = [
        (held["system_slug"], held["role_name"], held["is_active"]) for held in answer.json["user"]["system_roles"]
    ]
    assert shown == [("tts", "Agent", True), ("bms", "Off", False), ("ams", "Operator", True), ("tts", "Admin", True)]


async def test_the_whole_of_a_role_in_the_profile(api: Api, db: asyncpg.Connection) -> None:
    user = await api.register(email=ADA)
    held = await add_role(db, user["id"], "tts", "Agent")
    assert (await api.sign_in(ADA)).user["system_roles"] == [
        {
            "id": held,
            "system_name": "System tts",
            "system_slug": "tts",
            "role_name": "Agent",
            "assigned_at": TIME,
            "last_logged_on": TIME,
            "is_active": True,
        }
    ]


async def test_very_many_roles_are_left_out(api: Api, db: asyncpg.Connection) -> None:
    user = await api.register(email=ADA)
    for number in range(60):
        await add_role(db, user["id"], "tts", f"Role number {number:03} of the system")
    access = (await api.sign_in(ADA)).access
    said = await claims_of(api, access)
    assert "roles" not in said
    assert said["roles_omitted"] is True
    assert len(access) <= 3500


async def test_as_many_roles_as_fit_are_there(api: Api, db: asyncpg.Connection) -> None:
    user = await api.register(email=ADA)
    for number in range(20):
        await add_role(db, user["id"], "tts", f"Role number {number:03}")
    said = await claims_of(api, (await api.sign_in(ADA)).access)
    assert len(said["roles"]) == 20
    assert "roles_omitted" not in said


# --- redirect


@pytest.mark.parametrize("path", SIGN_IN)
async def test_the_redirect_goes_to_the_system_of_the_oldest_active_role(
    api: Api, db: asyncpg.Connection, path: str
) -> None:
    user = await api.register(email=ADA)
    await add_role(db, user["id"], "bms", "Off", is_active=False)
    for slug in ("ams", "tts", "own"):
        await add_role(db, user["id"], slug, "Agent")
    await db.execute("UPDATE systems SET url = 'https://own.example.com' WHERE slug = 'own'")
    assert (await sign_in(api, path)).json["redirect"] == {
        "primary_system": "ams",
        "url": "http://localhost:4000",
        "available_systems": {
            "ams": "http://localhost:4000",
            "tts": "http://localhost:1000",
            "own": "https://own.example.com",
        },
    }


async def test_a_systems_own_url_comes_before_the_settings(api: Api, db: asyncpg.Connection) -> None:
    user = await api.register(email=ADA)
    await add_role(db, user["id"], "tts", "Agent")
    await db.execute("UPDATE systems SET url = 'https://tts.example.com'")
    redirect = (await sign_in(api, SIGN_IN[0])).json["redirect"]
    assert redirect["available_systems"] == {"tts": "https://tts.example.com"}


async def test_without_a_role_the_default_url_is_the_redirect(serve) -> None:
    api = await serve(default_system_url="https://portal.example.com")
    await api.register(email=ADA)
    assert (await sign_in(api, SIGN_IN[0])).json["redirect"] == {
        "primary_system": None,
        "url": "https://portal.example.com",
        "available_systems": {},
    }


async def test_nobody_is_sent_to_a_system_that_is_switched_off(api: Api, db: asyncpg.Connection) -> None:
    user = await api.register(email=ADA)
    for slug in ("ams", "tts"):
        await add_role(db, user["id"], slug, "Agent")
    await db.execute("UPDATE systems SET is_active = false WHERE slug = 'ams'")
    redirect = (await sign_in(api, SIGN_IN[0])).json["redirect"]
    assert redirect["available_systems"] == {"tts": "http://localhost:1000"}


async def test_the_time_of_a_token_is_the_services_clock(api: Api, clock: FakeClock) -> None:
    clock.now -= 100
    tokens = await api.sign_in()
    assert (await claims_of(api, tokens.access))["iat"] == int(clock())
