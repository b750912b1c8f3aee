"""Refreshing, by every name that it has: when a refresh token is over, and what never was one."""

import base64
import datetime as dt

import asyncpg
import pytest

from tests.client import PASSWORD, Answer, Api
from tests.endpoints.kit import (
    REFRESH,
    TOKEN_NOT_VALID,
    add_employee,
    assert_alive,
    assert_dead,
    events,
    paths_of,
    refresh_cookie,
    set_cookies,
    sign_in_employee,
    unchanged,
)

ALL = paths_of("tokens.rotate", "tokens.rotate_cookie")
every_name = pytest.mark.parametrize("path", ALL)
WEEK, MONTH = dt.timedelta(days=7), dt.timedelta(days=30)
ABOUT = dt.timedelta(minutes=1)


async def refresh(api: Api, path: str, token: str) -> Answer:
    return await api.post(path, headers=refresh_cookie(token))


async def refused(api: Api, path: str, token: str) -> None:
    answer = await refresh(api, path, token)
    assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)


@every_name
@pytest.mark.parametrize("column", ["refresh_expires_at", "expires_at"])
async def test_what_is_over_is_refused_and_is_no_reuse(
    api: Api, db: asyncpg.Connection, path: str, column: str
) -> None:
    tokens = await api.sign_in()
    await db.execute(f"UPDATE sessions SET {column} = now() - interval '1 second'")
    async with unchanged(db):
        await refused(api, path, tokens.refresh)
    assert (await events(db))[-1] == "authn_login_success"


async def test_lives_of_token_and_session(api: Api, db: asyncpg.Connection) -> None:
    await api.sign_in()
    row = await db.fetchrow(
        "SELECT refresh_expires_at - created_at AS token, expires_at - created_at AS session FROM sessions"
    )
    assert (row["token"], row["session"]) == (WEEK, MONTH)


@every_name
async def test_each_use_gives_another_week(api: Api, db: asyncpg.Connection, path: str) -> None:
    tokens = await api.sign_in()
    await db.execute("UPDATE sessions SET refresh_expires_at = now() + interval '1 hour'")
    assert (await refresh(api, path, tokens.refresh)).status == 200
    left = await db.fetchval("SELECT refresh_expires_at - now() FROM sessions")
    assert WEEK - ABOUT < left <= WEEK


@every_name
async def test_no_use_goes_beyond_the_end_of_the_session(api: Api, db: asyncpg.Connection, path: str) -> None:
    tokens = await api.sign_in()
    await db.execute("UPDATE sessions SET expires_at = now() + interval '1 hour'")
    assert (await refresh(api, path, tokens.refresh)).status == 200
    assert await db.fetchval("SELECT refresh_expires_at = expires_at FROM sessions")


@every_name
async def test_the_lives_are_settings(serve, db: asyncpg.Connection, path: str) -> None:
    api = await serve(refresh_ttl=60, session_max_age=90)
    await api.sign_in()
    lives = await db.fetchrow("SELECT refresh_expires_at - created_at, expires_at - created_at FROM sessions")
    assert [life.total_seconds() for life in lives] == [60, 90]


@every_name
async def test_the_cookie_ends_with_its_token_when_the_session_is_nearly_over(
    api: Api, db: asyncpg.Connection, path: str
) -> None:
    tokens = await api.sign_in()
    await db.execute("UPDATE sessions SET expires_at = now() + interval '300 seconds'")
    for _ in range(2):  # the second time within the grace
        answer = await api.post(path, headers=refresh_cookie(tokens.refresh))
        left = await db.fetchval("SELECT extract(epoch FROM refresh_expires_at - now()) FROM sessions")
        life = int(set_cookies(answer)["refresh_token"][1]["max-age"])
        assert left - 1 < life <= 300


async def test_no_cookie_outlives_a_session_that_is_shorter_than_a_refresh_token(serve) -> None:
    api = await serve(refresh_ttl=90, session_max_age=60)
    user = await api.register()
    answer = await api.post("/api/v1/users/login/", {"email": user["email"], "password": PASSWORD})
    assert set_cookies(answer)["refresh_token"][1]["max-age"] == "60"


async def test_a_session_that_is_over_takes_its_access_token_along(api: Api, db: asyncpg.Connection) -> None:
    tokens = await api.sign_in()
    await db.execute("UPDATE sessions SET expires_at = now() - interval '1 second'")
    await assert_dead(api, tokens)


@every_name
@pytest.mark.parametrize("change", ["is_active = false", "status = 'Rejected'"])
async def test_who_is_shut_out_gets_nothing_more(api: Api, db: asyncpg.Connection, path: str, change: str) -> None:
    tokens = await api.sign_in()
    await db.execute(f"UPDATE users SET {change}")
    await refused(api, path, tokens.refresh)
    await refused(api, path, tokens.refresh)
    assert (await api.get("/api/me/", headers=tokens.bearer)).json == TOKEN_NOT_VALID


@every_name
@pytest.mark.parametrize("change", ["is_active = false", "status = 'Rejected'", "status = 'Pending'"])
async def test_an_employee_who_is_shut_out_gets_nothing_more(
    api: Api, db: asyncpg.Connection, path: str, change: str
) -> None:
    await add_employee(db)
    tokens = await sign_in_employee(api)
    await db.execute(f"UPDATE employees SET {change}")
    await refused(api, path, tokens.refresh)
    assert (await api.get("/api/me/", headers=tokens.bearer)).json == TOKEN_NOT_VALID


@every_name
async def test_who_is_gone_gets_nothing_more(api: Api, db: asyncpg.Connection, path: str) -> None:
    tokens = await api.sign_in()
    await db.execute("DELETE FROM users")
    await refused(api, path, tokens.refresh)
    assert (await api.get("/api/me/", headers=tokens.bearer)).json == TOKEN_NOT_VALID


@every_name
async def test_a_session_that_was_signed_out_is_not_refreshed(api: Api, path: str) -> None:
    tokens = await api.sign_in()
    await api.post("/api/v1/users/logout/", headers=tokens.bearer)
    await refused(api, path, tokens.refresh)


# --- what never was one


def never_one(token: str) -> list[str]:
    body = token.removeprefix("rt_")
    padded = base64.urlsafe_b64encode(b"\0" * 32).decode()
    return [
        body,
        token + "=",
        "rt_" + body[:-1],
        "RT_" + body,
        "rt_" + padded,
        "rt_" + padded.rstrip("="),
        "rt_",
        "null",
    ]


@every_name
async def test_other_texts_are_refused(api: Api, db: asyncpg.Connection, path: str) -> None:
    tokens = await api.sign_in()
    async with unchanged(db):
        for text in never_one(tokens.refresh):
            await refused(api, path, text)
    await assert_alive(api, tokens)


async def test_what_is_no_text_is_refused(api: Api) -> None:
    for wrong in [7, True, ["rt_x"], {"a": 1}, "a\0"]:
        answer = await api.post("/api/v1/token/refresh/", {"refresh": wrong})
        assert (answer.status, answer.json) == (400, {"refresh": ["Not a valid string."]})


async def test_a_text_of_any_length_is_no_token(api: Api) -> None:
    for text in ("x" * 201, f"{'a' * 300}.{'b' * 300}.{'c' * 300}", "rt_" + "x" * 100_000, "a\nb"):
        answer = await api.post("/api/v1/token/refresh/", {"refresh": text})
        assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)


async def test_blanks_around_a_token_do_not_matter(api: Api) -> None:
    tokens = await api.sign_in()
    answer = await api.post("/api/v1/token/refresh/", {"refresh": f" {tokens.refresh}\n"})
    assert answer.json["refresh"] == REFRESH


@every_name
async def test_the_access_cookie_is_no_refresh_token(api: Api, path: str) -> None:
    tokens = await api.sign_in()
    answer = await api.post(path, headers={"Cookie": f"refresh_token={tokens.access}; access_token={tokens.refresh}"})
    assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)
    if path != "/api/v1/token/refresh/":
        assert set(set_cookies(answer)) == {"access_token", "refresh_token"}


async def test_an_access_token_only_session_has_no_refresh_token(api: Api, db: asyncpg.Connection) -> None:
    from tests.endpoints.kit import basic

    user = await api.register()
    assert (await api.get("/token/", headers=basic(user["email"]))).status == 200
    assert await db.fetchval("SELECT count(*) FROM refresh_tokens") == 0
