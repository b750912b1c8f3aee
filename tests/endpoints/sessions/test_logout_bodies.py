"""Signing out with a body that is none of ours: a good credential beside it ends its session all the same."""

from typing import Any

import asyncpg
import pytest

from tests.client import Api
from tests.endpoints.kit import TOKEN_NOT_VALID, assert_cleared, assert_dead, cookies_of, paths_of, unchanged
from tests.endpoints.sessions.kit import SIGN_OUT

ANYBODY = paths_of("sessions.logout_anyway")
KNOWN = paths_of("sessions.logout")
OUT = {"message": "Logout successful"}
every_name = pytest.mark.parametrize("path", SIGN_OUT)
FOREIGN = ["x", "rt_x", f"{'a' * 300}.{'b' * 300}.{'c' * 300}", "x" * 100_000, "a\nb"]
ODD: list[Any] = [7, True, ["rt_x"], {"a": 1}, "a\0"]
UNREADABLE: list[tuple[str, bytes, int]] = [
    ("text/plain", b"refresh", 415),
    ("application/xml", b"<refresh/>", 415),
    ("application/json", b"{", 400),
    ("application/json", b"[]", 400),
]


@every_name
@pytest.mark.parametrize("by", ["bearer", "cookies"])
async def test_a_good_credential_beside_it_ends_the_session(api: Api, path: str, by: str) -> None:
    user = await api.register()
    bodies: list[dict[str, Any]] = [{"json": {"refresh": value}} for value in FOREIGN + ODD]
    bodies += [{"data": raw, "headers": {"Content-Type": mime}} for mime, raw, _ in UNREADABLE]
    for body in bodies:
        tokens = await api.session_of(user["email"])
        shown = tokens.bearer if by == "bearer" else cookies_of(tokens)
        answer = await api.post(path, **{**body, "headers": {**body.get("headers", {}), **shown}})
        assert (answer.status, answer.json) == (200, OUT), str(body)[:80]
        assert_cleared(answer)
        await assert_dead(api, tokens)


@pytest.mark.parametrize("path", ANYBODY)
async def test_a_foreign_text_alone_is_nobody(api: Api, db: asyncpg.Connection, path: str) -> None:
    async with unchanged(db):
        for text in FOREIGN:
            answer = await api.post(path, {"refresh": text})
            assert (answer.status, answer.json) == (200, OUT), text[:20]
            assert_cleared(answer)


@pytest.mark.parametrize("path", KNOWN)
async def test_where_a_session_is_needed_a_foreign_text_alone_is_401(api: Api, path: str) -> None:
    for text in FOREIGN:
        answer = await api.post(path, {"refresh": text})
        assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID), text[:20]


@every_name
async def test_without_anything_good_the_body_is_told_what_is_wrong_with_it(
    api: Api, db: asyncpg.Connection, path: str
) -> None:
    """Whoever sends his only token in a way that is not read must not take himself for signed out."""
    async with unchanged(db):
        for odd in ODD:
            answer = await api.post(path, {"refresh": odd})
            assert (answer.status, answer.json) == (400, {"refresh": ["Not a valid string."]})
        for mime, raw, status in UNREADABLE:
            for more in ({}, {"Authorization": "Bearer x"}):
                answer = await api.post(path, data=raw, headers={"Content-Type": mime, **more})
                assert answer.status == status, (mime, answer.text)
