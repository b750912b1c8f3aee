"""A listener of its own for the internal paths: the public one does not answer them, and it answers nothing else."""

from collections.abc import Sequence
from typing import Any

import pytest
from yarl import URL

from authsvc.routes import ROUTES
from authsvc.routing import Access
from tests.client import Api
from tests.endpoints.kit import NOT_AUTHENTICATED, looks
from tests.internal.conftest import Listen, Pair
from tests.internal.kit import (
    EMPLOYEE,
    INSIDE,
    LOOKUPS,
    MISSING,
    NOT_FOUND,
    USER,
    ask,
    employee,
    forwarded,
    networks,
    user,
)
from tests.middleware.kit import filled

OTHERS = [(row, path) for row in ROUTES if row.scope is None for path in row.paths]
OLD_FORM = "/api/v1/tts/round-robin/?role_name=Technician"


@pytest.fixture
async def both(listen: Listen) -> Sequence[URL]:
    """The public and the internal address of one service."""
    return await listen(internal="127.0.0.1", **INSIDE)


async def test_only_the_internal_listener_answers_lookups(both: Sequence[URL], pair: Pair) -> None:
    public, internal = both
    nothing = looks(await ask(public, "/api/v1/users/nowhere/1/"))
    for path in LOOKUPS:
        for number in (pair.id, MISSING):
            assert looks(await ask(public, path.format(number))) == nothing
        assert (await ask(internal, path.format(MISSING))).json == NOT_FOUND
        assert (await ask(internal, path.format(pair.id))).status == 200
    assert (await ask(internal, USER.format(pair.id))).json == user(pair.id)
    assert (await ask(internal, EMPLOYEE.format(pair.id))).json == employee(pair.id)


async def test_nothing_that_is_sent_makes_the_public_listener_the_internal_one(both: Sequence[URL], pair: Pair) -> None:
    public, internal = both
    host = f"{internal.host}:{internal.port}"
    headers = [
        ("Host", host),
        ("X-Forwarded-Host", host),
        ("X-Forwarded-Port", str(internal.port)),
        ("Forwarded", f"for=127.0.0.1;host={host}"),
        *forwarded("127.0.0.1"),
    ]
    for name, value in headers:
        answer = await ask(public, USER.format(pair.id), headers=[(name, value)])
        assert (answer.status, answer.json) == (404, NOT_FOUND), name


async def test_the_internal_listener_answers_nothing_else(both: Sequence[URL], api: Api, db: Any, pair: Pair) -> None:
    ada = await api.sign_in("ada@example.com")
    await db.execute("UPDATE users SET is_superuser = true")
    for row, path in OTHERS:
        answer = await ask(both[1], filled(path), method=row.method, headers=ada.bearer, json={})
        assert answer.status == 404, path
        if row.access is not Access.PUBLIC_PAGE:
            assert answer.json == NOT_FOUND, path
    assert (await ask(both[0], "/api/me/", headers=ada.bearer)).status == 200


async def test_the_guard_holds_at_the_internal_listener_too(listen: Listen, pair: Pair) -> None:
    _, internal = await listen(internal="127.0.0.1", internal_networks=networks("127.0.0.8/29"))
    for peer, headers, status in (
        ("127.0.0.8", [], 200),
        ("127.0.0.7", [], 404),
        ("127.0.0.8", forwarded("127.0.0.8"), 404),
    ):
        answer = await ask(internal, USER.format(pair.id), peer=peer, headers=headers)
        assert answer.status == status, (peer, headers)


async def test_a_listener_on_ipv6(listen: Listen, pair: Pair) -> None:
    public, internal = await listen("::1", internal="::1", internal_networks=networks("::1/128"))
    assert (await ask(public, USER.format(pair.id))).json == NOT_FOUND
    assert (await ask(internal, USER.format(pair.id))).json == user(pair.id)


async def test_turns_without_a_session_are_for_the_internal_listener(both: Sequence[URL], api: Api, pair: Pair) -> None:
    public, internal = both
    ada = await api.sign_in("ada@example.com")
    answer = await ask(public, OLD_FORM)
    assert (answer.status, answer.json) == (401, NOT_AUTHENTICATED)
    assert (await ask(public, OLD_FORM, headers=ada.bearer)).json == []
    answer = await ask(internal, OLD_FORM)
    assert (answer.status, answer.json) == (200, [])
