"""Tokens that the service never made: 401 where a caller is needed, nobody where anybody may call."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import asyncpg
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from authsvc.core.signing import KeySet, public_jwk
from tests.client import PASSWORD, Api, Tokens
from tests.conftest import FakeClock
from tests.endpoints.kit import ISSUER, TOKEN_NOT_VALID, add_employee, assert_alive, b64, paths_of, sign_in_employee

Claims = dict[str, Any]
GENUINE: Any = {"verify_exp": False, "verify_signature": False}


class Forge:
    """Makes tokens from the genuine one of a live session."""

    def __init__(self, keys: KeySet, tokens: Tokens) -> None:
        self.key = keys.signer
        self.public = keys.verifiers[keys.signer.kid][1]
        self.tokens = tokens
        self.header = jwt.get_unverified_header(tokens.access)
        self.claims = jwt.decode(tokens.access, options=GENUINE)

    def ours(self, *, without: str | None = None, header: Claims | None = None, **changes: Any) -> str:
        """Signed with the service's own key: what a bug or a stolen key would make."""
        claims = {name: value for name, value in {**self.claims, **changes}.items() if name != without}
        return self.by(self.key.private, header, claims)

    def by(self, key: Any, header: Claims | None = None, claims: Claims | bytes | None = None) -> str:
        """Signed with any P-256 key."""
        head = b64({**self.header, **(header or {})})
        body = b64(self.claims if claims is None else claims)
        signature = jwt.get_algorithm_by_name("ES256").sign(f"{head}.{body}".encode(), key)
        return f"{head}.{body}.{b64(signature)}"

    def hs256(self, secret: bytes, **header: Any) -> str:
        """With an HMAC of any secret, also of one that libraries refuse."""
        text = f"{b64({**self.header, 'alg': 'HS256', **header})}.{b64(self.claims)}"
        return f"{text}.{b64(hmac.digest(secret, text.encode(), hashlib.sha256))}"


@pytest.fixture
async def forge(api: Api, signing_keys: KeySet) -> Forge:
    await api.register(email="ada@example.com")
    return Forge(signing_keys, await api.sign_in("ada@example.com"))


async def assert_refused(api: Api, token: str) -> None:
    """Closed paths say 401, by header and by cookie; open ones see nobody."""
    bearer, cookie = {"Authorization": f"Bearer {token}"}, {"Cookie": f"access_token={token}"}
    for headers in (bearer, cookie):
        for path in ("/api/me/", "/api/v1/users/profile/", "/api/v1/users/token/validate/"):
            answer = await api.get(path, headers=headers)
            assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID), path
        assert (await api.get("/api/v1/", headers=headers)).status == 200
    answer = await api.post("/api/v1/token/verify/", {"token": token})
    assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)


async def test_the_forge_makes_good_tokens_when_it_changes_nothing(api: Api, forge: Forge) -> None:
    answer = await api.get("/api/me/", headers={"Authorization": f"Bearer {forge.ours()}"})
    assert answer.status == 200


# --- signatures


def unsigned(forge: Forge, alg: str) -> str:
    return f"{b64({**forge.header, 'alg': alg})}.{b64(forge.claims)}."


def public_pem(forge: Forge) -> bytes:
    return bytes(forge.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def with_own_jwk(forge: Forge) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return forge.by(key, {"jwk": public_jwk(key)})


FORGED: dict[str, Callable[[Forge], str]] = {
    "alg none": lambda f: unsigned(f, "none"),
    "alg None": lambda f: unsigned(f, "None"),
    "alg NONE, genuine signature": lambda f: unsigned(f, "NONE") + f.tokens.access.rpartition(".")[2],
    "no signature": lambda f: f.tokens.access.rpartition(".")[0] + ".",
    "foreign key, our kid": lambda f: f.by(ec.generate_private_key(ec.SECP256R1())),
    "foreign key in jwk": with_own_jwk,
    "foreign key by jku": lambda f: f.by(ec.generate_private_key(ec.SECP256R1()), {"jku": "http://127.0.0.1:1/jwks"}),
    "foreign key by x5u": lambda f: f.by(ec.generate_private_key(ec.SECP256R1()), {"x5u": "http://127.0.0.1:1/x"}),
    "public PEM as secret": lambda f: f.hs256(public_pem(f)),
    "public PEM as secret, stripped": lambda f: f.hs256(public_pem(f).strip()),
    "public PEM as secret, kid hs256": lambda f: f.hs256(public_pem(f), kid="hs256"),
    "empty secret": lambda f: f.hs256(b"", kid="hs256"),
    "other claims, genuine signature": lambda f: ".".join(
        [
            f.tokens.access.split(".")[0],
            b64({**f.claims, "user_id": f.claims["user_id"] + 1}),
            f.tokens.access.split(".")[2],
        ]
    ),
    "one segment too many": lambda f: f.tokens.access + ".e30",
    "twice": lambda f: f.tokens.access * 2,
    "DER signature": lambda f: (
        f"{b64(f.header)}.{b64(f.claims)}."
        + b64(f.key.private.sign(f"{b64(f.header)}.{b64(f.claims)}".encode(), ec.ECDSA(jwt.algorithms.hashes.SHA256())))
    ),
    "zero signature": lambda f: f"{b64(f.header)}.{b64(f.claims)}.{b64(bytes(64))}",
    "payload is a list": lambda f: f.by(f.key.private, None, b"[1]"),
    "payload is no JSON": lambda f: f.by(f.key.private, None, b"{"),
    "payload is deep": lambda f: f.by(f.key.private, None, b'{"a":' + b"[" * 2000 + b"]" * 2000 + b"}"),
}


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_signature(api: Api, forge: Forge, name: str) -> None:
    forged = FORGED[name](forge)
    await assert_refused(api, forged)
    credentials = {"email": "ada@example.com", "password": PASSWORD}
    headers = {"Authorization": f"Bearer {forged}", "Cookie": f"access_token={forged}"}
    assert (await api.post("/api/v1/users/login/", credentials, headers=headers)).status == 200
    await assert_alive(api, forge.tokens)


# --- spellings of a genuine token


def other_last_letter(token: str) -> str:
    """The same signature bytes, spelt with other unused bits in the last letter."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + letters[letters.index(token[-1]) ^ 1]


PADDED = "== at the end"
LOOSE = {
    "= at the end": lambda token: token + "=",
    PADDED: lambda token: token + "==",
    "=== at the end": lambda token: token + "===",
    "= after the claims": lambda token: "=.".join(token.rsplit(".", 1)),
    "a letter outside base64url": lambda token: token[:-4] + "!" + token[-4:],
    "unused bits": other_last_letter,
}


async def test_a_token_has_one_spelling(api: Api, forge: Forge) -> None:
    for name in LOOSE.keys() - {PADDED}:
        await assert_refused(api, LOOSE[name](forge.tokens.access))


async def test_a_token_is_never_padded(api: Api, forge: Forge) -> None:
    await assert_refused(api, LOOSE[PADDED](forge.tokens.access))


async def test_no_spelling_outlives_the_session(api: Api, forge: Forge) -> None:
    await api.post("/api/v1/users/logout/", headers=forge.tokens.bearer)
    for respell in LOOSE.values():
        await assert_refused(api, respell(forge.tokens.access))


# --- headers, signed with the service's own key


HEADERS: list[Claims] = [
    {"crit": ["exp"]},
    {"crit": []},
    {"crit": ["b64"], "b64": False},
    {"typ": "JWT"},
    {"typ": None},
    {"typ": ["at+jwt"]},
    {"kid": None},
    {"kid": ["x"]},
    {"kid": {"x": 1}},
    {"kid": 7},
    {"kid": ""},
    {"kid": "hs256"},
    {"kid": "../../../dev/null"},
    {"alg": "RS256"},
    {"alg": "ES384"},
    {"alg": "EdDSA"},
    {"alg": None},
    {"alg": ["ES256"]},
]


async def test_a_wrong_header(api: Api, forge: Forge) -> None:
    for header in HEADERS:
        await assert_refused(api, forge.ours(header=header))


# --- claims, signed with the service's own key

REQUIRED = ("exp", "iat", "jti", "sub", "sid", "user_id", "token_type", "iss")
TEXTS = ("jti", "sub", "token_type", "iss")


async def test_a_claim_that_is_missing(api: Api, forge: Forge) -> None:
    for name in REQUIRED:
        await assert_refused(api, forge.ours(without=name))


@pytest.mark.parametrize("name", REQUIRED)
async def test_a_claim_of_another_type(api: Api, forge: Forge, name: str) -> None:
    genuine = forge.claims[name]
    wrong: list[Any] = [None, True, [genuine], {"a": genuine}]
    wrong += [7, 7.5] if name in TEXTS else [str(genuine), float(genuine), genuine + 0.5]
    for value in wrong:
        await assert_refused(api, forge.ours(**{name: value}))


WRONG: list[Claims] = [
    {"aud": "authsvc"},
    {"aud": []},
    {"aud": None},
    {"iss": ISSUER + "/"},
    {"iss": "https://evil.example"},
    {"token_type": "refresh"},
    {"token_type": "Access"},
    {"sub": "staff:999999"},
    {"sub": "employee:1"},
    {"sub": "root:1"},
    {"sub": "staff"},
    {"sub": ""},
    {"user_id": 999_999},
    {"user_id": -1},
    {"sid": 999_999_999},
    {"sid": 0},
    {"exp": 0},
    {"exp": -1},
]


async def test_a_wrong_claim(api: Api, forge: Forge) -> None:
    for changes in WRONG:
        await assert_refused(api, forge.ours(**changes))


async def test_sub_has_one_spelling(api: Api, forge: Forge) -> None:
    for spelling in ("staff:0{}", "staff: {}", "staff:+{}", "STAFF:{}", "staff:{}.0", " staff:{}", "staff:{}:"):
        await assert_refused(api, forge.ours(sub=spelling.format(forge.claims["user_id"])))


async def test_another_persons_session(api: Api, forge: Forge, db: asyncpg.Connection) -> None:
    other = await api.sign_in()
    session = jwt.decode(other.access, options=GENUINE)["sid"]
    await assert_refused(api, forge.ours(sid=session))


async def test_an_employee_with_a_users_number(api: Api, forge: Forge, db: asyncpg.Connection) -> None:
    number = forge.claims["user_id"]
    await add_employee(db, number)
    await assert_refused(api, forge.ours(sub=f"employee:{number}"))
    session = jwt.decode((await sign_in_employee(api)).access, options=GENUINE)["sid"]
    await assert_refused(api, forge.ours(sid=session))


@pytest.mark.parametrize("name, number", [("sid", 2**63), ("user_id", 2**31)])
async def test_numbers_that_no_column_holds(api: Api, forge: Forge, name: str, number: int) -> None:
    sub = f"staff:{number}" if name == "user_id" else forge.claims["sub"]
    await assert_refused(api, forge.ours(**{name: number, "sub": sub}))


# --- times


@pytest.mark.parametrize("claim", ["iat", "nbf"])
async def test_half_a_minute_of_the_future_is_another_nodes_clock(
    api: Api, forge: Forge, clock: FakeClock, claim: str
) -> None:
    good = forge.ours(**{claim: int(clock()) + 29})
    assert (await api.get("/api/me/", headers={"Authorization": f"Bearer {good}"})).status == 200
    await assert_refused(api, forge.ours(**{claim: int(clock()) + 32}))


async def test_nbf_is_a_number_where_it_is_sent(api: Api, forge: Forge) -> None:
    for wrong in ("1", None, True, 1.5, [1]):
        await assert_refused(api, forge.ours(nbf=wrong))


async def test_exp_has_no_leeway(api: Api, forge: Forge, clock: FakeClock) -> None:
    await assert_refused(api, forge.ours(exp=int(clock())))


async def test_a_forged_token_signs_nobody_out(api: Api, forge: Forge) -> None:
    for make in FORGED.values():
        forged = {"Authorization": f"Bearer {make(forge)}"}
        assert (await api.post("/api/v1/users/logout/", headers=forged)).json == TOKEN_NOT_VALID
        for path in paths_of("sessions.logout_anyway"):
            assert (await api.post(path, headers=forged)).status == 200
        assert (await api.get("/logout/", headers=forged)).status == 303
    await assert_alive(api, forge.tokens)


async def test_a_token_signs_out_its_own_person_only(api: Api, forge: Forge) -> None:
    other = await api.sign_in()
    session = jwt.decode(other.access, options=GENUINE)["sid"]
    await api.post("/logout/", headers={"Authorization": f"Bearer {forge.ours(sid=session)}"})
    await assert_alive(api, other)


async def test_junk(api: Api) -> None:
    for junk in ("", ".", "..", "...", "null", "\u00e9", base64.b64encode(b"{}").decode(), "e" * 8000):
        answer = await api.get("/api/me/", headers={"Authorization": f"Bearer {junk}"})
        assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)
