"""Whose address a request has: the peer's, or what trusted proxies say, read from the right."""

import ipaddress

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from authsvc.addresses import client_address, network_of, parse

PROXIES = tuple(ipaddress.ip_network(net) for net in ("10.0.0.0/8", "192.168.1.1/32", "fd00::/8"))


def seen(peer: str | None, *forwarded: str, proxies: object = PROXIES) -> str | None:
    headers = CIMultiDict([("X-Forwarded-For", value) for value in forwarded])
    request = make_mocked_request("GET", "/", headers=headers).clone(remote=peer or "")
    return client_address(request, proxies)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "forwarded, expected",
    [
        ([], "10.0.0.5"),
        (["203.0.113.9"], "203.0.113.9"),
        (["  203.0.113.9  "], "203.0.113.9"),
        (["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        (["198.51.100.1,203.0.113.9,10.1.2.3"], "203.0.113.9"),
        (["198.51.100.1, 203.0.113.9, 10.1.2.3, 192.168.1.1"], "203.0.113.9"),
        (["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
        (["203.0.113.9", "10.1.2.3"], "203.0.113.9"),
        (["192.168.1.2"], "192.168.1.2"),
        (["10.1.2.3, 10.1.2.4"], "10.0.0.5"),
        (["2001:DB8::1"], "2001:db8::1"),
        (["2001:db8::1, fd00::7"], "2001:db8::1"),
        (["::ffff:203.0.113.9"], "203.0.113.9"),
        (["203.0.113.9, ::ffff:10.1.2.3"], "203.0.113.9"),
        (["garbage, 203.0.113.9"], "203.0.113.9"),
        ([", 203.0.113.9"], "203.0.113.9"),
        (["127.0.0.1"], "127.0.0.1"),
    ],
)
def test_chains_behind_a_proxy(forwarded: list[str], expected: str) -> None:
    assert seen("10.0.0.5", *forwarded) == expected


GARBAGE = [
    "", " ", "garbage", "unknown", "_hidden", "203.0.113.9:1234", "[2001:db8::1]:443", "[2001:db8::1]", "203.0.113",
    "203.0.113.009", "0x7f.0.0.1", "2130706433", "1", "203.0.113.9/32", "fe80::1%eth0", "fe80::1%<script>", "::1%",
    "203.0.113.9,", "203.0.113.9, ", "203.0.113.9, garbage", "203.0.113.9, garbage, 10.1.2.3", "２０３.0.113.9",
    "for=203.0.113.9", "203.0.113.9 10.0.0.1", "localhost", "a" * 8000, "\xff", "'; DROP TABLE users; --",
]  # fmt: skip


@pytest.mark.parametrize("text", GARBAGE)
def test_garbage_from_a_proxy_is_nobodys_address(text: str) -> None:
    assert seen("10.0.0.5", text) is None


@pytest.mark.parametrize("text", ["10.0.0.1", "127.0.0.1", "203.0.113.9", *GARBAGE])
def test_a_header_from_anybody_else_is_ignored(text: str) -> None:
    assert seen("203.0.113.77", text) == "203.0.113.77"
    assert seen("10.0.0.5", text, proxies=()) == "10.0.0.5"


def test_a_mapped_peer_is_the_ipv4_address() -> None:
    assert seen("::ffff:203.0.113.9", "10.0.0.1") == "203.0.113.9"
    assert seen("::ffff:10.0.0.5", "203.0.113.9") == "203.0.113.9"


def test_no_peer_is_no_address() -> None:
    """A Unix socket: whoever can open it could write any header."""
    assert seen(None, "203.0.113.9") is None
    assert seen("", "203.0.113.9") is None
    assert seen("/run/authsvc.sock", "203.0.113.9") is None


def test_other_headers_do_not_count() -> None:
    names = ("X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "X-Forwarded")
    request = make_mocked_request("GET", "/", headers=CIMultiDict(dict.fromkeys(names, "203.0.113.9")))
    assert client_address(request.clone(remote="10.0.0.5"), PROXIES) == "10.0.0.5"


def test_a_long_chain_is_read_quickly() -> None:
    assert seen("10.0.0.5", ", ".join(["10.1.2.3"] * 5000)) == "10.0.0.5"


@pytest.mark.parametrize(
    "address, network",
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("garbage", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_the_network_that_is_counted(address: str | None, network: str) -> None:
    assert network_of(address) == network


def test_parse_gives_one_form_or_none() -> None:
    assert str(parse("2001:0db8:0000::0001")) == "2001:db8::1"
    assert parse("::ffff:10.0.0.5") in PROXIES[0]
    assert parse("1.2.3.4\n") is None
    assert parse("1.2.3.4 ") is None
