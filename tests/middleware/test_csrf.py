"""Cross-site requests that a browser sends with cookies: refused by every name of every unsafe row."""

import itertools
from typing import Any

import asyncpg
import pytest

from authsvc.errors import PermissionDenied
from authsvc.middleware.access import needs_session
from tests.client import PASSWORD, Answer, Api, Tokens
from tests.endpoints.kit import NOT_AUTHENTICATED, TOKEN_NOT_VALID, cookies_of, unchanged
from tests.middleware.kit import CLOSED, UNSAFE, VALID, Name, over

OWN = "http://auth.test"
FOREIGN: list[dict[str, str]] = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://auth.test:8443"},
    {"Origin": "http://auth.test:80"},
    {"Origin": "https://auth.test"},
    {"Origin": "http://auth.test.evil.example"},
    {"Origin": "http://evil.example#http://auth.test"},
    {"Origin": "http://evilauth.test"},
    {"Origin": "http://sub.auth.test"},
    {"Origin": "http://auth.test/"},
    {"Origin": "http://auth.test, https://evil.example"},
    {"Origin": "http://auth.test https://evil.example"},
    {"Origin": "http://user@auth.test"},
    {"Origin": "auth.test"},
    {"Origin": "https://tts.example.com.evil.example"},
    {"Origin": "http://tts.example.com"},
    {"Origin": "https://tts.example.com:8443"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "null", "Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "bogus"},
    {"Sec-Fetch-Site": ""},
    {"Sec-Fetch-Site": "Same-Origin"},
    {"Sec-Fetch-Site": "cross-site", "Referer": "http://auth.test/"},
    {"Sec-Fetch-Site": "cross-site", "X-Requested-With": "XMLHttpRequest"},
    {"Sec-Fetch-Site": "cross-site", "X-CSRFToken": "x"},
    {"Origin": "https://evil.example", "Host": "evil.example"},
    {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"},
]
OURS: list[dict[str, str]] = [
    {},
    {"Origin": OWN},
    {"Origin": OWN, "Sec-Fetch-Site": "cross-site"},  # no browser says so; the origin decides
    {"Origin": "https://tts.example.com"},
    {"Origin": "https://hdts.example.com", "Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Referer": "https://evil.example/"},  # says too little to count
]
REFUSED = PermissionDenied("Cross-site requests are refused.").body()
numbers = itertools.count(1)


async def send(api: Api, name: Name, tokens: Tokens, headers: dict[str, str], **more: Any) -> Answer:
    """What would succeed from our own page: a valid body, and the cookies of a session."""
    body = dict(VALID.get(name.row.name, {}))
    if name.row.name in ("users.register", "users.register_employee"):
        body["email"] = f"new{next(numbers)}@example.com"
    if name.row.name == "tokens.verify":
        body["token"] = tokens.access
    sent = {"json": body, **more}
    return await api.request(name.row.method, name.path, headers={**cookies_of(tokens), **headers}, **sent)


@over(UNSAFE)
async def test_foreign_pages_are_refused_and_change_nothing(
    api: Api, ada: Tokens, db: asyncpg.Connection, name: Name
) -> None:
    passed = []
    async with unchanged(db):
        for headers in name.of(FOREIGN):
            answer = await send(api, name, ada, headers)
            if (answer.status, answer.json) != (403, REFUSED) or answer.cookies:
                passed.append((headers, answer.status, answer.text))
    assert passed == []


@over(UNSAFE)
async def test_foreign_forms_are_refused(api: Api, ada: Tokens, db: asyncpg.Connection, name: Name) -> None:
    """As a page elsewhere can send them without asking: a form, or text/plain that looks like JSON."""
    form = {"email": "ada@example.com", "password": PASSWORD, "first_name": "Eve", "refresh": ada.refresh}
    async with unchanged(db):
        for origin in ("https://evil.example", "null"):
            answer = await send(api, name, ada, {"Origin": origin}, json=None, data=form)
            assert (answer.status, answer.json) == (403, REFUSED)
            plain = {"Origin": origin, "Content-Type": "text/plain"}
            answer = await send(api, name, ada, plain, json=None, data=b'{"first_name":"Eve","x":"="}')
            assert (answer.status, answer.json) == (403, REFUSED)


@over(UNSAFE)
async def test_our_own_pages_and_programs_pass(api: Api, ada: Tokens, name: Name) -> None:
    for headers in name.of(OURS):
        answer = await send(api, name, await name.sign_in(api), headers)
        assert answer.json != REFUSED, (headers, answer.text)


@over(UNSAFE)
async def test_a_stranger_is_refused_like_anybody(api: Api, db: asyncpg.Connection, name: Name) -> None:
    """Also without cookies: a foreign page may not sign its visitor in as somebody else, nor out."""
    body = VALID.get(name.row.name, {})
    async with unchanged(db):
        for headers in FOREIGN[:3]:
            answer = await api.request(name.row.method, name.path, json=body, headers=headers)
            if needs_session(name.row):  # where without one nothing happens, a program hears what it lacks
                assert (answer.status, answer.json, dict(answer.cookies)) == (401, NOT_AUTHENTICATED, {})
            else:
                assert (answer.status, answer.json) == (403, REFUSED)


@over([name for name in UNSAFE if needs_session(name.row)])
async def test_a_stale_token_is_told_so_unless_a_cookie_of_ours_is_beside_it(
    api: Api, ada: Tokens, db: asyncpg.Connection, name: Name
) -> None:
    body, stale = VALID.get(name.row.name, {}), {"Authorization": "Bearer x", **FOREIGN[0]}
    async with unchanged(db):
        for cookie, status in (("a=b", 401), ("access_token=x", 403), (f"refresh_token={ada.refresh}", 403)):
            headers = {**stale, "Cookie": cookie}
            answer = await api.request(name.row.method, name.path, json=body, headers=headers)
            assert (answer.status, answer.json) == (status, TOKEN_NOT_VALID if status == 401 else REFUSED), cookie


@over([name for name in UNSAFE if not needs_session(name.row)])
async def test_a_stale_token_opens_no_public_row_to_a_foreign_page(api: Api, name: Name) -> None:
    body, stale = VALID.get(name.row.name, {}), {"Authorization": "Bearer x", **FOREIGN[0]}
    answer = await api.request(name.row.method, name.path, json=body, headers=stale)
    assert (answer.status, answer.json) == (403, REFUSED)


@over([name for name in UNSAFE if name in CLOSED or name.row.settles_itself])
async def test_bearer_requests_are_exempt(api: Api, ada: Tokens, name: Name) -> None:
    tokens = await name.sign_in(api)
    for headers in name.of(FOREIGN):
        if name.row.settles_itself:
            tokens = await name.sign_in(api)
        body = VALID.get(name.row.name, {})
        answer = await api.request(name.row.method, name.path, json=body, headers={**headers, **tokens.bearer})
        assert answer.json != REFUSED, (headers, answer.text)
    tokens = await name.sign_in(api)  # a cookie beside it does no harm
    assert (await send(api, name, tokens, {**FOREIGN[0], **tokens.bearer})).json != REFUSED


@over([name for name in UNSAFE if name.closed])
async def test_a_bad_bearer_does_not_exempt_the_cookie(
    api: Api, ada: Tokens, db: asyncpg.Connection, name: Name
) -> None:
    async with unchanged(db):
        for bad in ("Bearer null", "Bearer x", "Bearer", "Basic eDp5"):
            answer = await send(api, name, ada, {"Authorization": bad, "Origin": "https://evil.example"})
            assert (answer.status, answer.json) == (403, REFUSED)


@pytest.mark.parametrize("override", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
async def test_no_header_turns_a_get_into_something_else(
    api: Api, ada: Tokens, db: asyncpg.Connection, override: str
) -> None:
    async with unchanged(db):
        headers = {**cookies_of(ada), override: "PATCH", "Sec-Fetch-Site": "cross-site"}
        assert (await api.get("/api/v1/users/profile/?_method=PATCH&first_name=Eve", headers=headers)).status == 200


async def test_the_public_url_decides_and_not_the_host(serve: Any) -> None:
    api: Api = await serve(public_url="https://login.example.com")
    body = {"email": "ada@example.com", "password": PASSWORD}
    for origin, host, status in (
        ("https://login.example.com", "127.0.0.1", 401),
        ("https://evil.example", "evil.example", 403),
        ("http://login.example.com", "login.example.com", 403),
    ):
        answer = await api.post("/api/v1/users/login/", body, headers={"Origin": origin, "Host": host})
        assert answer.status == status
