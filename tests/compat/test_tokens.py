"""Programs that verify access tokens themselves, and those that write them anew with the shared secret."""

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import jwt
import pytest

from authsvc.core.signing import KeySet
from tests.client import Api, Tokens
from tests.conftest import FakeClock
from tests.endpoints.kit import (
    TOKEN_NOT_VALID,
    Like,
    add_employee,
    add_role,
    b64,
    sign_in_employee,
)

SECRET = "a shared secret of more than 32 bytes"
OTHER = "b shared secret of more than 32 bytes"
HS256 = {"jwt_algorithm": "HS256", "jwt_secret": SECRET}
ISSUER = "http://auth.test"
Serve = Callable[..., Awaitable[Api]]


def verified_by_jwks(jwks: dict[str, Any], token: str) -> dict[str, Any]:
    """What a program does with the published keys: no audience, algorithm of the key."""
    key = next(key for key in jwks["keys"] if key["kid"] == jwt.get_unverified_header(token)["kid"])
    return dict(jwt.decode(token, jwt.PyJWK(key), algorithms=[key["alg"]], issuer=ISSUER))


def verified_by_hand(token: str, secret: str) -> dict[str, Any]:
    """What a program without a library does: HMAC over the first two parts."""
    head, body, signature = token.split(".")
    expected = hmac.digest(secret.encode(), f"{head}.{body}".encode(), hashlib.sha256)
    assert base64.urlsafe_b64decode(signature + "==") == expected
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def expected(tokens: Tokens, clock: FakeClock, **known: Any) -> dict[str, Any]:
    """Every claim of a staff user's token."""
    person = tokens.user
    return {
        "token_type": "access",
        "exp": int(clock()) + 900,
        "iat": int(clock()),
        "jti": Like("[0-9a-f]{32}"),
        "iss": ISSUER,
        "sub": f"staff:{person['id']}",
        "user_id": person["id"],
        **{name: person[name] for name in ("email", "username", "full_name", "first_name", "last_name")},
        "user_type": "staff",
        "roles": [],
        **known,
    }


async def signed_in(api: Api, db: asyncpg.Connection) -> tuple[Tokens, Tokens]:
    """A staff user with two roles of three, and an employee."""
    ada = await api.register(email="ada@example.com", first_name="Ada", last_name="Lovelace", username="countess")
    await add_role(db, ada["id"], "tts", "Agent")
    await add_role(db, ada["id"], "ams", "Clerk", is_active=False)
    await add_role(db, ada["id"], "hdts", "Admin")
    await add_employee(db)
    return await api.sign_in("ada@example.com"), await sign_in_employee(api)


@pytest.mark.parametrize("algorithm", ["ES256", "HS256"])
async def test_every_claim_is_there_for_who_verifies_himself(
    serve: Serve, db: asyncpg.Connection, clock: FakeClock, algorithm: str
) -> None:
    api = await serve(**(HS256 if algorithm == "HS256" else {}))
    ada, emil = await signed_in(api, db)
    jwks = (await api.get("/.well-known/jwks.json")).json
    if algorithm == "HS256":
        assert "oct" not in {key["kty"] for key in jwks["keys"]}
        found = [jwt.decode(tokens.access, SECRET, algorithms=["HS256"]) for tokens in (ada, emil)]
        assert found == [verified_by_hand(tokens.access, SECRET) for tokens in (ada, emil)]
    else:
        found = [verified_by_jwks(jwks, tokens.access) for tokens in (ada, emil)]
    assert all(type(claims.pop("sid")) is int for claims in found)
    assert all(type(claims[name]) is int for claims in found for name in ("exp", "iat", "user_id"))
    assert all("aud" not in claims for claims in found)
    roles = [{"system": "tts", "role": "Agent"}, {"system": "hdts", "role": "Admin"}]
    number = emil.user["id"]
    assert found == [
        expected(ada, clock, roles=roles),
        expected(
            emil,
            clock,
            sub=f"employee:{number}",
            user_type="employee",
            employee_id=number,
            roles=[{"system": "hdts", "role": "Employee"}],
        ),
    ]


async def test_who_checks_the_type_of_a_token_is_not_given_a_refresh_token(serve: Serve) -> None:
    api = await serve(**HS256)
    tokens = await api.sign_in()
    with pytest.raises(jwt.DecodeError):
        jwt.decode(tokens.refresh, SECRET, algorithms=["HS256"])


async def tried(api: Api, token: str) -> list[tuple[int, Any]]:
    """The answers to a token as bearer and as cookie."""
    answers = [
        await api.get("/api/me/", headers={"Authorization": f"Bearer {token}"}),
        await api.get("/api/me/", headers={"Cookie": f"access_token={token}"}),
    ]
    return [(answer.status, answer.json if answer.status == 401 else answer.json["type"]) for answer in answers]


REFUSED = [(401, TOKEN_NOT_VALID)] * 2


async def test_a_token_written_anew_with_the_same_claims_is_taken(serve: Serve, db: asyncpg.Connection) -> None:
    api = await serve(**HS256)
    for tokens, kind in zip(await signed_in(api, db), ("user", "employee"), strict=True):
        claims = jwt.decode(tokens.access, SECRET, algorithms=["HS256"])
        anew = jwt.encode(claims, SECRET, algorithm="HS256")
        assert jwt.get_unverified_header(anew) == {"alg": "HS256", "typ": "JWT"}
        assert await tried(api, anew) == [(200, kind)] * 2
        answer = await api.post("/api/v1/token/verify/", {"token": anew})
        assert (answer.status, answer.json) == (200, {})


async def test_a_token_written_anew_ends_with_its_session(serve: Serve) -> None:
    api = await serve(**HS256)
    tokens = await api.sign_in()
    anew = jwt.encode(jwt.decode(tokens.access, SECRET, algorithms=["HS256"]), SECRET, algorithm="HS256")
    assert await tried(api, anew) == [(200, "user")] * 2
    await api.post("/api/v1/users/logout/", headers=tokens.bearer)
    assert await tried(api, anew) == REFUSED


CHANGED: list[dict[str, Any]] = [
    {"sub": "staff:2147483647"},
    {"sub": "employee:1"},
    {"user_id": 2147483647},
    {"sub": "staff:2147483647", "user_id": 2147483647},
    {"sid": 2**62},
    {"sid": "1"},
    {"sid": True},
    {"token_type": "refresh"},
    {"token_type": None},
    {"iss": "http://other.test"},
    {"aud": "authsvc"},
    {"exp": 1},
    {"exp": None},
    {"exp": "9999999999"},
    {"iat": 9999999999},
    {"nbf": 9999999999},
    {"user_id": "1"},
    {"jti": None},
]


async def test_another_secret_or_other_claims_are_refused(serve: Serve) -> None:
    """Each with the header that this service writes, and with that of a caller."""
    api = await serve(**HS256)
    tokens = await api.sign_in()
    claims = jwt.decode(tokens.access, SECRET, algorithms=["HS256"])
    for headers in ({"typ": "at+jwt", "kid": "hs256"}, {}):
        for secret in (OTHER, SECRET[:-1], SECRET + "!", SECRET.upper(), SECRET[::-1]):
            assert await tried(api, jwt.encode(claims, secret, "HS256", headers=headers)) == REFUSED
        for change in CHANGED:
            forged = {name: value for name, value in {**claims, **change}.items() if value is not None}
            token = jwt.encode(forged, SECRET, "HS256", headers=headers)
            assert await tried(api, token) == REFUSED, (headers, change)
        for algorithm, digest in (("HS384", "sha384"), ("HS512", "sha512")):
            signed = f"{b64({'alg': algorithm, 'typ': 'JWT', **headers})}.{b64(claims)}"
            signature = b64(hmac.digest(SECRET.encode(), signed.encode(), digest))
            assert await tried(api, f"{signed}.{signature}") == REFUSED
    assert await tried(api, tokens.access) == [(200, "user")] * 2


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
async def test_an_unsigned_token_is_refused(serve: Serve, algorithm: str) -> None:
    api = await serve(**HS256)
    head, body, signature = (await api.sign_in()).access.split(".")
    for header in ({"alg": algorithm, "typ": "JWT"}, {"alg": algorithm, "typ": "at+jwt", "kid": "hs256"}):
        for end in ("", signature, b64(b"x" * 32)):
            assert await tried(api, f"{b64(header)}.{body}.{end}") == REFUSED
    assert await tried(api, f"{head}.{body}.") == REFUSED


async def test_the_leniency_is_for_a_shared_secret_only(api: Api, signing_keys: KeySet) -> None:
    """Where keys are published, a token without kid is nobody's, and a public key is no secret."""
    tokens = await api.sign_in()
    (jwk,) = (await api.get("/.well-known/jwks.json")).json["keys"]
    claims = verified_by_jwks({"keys": [jwk]}, tokens.access)
    for secret in (jwk["x"], jwk["kid"].ljust(32, "x"), "x" * 32):
        for headers in ({}, {"kid": "hs256"}, {"typ": "at+jwt", "kid": jwk["kid"]}, {"typ": "at+jwt", "kid": "hs256"}):
            assert await tried(api, jwt.encode(claims, secret, "HS256", headers=headers)) == REFUSED
    key = signing_keys.signer
    for headers in ({}, {"typ": "at+jwt"}, {"typ": "JWT", "kid": key.kid}):
        assert await tried(api, jwt.encode(claims, key.private, key.algorithm, headers=headers)) == REFUSED
    whole = jwt.encode(claims, key.private, key.algorithm, headers={"typ": "at+jwt", "kid": key.kid})
    assert await tried(api, whole) == [(200, "user")] * 2
