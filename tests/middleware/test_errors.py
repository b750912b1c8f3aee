"""Shapes of errors, redirects to the slash form, odd paths and ids, HEAD."""

import ipaddress
import re
from typing import Any

import asyncpg
import orjson
import pytest
from yarl import URL

from authsvc.errors import MethodNotAllowed, NotFound
from authsvc.routes import ROUTES
from authsvc.routing import Access
from tests.client import Answer, Api, Tokens
from tests.endpoints.kit import unchanged
from tests.middleware.kit import PAGES, VALID, Name, filled, names, over, raw, status_of

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
PROBLEM = {"Accept": "application/problem+json"}
JSON = {"Accept": "application/json"}
NAMES = names()
GETS = names(lambda row: row.method == "GET")
SLASHED = [name for name in NAMES if name.path.endswith("/") and name.path != "/"]
DYNAMIC = [(row, path) for row in ROUTES for path in row.paths if "{" in path]


def methods_at(path: str) -> set[str]:
    found = {row.method for row in ROUTES for known in row.paths if filled(known) == path}
    return found | ({"HEAD"} if "GET" in found else set())


async def at(api: Api, method: str, path: str, **more: Any) -> Answer:
    """A request whose path is sent as it is written."""
    return await api.request(method, URL(path, encoded=True), **more)  # type: ignore[arg-type]


@over(NAMES)
async def test_405_says_what_is_allowed(api: Api, db: asyncpg.Connection, name: Name) -> None:
    allowed = methods_at(name.path)
    async with unchanged(db):
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"} - allowed:
            answer = await api.request(method, name.path)
            if name.row.access is Access.INTERNAL:  # from outside
                assert (answer.status, answer.json) == (404, NotFound().body()), method
                continue
            assert (answer.status, answer.json) == (405, MethodNotAllowed().body()), method
            assert set(answer.headers["Allow"].split(",")) == allowed


@over(SLASHED)
async def test_308_to_the_slash_form(api: Api, db: asyncpg.Connection, name: Name) -> None:
    bare = name.path.rstrip("/")
    async with unchanged(db):
        for query in ("", "?a=b&c=%2F%26&a=%C3%A9&d", "?next=https://evil.example/"):
            answer = await at(api, name.row.method, bare + query)
            if name.row.access is Access.INTERNAL:  # from outside
                assert answer.status == 404
                continue
            assert (answer.status, answer.headers["Location"]) == (308, name.path + query)


async def test_a_redirect_is_followed_with_method_and_body(api: Api, ada: Tokens) -> None:
    body = {"email": "ada@example.com", "password": "correct horse battery"}
    answer = await api.post("/api/v1/users/login?x=1", body, allow_redirects=True)
    assert (answer.status, answer.json["user"]["email"]) == (200, "ada@example.com")


async def test_only_what_is_there_is_redirected(api: Api) -> None:
    for method, path in (("GET", "/api/nowhere"), ("POST", "/nowhere"), ("GET", "/healthz/x"), ("GET", "/healthz")):
        assert (await api.request(method, path)).status == (200 if path == "/healthz" else 404)


async def test_a_method_that_is_not_answered_is_redirected_too(api: Api) -> None:
    for method, path, allow in (
        ("GET", "/api/v1/users/login", "POST"),
        ("PUT", "/api/me", "GET,HEAD"),
        ("DELETE", "/api/me", "GET,HEAD"),
        ("PROPFIND", "/token", "GET,HEAD,POST"),
        ("OPTIONS", "/login", "GET,HEAD,POST"),
    ):
        answer = await api.request(method, f"{path}?a=b")
        assert (answer.status, answer.headers["Location"]) == (308, f"{path}/?a=b")
        answer = await api.request(method, answer.headers["Location"], headers=JSON)
        assert (answer.status, answer.code, answer.headers["Allow"]) == (405, "method_not_allowed", allow)


async def test_an_internal_path_is_not_told_to_strangers_by_any_method(serve: Any) -> None:
    for networks, status in (({}, 404), ({"internal_networks": LOOPBACK}, 308)):
        api: Api = await serve(**networks)
        for method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS"):
            for path in ("/api/v1/users/internal/1", "/api/v1/hdts/users/1"):
                assert (await api.request(method, path)).status == status, (method, path)


ELSEWHERE = [
    "//evil.example/", "//evil.example", "//evil.example/api/me", "///evil.example", "/\\evil.example",
    "/%2Fevil.example", "/%2F%2Fevil.example/api/me", "/%5Cevil.example/", "//api/me", "/api//me", "//api/v1/",
    "/api/v1//users/login", "/api%2Fme", "/api/%6De", "/api/me%2F", "/api/me%00", "/api/./me", "/api/../api/me",
    "/./api/me", "/nowhere/../api/me", "/%2e%2e/api/me", "/;/api/me", "/api/me;x", "/api/me%20", "/api/me%3F",
    "/api/me%0d%0aSet-Cookie:x=y", "/@evil.example/api/me", "/http://evil.example/", "/https:evil.example",
    "/api/me%23", "/API/ME", "/api/%e2%80%ae", "/api/\xe9", "/%ff%fe", "/%zz",
]  # fmt: skip


async def test_no_path_leads_elsewhere(api: Api) -> None:
    for path in ELSEWHERE:
        sent = f"GET {path} HTTP/1.1\r\nHost: auth.test\r\nConnection: close\r\n\r\n".encode()
        answer = await raw(api, sent)
        assert status_of(answer) in (308, 400, 401, 404), path
        location = re.search(rb"\r\nLocation: ([^\r]*)\r\n", answer)
        assert location is None or re.fullmatch(rb"/[a-zA-Z0-9.%][^\\]*", location[1]), path
        assert b"evil.example" not in (location[1] if location else b""), path
        assert b"\r\nSet-Cookie" not in answer, path


@pytest.mark.parametrize(
    "target", ["http://evil.example/api/me", "https://evil.example:99/api/v1", "http://evil.example//evil.example/a"]
)
async def test_a_whole_url_as_the_target_leads_nowhere_else(api: Api, target: str) -> None:
    answer = await raw(api, f"GET {target} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".encode())
    assert status_of(answer) in (308, 404)
    assert b"evil.example" not in answer


@pytest.mark.parametrize(
    "path", ["/api//me/", "/%2Fapi/me/", "/api/me//", "/api/%2Fme/", "/api%2Fme/", "/api/me%2F", "/./api/me//"]
)
async def test_doubled_and_encoded_slashes_open_nothing(api: Api, ada: Tokens, path: str) -> None:
    """Neither with rights nor around them: the matched row alone decides."""
    assert (await at(api, "GET", path, headers=JSON)).status == 404
    assert (await at(api, "GET", path, headers={**JSON, **ada.bearer})).status == 404


async def test_a_path_that_begins_with_two_slashes_opens_nothing(api: Api, ada: Tokens) -> None:
    sent = f"GET //api/me/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {ada.access}\r\n\r\n"
    assert status_of(await raw(api, sent.encode())) == 404


async def test_an_encoded_letter_is_the_same_path_with_the_same_rights(api: Api, ada: Tokens) -> None:
    assert (await at(api, "GET", "/api/%6De/")).status == 401
    assert (await at(api, "GET", "/api/%6De/", headers=ada.bearer)).status == 200


BAD_IDS = [
    "0", "-1", "+1", "01", "007", "1.0", "1e3", "0x1", "2147483648", "4294967297", "9223372036854775808",
    "1" * 23, "%D9%A7", "%EF%BC%91", "%C2%B9", "1%00", "1%20", "%201", "1%0A", "1_000", "null", "%2e%2e",
    "1;DROP", "1%27", "%25", "%5F", "", "%20", "a" * 4000,
]  # fmt: skip


async def test_bad_ids_are_not_found(serve: Any, ada: Tokens, employee_ada: Tokens, db: asyncpg.Connection) -> None:
    api: Api = await serve(internal_networks=LOOPBACK)
    for row, path in DYNAMIC:
        me = employee_ada if row.access is Access.EMPLOYEE else ada
        async with unchanged(db):
            for bad in BAD_IDS:
                sent = filled(path, **dict.fromkeys(("id", "company_id", "digest", "user_id", "slug"), bad))
                body = None if row.method == "GET" else VALID.get(row.name, {})
                answer = await at(api, row.method, sent, json=body, headers={**JSON, **me.bearer})
                assert (answer.status, answer.json) == (404, NotFound().body()), (row.method, path, bad)


# --- RFC 9457


@pytest.mark.parametrize(
    "method, path, status, title, code",
    [
        ("GET", "/api/nowhere/", 404, "Not Found", "not_found"),
        ("GET", "/nowhere/", 404, "Not Found", "not_found"),
        ("DELETE", "/api/me/", 405, "Method Not Allowed", "method_not_allowed"),
        ("GET", "/api/me/", 401, "Unauthorized", "not_authenticated"),
    ],
)
async def test_problem_details(api: Api, method: str, path: str, status: int, title: str, code: str) -> None:
    plain = await api.request(method, path, headers=JSON)
    answer = await api.request(method, path, headers=PROBLEM)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json == {"type": "about:blank", "title": title, "status": status, **plain.json}
    assert (answer.status, answer.code) == (status, code)
    for name in ("Allow", "WWW-Authenticate", "Cache-Control"):
        assert answer.headers.get(name) == plain.headers.get(name)


async def test_problem_details_of_wrong_fields(api: Api) -> None:
    plain = await api.post("/api/v1/users/login/", {"email": []})
    async with api.client.post("/api/v1/users/login/", json={"email": []}, headers=PROBLEM) as response:
        problem = orjson.loads(await response.read())
        assert (response.status, response.content_type) == (400, "application/problem+json")
    assert problem["errors"] == plain.json
    assert (problem["status"], problem["title"]) == (400, "Bad Request")
    assert problem["detail"] == "The request has invalid fields."


async def test_problem_details_keep_what_a_row_adds(api: Api) -> None:
    body = {"email": "nobody@example.com", "password": "x"}
    answer = await api.post("/api/v1/users/login/api/", body, headers=PROBLEM)
    assert (answer.status, answer.code, answer.json["success"]) == (401, "invalid_credentials", False)


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html", "", "x", "a" * 5000, "é"])
async def test_any_other_accept_gets_json(api: Api, accept: str) -> None:
    answer = await api.get("/api/me/", headers={"Accept": accept})
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json == {"detail": "Authentication credentials were not provided.", "code": "not_authenticated"}


# --- HEAD


@over(GETS)
async def test_head_is_get_without_a_body(api: Api, ada: Tokens, name: Name) -> None:
    changing = ("Date", "X-Request-ID", "Content-Length")
    # From our own pages GET /logout/ ends the session, and HEAD never does.
    abroad = {"Sec-Fetch-Site": "cross-site"}
    for headers in (abroad, {**abroad, **ada.bearer}):
        got = await api.get(name.path, headers=headers)
        head = await api.request("HEAD", name.path, headers=headers)
        assert (head.status, head.text) == (got.status, "")
        assert {k: v for k, v in head.headers.items() if k not in changing} == {
            k: v for k, v in got.headers.items() if k not in changing
        }


async def test_head_changes_nothing(api: Api, ada: Tokens, db: asyncpg.Connection) -> None:
    async with unchanged(db):
        pages = {filled(path) for row in ROUTES if row.access in PAGES for path in row.paths}
        for name in (name for name in NAMES if name.path not in pages):  # a dead link that is opened is audited
            await api.request("HEAD", name.path, headers={**ada.bearer, "Cookie": f"refresh_token={ada.refresh}"})
