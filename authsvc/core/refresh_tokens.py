"""Opaque refresh tokens: 256 random bits, stored only as a hash.

Parallel tabs present one token at the same moment and must get the same successor (contract: within
30 seconds, while the successor is unused). The database keeps hashes only, so the successor is stored
sealed: XORed with a pad that is derived from the predecessor. Who holds the predecessor can open it,
a database dump cannot. A pad is used once, because a token is rotated once.
"""

import base64
import hashlib
import hmac
import re
import secrets

_PREFIX = "rt_"
_FORM = re.compile(r"rt_[A-Za-z0-9_-]{43}")


def new() -> str:
    """A new token: `rt_` and 43 base64url characters."""
    return _text(secrets.token_bytes(32))


def is_one(text: str) -> bool:
    """Does this look like a refresh token at all?"""
    return _FORM.fullmatch(text) is not None


def digest(token: str) -> bytes:
    """What is stored: SHA-256 of the text. No salt is needed for 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


def seal(successor: str, predecessor: str) -> bytes:
    """The successor, readable with the predecessor only."""
    return _xor(_bytes(successor), _pad(predecessor))


def unseal(sealed: bytes, predecessor: str) -> str:
    """What `seal` hid."""
    return _text(_xor(sealed, _pad(predecessor)))


def _pad(token: str) -> bytes:
    return hmac.digest(token.encode(), b"authsvc refresh successor", "sha256")


def _xor(left: bytes, right: bytes) -> bytes:
    if len(left) != len(right):
        raise ValueError("a pad is as long as what it hides")
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(len(right), "big")


def _text(raw: bytes) -> str:
    return _PREFIX + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(token: str) -> bytes:
    return base64.urlsafe_b64decode(token.removeprefix(_PREFIX) + "=")
