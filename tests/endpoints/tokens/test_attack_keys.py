"""Rotations that go wrong: a change of the algorithm, no file `active`, files that are no keys."""

import asyncio
import dataclasses
import os
import time
from pathlib import Path

import jwt
import pytest

from authsvc import key_files, service
from authsvc.core.signing import KeySet, SigningKeyError
from authsvc.jobs import signing_keys
from authsvc.settings import Settings
from tests.client import Api
from tests.endpoints.kit import published_keys

# A private key on sect113r1, a curve that the library does not know: PKCS#8, unencrypted.
UNSUPPORTED = """-----BEGIN PRIVATE KEY-----
MFECAQAwEAYHKoZIzj0CAQYFK4EEAAQEOjA4AgEBBA8AhYECc+M6QEwe//vgv0Gh
IgMgAAQAqVqeSn7y4kB0TXAmN+0B3aYCMK7hKQigM/pFTpg=
-----END PRIVATE KEY-----
"""


def production(settings: Settings, folder: Path, algorithm: str) -> Settings:
    return dataclasses.replace(settings, development=False, jwt_keys_dir=folder, jwt_algorithm=algorithm)


def age(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service looks at the folder all the time."""
    monkeypatch.setattr(signing_keys, "_EVERY", 0.02)


@pytest.fixture
def turned(tmp_path: Path, base_settings: Settings) -> tuple[Settings, str]:
    """A production service that went over from ES256 to EdDSA; and the kid of the key that signs now."""
    key_files.generate(tmp_path, "ES256")
    kid = key_files.generate(tmp_path, "EdDSA")
    settings = production(base_settings, tmp_path, "EdDSA")
    assert key_files.load(settings).signer.kid == kid
    for path in tmp_path.iterdir():
        age(path, 100_000)
    return settings, kid


def test_after_a_change_of_the_algorithm_the_next_key_is_announced(turned: tuple[Settings, str]) -> None:
    """Now: the service no longer starts, and running ones publish nothing of it."""
    settings, first = turned
    second = key_files.generate(settings.jwt_keys_dir, "EdDSA")
    keys = key_files.load(settings)
    assert (keys.signer.kid, second in keys.verifiers) == (first, True)


def test_after_a_change_of_the_algorithm_the_key_that_signs_is_not_retired(turned: tuple[Settings, str]) -> None:
    settings, signs = turned
    with pytest.raises(SigningKeyError, match="signs"):
        key_files.retire(settings, signs)


def test_a_key_is_announced_before_it_signs_although_nothing_named_the_one_that_does(
    tmp_path: Path, base_settings: Settings
) -> None:
    first = key_files.generate(tmp_path, "ES256")
    (tmp_path / "active").unlink()  # a single PEM file by hand is enough to start with
    settings = production(base_settings, tmp_path, "ES256")
    assert key_files.load(settings).signer.kid == first
    key_files.generate(tmp_path, "ES256")
    assert key_files.load(settings).signer.kid == first


def test_the_only_key_is_not_retired_even_by_force(tmp_path: Path, base_settings: Settings) -> None:
    only = key_files.generate(tmp_path, "ES256")
    (tmp_path / "active").unlink()
    assert key_files.load(production(base_settings, tmp_path, "ES256")).signer.kid == only
    with pytest.raises(SigningKeyError, match="signs"):
        key_files.retire(production(base_settings, tmp_path, "ES256"), only, force=True)


def test_a_key_of_another_algorithm_is_not_activated(tmp_path: Path, base_settings: Settings) -> None:
    for algorithm in ("ES256", "ES256", "EdDSA"):
        last = key_files.generate(tmp_path, algorithm)
    settings = production(base_settings, tmp_path, "ES256")
    before = key_files.load(settings).signer
    try:
        key_files.activate(settings, last, force=True)
    except SigningKeyError:
        return
    assert key_files.load(settings).signer.kid == before.kid


BROKEN = [
    pytest.param("odd.pem", UNSUPPORTED.encode(), id="a curve that is not supported"),
    pytest.param("active", b"\xff\xfe\n", id="active is no text"),
]


@pytest.mark.parametrize("name, content", BROKEN)
def test_what_cannot_be_read_is_one_message(tmp_path: Path, base_settings: Settings, name: str, content: bytes) -> None:
    key_files.generate(tmp_path, "ES256")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SigningKeyError):
        key_files.load(production(base_settings, tmp_path, "ES256"))


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("name, content", BROKEN)
async def test_the_service_goes_on_following_after_what_cannot_be_read(
    base_settings: Settings, tmp_path: Path, name: str, content: bytes
) -> None:
    first = key_files.generate(tmp_path, "ES256")
    settings = production(base_settings, tmp_path, "ES256")
    svc = service.build(settings, key_files.load(settings), "")
    following = asyncio.create_task(signing_keys._forever(svc))
    try:
        await asyncio.sleep(0.05)
        (tmp_path / name).write_bytes(content)
        await asyncio.sleep(0.2)
        assert not following.done()
        if name == "active":
            key_files._point_to(tmp_path, first)
        else:
            (tmp_path / name).unlink()
        second = key_files.generate(tmp_path, "ES256")
        await asyncio.sleep(0.2)
        assert svc.tokens.keys.verifiers.keys() == {first, second}
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        svc.hasher.close()


@pytest.mark.usefixtures("at_once")
async def test_a_key_made_while_the_service_starts_is_taken_up(base_settings: Settings, tmp_path: Path) -> None:
    """Between loading and the first look are the opening of the database and all jobs before."""
    first = key_files.generate(tmp_path, "ES256")
    settings = production(base_settings, tmp_path, "ES256")
    svc = service.build(settings, key_files.load(settings), "")
    second = key_files.generate(tmp_path, "ES256")
    following = asyncio.create_task(signing_keys._forever(svc))
    try:
        await asyncio.sleep(0.3)
        assert svc.tokens.keys.verifiers.keys() == {first, second}
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        svc.hasher.close()


async def test_an_old_secret_opens_nothing_by_the_name_of_a_key_pair(serve, tmp_path: Path) -> None:
    """ES256 signs, an HS256 secret still verifies: each key for its own algorithm only."""
    old = "the secret of last year, long enough"
    api: Api = await serve(jwt_algorithm="ES256", jwt_secret=None, jwt_old_secrets=(old,), jwt_keys_dir=tmp_path)
    tokens = await api.sign_in()
    keys: KeySet = api.service.tokens.keys
    claims = jwt.decode(tokens.access, options={"verify_signature": False})
    by_secret = next(kid for kid, (algorithm, _) in keys.verifiers.items() if algorithm == "HS256")
    pair = kid_of(tokens.access)
    forged = {
        "the pair's kid, signed by the secret": jwt.encode(claims, old, "HS256", {"kid": pair, "typ": "at+jwt"}),
        "the secret's kid, signed by a pair": jwt.encode(
            claims, keys.signer.private, "ES256", {"kid": by_secret, "typ": "at+jwt"}
        ),
        "no kid, signed by the pair": jwt.encode(claims, keys.signer.private, "ES256", {"typ": "at+jwt"}),
        "no kid, another audience": jwt.encode({**claims, "aud": "x"}, old, "HS256"),
        "no kid, a refresh token": jwt.encode({**claims, "token_type": "refresh"}, old, "HS256"),
        "no kid, the other kind": jwt.encode(
            {**claims, "sub": claims["sub"].replace("staff", "employee"), "user_type": "employee"}, old, "HS256"
        ),
    }
    for what, token in forged.items():
        answer = await api.get("/api/me/", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status, answer.code) == (401, "token_not_valid"), what
    assert set(await published_keys(api)) == {pair}
    good = jwt.encode(claims, old, "HS256")
    assert (await api.get("/api/me/", headers={"Authorization": f"Bearer {good}"})).status == 200
