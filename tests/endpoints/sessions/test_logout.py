"""Signing out, by every name that it has."""

import asyncpg
import pytest
from multidict import CIMultiDict

from tests.client import Api, Tokens, cookie_header
from tests.conftest import FakeClock
from tests.endpoints.kit import (
    CLEARED,
    NOT_AUTHENTICATED,
    TOKEN_NOT_VALID,
    add_employee,
    assert_alive,
    assert_cleared,
    assert_dead,
    cookies_of,
    events,
    paths_of,
    refresh_cookie,
    set_cookies,
    sign_in_employee,
    unchanged,
)
from tests.endpoints.sessions.kit import SIGN_OUT

KNOWN = paths_of("sessions.logout")
ANYBODY = paths_of("sessions.logout_anyway")
OUT = {"message": "Logout successful"}
every_name = pytest.mark.parametrize("path", SIGN_OUT)
SHOWN = {
    "bearer": lambda t: {"headers": t.bearer},
    "access cookie": lambda t: {"headers": {"Cookie": f"access_token={t.access}"}},
    "both cookies": lambda t: {"headers": cookies_of(t)},
    "refresh cookie": lambda t: {"headers": refresh_cookie(t.refresh)},
    "refresh in the body": lambda t: {"json": {"refresh": t.refresh}},
    "refresh in a form": lambda t: {"data": {"refresh": t.refresh}},
    "null bearer, good cookie": lambda t: {"headers": {**cookies_of(t), "Authorization": "Bearer null"}},
    "good bearer, bad cookies": lambda t: {"headers": {**t.bearer, "Cookie": "access_token=x; refresh_token=x"}},
    "bad refresh in the body, good cookie": lambda t: {"json": {"refresh": "rt_x"}, "headers": cookies_of(t)},
}


@every_name
async def test_any_credential_of_a_session_ends_it(api: Api, path: str) -> None:
    user = await api.register()
    for how, shown in SHOWN.items():
        tokens = await api.sign_in(user["email"])
        answer = await api.post(path, **shown(tokens))
        assert (answer.status, answer.json) == (200, OUT), how
        assert answer.headers["Clear-Site-Data"] == '"cookies"'
        assert_cleared(answer)
        await assert_dead(api, tokens)


@every_name
async def test_an_expired_access_token_will_do(api: Api, clock: FakeClock, path: str) -> None:
    tokens = await api.sign_in()
    clock.now += 3600
    assert (await api.get("/api/me/", headers=tokens.bearer)).status == 401
    answer = await api.post(path, headers=tokens.bearer)
    assert (answer.status, answer.json) == (200, OUT)
    assert (await api.post("/api/v1/token/refresh/", {"refresh": tokens.refresh})).json == TOKEN_NOT_VALID


@every_name
async def test_the_access_token_is_refused_everywhere_afterwards(api: Api, path: str) -> None:
    tokens = await api.sign_in()
    await api.post(path, headers=tokens.bearer)
    for method, closed in (("GET", "/api/me/"), ("PATCH", "/api/v1/users/profile/"), ("PUT", "/api/v1/users/profile/")):
        for headers in (tokens.bearer, cookies_of(tokens)):
            answer = await api.request(method, closed, headers=headers)
            assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)


@every_name
async def test_the_refresh_token_before_the_last_will_do_for_a_moment(api: Api, path: str) -> None:
    tokens = await api.sign_in()
    new = (await api.post("/api/v1/token/refresh/", {"refresh": tokens.refresh})).json
    assert (await api.post(path, {"refresh": tokens.refresh})).status == 200
    await assert_dead(api, Tokens(new["access"], new["refresh"], {}))


@every_name
async def test_other_sessions_of_the_person_go_on(api: Api, path: str) -> None:
    user = await api.register()
    first, second = await api.sign_in(user["email"]), await api.sign_in(user["email"])
    await api.post(path, headers=first.bearer)
    await assert_dead(api, first)
    await assert_alive(api, second)


@every_name
async def test_an_employee_signs_out_too(api: Api, db: asyncpg.Connection, path: str) -> None:
    await add_employee(db)
    tokens = await sign_in_employee(api)
    assert (await api.post(path, headers=tokens.bearer)).status == 200
    await assert_dead(api, tokens)


@every_name
async def test_the_end_is_written_down_once(api: Api, db: asyncpg.Connection, path: str) -> None:
    tokens = await api.sign_in()
    for _ in range(2):
        await api.post(path, headers=tokens.bearer)
    assert await db.fetchval("SELECT end_reason FROM sessions") == "logout"
    assert await events(db) == ["user_registered", "authn_login_success", "authn_logout"]
    row = await db.fetchrow("SELECT * FROM audit WHERE event = 'authn_logout'")
    assert (row["actor_id"], row["subject_name"]) == (tokens.user["id"], tokens.user["email"])


@every_name
async def test_cookies_of_an_https_service_are_deleted_as_secure_ones(serve, path: str) -> None:
    api = await serve(public_url="https://auth.test")
    tokens = await api.sign_in()
    answer = await api.post(path, headers=tokens.bearer)
    gone = ("", {**CLEARED, "secure": ""})
    assert set_cookies(answer) == {"access_token": gone, "refresh_token": gone}


@every_name
async def test_a_stale_bearer_token_does_not_shield_the_live_session_beside_it(api: Api, path: str) -> None:
    user = await api.register()
    old, live = await api.sign_in(user["email"]), await api.sign_in(user["email"])
    await api.post(path, headers=old.bearer)
    assert (await api.post(path, headers={**cookies_of(live), **old.bearer})).status == 200
    await assert_dead(api, live)


@every_name
async def test_a_stale_access_cookie_does_not_shield_the_live_refresh_cookie(api: Api, path: str) -> None:
    user = await api.register()
    old, live = await api.sign_in(user["email"]), await api.sign_in(user["email"])
    await api.post(path, headers=old.bearer)
    cookies = {"Cookie": f"access_token={old.access}; refresh_token={live.refresh}"}
    assert (await api.post(path, headers=cookies)).status == 200
    await assert_dead(api, live)


PAIRS = {
    "bearer and cookies": lambda a, b: {"headers": {**a.bearer, **cookies_of(b)}},
    "bearer and refresh cookie": lambda a, b: {"headers": {**a.bearer, **refresh_cookie(b.refresh)}},
    "bearer and body": lambda a, b: {"headers": a.bearer, "json": {"refresh": b.refresh}},
    "body and cookies": lambda a, b: {"headers": cookies_of(a), "json": {"refresh": b.refresh}},
    "one cookie of each": lambda a, b: {"headers": cookie_header(access_token=a.access, refresh_token=b.refresh)},
}


@every_name
async def test_each_session_that_was_presented_ends(api: Api, db: asyncpg.Connection, path: str) -> None:
    for how, shown in PAIRS.items():
        ada, bob = await api.sign_in(), await api.sign_in()
        answer = await api.post(path, **shown(ada, bob))
        assert (answer.status, answer.json) == (200, OUT), how
        await assert_dead(api, ada)
        await assert_dead(api, bob)
        ended = "SELECT actor_name FROM audit WHERE event = 'authn_logout' ORDER BY seq DESC LIMIT 2"
        assert {row[0] for row in await db.fetch(ended)} == {ada.user["email"], bob.user["email"]}, how
    assert (await events(db)).count("authn_logout") == 2 * len(PAIRS)


@every_name
async def test_two_authorization_headers_do_not_shield_the_cookies(api: Api, path: str) -> None:
    for second in ("Bearer x", "Basic eDp5"):
        tokens = await api.sign_in()
        two = [("Authorization", tokens.bearer["Authorization"]), ("Authorization", second)]
        answer = await api.post(path, headers=CIMultiDict([*two, *cookies_of(tokens).items()]))
        assert (answer.status, answer.json) == (200, OUT)
        await assert_dead(api, tokens)


# --- nobody


@pytest.mark.parametrize("path", ANYBODY)
async def test_nobody_may_sign_out_of_nothing(api: Api, db: asyncpg.Connection, path: str) -> None:
    async with unchanged(db):
        answer = await api.post(path)
    assert (answer.status, answer.json) == (200, OUT)
    assert_cleared(answer)


GARBAGE = [{"Authorization": "Bearer x"}, {"Cookie": "access_token=x; refresh_token=x"}]


@pytest.mark.parametrize("path", ANYBODY)
async def test_garbage_is_nobody(api: Api, path: str) -> None:
    for headers in GARBAGE:
        answer = await api.post(path, headers=headers)
        assert (answer.status, answer.json) == (200, OUT)


@pytest.mark.parametrize("path", ANYBODY)
async def test_two_authorization_headers_are_nobody(api: Api, db: asyncpg.Connection, path: str) -> None:
    async with unchanged(db):
        answer = await api.post(
            path, headers=CIMultiDict([("Authorization", "Bearer x"), ("Authorization", "Bearer y")])
        )
    assert (answer.status, answer.json) == (200, OUT)


@pytest.mark.parametrize("path", KNOWN)
async def test_where_a_session_is_needed_nobody_gets_401(api: Api, db: asyncpg.Connection, path: str) -> None:
    async with unchanged(db):
        answer = await api.post(path)
    assert (answer.status, answer.json) == (401, NOT_AUTHENTICATED)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="authsvc"'


WHERE_A_SESSION_IS_NEEDED_GARBAGE_GETS_401 = [
    {"Authorization": "Bearer x"},
    {"Cookie": "access_token=x; refresh_token=x"},
]


@pytest.mark.parametrize("path", KNOWN)
async def test_where_a_session_is_needed_garbage_gets_401(api: Api, path: str) -> None:
    for headers in WHERE_A_SESSION_IS_NEEDED_GARBAGE_GETS_401:
        answer = await api.post(path, headers=headers)
        assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="authsvc", error="invalid_token"'


# --- other sites


FOREIGN = [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
OWN = [{"Origin": "http://auth.test"}, {"Origin": "https://tts.example.com"}, {"Sec-Fetch-Site": "same-origin"}]


@every_name
async def test_another_site_cannot_sign_a_browser_out(api: Api, path: str) -> None:
    tokens = await api.sign_in()
    for headers in FOREIGN:
        answer = await api.post(path, headers={**cookies_of(tokens), **headers})
        assert (answer.status, answer.code) == (403, "permission_denied")
        assert "Set-Cookie" not in answer.headers
    await assert_alive(api, tokens)


@every_name
async def test_own_pages_and_known_origins_can(api: Api, path: str) -> None:
    user = await api.register()
    for headers in OWN:
        tokens = await api.sign_in(user["email"])
        assert (await api.post(path, headers={**cookies_of(tokens), **headers})).status == 200
        await assert_dead(api, tokens)


@every_name
async def test_no_other_method_ends_a_session(api: Api, path: str) -> None:
    tokens = await api.sign_in()
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"):
        if (method, path) != ("GET", "/logout/"):
            await api.request(method, path, headers=cookies_of(tokens))
    await assert_alive(api, tokens)
