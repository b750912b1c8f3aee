"""What a proxy says besides X-Forwarded-For: whose request it is stays unknown, so nobody is let in."""

import pytest

from tests.internal.conftest import Pair, Serve
from tests.internal.kit import INSIDE, NOT_FOUND, USER, ask, forwarded, networks, user

PROXY, PLAIN = "127.0.0.2", "127.0.0.3"


@pytest.mark.parametrize(
    "name, value",
    [
        ("X-Real-IP", "203.0.113.9"),
        ("Via", "1.1 edge"),
        ("X-Forwarded-Host", "auth.test"),
        ("X-Forwarded-Proto", "https"),
    ],
)
async def test_a_proxy_that_does_not_say_for_whom_lets_nobody_in(
    serve: Serve, pair: Pair, name: str, value: str
) -> None:
    api = await serve(**INSIDE, trusted_proxies=networks(f"{PROXY}/32"))
    answer = await ask(api, USER.format(pair.id), peer=PROXY, headers=[(name, value)])
    assert (answer.status, answer.json) == (404, NOT_FOUND)


@pytest.mark.parametrize("name", ["X-Forwarded", "X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded-Prefix"])
async def test_any_word_of_forwarding_is_refused_from_who_is_no_proxy(serve: Serve, pair: Pair, name: str) -> None:
    api = await serve(**INSIDE)
    answer = await ask(api, USER.format(pair.id), peer=PLAIN, headers=[(name, "x")])
    assert (answer.status, answer.json) == (404, NOT_FOUND)


async def test_what_the_proxy_says_for_whom_still_counts_beside_them(serve: Serve, pair: Pair) -> None:
    api = await serve(trusted_proxies=networks(f"{PROXY}/32"), internal_networks=networks("10.0.0.0/8"))
    told = [("X-Real-IP", "10.0.0.7"), ("X-Forwarded-Proto", "https"), ("Via", "1.1 edge")]
    answer = await ask(api, USER.format(pair.id), peer=PROXY, headers=[*told, *forwarded("10.0.0.7")])
    assert (answer.status, answer.json) == (200, user(pair.id))
    answer = await ask(api, USER.format(pair.id), peer=PROXY, headers=[*told, *forwarded("203.0.113.9")])
    assert (answer.status, answer.json) == (404, NOT_FOUND)


@pytest.mark.parametrize("required", [True, False])
async def test_a_stale_session_is_called_stale_inside_too(serve: Serve, *, required: bool) -> None:
    """A colleague's browser is on the internal network: it signs in anew by this answer, as it does outside."""
    stale = {"Authorization": "Bearer stale"}
    for api in (await serve(), await serve(**INSIDE, require_service_key=required)):
        answer = await api.get("/api/v1/tts/round-robin/?system=tts&role=Agent", headers=stale)
        assert (answer.status, answer.code) == (401, "token_not_valid")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="authsvc", error="invalid_token"'
