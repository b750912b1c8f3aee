"""Password hashes in Django's formats, so that Django and authsvc read each other's rows.

New ones are `bcrypt_sha256$$2b$<cost>$…`: bcrypt over the hex SHA-256 of the password, which lifts
bcrypt's limit of 72 bytes. Also verified: `bcrypt$`, `pbkdf2_sha256$`, `pbkdf2_sha1$`, `argon2$`,
each within bounds, so that no stored row can make one check take minutes or gigabytes.
"""

import base64
import hashlib
import hmac
import re

import bcrypt
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.low_level import Type, verify_secret

_PREFIX = "bcrypt_sha256$"
_BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")
_ARGON2 = re.compile(r"\$argon2(id|i|d)\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$")
_MAX_BCRYPT_COST = 15
_MAX_PBKDF2_ROUNDS = 5_000_000
_MAX_ARGON2_KIB, _MAX_ARGON2_TIME, _MAX_ARGON2_LANES = 262_144, 10, 16
_ARGON2_TYPES = {"id": Type.ID, "i": Type.I, "d": Type.D}


def encode(password: str, cost: int) -> str:
    """Hash a (normalised) password; takes 60 ms at cost 10, doubling with each step."""
    return _PREFIX + bcrypt.hashpw(_digest(password), bcrypt.gensalt(cost)).decode()


def decoy(cost: int) -> str:
    """A well-formed hash that no password has; checking against it takes as long as against a real one."""
    return f"{_PREFIX}$2b${cost:02}${'.' * 21}O{'.' * 30}u"


def verify(password: str, stored: str) -> bool:
    """Is this the password of that hash? Anything malformed or out of bounds: no."""
    algorithm, _, rest = stored.partition("$")
    try:
        match algorithm:
            case "bcrypt_sha256":
                return _check_bcrypt(_digest(password), rest)
            case "bcrypt":
                return _check_bcrypt(password.encode()[:72], rest)
            case "pbkdf2_sha256" | "pbkdf2_sha1":
                return _check_pbkdf2(password, algorithm.removeprefix("pbkdf2_"), rest)
            case "argon2":
                return _check_argon2(password, "$" + rest)
    except (ValueError, UnicodeError):
        return False
    return False


def is_current(stored: str, cost: int) -> bool:
    """False when the hash should be made anew at this sign-in: another algorithm or another cost."""
    return stored.startswith(f"{_PREFIX}$2b${cost:02}$")


def _digest(password: str) -> bytes:
    return hashlib.sha256(password.encode()).hexdigest().encode()


def _check_bcrypt(secret: bytes, stored: str) -> bool:
    found = _BCRYPT.fullmatch(stored)
    if not found or int(found[1]) > _MAX_BCRYPT_COST:
        return False
    return bcrypt.checkpw(secret, stored.encode())


def _check_pbkdf2(password: str, digest: str, rest: str) -> bool:
    rounds, salt, expected = rest.split("$")
    if not 1 <= int(rounds) <= _MAX_PBKDF2_ROUNDS:
        return False
    made = hashlib.pbkdf2_hmac(digest, password.encode(), salt.encode(), int(rounds))
    return hmac.compare_digest(base64.b64encode(made), expected.encode())


def _check_argon2(password: str, stored: str) -> bool:
    found = _ARGON2.match(stored)
    if not found:
        return False
    kib, passes, lanes = (int(found[i]) for i in (2, 3, 4))
    if kib > _MAX_ARGON2_KIB or passes > _MAX_ARGON2_TIME or lanes > _MAX_ARGON2_LANES:
        return False
    try:
        return bool(verify_secret(stored.encode(), password.encode(), _ARGON2_TYPES[found[1]]))
    except (Argon2Error, InvalidHashError):
        return False
