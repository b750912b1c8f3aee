"""Access tokens: signed JWTs of fifteen minutes (RFC 7519, RFC 9068's `at+jwt`).

Programs that verify tokens themselves rely on every claim made here. Whether the session behind a
token still lives is not in the token: that is asked at each request.
"""

import contextlib
import re
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

import jwt
import orjson

from authsvc.core.clock import Clock
from authsvc.core.person import Kind, Person
from authsvc.core.profiles import PersonalClaims
from authsvc.core.signing import KeySet, compact_jws
from authsvc.errors import TokenNotValid

_MAX_BYTES = 3500  # a cookie holds 4096 bytes with its name and attributes
_REMEMBERED = 3_000  # some 4 MB
_LONGEST = 8192  # letters that are looked at; no header could bring more
_SKEW = 30  # seconds that another node's clock may be ahead, for iat and nbf only
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_STRINGS = ("iss", "sub", "jti", "token_type")
_NUMBERS = ("exp", "iat", "sid", "user_id")
_SIGNATURE_ONLY: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}


class Claims(NamedTuple):
    """What a token that holds says: who, which session, until when (seconds since 1970)."""

    person: Person
    session_id: int
    expires_at: int


class AccessTokens:
    """Signs and reads access tokens. `lifetime` in seconds, `issuer` the public URL."""

    def __init__(self, keys: KeySet, *, issuer: str, lifetime: int, clock: Clock) -> None:
        self.lifetime = lifetime
        self._issuer, self._issuer_json = issuer, orjson.dumps(issuer)
        self._clock = clock
        self._verified_before: dict[str, Claims] = {}  # by the whole token
        self.keys = keys

    @property
    def keys(self) -> KeySet:
        """What signs and verifies now."""
        return self._keys

    @keys.setter
    def keys(self, keys: KeySet) -> None:
        self._keys = keys
        self._signed = compact_jws(keys.signer, "at+jwt")
        self._verified_before.clear()  # by keys that may be gone

    def issue(self, person: PersonalClaims, session_id: int) -> str:
        """A token for a session of this person."""
        now = int(self._clock())
        head = b'{"token_type":"access","iss":%b,"iat":%d,"exp":%d,"jti":"%b","sid":%d,' % (
            self._issuer_json,
            now,
            now + self.lifetime,
            secrets.token_hex(16).encode(),
            session_id,
        )
        token = self._signed(b"%b%b}" % (head, person.whole))
        return token if len(token) <= _MAX_BYTES else self._signed(b"%b%b}" % (head, person.without_roles))

    def read(self, token: str, *, expired_too: bool = False) -> Claims:
        """The claims of a token of ours; TokenNotValid for anything else.

        expired_too: also one whose time is over, for signing out. A signature that was verified once is not
        verified again; whether the token's time is over is asked each time.
        """
        known = self._verified_before.get(token)
        if known is None:
            known = self._read(token)
            if len(self._verified_before) >= _REMEMBERED:
                del self._verified_before[next(iter(self._verified_before))]
            self._verified_before[token] = known
        if known.expires_at <= self._clock() and not expired_too:
            raise TokenNotValid
        return known

    def _read(self, token: str) -> Claims:
        claims = self._verified(token)
        if any(type(claims.get(name)) is not str for name in _STRINGS):
            raise TokenNotValid
        if any(type(claims.get(name)) is not int for name in _NUMBERS):
            raise TokenNotValid
        now = self._clock()
        not_before = claims.get("nbf", claims["iat"])
        if (
            claims["iss"] != self._issuer
            or claims["token_type"] != "access"
            or "aud" in claims
            or type(not_before) is not int
            or not (0 < claims["sid"] < 2**63 and 0 < claims["user_id"] < 2**31)
            or max(not_before, claims["iat"]) > now + _SKEW
        ):
            raise TokenNotValid
        return Claims(_person(claims), claims["sid"], claims["exp"])

    def _verified(self, token: str) -> dict[str, Any]:
        # The key decides the algorithm: a token cannot choose "none", nor have a public key used as a secret.
        if len(token) > _LONGEST or not _FORM.fullmatch(token):  # PyJWT would take padding too
            raise TokenNotValid
        try:
            header = jwt.get_unverified_header(token)
            if "crit" in header:
                raise TokenNotValid
            if "kid" not in header:
                return self._signed_by_secret(token)
            algorithm, key = self.keys.verifiers[header["kid"]]
            if header.get("typ") != "at+jwt":
                raise TokenNotValid
            return jwt.decode(token, key, algorithms=[algorithm], options=_SIGNATURE_ONLY)
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, RecursionError) as err:
            raise TokenNotValid from err

    def _signed_by_secret(self, token: str) -> dict[str, Any]:
        """A token that a caller who holds the shared secret took apart and signed anew: no kid, any typ."""
        for algorithm, key in self.keys.verifiers.values():
            if algorithm == "HS256":
                with contextlib.suppress(jwt.InvalidSignatureError):
                    return jwt.decode(token, key, algorithms=[algorithm], options=_SIGNATURE_ONLY)
        raise TokenNotValid


def _person(claims: Mapping[str, Any]) -> Person:
    kind, _, number = claims["sub"].partition(":")
    try:
        person = Person(Kind(kind), claims["user_id"])
    except ValueError as err:
        raise TokenNotValid from err
    if number != str(person.id):
        raise TokenNotValid
    return person
