"""Signing keys on disk: one unencrypted PKCS#8 PEM per key, and a file `active` that names the signer.

A running service looks at the folder every few seconds, so a key is first announced (generate: it verifies and is
published), then signs (activate), and goes when nothing signed by its predecessor lives any more (retire).
"""

import os
import time
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from authsvc.core.signing import KeySet, PrivateKey, SigningKeyError, key_set, make, public_jwk
from authsvc.settings import Settings

PUBLISHED_FOR = 300  # seconds that a verifier may keep what it read of /.well-known/jwks.json
_ACTIVE = "active"


class TooEarlyError(Exception):
    """A step of a rotation that would refuse good tokens now; the message says when it would not."""


class Held(NamedTuple):
    """One key pair of the folder. age: seconds since it was made."""

    kid: str
    algorithm: str
    signs: bool
    age: float


def generate(folder: Path, algorithm: str) -> str:
    """Make a key pair in the folder, readable by its owner only; returns its kid. The first one signs."""
    key = make(algorithm)
    kid = str(public_jwk(key)["kid"])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(folder / f"{kid}.new", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    if not (folder / _ACTIVE).exists():
        _point_to(folder, kid)
    (folder / f"{kid}.new").rename(folder / f"{kid}.pem")  # whoever looks finds a whole key or none
    return kid


def activate(folder: Path, kid: str, *, force: bool = False) -> None:
    """Let a key sign. TooEarlyError while verifiers may not know it yet; SigningKeyError for an unknown one."""
    held = _one(folder, kid)
    if held.age < PUBLISHED_FOR and not force:
        raise TooEarlyError(f"{kid} is published for {held.age:.0f} s; wait until it is {PUBLISHED_FOR} s, or force it")
    _point_to(folder, kid)


def retire(folder: Path, kid: str, access_ttl: int, *, force: bool = False) -> None:
    """Remove a key. TooEarlyError while tokens that it signed may live; SigningKeyError for the one that signs."""
    if _one(folder, kid).signs:
        raise SigningKeyError(f"{kid} signs; activate another key first")
    since = time.time() - (folder / _ACTIVE).stat().st_mtime if (folder / _ACTIVE).exists() else 0.0
    if since < access_ttl and not force:
        raise TooEarlyError(f"tokens signed by {kid} may live for {access_ttl - since:.0f} s; wait, or force it")
    (folder / f"{kid}.pem").unlink()


def held(folder: Path) -> list[Held]:
    """The key pairs of the folder."""
    active = _active(folder)
    found = []
    for path in sorted(folder.glob("*.pem")):
        jwk = public_jwk(_read(path))
        found.append(Held(jwk["kid"], jwk["alg"], jwk["kid"] == active, time.time() - path.stat().st_mtime))
    return found


def fingerprint(folder: Path) -> object:
    """Equal as long as nothing in the folder was changed."""
    entries = os.scandir(folder) if folder.is_dir() else ()
    return sorted((entry.name, entry.stat().st_mtime_ns, entry.stat().st_size) for entry in entries)


def load(settings: Settings) -> KeySet:
    """The keys that the settings name; in development a missing pair is made first.

    SigningKeyError when there is none for the algorithm, or when a file is not a usable key.
    """
    folder, algorithm = settings.jwt_keys_dir, settings.jwt_algorithm
    keys = [_read(path) for path in sorted(folder.glob("*.pem"))]
    lacks_one = algorithm != "HS256" and not any(public_jwk(key)["alg"] == algorithm for key in keys)
    if settings.development and lacks_one:
        (folder / _ACTIVE).unlink(missing_ok=True)
        generate(folder, algorithm)
        return load(settings)
    try:
        return key_set(keys, algorithm, _active(folder), settings.jwt_secret, settings.jwt_old_secrets)
    except SigningKeyError as err:
        raise SigningKeyError(f"{folder}: {err}") from err


def _one(folder: Path, kid: str) -> Held:
    for found in held(folder):
        if found.kid == kid and (folder / f"{kid}.pem").exists():
            return found
    raise SigningKeyError(f"there is no {kid}.pem in {folder}")


def _active(folder: Path) -> str | None:
    return (folder / _ACTIVE).read_text().strip() if (folder / _ACTIVE).exists() else None


def _point_to(folder: Path, kid: str) -> None:
    (folder / "active.new").write_text(kid + "\n")
    (folder / "active.new").rename(folder / _ACTIVE)


def _read(path: Path) -> PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as err:
        raise SigningKeyError(f"{path} is not an unencrypted PKCS#8 private key") from err
    if not isinstance(key, (ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey, rsa.RSAPrivateKey)):
        raise SigningKeyError(f"{path} is of a kind that signs no tokens")
    try:
        public_jwk(key)
    except SigningKeyError as err:
        raise SigningKeyError(f"{path}: {err}") from err
    return key
