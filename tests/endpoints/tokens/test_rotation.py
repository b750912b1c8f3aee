"""Keys that take turns while the service runs: announced, active, retired; nobody is signed out."""

import asyncio
import dataclasses
import os
import time
from pathlib import Path

import jwt
import pytest

from authsvc import key_files
from authsvc.core.signing import SigningKeyError
from authsvc.jobs import signing_keys
from authsvc.settings import Settings
from tests.client import Api
from tests.endpoints.kit import TOKEN_NOT_VALID, published_keys

OLD, NEW = "the secret of last year, long enough", "the secret of this year, long enough"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service looks at the folder all the time."""
    monkeypatch.setattr(signing_keys, "_EVERY", 0.02)


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


async def until(api: Api, *kids: str) -> None:
    """Wait until exactly these keys are published."""
    async with asyncio.timeout(10):
        while set(await published_keys(api)) != set(kids):
            await asyncio.sleep(0.02)


def age(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


@pytest.mark.usefixtures("at_once")
async def test_a_rotation_signs_nobody_out(serve, tmp_path: Path) -> None:
    api: Api = await serve(jwt_algorithm="ES256", jwt_secret=None, jwt_keys_dir=tmp_path)
    old, settings = await api.sign_in(), api.service.settings
    first = kid_of(old.access)

    second = key_files.generate(tmp_path, "ES256")
    await until(api, first, second)
    assert kid_of((await api.sign_in(old.user["email"])).access) == first
    with pytest.raises(key_files.TooEarlyError, match="is published for 0 s"):
        key_files.activate(settings, second)
    with pytest.raises(SigningKeyError, match="signs; activate another key first"):
        key_files.retire(settings, first)

    age(tmp_path / f"{second}.pem", key_files.PUBLISHED_FOR + 1)
    key_files.activate(settings, second)
    async with asyncio.timeout(10):
        while kid_of((new := await api.sign_in(old.user["email"])).access) != second:
            await asyncio.sleep(0.02)
    for tokens in (old, new):
        assert (await api.get("/api/me/", headers=tokens.bearer)).status == 200
    refreshed = await api.post("/api/v1/token/refresh/", {"refresh": old.refresh})
    assert kid_of(refreshed.json["access"]) == second

    with pytest.raises(key_files.TooEarlyError, match="tokens signed by"):
        key_files.retire(settings, first)
    age(tmp_path / "active", 911)
    key_files.retire(settings, first)
    await until(api, second)
    assert (await api.get("/api/me/", headers=old.bearer)).json == TOKEN_NOT_VALID
    for bearer in (new.bearer, {"Authorization": f"Bearer {refreshed.json['access']}"}):
        assert (await api.get("/api/me/", headers=bearer)).status == 200


@pytest.mark.usefixtures("at_once")
async def test_a_broken_key_file_changes_nothing(serve, tmp_path: Path) -> None:
    api: Api = await serve(jwt_algorithm="ES256", jwt_secret=None, jwt_keys_dir=tmp_path)
    tokens = await api.sign_in()
    (tmp_path / "a.pem").write_text("no key")
    await asyncio.sleep(0.1)
    assert (await api.get("/api/me/", headers=tokens.bearer)).status == 200
    (tmp_path / "a.pem").unlink()
    second = key_files.generate(tmp_path, "ES256")
    await until(api, kid_of(tokens.access), second)


async def test_an_unknown_key_is_neither_activated_nor_retired(base_settings: Settings, tmp_path: Path) -> None:
    settings = dataclasses.replace(base_settings, jwt_keys_dir=tmp_path)
    for step in (lambda: key_files.activate(settings, "../x"), lambda: key_files.retire(settings, "nobody")):
        with pytest.raises(SigningKeyError, match="there is no"):
            step()


async def test_an_old_secret_verifies_until_it_is_taken_out(serve, tmp_path: Path) -> None:
    common = {"jwt_algorithm": "HS256", "jwt_keys_dir": tmp_path}
    old = await (await serve(**common, jwt_secret=OLD)).sign_in()
    turned: Api = await serve(**common, jwt_secret=NEW, jwt_old_secrets=(OLD,))
    new = await turned.sign_in(old.user["email"])
    assert kid_of(new.access) != kid_of(old.access)
    for tokens in (old, new):
        assert (await turned.get("/api/me/", headers=tokens.bearer)).status == 200
    over: Api = await serve(**common, jwt_secret=NEW)
    assert (await over.get("/api/me/", headers=old.bearer)).json == TOKEN_NOT_VALID
    assert (await over.get("/api/me/", headers=new.bearer)).status == 200


async def test_from_a_secret_to_a_key_pair_signs_nobody_out(serve, tmp_path: Path) -> None:
    old = await (await serve(jwt_algorithm="HS256", jwt_secret=OLD, jwt_keys_dir=tmp_path)).sign_in()
    api: Api = await serve(jwt_algorithm="ES256", jwt_secret=None, jwt_old_secrets=(OLD,), jwt_keys_dir=tmp_path)
    assert (await api.get("/api/me/", headers=old.bearer)).status == 200
    assert "oct" not in (await api.get("/.well-known/jwks.json")).text
