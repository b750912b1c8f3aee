"""CORS: an exact list, credentials, nothing reflected, over every name of every row."""

import ipaddress
from typing import Any

import pytest

from authsvc.routing import Access
from tests.client import Answer, Api, Tokens, cookie_header
from tests.middleware.kit import Name, names, over

LISTED = ["https://tts.example.com", "https://hdts.example.com"]
UNLISTED = [
    "https://evil.example",
    "null",
    "*",
    "",
    "https://tts.example.com.evil.example",
    "https://tts.example.comevil.example",
    "https://eviltts.example.com",
    "https://evil.example/https://tts.example.com",
    "https://tts.example.com@evil.example",
    "https://tts.example.com:8443",
    "https://tts.example.com:443",
    "http://tts.example.com",
    "https://tts.example.com/",
    "https://TTS.example.com",
    "https://sub.tts.example.com",
    "https://tts.example.com https://evil.example",
    "https://tts.example.com, https://hdts.example.com",
    "https://tts-example.com",
    "http://auth.test",
]
NAMES = names(lambda row: row.access is not Access.INTERNAL)
INTERNAL = names(lambda row: row.access is Access.INTERNAL)
ALLOW = "Access-Control-Allow-Origin"
CREDENTIALS = "Access-Control-Allow-Credentials"


def allowed(answer: Answer, origin: str) -> bool:
    headers = answer.headers
    return (headers.getall(ALLOW), headers.getall(CREDENTIALS), headers["Vary"]) == ([origin], ["true"], "Origin")


def denied(answer: Answer) -> bool:
    headers = answer.headers
    return ALLOW not in headers and CREDENTIALS not in headers and headers["Vary"] == "Origin"


async def preflight(api: Api, path: str, origin: str, method: str = "POST", headers: str = "content-type") -> Answer:
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return await api.request("OPTIONS", path, headers={"Origin": origin, **asked})


@over(NAMES)
async def test_preflight_of_a_listed_origin(api: Api, name: Name) -> None:
    for origin in LISTED:
        answer = await preflight(api, name.path, origin, name.row.method)
        assert (answer.status, answer.text) == (204, "")
        assert allowed(answer, origin)
        methods = answer.headers["Access-Control-Allow-Methods"].split(", ")
        assert name.row.method in methods
        assert sorted(answer.headers["Access-Control-Allow-Headers"].split(", ")) == [
            "accept", "authorization", "content-type", "x-csrftoken", "x-requested-with",
        ]  # fmt: skip
        assert 0 < int(answer.headers["Access-Control-Max-Age"]) <= 3600


@over(NAMES)
async def test_preflight_of_an_unlisted_origin(api: Api, name: Name) -> None:
    for origin in name.of(UNLISTED):
        answer = await preflight(api, name.path, origin, name.row.method)
        assert denied(answer), origin
        assert origin in ("", "*", "null") or origin not in str(answer.headers)


@over(INTERNAL)
async def test_no_page_reads_an_internal_path(serve: Any, name: Name) -> None:
    api: Api = await serve(internal_networks=(ipaddress.ip_network("127.0.0.0/8"),))
    for origin in LISTED:
        answer = await api.request(name.row.method, name.path, headers={"Origin": origin})
        assert (ALLOW in answer.headers, CREDENTIALS in answer.headers) == (False, False)


@over(INTERNAL)
async def test_no_page_may_ask_an_internal_path(api: Api, name: Name) -> None:
    for origin in LISTED:
        assert ALLOW not in (await preflight(api, name.path, origin, name.row.method)).headers


@over(NAMES)
async def test_answers_to_a_listed_and_an_unlisted_origin(api: Api, name: Name) -> None:
    for origin in LISTED:
        answer = await api.request(name.row.method, name.path, headers={"Origin": origin})
        assert denied(answer) if name.row.access is Access.INTERNAL else allowed(answer, origin)
    for origin in name.of(UNLISTED):
        assert denied(await api.request(name.row.method, name.path, headers={"Origin": origin})), origin
    assert denied(await api.request(name.row.method, name.path))


async def test_errors_can_be_read_by_a_listed_origin(api: Api, ada: Tokens) -> None:
    headers = {"Origin": LISTED[0]}
    for method, path, status in (
        ("GET", "/api/nowhere/", 404),
        ("GET", "/api/me", 308),
        ("DELETE", "/api/me/", 405),
        ("GET", "/api/me/", 401),
        ("POST", "/api/v1/users/login/", 400),
    ):
        answer = await api.request(method, path, headers=headers)
        assert answer.status == status
        assert allowed(answer, LISTED[0])


async def test_a_page_may_read_what_it_needs(api: Api) -> None:
    answer = await api.get("/api/v1/", headers={"Origin": LISTED[0]})
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"Link", "Retry-After", "RateLimit", "RateLimit-Policy"} == set(exposed)


@pytest.mark.parametrize("asked", ["X-Evil", "cookie", "*", "a" * 5000])
async def test_what_is_asked_for_is_not_reflected(api: Api, asked: str) -> None:
    answer = await preflight(api, "/api/me/", LISTED[0], "BREW", asked)
    assert answer.status == 204
    assert asked.lower() not in answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert "BREW" not in answer.headers["Access-Control-Allow-Methods"]
    assert "*" not in "".join(f"{k}{v}" for k, v in answer.headers.items() if k.startswith("Access-Control"))


async def test_a_preflight_needs_no_credentials_and_uses_none(api: Api, ada: Tokens) -> None:
    asked = {"Origin": LISTED[0], "Access-Control-Request-Method": "POST"}
    for more in ({}, ada.bearer, cookie_header(access_token="x"), {"Authorization": "Basic é"}):
        answer = await api.request("OPTIONS", "/api/v1/users/logout/", headers={**asked, **more})
        assert (answer.status, dict(answer.cookies)) == (204, {})
    assert (await api.get("/api/me/", headers=ada.bearer)).status == 200


async def test_options_without_a_preflight_is_405(api: Api) -> None:
    answer = await api.request("OPTIONS", "/api/me/", headers={"Origin": LISTED[0]})
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET,HEAD"


async def test_without_a_list_nobody_is_allowed(serve: Any) -> None:
    api: Api = await serve(cors_origins=frozenset())
    for origin in (*LISTED, *UNLISTED):
        assert denied(await preflight(api, "/api/me/", origin))
