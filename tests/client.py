"""How tests talk to the service: as its clients do, and never content with an unsafe answer."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient

from authsvc.keys import SERVICE
from authsvc.service import Service
from tests import people
from tests.people import PASSWORD

CODES = {
    "not_authenticated", "token_not_valid", "invalid_credentials", "otp_required", "otp_invalid", "captcha_required",
    "locked_out", "throttled", "pending_approval", "rejected", "account_disabled", "permission_denied",
    "wrong_account_type", "not_found", "method_not_allowed", "conflict", "unsupported_media_type",
    "payload_too_large", "malformed", "overloaded", "unavailable", "internal",
}  # fmt: skip
STATUSES = {200, 201, 204, 303, 304, 308, 400, 401, 403, 404, 405, 409, 413, 415, 429, 503}
_LEAKS = re.compile(r"Traceback|asyncpg|SELECT |INSERT |UPDATE |/site-packages/|\.py\b|postgres", re.IGNORECASE)


class Answer(NamedTuple):
    """A response, read whole."""

    status: int
    json: Any
    text: str
    headers: Any
    cookies: Any

    @property
    def code(self) -> str | None:
        return self.json.get("code") if isinstance(self.json, dict) else None


class Tokens(NamedTuple):
    """What a sign-in gives."""

    access: str
    refresh: str
    user: dict[str, Any]

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access}"}


class Api:
    """Requests without a cookie jar: what is sent is what the test says."""

    def __init__(self, client: TestClient, numbers: Iterator[int]) -> None:
        client.session._cookie_jar = DummyCookieJar()
        self.client = client
        self._numbers = numbers

    async def request(self, method: str, path: str, **kwargs: Any) -> Answer:
        """Any request; the answer is checked for what every answer must be."""
        kwargs.setdefault("allow_redirects", False)
        async with self.client.request(method, path, **kwargs) as response:
            raw = await response.read()
            is_json = "json" in response.content_type and raw
            answer = Answer(
                response.status,
                orjson.loads(raw) if is_json else None,
                raw.decode("utf-8", "replace"),
                response.headers,
                response.cookies,
            )
        check_safe(answer)
        return answer

    async def get(self, path: str, **kwargs: Any) -> Answer:
        return await self.request("GET", path, **kwargs)

    async def post(self, path: str, body: Any = None, **kwargs: Any) -> Answer:
        return await self.request("POST", path, **({"json": body} if body is not None else {}), **kwargs)

    async def patch(self, path: str, body: Any = None, **kwargs: Any) -> Answer:
        return await self.request("PATCH", path, **({"json": body} if body is not None else {}), **kwargs)

    async def put(self, path: str, body: Any = None, **kwargs: Any) -> Answer:
        return await self.request("PUT", path, **({"json": body} if body is not None else {}), **kwargs)

    @property
    def service(self) -> Service:
        """The parts of the server behind this client."""
        return self.client.server.runner.app[SERVICE]  # type: ignore[union-attr]

    async def register(self, **fields: Any) -> dict[str, Any]:
        """A new staff user with PASSWORD; his PROFILE. Where only his address matters, he is made beside the API."""
        body = {"email": f"person{next(self._numbers)}@example.com", "password": PASSWORD, **fields}
        if fields.keys() <= {"email"} and not self.service.settings.limits:
            return await people.register(self.service, body["email"])
        answer = await self.post("/api/v1/users/register/", body)
        assert answer.status == 201, answer.text
        return dict(answer.json)

    async def sign_in(self, email: str | None = None, password: str = PASSWORD, **fields: Any) -> Tokens:
        """Sign a staff user in; with no address, somebody new, and beside the API."""
        if email is None:
            email = (await self.register())["email"]
            if not fields:
                return await self.session_of(email)
        answer = await self.post("/api/v1/users/login/", {"email": email, "password": password, **fields})
        assert answer.status == 200, answer.text
        return Tokens(answer.json["access"], answer.json["refresh"], answer.json["user"])

    async def session_of(self, email: str) -> Tokens:
        """What `sign_in` gives for who is sure to be let in, beside the API: where signing in is not what is tested."""
        found = await people.open_session(self.service, email)
        return Tokens(found.access, found.refresh, people.as_json(self.service, found.profile))


def check_safe(answer: Answer) -> None:
    """What holds for every answer of the service."""
    assert answer.status in STATUSES, (answer.status, answer.text)
    for name in ("X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy", "Cache-Control"):
        assert name in answer.headers, (name, answer.headers)
    assert "Server" not in answer.headers
    if answer.status >= 400:
        assert not _LEAKS.search(answer.text), answer.text
        if isinstance(answer.json, dict) and "code" in answer.json:
            assert answer.json["code"] in CODES, answer.text
            assert isinstance(answer.json["detail"], str)
        elif answer.json is not None:
            assert answer.status == 400, answer.text
            assert all(isinstance(s, list) and s for s in answer.json.values()), answer.text
    if answer.status == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    if answer.status in (429, 503):
        assert int(answer.headers["Retry-After"]) >= 1


def cookie_header(**cookies: str) -> dict[str, str]:
    """A Cookie header."""
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
