"""The keys that sign access tokens and the keys that verify them.

One key signs, any number verify; each is known by its `kid`, the RFC 7638 thumbprint. The algorithm
belongs to the key and never comes from a token.
"""

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm, get_default_algorithms

_MIN_RSA_BITS = 2048
_THUMBPRINT_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


class SigningKeyError(Exception):
    """A key cannot be used; the message says which and why."""


class SigningKey(NamedTuple):
    """The key that signs: `private` is a key object, or the secret's bytes for HS256."""

    kid: str
    algorithm: str
    private: Any


class KeySet(NamedTuple):
    """What a running service holds: the signer, every verifier by kid, the public JWK Set (RFC 7517)."""

    signer: SigningKey
    verifiers: Mapping[str, tuple[str, Any]]  # kid → (algorithm, key)
    jwks: bytes

    def is_as(self, other: "KeySet") -> bool:
        """Do both sign and verify by the same keys? A kid is made of its key."""
        return (self.signer.kid, set(self.verifiers), self.jwks) == (other.signer.kid, set(other.verifiers), other.jwks)


def secret_kid(secret: str) -> str:
    """How a shared secret is called in token headers; nothing else is ever published of it."""
    return "hs256-" + hashlib.sha256(b"kid of " + secret.encode()).hexdigest()[:8]


def make(algorithm: str) -> PrivateKey:
    """A new key pair for ES256, EdDSA or RS256."""
    match algorithm:
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case "EdDSA":
            return ed25519.Ed25519PrivateKey.generate()
        case "RS256":
            return rsa.generate_private_key(public_exponent=65537, key_size=3072)
    raise SigningKeyError(f"no key pair can be made for {algorithm}")


def key_set(
    keys: Iterable[PrivateKey],
    algorithm: str,
    active: str | None,
    secret: str | None = None,
    old_secrets: Iterable[str] = (),
) -> KeySet:
    """What a service with these keys holds.

    active: the kid that signs, needed when several key pairs fit the algorithm. secret: signs where the algorithm
    is HS256, by its UTF-8 bytes; old_secrets verify only.
    """
    known = {str(jwk["kid"]): (key, jwk) for key, jwk in ((key, public_jwk(key)) for key in keys)}
    verifiers: dict[str, tuple[str, Any]] = {kid: (jwk["alg"], key.public_key()) for kid, (key, jwk) in known.items()}
    verifiers |= {secret_kid(shared): ("HS256", shared.encode()) for shared in old_secrets}
    jwks = orjson.dumps({"keys": [jwk for _, jwk in known.values()]})
    if algorithm == "HS256" and secret is not None:
        signer = SigningKey(secret_kid(secret), "HS256", secret.encode())
        return KeySet(signer, {signer.kid: ("HS256", signer.private), **verifiers}, jwks)
    fitting = [kid for kid, (_, jwk) in known.items() if jwk["alg"] == algorithm]
    if not fitting:
        raise SigningKeyError(f"there is no {algorithm} key")
    kid = active if active in fitting else fitting[0] if len(fitting) == 1 else None
    if kid is None:
        raise SigningKeyError(f"none of the {algorithm} keys is named as the active one: {', '.join(fitting)}")
    return KeySet(SigningKey(kid, algorithm, known[kid][0]), verifiers, jwks)


def compact_jws(key: SigningKey, typ: str) -> Callable[[bytes], str]:
    """What signs payloads, as JWS in the compact form (RFC 7515 section 7.1).

    The header and the choice of the algorithm are the same for all of them, and made here.
    """
    signature = _signature(key)
    head = _base64url(orjson.dumps({"alg": key.algorithm, "kid": key.kid, "typ": typ})) + b"."

    def sign(payload: bytes) -> str:
        signed = head + _base64url(payload)
        return (signed + b"." + _base64url(signature(signed))).decode("ascii")

    return sign


def _signature(key: SigningKey) -> Callable[[bytes], bytes]:
    """What makes signatures with the key, as JWS has them (RFC 7518 section 3)."""
    algorithm = get_default_algorithms()[key.algorithm]
    private = algorithm.prepare_key(key.private)
    if key.algorithm != "ES256":
        return lambda signed: algorithm.sign(signed, private)
    scheme = ec.ECDSA(hashes.SHA256())

    def sign(signed: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(signed, scheme))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return sign


def public_jwk(key: PrivateKey) -> dict[str, Any]:
    """The public half as a JWK (RFC 7517) with `kid`, `alg` and `use`; SigningKeyError for a weak key."""
    jwk: dict[str, Any]
    if isinstance(key, ec.EllipticCurvePrivateKey):
        if not isinstance(key.curve, ec.SECP256R1):
            raise SigningKeyError("only the curve P-256 is used")
        algorithm, jwk = "ES256", dict(ECAlgorithm.to_jwk(key.public_key(), as_dict=True))
    elif isinstance(key, ed25519.Ed25519PrivateKey):
        algorithm, jwk = "EdDSA", dict(OKPAlgorithm.to_jwk(key.public_key(), as_dict=True))
    else:
        if key.key_size < _MIN_RSA_BITS:
            raise SigningKeyError(f"an RSA key has at least {_MIN_RSA_BITS} bits")
        algorithm, jwk = "RS256", dict(RSAAlgorithm.to_jwk(key.public_key(), as_dict=True))
    jwk.pop("key_ops", None)
    members = {name: jwk[name] for name in _THUMBPRINT_MEMBERS[jwk["kty"]]}
    thumbprint = hashlib.sha256(orjson.dumps(members, option=orjson.OPT_SORT_KEYS)).digest()
    return {**jwk, "alg": algorithm, "use": "sig", "kid": _base64url(thumbprint).decode()}


def _base64url(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
