"""Refreshing, by every name that it has: who may, what comes back, what is used up."""

import asyncpg
import pytest

from tests.client import Answer, Api, Tokens
from tests.endpoints.kit import (
    ACCESS,
    COOKIE,
    NOT_AUTHENTICATED,
    NUMBER,
    REFRESH,
    TOKEN_NOT_VALID,
    add_employee,
    add_role,
    assert_cleared,
    assert_cookies,
    assert_dead,
    claims_of,
    cookies_of,
    events,
    paths_of,
    refresh_cookie,
    set_cookies,
    sign_in_employee,
    unchanged,
)

BODY = "/api/v1/token/refresh/"
BY_COOKIE = paths_of("tokens.rotate_cookie")
ALL = [*paths_of("tokens.rotate"), *BY_COOKIE]
every_name = pytest.mark.parametrize("path", ALL)
every_cookie_name = pytest.mark.parametrize("path", BY_COOKIE)


async def refresh(api: Api, path: str, token: str) -> Answer:
    """By cookie, which every name takes."""
    return await api.post(path, headers=refresh_cookie(token))


def successor(answer: Answer) -> str:
    assert answer.status == 200, answer.text
    return set_cookies(answer)["refresh_token"][0]


async def test_these_are_all_the_names_there_are() -> None:
    assert set(ALL) == {BODY, "/api/v1/users/token/refresh/", "/api/v1/token/refresh/cookie/"}


# --- what comes back


async def test_a_token_in_the_body_gives_tokens_and_no_cookies(api: Api) -> None:
    tokens = await api.sign_in()
    answer = await api.post(BODY, {"refresh": tokens.refresh})
    assert (answer.status, answer.json) == (200, {"access": ACCESS, "refresh": REFRESH, "expires_in": 900})
    assert answer.json["refresh"] != tokens.refresh
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_token_in_a_form_is_as_good(api: Api) -> None:
    tokens = await api.sign_in()
    answer = await api.post(BODY, data={"refresh": tokens.refresh})
    assert (answer.status, answer.json) == (200, {"access": ACCESS, "refresh": REFRESH, "expires_in": 900})


@pytest.mark.parametrize("kwargs", [{}, {"json": {}}, {"json": {"refresh": ""}}, {"json": {"refresh": None}}], ids=repr)
async def test_without_one_in_the_body_the_cookie_counts_and_is_set_anew(api: Api, kwargs: dict) -> None:
    tokens = await api.sign_in()
    answer = await api.post(BODY, headers=refresh_cookie(tokens.refresh), **kwargs)
    assert (answer.status, answer.json) == (200, {"access": ACCESS, "refresh": REFRESH, "expires_in": 900})
    assert_cookies(answer, answer.json["access"], answer.json["refresh"])


async def test_of_both_the_body_counts(api: Api) -> None:
    shown, kept = await api.sign_in(), await api.sign_in()
    answer = await api.post(BODY, {"refresh": shown.refresh}, headers=refresh_cookie(kept.refresh))
    assert (await claims_of(api, answer.json["access"]))["user_id"] == shown.user["id"]
    assert "Set-Cookie" not in answer.headers
    assert (await api.post(BODY, {"refresh": kept.refresh})).json["refresh"] == REFRESH


async def test_a_bad_one_in_the_body_is_not_helped_by_a_good_cookie(api: Api) -> None:
    tokens = await api.sign_in()
    answer = await api.post(BODY, {"refresh": "rt_x"}, headers=refresh_cookie(tokens.refresh))
    assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)


@every_cookie_name
async def test_by_cookie_both_cookies_are_set_anew(api: Api, path: str) -> None:
    tokens = await api.sign_in()
    answer = await refresh(api, path, tokens.refresh)
    body = {"message": "Token refreshed", "access": ACCESS, "expires_in": 900, "user_type": "staff"}
    assert (answer.status, answer.json) == (200, body)
    assert_cookies(answer, answer.json["access"], REFRESH)
    assert successor(answer) != tokens.refresh


@every_cookie_name
async def test_the_kind_of_person_is_said(api: Api, db: asyncpg.Connection, path: str) -> None:
    await add_employee(db, 7)
    answer = await refresh(api, path, (await sign_in_employee(api)).refresh)
    body = {"message": "Token refreshed", "access": ACCESS, "expires_in": 900, "user_type": "employee"}
    assert (answer.status, answer.json) == (200, body)


@every_cookie_name
async def test_a_token_in_the_body_does_not_count_where_the_cookie_is_asked_for(api: Api, path: str) -> None:
    tokens = await api.sign_in()
    answer = await api.post(path, {"refresh": tokens.refresh})
    assert (answer.status, answer.json) == (401, NOT_AUTHENTICATED)


@every_name
async def test_the_new_access_token_is_of_the_same_session(api: Api, path: str) -> None:
    tokens = await api.sign_in()
    old, new = (
        await claims_of(api, tokens.access),
        await claims_of(api, (await refresh(api, path, tokens.refresh)).json["access"]),
    )
    differ = {name for name in old if old[name] != new[name]}
    assert differ <= {"jti", "iat", "exp"}
    assert (new["sid"], new["jti"] != old["jti"]) == (NUMBER, True)


@every_name
async def test_the_new_access_token_knows_the_roles_of_now(api: Api, db: asyncpg.Connection, path: str) -> None:
    tokens = await api.sign_in()
    await add_role(db, tokens.user["id"], "tts", "Agent")
    access = (await refresh(api, path, tokens.refresh)).json["access"]
    assert (await claims_of(api, access))["roles"] == [{"system": "tts", "role": "Agent"}]


@every_name
async def test_cookies_that_end_with_the_browser_stay_so(api: Api, path: str) -> None:
    tokens = await api.sign_in(remember_me=False)
    for _ in range(2):
        answer = await refresh(api, path, tokens.refresh)
        assert [attributes for _, attributes in set_cookies(answer).values()] == [COOKIE, COOKIE]
        tokens = Tokens(answer.json["access"], successor(answer), {})


# --- what is used up


@every_name
async def test_a_token_is_rotated_at_every_use(api: Api, path: str) -> None:
    tokens = await api.sign_in()
    seen = [tokens.refresh]
    for _ in range(3):
        seen.append(successor(await refresh(api, path, seen[-1])))
    assert len(set(seen)) == 4


@every_name
async def test_within_the_grace_the_same_successor_comes_again(api: Api, db: asyncpg.Connection, path: str) -> None:
    tokens = await api.sign_in()
    found = {successor(await refresh(api, path, tokens.refresh)) for _ in range(3)}
    assert len(found) == 1
    assert await db.fetchval("SELECT count(*) FROM refresh_tokens") == 2
    assert (await refresh(api, path, found.pop())).status == 200


@every_name
async def test_reuse_once_the_successor_was_used_ends_the_session(api: Api, db: asyncpg.Connection, path: str) -> None:
    tokens = await api.sign_in()
    second = successor(await refresh(api, path, tokens.refresh))
    third = await refresh(api, path, second)
    answer = await refresh(api, path, tokens.refresh)
    assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)
    await assert_dead(api, Tokens(third.json["access"], successor(third), {}))
    assert await db.fetchval("SELECT end_reason FROM sessions") == "token_reuse"
    row = await db.fetchrow("SELECT * FROM audit ORDER BY seq DESC LIMIT 1")
    said = (row["event"], row["actor_id"], row["subject_type"], row["subject_id"], row["session_id"])
    assert said == ("authn_token_reuse", None, "user", tokens.user["id"], await db.fetchval("SELECT id FROM sessions"))


@every_name
async def test_reuse_after_the_grace_ends_the_session(api: Api, db: asyncpg.Connection, path: str) -> None:
    tokens = await api.sign_in()
    new = await refresh(api, path, tokens.refresh)
    await db.execute("UPDATE sessions SET rotated_at = rotated_at - interval '31 seconds'")
    assert (await refresh(api, path, tokens.refresh)).json == TOKEN_NOT_VALID
    await assert_dead(api, Tokens(new.json["access"], successor(new), {}))
    assert (await events(db))[-1] == "authn_token_reuse"


@every_name
async def test_a_reuse_is_written_down_once(api: Api, db: asyncpg.Connection, path: str) -> None:
    tokens = await api.sign_in()
    await refresh(api, path, successor(await refresh(api, path, tokens.refresh)))
    for _ in range(3):
        assert (await refresh(api, path, tokens.refresh)).status == 401
    assert (await events(db)).count("authn_token_reuse") == 1


async def test_the_grace_is_a_setting(serve, db: asyncpg.Connection) -> None:
    api = await serve(refresh_grace=0)
    tokens = await api.sign_in()
    await api.post(BODY, {"refresh": tokens.refresh})
    assert (await api.post(BODY, {"refresh": tokens.refresh})).json == TOKEN_NOT_VALID
    assert (await events(db))[-1] == "authn_token_reuse"


@every_name
async def test_reuse_leaves_the_persons_other_sessions_alone(api: Api, path: str) -> None:
    stolen = await api.sign_in()
    other = await api.sign_in(stolen.user["email"])
    await refresh(api, path, successor(await refresh(api, path, stolen.refresh)))
    await refresh(api, path, stolen.refresh)
    assert (await refresh(api, path, other.refresh)).status == 200


@every_name
async def test_the_database_holds_no_token(api: Api, db: asyncpg.Connection, path: str) -> None:
    tokens = await api.sign_in()
    new = successor(await refresh(api, path, tokens.refresh))
    everything = str(await db.fetch("SELECT s::text FROM sessions s UNION ALL SELECT t::text FROM refresh_tokens t"))
    for token in (tokens.refresh, new, tokens.access):
        assert token not in everything
        assert token.removeprefix("rt_").encode().hex() not in everything


# --- nobody


@every_name
async def test_without_any_token_nobody_is_there(api: Api, db: asyncpg.Connection, path: str) -> None:
    for kwargs in [{}, {"json": {}}, {"headers": {"Cookie": "other=1"}}]:
        async with unchanged(db):
            answer = await api.post(path, **kwargs)
        assert (answer.status, answer.json) == (401, NOT_AUTHENTICATED)


@every_name
async def test_an_access_token_does_not_refresh(api: Api, path: str) -> None:
    tokens = await api.sign_in()
    cookie = {"Cookie": f"access_token={tokens.access}"}
    for headers in (tokens.bearer, cookie):
        assert (await api.post(path, headers=headers)).json == NOT_AUTHENTICATED
    assert (await refresh(api, path, tokens.access)).json == TOKEN_NOT_VALID


@every_cookie_name
async def test_a_bad_cookie_clears_both_cookies(api: Api, path: str) -> None:
    tokens = await api.sign_in()
    answer = await api.post(path, headers={"Cookie": f"access_token={tokens.access}; refresh_token=bad"})
    assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="authsvc", error="invalid_token"'
    assert_cleared(answer)


@every_cookie_name
async def test_a_bad_cookie_is_a_problem_document_for_who_asks_for_one(api: Api, path: str) -> None:
    answer = await api.post(path, headers={**refresh_cookie("bad"), "Accept": "application/problem+json"})
    assert_cleared(answer)
    assert answer.headers["Content-Type"].startswith("application/problem+json")


@every_name
async def test_a_live_access_token_is_not_needed(api: Api, path: str) -> None:
    tokens = await api.sign_in()
    headers = {"Cookie": f"access_token=stale; refresh_token={tokens.refresh}", "Authorization": "Bearer null"}
    assert (await api.post(path, headers=headers)).status == 200


@every_name
async def test_another_site_cannot_use_the_cookie(api: Api, db: asyncpg.Connection, path: str) -> None:
    tokens = await api.sign_in()
    async with unchanged(db):
        answer = await api.post(path, headers={**cookies_of(tokens), "Origin": "https://evil.example"})
    assert (answer.status, answer.code) == (403, "permission_denied")
