"""The own sessions: see them, end one, end all."""

import datetime as dt

import asyncpg

from tests.client import Api, Tokens
from tests.endpoints.passwords import kit

SESSIONS = "/api/v1/users/sessions/"
LOGOUT_ALL = "/api/v1/users/logout-all/"


async def listed(api: Api, tokens: Tokens) -> list[dict[str, object]]:
    answer = await api.get(SESSIONS, headers=tokens.bearer)
    assert answer.status == 200, answer.text
    rows: list[dict[str, object]] = answer.json
    return rows


async def session_of(api: Api, tokens: Tokens) -> int:
    return int(str(next(row["id"] for row in await listed(api, tokens) if row["current"])))


async def test_a_row_says_where_and_when(api: Api) -> None:
    email = (await api.register())["email"]
    body = {"email": email, "password": "correct horse battery"}
    answer = await api.post("/api/v1/users/login/", body, headers={"User-Agent": "Lynx/2.9 <b>"})
    [row] = await listed(api, Tokens(answer.json["access"], answer.json["refresh"], {}))
    assert row == {
        "id": row["id"],
        "created_at": row["created_at"],
        "last_used_at": row["last_used_at"],
        "ip": "127.0.0.1",
        "user_agent": "Lynx/2.9 <b>",
        "current": True,
    }
    for name in ("created_at", "last_used_at"):
        moment = dt.datetime.strptime(str(row[name]), "%Y-%m-%dT%H:%M:%S.%f%z")
        assert abs(dt.datetime.now(dt.UTC) - moment) < dt.timedelta(seconds=10)
        assert str(row[name]).endswith("Z")


async def test_one_of_them_is_the_current_one(api: Api) -> None:
    first = await api.sign_in()
    second = await api.sign_in(first.user["email"])
    assert {row["id"] for row in await listed(api, first)} == {row["id"] for row in await listed(api, second)}
    assert await session_of(api, first) != await session_of(api, second)
    assert [sum(bool(row["current"]) for row in await listed(api, tokens)) for tokens in (first, second)] == [1, 1]


async def test_only_ones_own_and_only_live_ones(api: Api, db: asyncpg.Connection) -> None:
    mine = await api.sign_in()
    ended, expired = [await api.sign_in(mine.user["email"]) for _ in range(2)]
    await api.sign_in()
    await kit.add_employee(api, number=mine.user["id"])
    await api.post("/api/v1/users/logout/", headers=ended.bearer)
    number = await session_of(api, expired)
    await db.execute("UPDATE sessions SET expires_at = now() WHERE id = $1", number)
    assert [row["id"] for row in await listed(api, mine)] == [await session_of(api, mine)]


async def test_ending_another_own_session(api: Api, db: asyncpg.Connection) -> None:
    this = await api.sign_in()
    other = await api.sign_in(this.user["email"])
    number = await session_of(api, other)
    answer = await api.request("DELETE", f"{SESSIONS}{number}/", headers=this.bearer)
    assert (answer.status, answer.text) == (204, "")
    assert not await kit.is_access_live(api, other.access)
    assert not await kit.is_refresh_live(api, other.refresh)
    assert await kit.is_access_live(api, this.access)
    assert await kit.events(db, "authn_logout") == [("authn_logout", this.user["email"], this.user["email"])]


async def test_ending_the_current_session(api: Api) -> None:
    this = await api.sign_in()
    path = f"{SESSIONS}{await session_of(api, this)}/"
    assert (await api.request("DELETE", path, headers=this.bearer)).status == 204
    assert not await kit.is_access_live(api, this.access)
    assert (await api.request("DELETE", path, headers=this.bearer)).code == "token_not_valid"


async def test_foreign_missing_and_ended_ones_look_the_same(api: Api, db: asyncpg.Connection) -> None:
    this, foreign = await api.sign_in(), await api.sign_in()
    employee = await kit.add_employee(api, number=this.user["id"])
    ended = await api.sign_in(this.user["email"])
    theirs = await db.fetchval("SELECT id FROM sessions WHERE employee_id IS NOT NULL")
    numbers = [await session_of(api, foreign), theirs, await session_of(api, ended), 2_147_483_647]
    await api.post("/api/v1/users/logout/", headers=ended.bearer)
    answers = [await api.request("DELETE", f"{SESSIONS}{n}/", headers=this.bearer) for n in numbers]
    assert [(a.status, a.text) for a in answers] == [(404, '{"detail":"Not found.","code":"not_found"}')] * 4
    assert await kit.is_access_live(api, foreign.access)
    assert await kit.is_access_live(api, employee.tokens.access)


NO_IDS = ["0", "-1", "01", "2147483648", "9223372036854775808", "9999999999", "x", "1.0", "%D9%A1", "1%00", "1e1"]


async def test_what_is_no_id_is_not_found(api: Api) -> None:
    tokens = await api.sign_in()
    answers = [await api.request("DELETE", f"{SESSIONS}{n}/", headers=tokens.bearer) for n in NO_IDS]
    assert {n: (a.status, a.code) for n, a in zip(NO_IDS, answers, strict=True)} == dict.fromkeys(
        NO_IDS, (404, "not_found")
    )


async def test_logout_all_ends_everything_at_once(api: Api, db: asyncpg.Connection) -> None:
    this = await api.sign_in()
    other, stranger = await api.sign_in(this.user["email"]), await api.sign_in()
    answer = await api.post(LOGOUT_ALL, headers=this.bearer)
    assert (answer.status, answer.json) == (200, {"message": "Logout successful"})
    assert answer.headers["Clear-Site-Data"] == '"cookies"'
    assert {name: cookie["max-age"] for name, cookie in answer.cookies.items()} == {
        "access_token": "0",
        "refresh_token": "0",
    }
    for tokens in (this, other):
        assert not await kit.is_access_live(api, tokens.access)
        assert not await kit.is_refresh_live(api, tokens.refresh)
    assert await kit.is_access_live(api, stranger.access)
    assert await kit.events(db, "authn_logout_all") == [("authn_logout_all", this.user["email"], this.user["email"])]


async def test_strangers_and_employees_are_refused(api: Api) -> None:
    employee = await kit.add_employee(api)
    for method, path in (("GET", SESSIONS), ("POST", LOGOUT_ALL), ("DELETE", f"{SESSIONS}1/")):
        assert (await api.request(method, path)).code == "not_authenticated"
        refused = await api.request(method, path, headers=employee.tokens.bearer)
        assert (refused.status, refused.code) == (403, "wrong_account_type")
    assert await kit.is_access_live(api, employee.tokens.access)
