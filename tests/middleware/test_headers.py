"""Headers that every answer carries, whatever became of the request."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from authsvc.routing import Access, api, get
from tests.client import Answer, Api, Tokens
from tests.middleware.kit import Name, names, over, raw, status_of

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Origin",
}
CSP_OF_DATA = {"default-src 'none'", "frame-ancestors 'none'"}
CSP = {
    "default-src 'none'", "img-src 'self' data:", "media-src data:", "style-src 'self'", "script-src 'self'",
    "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
}  # fmt: skip
GETS = names(lambda row: row.method == "GET")


def has_all(headers: Any) -> bool:
    """Each once, and with its value."""
    assert [headers.getall(name) for name in ALWAYS] == [[value] for value in ALWAYS.values()]
    is_data = "json" in headers.get("Content-Type", "")
    assert set(headers["Content-Security-Policy"].split("; ")) == (CSP_OF_DATA if is_data else CSP)
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert not {"Server", "X-Powered-By", "Via", "Strict-Transport-Security"} & set(headers)
    assert headers["X-Request-ID"]
    return True


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/healthz", 200),
        ("HEAD", "/healthz", 200),
        ("GET", "/api/v1/", 200),
        ("GET", "/api/docs/", 200),
        ("GET", "/.well-known/jwks.json", 200),
        ("GET", "/logout/", 303),
        ("GET", "/api/me", 308),
        ("GET", "/api/me/", 401),
        ("GET", "/api/nowhere/", 404),
        ("GET", "/nowhere/", 404),
        ("GET", "/media/" + "0" * 64 + ".webp", 404),
        ("DELETE", "/api/me/", 405),
        ("OPTIONS", "/api/me/", 405),
        ("TRACE", "/api/me/", 405),
        ("POST", "/api/v1/users/login/", 400),
    ],
)
async def test_on_answers_of_every_status(api: Api, method: str, path: str, status: int) -> None:
    answer = await api.request(method, path)
    assert answer.status == status
    assert has_all(answer.headers)


async def test_on_413_and_415_and_403_and_304_and_204(api: Api) -> None:
    login = "/api/v1/users/login/"
    etag = (await api.get("/.well-known/jwks.json")).headers["ETag"]
    cors = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answers: list[Answer] = [
        await api.post(login, data=io.BytesIO(bytes(2**20 + 1)), headers={"Content-Type": "application/json"}),
        await api.post(login, data=b"x", headers={"Content-Type": "text/plain"}),
        await api.post(login, {}, headers={"Origin": "https://evil.example"}),
        await api.get("/.well-known/jwks.json", headers={"If-None-Match": etag}),
        await api.request("OPTIONS", login, headers=cors),
    ]
    assert [answer.status for answer in answers] == [413, 415, 403, 304, 204]
    assert all(has_all(answer.headers) for answer in answers)


async def test_on_500_which_says_nothing(
    serve: Any, more_rows: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    @api()
    async def broken(request: web.Request) -> web.Response:
        raise RuntimeError("SELECT secret FROM postgres")

    more_rows(get("/api/test/broken/", broken, Access.PUBLIC))
    client: Api = await serve()
    for accept in ("*/*", "text/html", "application/problem+json"):
        async with client.client.get("/api/test/broken/", headers={"Accept": accept}) as response:
            assert response.status == 500
            body = await response.json(content_type=None)
            assert (body["detail"], body["code"]) == ("Internal server error.", "internal")
            assert "SELECT" not in await response.text()
            assert has_all(response.headers)
            assert response.headers["Cache-Control"] == "no-store"
    assert "unforeseen error" in caplog.text


async def test_a_handler_cannot_take_them_away_but_may_be_stricter(serve: Any, more_rows: Callable[..., None]) -> None:
    @api()
    async def own(request: web.Request) -> web.Response:
        headers = {"Server": "x/1.0", "Cache-Control": "public, max-age=1", "Content-Security-Policy": "sandbox"}
        return web.Response(headers=headers)

    more_rows(get("/api/test/own/", own, Access.PUBLIC))
    answer = await (await serve()).get("/api/test/own/")
    assert "Server" not in answer.headers
    assert answer.headers.getall("Cache-Control") == ["public, max-age=1"]
    assert answer.headers.getall("Content-Security-Policy") == ["sandbox"]


@over(GETS)
async def test_what_is_personal_is_not_stored(api: Api, ada: Tokens, name: Name) -> None:
    answer = await api.get(name.path, headers=ada.bearer)
    public = name.row.name in {"meta.jwks", "meta.schema", "docs.browse", "styles.docs", "styles.pages"}
    assert answer.headers["Cache-Control"] == ("public, max-age=300" if public else "no-store")


async def test_hsts_only_for_https(serve: Any) -> None:
    secure: Api = await serve(public_url="https://login.example.com")
    for path in ("/healthz", "/nowhere/", "/api/me", "/api/me/"):
        answer = await secure.get(path)
        assert answer.headers.getall("Strict-Transport-Security") == ["max-age=31536000; includeSubDomains"]
    plain: Api = await serve(public_url="http://login.example.com")
    answer = await plain.get("/healthz", headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" not in answer.headers


async def test_every_answer_has_another_id(api: Api) -> None:
    sent = {"X-Request-ID": "mine\t<script>"}
    ids = [(await api.get(path, headers=sent)).headers["X-Request-ID"] for path in ("/healthz", "/nowhere/") * 5]
    assert len(set(ids)) == 10
    assert all(one.replace("-", "").isalnum() for one in ids)


# --- not found


async def test_a_page_for_people_outside_the_api(api: Api) -> None:
    for path in ("/nowhere/", "/apinowhere", "/API/", "/media/x", "/staff/"):
        answer = await api.get(path, headers={"Accept": "text/html,*/*"})
        assert (answer.status, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
        assert "<h1>Page not found</h1>" in answer.text
        assert path not in answer.text


async def test_json_inside_the_api_and_for_programs(api: Api) -> None:
    json, html = {"Accept": "application/json"}, {"Accept": "text/html"}
    for path, headers in (("/api/nowhere/", html), ("/api/v1/users/nowhere", {}), ("/nowhere/", json)):
        answer = await api.get(path, headers=headers)
        assert (answer.status, answer.json) == (404, {"detail": "Not found.", "code": "not_found"})


@pytest.mark.parametrize("path", ["/<script>alert(1)</script>", "/api/<script>alert(1)</script>/"])
async def test_what_was_asked_for_is_not_repeated(api: Api, path: str) -> None:
    answer = await api.get(path)
    assert answer.status == 404
    assert "alert" not in answer.text
    assert "alert" not in str(answer.headers)


# --- what aiohttp's parser refuses never gets as far as a middleware


@pytest.mark.parametrize(
    "sent", [b"G@T / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"]
)
async def test_not_even_a_parser_error_tells_versions(api: Api, sent: bytes) -> None:
    answer = await raw(api, sent)
    assert status_of(answer) == 400
    assert b"aiohttp" not in answer
    assert b"Python" not in answer
