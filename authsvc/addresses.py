"""The client's address, and the network it is counted by."""

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache

from aiohttp import web

from authsvc.setting_checks import Network

# What proxies add; none of it comes from a service that asks for itself.
_FORWARDING = ("x-forwarded", "x-real-ip", "forwarded", "via")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_address(request: web.Request, trusted_proxies: Sequence[Network]) -> str | None:
    """The socket's peer, or behind configured proxies the right-most untrusted address of X-Forwarded-For.

    None when it cannot be told (a Unix socket, garbage in a header that a trusted proxy passed on).
    """
    remote = request.remote or ""
    if not trusted_proxies:
        return _text(remote)
    peer = parse(remote)
    if peer is None or not inside(peer, trusted_proxies):
        return _text(remote)
    hops = [hop for value in request.headers.getall("X-Forwarded-For", []) for hop in value.split(",")]
    for hop in reversed(hops):
        address = parse(hop.strip())
        if address is None:
            return None
        if not inside(address, trusted_proxies):
            return str(address)
    return str(peer)


def is_of_unknown_origin(request: web.Request, trusted_proxies: Iterable[Network]) -> bool:
    """Was the request forwarded by a peer that is no configured proxy, or by one that does not say for whom?"""
    if not any(name.lower().startswith(_FORWARDING) for name in request.headers):
        return False
    peer = parse(request.remote or "")
    return not (peer and inside(peer, trusted_proxies) and "X-Forwarded-For" in request.headers)


@lru_cache(maxsize=4096)
def parse(text: str) -> Address | None:
    """An address, IPv4-mapped IPv6 unmapped; None for anything else."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if "%" in text:  # a scope (RFC 4007) means nothing on another machine, and may be any text
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def network_of(address: str | None) -> str:
    """What requests are counted by: the IPv4 address, or the /64 of an IPv6 address."""
    parsed = parse(address or "")
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed or "unknown")


@lru_cache(maxsize=4096)
def _text(remote: str) -> str | None:
    address = parse(remote)
    return str(address) if address else None


def inside(address: Address, networks: Iterable[Network]) -> bool:
    """Is the address in one of the networks?"""
    return any(address in network for network in networks)
