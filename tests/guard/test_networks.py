"""Fifty failures of one network, over all accounts, within ten minutes."""

import ipaddress
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from tests.client import PASSWORD, Api
from tests.guard.kit import DOORS, LOGIN, knock, lock

Serve = Callable[..., Any]
LOGIN_API = "POST /api/v1/users/login/api/"
PROXIES = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
HOME, AWAY = "203.0.113.7", "198.51.100.9"
ADA = "ada@example.com"


async def spray(api: Api, times: int, start: int = 0, **headers: str) -> list[int]:
    """One wrong password for each of many names, at two endpoints: each takes thirty requests a minute."""
    doors = (LOGIN, LOGIN_API)
    return [
        (await knock(api, doors[number % 2], f"nobody{start + number}@example.com", **headers)).status
        for number in range(times)
    ]


async def nearly(api: Api, db: asyncpg.Connection, network: str = "127.0.0.1", **headers: str) -> None:
    """Forty-nine failures, and the fiftieth."""
    await db.execute("INSERT INTO guard (key, failures) VALUES ($1, 49)", f"network:{network}")
    assert await spray(api, 1, **headers) == [401]


async def test_fifty_failures_lock_the_network(serve: Serve) -> None:
    api = await serve(limits=True)
    await api.register(email=ADA)
    assert await spray(api, 50) == [401] * 50
    answer = await knock(api, LOGIN, ADA, PASSWORD)
    assert answer.json == {"detail": "Too many failed attempts. Try again later.", "code": "locked_out"}
    assert (answer.status, 1795 <= int(answer.headers["Retry-After"]) <= 1800) == (429, True)


async def test_a_locked_network_is_locked_at_every_name(serve: Serve, db: asyncpg.Connection) -> None:
    api = await serve(limits=True)
    await api.register(email=ADA)
    await nearly(api, db)
    codes = {door: (await knock(api, door, ADA, PASSWORD)).code for door in DOORS}
    assert codes == dict.fromkeys(DOORS, "locked_out")


async def test_a_locked_network_may_not_try_links_codes_and_captchas(serve: Serve, db: asyncpg.Connection) -> None:
    api = await serve(limits=True)
    tokens = await api.sign_in()
    await nearly(api, db)
    token = "x" * 43
    reset = {"token": token, "password": "another horse", "password_confirm": "another horse"}
    answers = [
        await api.post("/api/v1/users/login/verify-otp/", {"temporary_token": token, "otp_code": "123456"}),
        await api.post("/api/v1/users/2fa/request-otp/", {"temporary_token": token}),
        await api.post("/api/v1/users/password/reset/", reset),
        await api.post("/api/v1/users/email/confirm/", {"token": token}),
        await api.post("/api/v1/users/captcha/verify/", {"session_id": token, "response": "ABCDEF"}),
        await api.post("/api/v1/users/password/verify/", {"password": PASSWORD}, headers=tokens.bearer),
    ]  # fmt: skip
    assert [answer.code for answer in answers] == ["locked_out"] * 6


async def test_another_network_is_not_locked(serve: Serve, db: asyncpg.Connection) -> None:
    api = await serve(limits=True, trusted_proxies=PROXIES)
    await api.register(email=ADA)
    await nearly(api, db, HOME, **{"X-Forwarded-For": HOME})
    assert (await knock(api, LOGIN_API, ADA, PASSWORD, **{"X-Forwarded-For": HOME})).code == "locked_out"
    assert (await knock(api, LOGIN_API, ADA, PASSWORD, **{"X-Forwarded-For": AWAY})).status == 200


async def test_a_network_of_ipv6_is_64_bits_wide(serve: Serve, db: asyncpg.Connection) -> None:
    api = await serve(limits=True, trusted_proxies=PROXIES)
    await nearly(api, db, "2001:db8:1:2::/64", **{"X-Forwarded-For": "2001:db8:1:2::7"})
    near = await knock(api, LOGIN, ADA, **{"X-Forwarded-For": "2001:db8:1:2:ffff::1"})
    far = await knock(api, LOGIN, ADA, **{"X-Forwarded-For": "2001:db8:1:3::1"})
    assert (near.code, far.code) == ("locked_out", "invalid_credentials")


async def test_who_is_no_proxy_cannot_choose_a_network(serve: Serve, db: asyncpg.Connection) -> None:
    api = await serve(limits=True)
    await nearly(api, db, **{"X-Forwarded-For": HOME})
    assert (await knock(api, LOGIN, ADA, **{"X-Forwarded-For": AWAY})).code == "locked_out"


async def test_failures_of_more_than_ten_minutes_do_not_add_up(serve: Serve, db: asyncpg.Connection) -> None:
    api = await serve(limits=True)
    await db.execute(
        """INSERT INTO guard (key, failures, first_failed_at)
           VALUES ('network:127.0.0.1', 49, now() - interval '10 minutes 1 second')"""
    )
    assert await spray(api, 3) == [401] * 3


async def test_the_lock_of_a_network_ends(serve: Serve, db: asyncpg.Connection) -> None:
    api = await serve(limits=True)
    await api.register(email=ADA)
    await nearly(api, db)
    await db.execute(
        """UPDATE guard SET first_failed_at = first_failed_at - interval '31 minutes',
                            locked_until = locked_until - interval '31 minutes'"""
    )
    assert (await knock(api, LOGIN, ADA, PASSWORD)).status == 200


async def test_only_failures_count(serve: Serve, db: asyncpg.Connection) -> None:
    api = await serve(limits=True)
    await api.register(email=ADA)
    for _ in range(20):
        await knock(api, LOGIN, ADA, PASSWORD)
    assert await db.fetchval("SELECT count(*) FROM guard WHERE key LIKE 'network:%'") == 0


async def test_without_limits_there_is_no_such_rule(api: Api, db: asyncpg.Connection) -> None:
    assert await spray(api, 60) == [401] * 60
    assert await db.fetchval("SELECT count(*) FROM guard WHERE key LIKE 'network:%'") == 0


async def test_without_limits_an_account_is_locked_all_the_same(api: Api, db: asyncpg.Connection) -> None:
    await lock(api, db, ADA)
    assert (await knock(api, LOGIN, ADA)).code == "locked_out"


@pytest.mark.parametrize("garbage", ["unknown", "203.0.113.7:80", "a, b", "999.1.1.1"])
async def test_garbage_of_a_proxy_is_one_network(serve: Serve, db: asyncpg.Connection, garbage: str) -> None:
    api = await serve(limits=True, trusted_proxies=PROXIES)
    await spray(api, 1, **{"X-Forwarded-For": garbage})
    assert await db.fetchval("SELECT key FROM guard WHERE key LIKE 'network:%'") == "network:unknown"
