"""Request limits: exact, shared by names and processes, counted per network, the same for everybody."""

import asyncio
import ipaddress
import re
from collections import Counter
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from authsvc.errors import Throttled
from authsvc.routes import ROUTES
from authsvc.routing import Limit, Route
from tests.client import PASSWORD, Answer, Api
from tests.endpoints.kit import looks
from tests.middleware.kit import Name, filled, names, over

Serve = Callable[..., Awaitable[Api]]
LIMITED = names(lambda row: row.limit is not None)
PROXIES = (ipaddress.ip_network("127.0.0.0/8"),)
REGISTER, LOGIN = "/api/v1/users/register/", "/api/v1/users/login/"


def row_at(method: str, path: str) -> Route:
    return next(row for row in ROUTES if row.method == method and path in row.paths)


def limit_at(method: str, path: str) -> Limit:
    limit = row_at(method, path).limit
    assert limit
    return limit


@pytest.fixture
async def limited(serve: Serve) -> Api:
    """A server that counts, and believes the tests' X-Forwarded-For."""
    return await serve(limits=True, trusted_proxies=PROXIES)


def coming_from(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


async def call(api: Api, method: str, path: str, address: str = "192.0.2.1", **more: object) -> Answer:
    body = {} if method == "GET" else {"json": {}}
    return await api.request(method, path, headers=coming_from(address), **body, **more)


async def exhaust(api: Api, method: str, path: str, address: str = "192.0.2.1") -> list[Answer]:
    calls = limit_at(method, path).calls
    return [await call(api, method, path, address) for _ in range(calls)]


def is_throttled(answer: Answer, row: Route) -> bool:
    assert row.limit
    assert (answer.status, answer.json) == (429, Throttled().body())
    retry_after = int(answer.headers["Retry-After"])
    assert 1 <= retry_after <= row.limit.seconds / row.limit.calls + 1
    assert answer.headers["RateLimit-Policy"] == f'"{row.name}";q={row.limit.calls};w={row.limit.seconds}'
    left = re.fullmatch(rf'"{re.escape(row.name)}";r=0;t=(\d+)', answer.headers["RateLimit"])
    assert left
    assert int(left[1]) in (retry_after, 0)
    return True


async def test_headers_count_down(limited: Api) -> None:
    row = row_at("POST", REGISTER)
    for number, answer in enumerate(await exhaust(limited, "POST", REGISTER), 1):
        assert answer.status == 400
        assert answer.headers["RateLimit-Policy"] == '"users.register";q=20;w=3600'
        assert re.fullmatch(rf'"users\.register";r={20 - number};t=\d+', answer.headers["RateLimit"])
        assert "Retry-After" not in answer.headers
    assert is_throttled(await call(limited, "POST", REGISTER), row)


@over(LIMITED)
async def test_every_name_is_limited(limited: Api, db: asyncpg.Connection, name: Name) -> None:
    """The bucket is filled by hand; all names of the row are then refused, and nothing else is."""
    row, address = name.row, f"192.0.2.{1 + LIMITED.index(name._replace(turn=None))}"
    assert row.limit
    await db.execute("DELETE FROM request_limits")
    answer = await call(limited, row.method, name.path, address)
    assert answer.status != 429
    spare = max(0, 0.9 - row.limit.seconds / row.limit.calls)  # seconds: a quick bucket stays full for a slow test
    changed = await db.execute(
        "UPDATE request_limits SET tat = clock_timestamp() + make_interval(secs => $1)", row.limit.seconds + spare
    )
    assert changed == "UPDATE 1"
    for path in row.paths:
        assert is_throttled(await call(limited, row.method, filled(path), address), row)
    other = next(found for found in LIMITED if found.row is not row)
    assert (await call(limited, other.row.method, other.path, address)).status != 429


async def test_names_share_one_bucket(limited: Api) -> None:
    row = row_at("POST", LOGIN)
    paths = [row.paths[i % len(row.paths)] for i in range(limit_at("POST", LOGIN).calls)]
    answers = [await call(limited, "POST", path) for path in paths]
    assert {answer.status for answer in answers} == {400}
    for path in row.paths:
        assert is_throttled(await call(limited, "POST", path), row)


@pytest.mark.parametrize("path", [REGISTER, LOGIN])
async def test_exact_under_100_at_once(limited: Api, path: str) -> None:
    limit = limit_at("POST", path)
    answers = await asyncio.gather(*(call(limited, "POST", path) for _ in range(100)))
    assert Counter(answer.status == 429 for answer in answers) == {False: limit.calls, True: 100 - limit.calls}


async def test_two_instances_share_the_counters(serve: Serve) -> None:
    apis = [await serve(limits=True, trusted_proxies=PROXIES) for _ in range(2)]
    answers = await asyncio.gather(*(call(apis[i % 2], "POST", REGISTER) for i in range(60)))
    assert sum(answer.status != 429 for answer in answers) == limit_at("POST", REGISTER).calls


async def test_it_refills_over_time(limited: Api, db: asyncpg.Connection) -> None:
    limit = limit_at("POST", REGISTER)
    await exhaust(limited, "POST", REGISTER)
    interval = limit.seconds / limit.calls
    await db.execute("UPDATE request_limits SET tat = tat - make_interval(secs => $1)", 3 * interval)
    answers = [await call(limited, "POST", REGISTER) for _ in range(4)]
    assert [answer.status for answer in answers] == [400, 400, 400, 429]


async def test_a_refusal_is_remembered_and_ends(limited: Api, db: asyncpg.Connection) -> None:
    """Refused keys cost the database nothing until their time has come."""
    row = row_at("POST", "/api/v1/token/refresh/")
    assert row.limit
    await call(limited, "POST", row.path)
    await db.execute("UPDATE request_limits SET tat = clock_timestamp() + make_interval(secs => $1)", row.limit.seconds)
    assert is_throttled(await call(limited, "POST", row.path), row)
    await db.execute("DELETE FROM request_limits")
    assert is_throttled(await call(limited, "POST", row.path), row)
    assert await db.fetchval("SELECT count(*) FROM request_limits") == 0
    await asyncio.sleep(row.limit.seconds / row.limit.calls)
    assert (await call(limited, "POST", row.path)).status == 401


async def test_refused_attempts_do_not_count(limited: Api, db: asyncpg.Connection) -> None:
    await exhaust(limited, "POST", REGISTER)
    before = await db.fetchval("SELECT tat FROM request_limits")
    for _ in range(5):
        assert (await call(limited, "POST", REGISTER)).status == 429
    assert await db.fetchval("SELECT tat FROM request_limits") == before


# --- who is counted


async def test_another_network_has_its_own_bucket(limited: Api) -> None:
    await exhaust(limited, "POST", REGISTER)
    assert (await call(limited, "POST", REGISTER, "192.0.2.1")).status == 429
    for other in ("192.0.2.2", "2001:db8::1", "198.51.100.7"):
        assert (await call(limited, "POST", REGISTER, other)).status == 400


async def test_ipv6_is_counted_per_64(limited: Api) -> None:
    await exhaust(limited, "POST", REGISTER, "2001:db8:0:1::1")
    for same in ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:DB8:0:1::2"):
        assert (await call(limited, "POST", REGISTER, same)).status == 429
    for other in ("2001:db8:0:2::1", "2001:db8::1"):
        assert (await call(limited, "POST", REGISTER, other)).status == 400


async def test_mapped_ipv4_is_ipv4(limited: Api) -> None:
    await exhaust(limited, "POST", REGISTER)
    assert (await call(limited, "POST", REGISTER, "::ffff:192.0.2.1")).status == 429
    assert (await call(limited, "POST", REGISTER, "::ffff:c000:201")).status == 429
    assert (await call(limited, "POST", REGISTER, "::ffff:192.0.2.2")).status == 400


async def test_what_is_written_in_front_gives_no_new_bucket(limited: Api) -> None:
    await exhaust(limited, "POST", REGISTER)
    for chain in ("203.0.113.9, 192.0.2.1", "garbage, 192.0.2.1", ", 192.0.2.1", "192.0.2.1, 127.0.0.1, 127.0.0.2"):
        assert (await call(limited, "POST", REGISTER, chain)).status == 429, chain


async def test_garbage_shares_one_bucket(limited: Api) -> None:
    calls = limit_at("POST", REGISTER).calls
    answers = [await call(limited, "POST", REGISTER, f"garbage{i}") for i in range(calls + 1)]
    assert [answer.status for answer in answers] == [400] * calls + [429]


async def test_nobody_believes_a_header_from_just_anywhere(serve: Serve) -> None:
    api = await serve(limits=True)
    calls = limit_at("POST", REGISTER).calls
    answers = [await call(api, "POST", REGISTER, f"192.0.2.{i}") for i in range(calls + 1)]
    assert [answer.status for answer in answers] == [400] * calls + [429]


async def test_people_are_counted_each_for_himself(serve: Serve, db: asyncpg.Connection) -> None:
    api = await serve(limits=True)
    ada, bob = await api.sign_in(), await api.sign_in()
    path = "/api/v1/users/profile/"
    statement = "UPDATE request_limits SET tat = clock_timestamp() + interval '1 minute' WHERE key LIKE 'PATCH %'"
    assert (await api.patch(path, {}, headers=ada.bearer)).status == 200
    await db.execute(statement)
    assert (await api.patch(path, {}, headers=ada.bearer)).status == 429
    assert (await api.patch(path, {}, headers=bob.bearer)).status == 200
    assert (await api.get(path, headers=ada.bearer)).status == 200
    other = await api.sign_in(ada.user["email"])
    assert (await api.patch(path, {}, headers=other.bearer)).status == 429


# --- no oracle, no way around


async def test_the_same_for_known_and_unknown_accounts(limited: Api, db: asyncpg.Connection) -> None:
    await limited.register(email="ada@example.com")
    for number in range(limit_at("POST", LOGIN).calls):
        email = "ada@example.com" if number < 3 else f"nobody{number}@example.com"
        answer = await limited.post(LOGIN, {"email": email, "password": "x"}, headers=coming_from("192.0.2.1"))
        assert answer.status == 401
    await db.execute("UPDATE request_limits SET tat = tat + interval '1 minute'")  # however long that took
    refused = [
        await limited.post(LOGIN, {"email": email, "password": password}, headers=coming_from("192.0.2.1"))
        for email in ("ada@example.com", "nobody@example.com", "\0")
        for password in (PASSWORD, "x")
    ]
    assert {answer.status for answer in refused} == {429}
    assert len({looks(answer)[1] for answer in refused}) == 1


@pytest.mark.parametrize("more", ["?x=1", "?a=%00", "#x"])
async def test_a_query_gives_no_new_bucket(limited: Api, more: str) -> None:
    await exhaust(limited, "POST", REGISTER)
    assert (await call(limited, "POST", REGISTER + more)).status == 429


async def test_head_and_get_share_a_bucket(limited: Api, db: asyncpg.Connection) -> None:
    await limited.request("HEAD", "/token/", headers=coming_from("192.0.2.1"))
    await limited.get("/token/", headers=coming_from("192.0.2.1"))
    assert await db.fetchval("SELECT count(*) FROM request_limits") == 1


async def test_a_refused_origin_is_not_counted_against_its_visitor(limited: Api, db: asyncpg.Connection) -> None:
    headers = {**coming_from("192.0.2.1"), "Origin": "https://evil.example"}
    assert (await limited.post(LOGIN, {}, headers=headers)).status == 403
    assert await db.fetchval("SELECT count(*) FROM request_limits") == 0


async def test_off_is_off(api: Api, db: asyncpg.Connection) -> None:
    answers = [await api.post(REGISTER, {}) for _ in range(limit_at("POST", REGISTER).calls + 5)]
    assert {answer.status for answer in answers} == {400}
    assert "RateLimit" not in answers[0].headers
    assert await db.fetchval("SELECT count(*) FROM request_limits") == 0
