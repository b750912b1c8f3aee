"""Keys by which other services name themselves at internal paths."""

import hashlib
import secrets
from typing import NamedTuple

SCOPES = ("users", "employees", "turns", "metrics")
_PREFIX = "authsvc_"  # so that a scanner of repositories knows one


class ServiceKey(NamedTuple):
    """A live key: whose it is and what it allows."""

    id: int
    name: str
    scopes: frozenset[str]


def new() -> str:
    """A key of 256 random bits."""
    return _PREFIX + secrets.token_urlsafe(32)


def digest(key: str) -> bytes:
    """What is stored of a key. It is random, so a plain SHA-256 hides it."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
