"""Signing keys on disk: one unencrypted PKCS#8 PEM per key, and a file `active` that names the signer.

A running service looks at the folder every few seconds, so a key is first announced (generate: it verifies and is
published), then signs (activate), and goes when nothing signed by its predecessor lives any more (retire).
"""

import os
import time
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from authsvc.core.signing import KeySet, PrivateKey, SigningKeyError, key_set, make, public_jwk
from authsvc.settings import Settings

_TAKEN_UP = 10  # seconds until every running service has taken up a change of the folder
PUBLISHED_FOR = 300 + _TAKEN_UP  # a verifier may keep what it read of /.well-known/jwks.json for 300
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
    """Make a key pair in the folder, readable by its owner only; returns its kid. The first of its algorithm signs."""
    others = [found.kid for found in held(folder) if found.algorithm == algorithm]
    key = make(algorithm)
    while (kid := str(public_jwk(key)["kid"])).startswith("-"):  # an option, where commands take a kid
        key = make(algorithm)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(folder / f"{kid}.new", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    if others and _active(folder) not in others:
        _point_to(folder, others[0])  # it signs, being the only one so far; nothing had to say so
    elif not (folder / _ACTIVE).exists():
        _point_to(folder, kid)
    (folder / f"{kid}.new").rename(folder / f"{kid}.pem")  # whoever looks finds a whole key or none
    return kid


def activate(settings: Settings, kid: str, *, force: bool = False) -> None:
    """Let a key sign. TooEarlyError while verifiers may not know it yet; SigningKeyError for one that cannot."""
    folder = settings.jwt_keys_dir
    age = _age(folder / f"{kid}.pem")
    algorithm = public_jwk(_read(folder / f"{kid}.pem"))["alg"]
    if algorithm != settings.jwt_algorithm:
        raise SigningKeyError(f"{kid} is an {algorithm} key, and tokens are signed with {settings.jwt_algorithm}")
    if age < PUBLISHED_FOR and not force:
        raise TooEarlyError(f"{kid} is published for {age:.0f} s; wait until it is {PUBLISHED_FOR} s, or force it")
    _point_to(folder, kid)


def retire(settings: Settings, kid: str, *, force: bool = False) -> None:
    """Remove a key. TooEarlyError while tokens that it signed may live; SigningKeyError for the one that signs."""
    folder, life = settings.jwt_keys_dir, settings.access_ttl + _TAKEN_UP
    _age(folder / f"{kid}.pem")
    if kid == _signer(settings):
        raise SigningKeyError(f"{kid} signs; activate another key first")
    since = _age(folder / _ACTIVE) if (folder / _ACTIVE).exists() else 0.0
    if since < life and not force:
        raise TooEarlyError(f"tokens signed by {kid} may live for {life - since:.0f} s; wait, or force it")
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


def _signer(settings: Settings) -> str | None:
    """Who signs; also where a file that is no key keeps the service from reading all of them."""
    try:
        return load(settings).signer.kid
    except SigningKeyError:
        return _active(settings.jwt_keys_dir)


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError as err:
        raise SigningKeyError(f"there is no {path.name} in {path.parent}") from err


def _active(folder: Path) -> str | None:
    try:
        return (folder / _ACTIVE).read_text("ascii").strip() if (folder / _ACTIVE).exists() else None
    except ValueError as err:
        raise SigningKeyError(f"{folder / _ACTIVE} names no key") from err


def _point_to(folder: Path, kid: str) -> None:
    (folder / "active.new").write_text(kid + "\n")
    (folder / "active.new").rename(folder / _ACTIVE)


def _read(path: Path) -> PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as err:
        raise SigningKeyError(f"{path} is not an unencrypted PKCS#8 private key") from err
    if not isinstance(key, (ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey, rsa.RSAPrivateKey)):
        raise SigningKeyError(f"{path} is of a kind that signs no tokens")
    try:
        public_jwk(key)
    except SigningKeyError as err:
        raise SigningKeyError(f"{path}: {err}") from err
    return key
