"""Who is inside: the socket's peer, or who a configured proxy passed on. To the others nothing is there."""

import logging
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from tests.client import Api
from tests.endpoints.kit import looks
from tests.internal.conftest import Listen, Pair, Serve
from tests.internal.kit import (
    EMPLOYEE,
    HELP_DESK,
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
from tests.middleware.kit import raw, status_of

NOWHERE = "/api/v1/users/nowhere/1/"
PROXY, ANOTHER = "127.0.0.2", "192.168.1.1"
BEHIND: dict[str, Any] = {
    "trusted_proxies": networks(f"{PROXY}/32", f"{ANOTHER}/32"),
    "internal_networks": networks("10.0.0.0/8", "fd00::/8"),
}
UNREADABLE = [
    "", " ", ",", "garbage", "unknown", "_hidden", "10.0.0.7:1234", "[fd00::7]:443", "[fd00::7]", "10.0.0",
    "10.0.0.007", "0x0a.0.0.7", "167772167", "10.0.0.7/32", "fd00::7%eth0", "fd00::7%", "10.0.0.7%eth0",
    "::ffff:10.0.0.7%1", "10.0.0.7,", "10.0.0.7, ", "10.0.0.7, garbage", f"10.0.0.7, garbage, {ANOTHER}",
    "for=10.0.0.7", "10.0.0.7 10.0.0.8", "10.0.0.7;10.0.0.8", "１0.0.0.7", '"10.0.0.7"', "localhost", "a" * 4000,
]  # fmt: skip


async def is_inside(server: Api | URL, pair: Pair, **how: Any) -> bool:
    """What a request gets: all or nothing."""
    answer = await ask(server, USER.format(pair.id), **how)
    if answer.status == 200:
        assert answer.json == user(pair.id)
        return True
    assert (answer.status, answer.json) == (404, NOT_FOUND)
    return False


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_outside_there_is_nothing(api: Api, serve: Serve, pair: Pair, method: str) -> None:
    """An id, no id, a path that never was; and inside, an id that nobody has: all one answer."""
    inside = await serve(**INSIDE)
    nothing = looks(await api.request(method, NOWHERE))
    assert nothing[0] == 404
    for path in LOOKUPS:
        for number in (pair.id, MISSING):
            assert looks(await api.request(method, path.format(number))) == nothing, path
        assert looks(await inside.request(method, path.format(MISSING))) == nothing, path


async def test_who_may_do_everything_outside_is_not_inside(api: Api, db: Any, pair: Pair) -> None:
    ada = await api.sign_in("ada@example.com")
    await db.execute("UPDATE users SET is_superuser = true")
    for path in LOOKUPS:
        answer = await api.get(path.format(pair.id), headers=ada.bearer)
        assert (answer.status, answer.json) == (404, NOT_FOUND)


NOTICED = [
    pytest.param("POST", "{}", {}, id="405 tells that the path is there"),
    pytest.param("DELETE", "{}", {}, id="405 tells that the path is there, too"),
    pytest.param("GET", "no slash", {}, id="308 tells that the path is there"),
    pytest.param("GET", "{}", {"Origin": "https://tts.example.com"}, id="CORS headers are missing only there"),
]


@pytest.mark.parametrize("method, form, headers", NOTICED)
async def test_nothing_else_tells_that_the_path_is_there(
    api: Api, method: str, form: str, headers: dict[str, str]
) -> None:
    cut = slice(None, -1) if form == "no slash" else slice(None)
    nothing = looks(await api.request(method, NOWHERE[cut], headers=headers))
    for path in LOOKUPS:
        assert looks(await api.request(method, path.format(1)[cut], headers=headers)) == nothing, path


async def test_an_unknown_expectation_does_not_tell_either(api: Api) -> None:
    head = "HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nExpect: banana\r\n\r\n"
    found = [status_of(await raw(api, f"GET {path} {head}".encode())) for path in (NOWHERE, USER.format(1))]
    assert found[0] == found[1]


SPELLINGS = [
    "/api/v1/users/%69nternal/{}/",
    "/api/v1/users/internal/{}/?x=1",
    "/api/v1/users/../users/internal/{}/",
    "/api/v1//users/internal/{}/",
    "/API/v1/users/internal/{}/",
    "/api/v1/users/internal;x/{}/",
    "/api/v1/users/internal/{}/%2e/",
    "http://127.0.0.1/api/v1/users/internal/{}/",
]


async def test_other_spellings_of_the_path_lead_nowhere_either(api: Api, pair: Pair) -> None:
    for path in SPELLINGS:
        line = f"GET {path.format(pair.id)} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        answer = await raw(api, line.encode())
        assert status_of(answer) == 404, path
        assert b"ada@" not in answer


async def test_the_peer_of_the_socket_decides(serve: Serve, pair: Pair) -> None:
    api = await serve(internal_networks=networks("127.0.0.8/29"))
    for peer, expected in (("127.0.0.8", True), ("127.0.0.15", True), ("127.0.0.7", False), ("127.0.0.16", False)):
        assert await is_inside(api, pair, peer=peer) is expected, peer


async def test_without_networks_nobody_is_inside(serve: Serve, pair: Pair) -> None:
    assert not await is_inside(await serve(internal_networks=()), pair)


@pytest.mark.parametrize(
    "values, expected",
    [
        (["10.0.0.7"], True),
        (["  10.0.0.7  "], True),
        (["203.0.113.9"], False),
        (["203.0.113.9, 10.0.0.7"], True),
        (["10.0.0.7, 203.0.113.9"], False),
        (["10.0.0.7,203.0.113.9"], False),
        (["203.0.113.9", "10.0.0.7"], True),
        (["10.0.0.7", "203.0.113.9"], False),
        (["10.0.0.7", "10.0.0.7, 203.0.113.9"], False),
        (["garbage, 10.0.0.7"], True),
        (["10.0.0.7", ""], False),
        (["10.0.0.7", "garbage"], False),
        ([f"10.0.0.7, {ANOTHER}"], True),
        ([f"203.0.113.9, {ANOTHER}, {PROXY}"], False),
        (["10.0.0.7", ANOTHER], True),
        ([f"10.0.0.7, ::ffff:{ANOTHER}"], True),
        (["::ffff:10.0.0.7"], True),
        (["::ffff:203.0.113.9"], False),
        (["::10.0.0.7"], False),
        (["64:ff9b::10.0.0.7"], False),
        (["2002:a00:7::"], False),
        (["fd00::7"], True),
        (["FD00:0:0::7"], True),
        (["2001:db8::7"], False),
        (["127.0.0.1"], False),
        ([ANOTHER], False),
        ([], False),
    ],
    ids=str,
)
async def test_behind_a_proxy_the_rightmost_stranger_decides(
    serve: Serve, pair: Pair, values: list[str], expected: bool
) -> None:
    api = await serve(**BEHIND)
    assert await is_inside(api, pair, peer=PROXY, headers=forwarded(*values)) is expected


async def test_what_cannot_be_read_is_refused_even_from_a_proxy_inside(serve: Serve, pair: Pair) -> None:
    api = await serve(**{**BEHIND, "internal_networks": networks("10.0.0.0/8", "127.0.0.0/8")})
    for text in UNREADABLE:
        assert not await is_inside(api, pair, peer=PROXY, headers=forwarded(text)), text
    assert await is_inside(api, pair, peer=PROXY)
    assert await is_inside(api, pair, peer=PROXY, headers=forwarded(ANOTHER))


async def test_who_is_no_proxy_and_speaks_of_forwarding_is_refused(serve: Serve, pair: Pair) -> None:
    api = await serve(**INSIDE, trusted_proxies=networks(f"{PROXY}/32"))
    assert await is_inside(api, pair, peer="127.0.0.3")
    for text in ("127.0.0.3", "127.0.0.1", "10.0.0.7", PROXY, "203.0.113.9", *UNREADABLE):
        assert not await is_inside(api, pair, peer="127.0.0.3", headers=forwarded(text)), text
    for name, value in (("Forwarded", "for=127.0.0.1"), ("forwarded", ""), ("x-forwarded-for", "127.0.0.1")):
        assert not await is_inside(api, pair, peer="127.0.0.3", headers=[(name, value)]), name


async def test_a_stranger_cannot_forge_his_way_in(serve: Serve, pair: Pair) -> None:
    api = await serve(**BEHIND)
    names = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Client-IP", "True-Client-IP", "X_Forwarded_For", "Via")
    for name in names:
        for text in ("10.0.0.7", "for=10.0.0.7", f"10.0.0.7, {PROXY}"):
            assert not await is_inside(api, pair, peer="127.0.0.3", headers=[(name, text)]), (name, text)


async def test_forwarded_does_not_count_beside_what_the_proxy_says(serve: Serve, pair: Pair) -> None:
    """A client may send it through the proxy."""
    api = await serve(**BEHIND)
    told = ("Forwarded", "for=10.0.0.7")
    assert not await is_inside(api, pair, peer=PROXY, headers=[told])
    assert not await is_inside(api, pair, peer=PROXY, headers=[told, *forwarded("203.0.113.9")])


async def test_a_proxy_that_only_says_forwarded_lets_nobody_in(serve: Serve, pair: Pair) -> None:
    api = await serve(**INSIDE, trusted_proxies=networks(f"{PROXY}/32"))
    assert not await is_inside(api, pair, peer=PROXY, headers=[("Forwarded", "for=203.0.113.9")])


async def test_ipv6_and_mapped_peers(listen: Listen, pair: Pair) -> None:
    (six,) = await listen("::1", internal_networks=networks("::1/128"))
    assert await is_inside(six, pair)
    (six,) = await listen("::1", **INSIDE)
    assert not await is_inside(six, pair)
    (dual,) = await listen("::", internal_networks=networks("127.0.0.8/29"))
    mapped = URL.build(scheme="http", host="127.0.0.1", port=dual.port)
    assert await is_inside(mapped, pair, peer="127.0.0.8")  # ::ffff:127.0.0.8 to the server
    assert not await is_inside(mapped, pair, peer="127.0.0.7")


async def test_whoever_comes_by_a_unix_socket_has_no_address(listen: Listen, pair: Pair, tmp_path: Path) -> None:
    (url,) = await listen(unix=tmp_path / "s", internal_networks=networks("0.0.0.0/0", "::/0"))
    assert await is_inside(url, pair)
    for headers in ([], forwarded("127.0.0.1")):
        connector = aiohttp.UnixConnector(str(tmp_path / "s"))
        assert not await is_inside(url, pair, connector=connector, headers=headers)


async def test_refusals_are_logged(serve: Serve, pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    api = await serve(**INSIDE, trusted_proxies=networks(f"{PROXY}/32"))
    for headers, path in (
        (forwarded("203.0.113.9"), USER),
        (forwarded("garbage"), EMPLOYEE),
        (forwarded("::ffff:203.0.113.9"), HELP_DESK),
    ):
        await ask(api, path.format(pair.id), peer=PROXY, headers=headers)
    await ask(api, USER.format(pair.id), peer="127.0.0.3", headers=forwarded("127.0.0.1"))
    found = [(r.levelno, r.getMessage(), r.fields) for r in caplog.records if r.name == "authsvc.internal"]  # type: ignore[attr-defined]
    assert found == [
        (logging.WARNING, "internal_refused", {"ip": ip, "route": route})
        for ip, route in (
            ("203.0.113.9", "internal.user"),
            (None, "internal.employee"),
            ("203.0.113.9", "internal.help_desk_user"),
            ("127.0.0.3", "internal.user"),
        )
    ]
    caplog.clear()
    assert (await ask(api, USER.format(MISSING), peer="127.0.0.3")).status == 404
    assert (await ask(api, EMPLOYEE.format(pair.id), peer="127.0.0.3")).json == employee(pair.id)
    assert caplog.records == []
