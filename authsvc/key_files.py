"""Signing keys on disk: one unencrypted PKCS#8 PEM per key, and a file `active` that names the signer."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from authsvc.core.signing import KeySet, PrivateKey, SigningKeyError, key_set, make, public_jwk, shared_secret
from authsvc.settings import Settings


def generate(folder: Path, algorithm: str) -> str:
    """Make a key pair in the folder, readable by its owner only; returns its kid. The first one signs."""
    key = make(algorithm)
    kid = str(public_jwk(key)["kid"])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(folder / f"{kid}.pem", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    if not (folder / "active").exists():
        (folder / "active").write_text(kid + "\n")
    return kid


def load(settings: Settings) -> KeySet:
    """The keys that the settings name; in development a missing pair is made first.

    SigningKeyError when there is none for the algorithm, or when a file is not a usable key.
    """
    if settings.jwt_secret is not None:
        return shared_secret(settings.jwt_secret)
    folder, algorithm = settings.jwt_keys_dir, settings.jwt_algorithm
    keys = [_read(path) for path in sorted(folder.glob("*.pem"))]
    if settings.development and not any(public_jwk(key)["alg"] == algorithm for key in keys):
        (folder / "active").unlink(missing_ok=True)
        generate(folder, algorithm)
        return load(settings)
    active = (folder / "active").read_text().strip() if (folder / "active").exists() else None
    try:
        return key_set(keys, algorithm, active)
    except SigningKeyError as err:
        raise SigningKeyError(f"{folder}: {err}") from err


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
