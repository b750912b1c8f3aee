"""Password hashes of older programs: verified at sign-in, then made anew."""

import base64
import hashlib

import argon2
import asyncpg
import bcrypt
import pytest

from authsvc.core import hashing
from tests.client import PASSWORD, Api
from tests.endpoints.kit import basic
from tests.endpoints.sessions.kit import ADA, SIGN_IN, sign_in


def pbkdf2(password: str, digest: str = "sha256") -> str:
    made = hashlib.pbkdf2_hmac(digest, password.encode(), b"salt", 1000)
    return f"pbkdf2_{digest}$1000$salt${base64.b64encode(made).decode()}"


def plain_bcrypt(password: str) -> str:
    return "bcrypt$" + bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()


def bcrypt_sha256(password: str, cost: int = 5) -> str:
    return hashing.encode(password, cost)


def argon(password: str) -> str:
    return "argon2" + argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(password)


MAKERS = [pbkdf2, plain_bcrypt, bcrypt_sha256, argon]


async def stored(api: Api, db: asyncpg.Connection, password_hash: str) -> None:
    await api.register(email=ADA)
    await db.execute("UPDATE users SET password_hash = $1", password_hash)


@pytest.mark.parametrize("path", SIGN_IN)
async def test_an_old_hash_lets_in_once_and_is_made_anew(api: Api, db: asyncpg.Connection, path: str) -> None:
    await api.register(email=ADA)
    for make in MAKERS:
        await db.execute("UPDATE users SET password_hash = $1", make(PASSWORD))
        assert (await sign_in(api, path)).status == 200
        now = await db.fetchval("SELECT password_hash FROM users")
        assert now.startswith("bcrypt_sha256$$2b$04$")
        assert (await sign_in(api, path)).status == 200
        assert await db.fetchval("SELECT password_hash FROM users") == now


@pytest.mark.parametrize("make", MAKERS)
async def test_a_wrong_password_leaves_an_old_hash_alone(api: Api, db: asyncpg.Connection, make) -> None:
    old = make(PASSWORD)
    await stored(api, db, old)
    assert (await sign_in(api, SIGN_IN[0], password="wrong horse battery")).status == 401
    assert await db.fetchval("SELECT password_hash FROM users") == old


@pytest.mark.parametrize("make", MAKERS)
async def test_who_is_shut_out_keeps_an_old_hash(api: Api, db: asyncpg.Connection, make) -> None:
    old = make(PASSWORD)
    await stored(api, db, old)
    await db.execute("UPDATE users SET is_active = false")
    assert (await sign_in(api, SIGN_IN[0])).status == 403
    assert await db.fetchval("SELECT password_hash FROM users") == old


async def test_http_basic_makes_an_old_hash_anew_too(api: Api, db: asyncpg.Connection) -> None:
    await stored(api, db, pbkdf2(PASSWORD))
    assert (await api.get("/token/", headers=basic(ADA))).status == 200
    assert (await db.fetchval("SELECT password_hash FROM users")).startswith("bcrypt_sha256$$2b$04$")


async def test_bcrypt_without_sha256_takes_more_than_72_bytes(api: Api, db: asyncpg.Connection) -> None:
    long = "orbit hammer violet " * 5
    await stored(api, db, plain_bcrypt(long))
    assert (await sign_in(api, SIGN_IN[0], password=long)).status == 200


COSTLY = [
    "pbkdf2_sha256$5000001$salt$" + "A" * 44,
    "bcrypt$$2b$31$" + "." * 53,
    "argon2$argon2id$v=19$m=9999999,t=99,p=16$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
]


async def test_a_hash_that_would_take_minutes_is_a_wrong_password(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    for costly in COSTLY:
        await db.execute("UPDATE users SET password_hash = $1", costly)
        assert (await sign_in(api, SIGN_IN[0])).status == 401
