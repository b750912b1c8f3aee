"""What AUTHSVC_SECRET protects: keyed hashes of short secrets, encryption of what must be read again.

Each purpose has a key of its own (HKDF, RFC 5869), so that a value made for one is useless for another.
"""

import hashlib
import hmac
import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12  # bytes


@lru_cache(maxsize=32)
def derived_key(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"authsvc " + purpose.encode()).derive(secret.encode())


def keyed_hash(secret: str, purpose: str, *parts: str) -> bytes:
    """HMAC-SHA256 of the parts, unambiguously joined; for codes that are too short for a plain hash."""
    message = b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in parts))
    return hmac.digest(derived_key(secret, purpose), message, "sha256")


def seal(secret: str, purpose: str, content: bytes) -> bytes:
    """Encrypt and authenticate (AES-256-GCM with a random nonce)."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(derived_key(secret, purpose)).encrypt(nonce, content, None)


def unseal(secret: str, purpose: str, sealed: bytes) -> bytes:
    """What `seal` hid; ValueError when it was made with another secret or purpose."""
    try:
        return AESGCM(derived_key(secret, purpose)).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
    except InvalidTag as err:
        raise ValueError("sealed with another AUTHSVC_SECRET") from err


def random_token() -> str:
    """256 random bits as 43 base64url characters: links, challenges, captcha sessions."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is stored of a random token: plain SHA-256 will do for 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
