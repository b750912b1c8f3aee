"""The four algorithms, and keys that take turns."""

from pathlib import Path

import jwt
import pytest

from authsvc import key_files
from tests.client import Api
from tests.endpoints.kit import TOKEN_NOT_VALID, b64, claims_of, published_keys

SECRET = "a shared secret of more than 32 bytes \u00e9"
JWKS = "/.well-known/jwks.json"
PUBLIC = {"ES256": {"crv", "x", "y"}, "EdDSA": {"crv", "x"}, "RS256": {"n", "e"}}


async def start(serve, algorithm: str, folder: Path) -> Api:
    secret = SECRET if algorithm == "HS256" else None
    api: Api = await serve(jwt_algorithm=algorithm, jwt_secret=secret, jwt_keys_dir=folder)
    return api


@pytest.mark.parametrize("algorithm", PUBLIC)
async def test_a_key_pair_signs_and_its_public_half_is_published(serve, tmp_path: Path, algorithm: str) -> None:
    api = await start(serve, algorithm, tmp_path)
    tokens = await api.sign_in()
    assert (await api.get("/api/me/", headers=tokens.bearer)).status == 200
    (key,) = (await api.get(JWKS)).json["keys"]
    assert set(key) == {"kty", "kid", "alg", "use"} | PUBLIC[algorithm]
    assert (key["alg"], key["use"]) == (algorithm, "sig")
    header = {"alg": algorithm, "typ": "at+jwt", "kid": key["kid"]}
    assert jwt.get_unverified_header(tokens.access) == header
    assert (await claims_of(api, tokens.access))["user_id"] == tokens.user["id"]


async def test_a_shared_secret_signs_and_is_never_published(serve, tmp_path: Path) -> None:
    api = await start(serve, "HS256", tmp_path)
    tokens = await api.sign_in()
    assert (await api.get("/api/me/", headers=tokens.bearer)).status == 200
    assert (await api.get(JWKS)).json == {"keys": []}
    assert jwt.decode(tokens.access, SECRET.encode(), algorithms=["HS256"])["user_id"] == tokens.user["id"]
    assert jwt.get_unverified_header(tokens.access)["alg"] == "HS256"


@pytest.mark.parametrize("secret", ["", "x" * 40])
async def test_another_secret_is_refused(serve, tmp_path: Path, secret: str) -> None:
    import hashlib
    import hmac

    api = await start(serve, "HS256", tmp_path)
    head, body, _ = (await api.sign_in()).access.split(".")
    signature = b64(hmac.digest(secret.encode(), f"{head}.{body}".encode(), hashlib.sha256))
    answer = await api.get("/api/me/", headers={"Authorization": f"Bearer {head}.{body}.{signature}"})
    assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)


async def test_with_a_shared_secret_an_unsigned_token_is_refused(serve, tmp_path: Path) -> None:
    api = await start(serve, "HS256", tmp_path)
    head, body, _ = (await api.sign_in()).access.split(".")
    kid = jwt.get_unverified_header(f"{head}.{body}.")["kid"]
    forged = f"{b64({'alg': 'none', 'typ': 'at+jwt', 'kid': kid})}.{body}."
    assert (await api.get("/api/me/", headers={"Authorization": f"Bearer {forged}"})).json == TOKEN_NOT_VALID


async def test_another_services_token_is_refused(serve, tmp_path: Path) -> None:
    one, other = await start(serve, "ES256", tmp_path / "one"), await start(serve, "ES256", tmp_path / "other")
    tokens = await one.sign_in()
    assert (await one.get("/api/me/", headers=tokens.bearer)).status == 200
    assert (await other.get("/api/me/", headers=tokens.bearer)).json == TOKEN_NOT_VALID


async def test_a_new_key_signs_nobody_out(serve, tmp_path: Path) -> None:
    first = await start(serve, "ES256", tmp_path)
    old = await first.sign_in()
    kid = key_files.generate(tmp_path, "ES256")
    published = await start(serve, "ES256", tmp_path)
    assert kid in await published_keys(published)
    assert jwt.get_unverified_header((await published.sign_in(old.user["email"])).access)["kid"] != kid
    (tmp_path / "active").write_text(kid)
    turned = await start(serve, "ES256", tmp_path)
    new = await turned.sign_in(old.user["email"])
    assert jwt.get_unverified_header(new.access)["kid"] == kid
    for api in (published, turned):
        for tokens in (old, new):
            assert (await api.get("/api/me/", headers=tokens.bearer)).status == 200


async def test_another_algorithm_signs_nobody_out(serve, tmp_path: Path) -> None:
    first = await start(serve, "ES256", tmp_path)
    old = await first.sign_in()
    second = await start(serve, "EdDSA", tmp_path)
    new = await second.sign_in(old.user["email"])
    assert {jwt.get_unverified_header(t.access)["alg"] for t in (old, new)} == {"ES256", "EdDSA"}
    assert (await second.get("/api/me/", headers=old.bearer)).status == 200
    assert len(await published_keys(second)) == 2


async def test_a_key_that_is_gone_verifies_nothing_more(serve, tmp_path: Path) -> None:
    old = await (await start(serve, "ES256", tmp_path)).sign_in()
    for path in tmp_path.iterdir():
        path.unlink()
    api = await start(serve, "ES256", tmp_path)
    assert (await api.get("/api/me/", headers=old.bearer)).json == TOKEN_NOT_VALID
