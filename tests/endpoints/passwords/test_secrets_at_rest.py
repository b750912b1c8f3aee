"""After whole flows, nothing that opens anything is found in the database or in the logs."""

import base64
import io
import itertools
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer

from authsvc import log, service
from authsvc.app import create_app
from authsvc.core.signing import KeySet
from authsvc.settings import Settings
from tests.client import Api, Tokens
from tests.conftest import Addresses
from tests.endpoints.kit import paths_of
from tests.endpoints.passwords import kit
from tests.mailbox import Mailbox

FIRST, SECOND, THIRD, WRONG = (f"canary {word} teapot" for word in ("violet", "orange", "silver", "wrong"))
EMAIL, NEW_EMAIL = "ada@example.com", "ada.new@example.com"


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All that is logged, down to the last detail, in both forms."""
    root, written = logging.getLogger(), io.StringIO()
    monkeypatch.setattr(log, "_lines", None)  # request lines come this way too
    before, level = list(root.handlers), root.level
    root.setLevel(logging.DEBUG)
    for form in (log._Json(), log._Text()):
        handler = logging.StreamHandler(written)
        handler.setFormatter(form)
        root.addHandler(handler)
    yield written
    root.handlers[:], root.level = before, level


@pytest.fixture
async def logging_api(
    db: asyncpg.Connection,
    database: Addresses,
    base_settings: Settings,
    signing_keys: KeySet,
    mailbox: Mailbox,
    logged: io.StringIO,
) -> AsyncIterator[Api]:
    """A client of a server that writes the request log of the real one."""
    server = TestServer(create_app(service.build(base_settings, signing_keys, database.app)))
    await server.start_server(access_log=None)
    client = TestClient(server, cookie_jar=None)
    await client.start_server()
    yield Api(client, numbers=itertools.count(1))
    await client.close()


async def everything(api: Api, mailbox: Mailbox) -> dict[str, str]:
    """Register, confirm, sign in, fail, forget, reset, change, move to another address; every secret on the way."""
    await api.register(email=EMAIL, password=FIRST)
    secrets = {"registration": await mailbox.link(api, EMAIL, "Confirm your address")}
    await api.get(f"/email/confirm/?token={secrets['registration']}")
    assert (await kit.confirm(api, secrets["registration"])).status == 200
    first = await api.sign_in(EMAIL, FIRST)
    await api.post("/api/v1/users/login/", {"email": EMAIL, "password": WRONG})
    secrets["reset"] = await kit.reset_token(api, mailbox, EMAIL)
    for path in paths_of("links.reset_page"):
        await api.get(f"{path}?token={secrets['reset']}")
    assert (await kit.reset(api, secrets["reset"], SECOND)).status == 200
    second = await api.sign_in(EMAIL, SECOND)
    body = {"old_password": SECOND, "new_password": THIRD}
    assert (await api.post("/api/v1/users/change-password/", body, headers=second.bearer)).status == 200
    await api.post("/api/v1/users/verify-password/", {"password": WRONG}, headers=second.bearer)
    secrets["change"] = await change(api, mailbox, second)
    secrets["waiting"] = await kit.reset_token(api, mailbox, NEW_EMAIL)
    for name, tokens in (("first", first), ("second", second)):
        secrets |= {f"{name} access": tokens.access, f"{name} refresh": tokens.refresh}
    return secrets


async def change(api: Api, mailbox: Mailbox, tokens: Tokens) -> str:
    body = {"email": NEW_EMAIL, "current_password": THIRD}
    assert (await api.patch("/api/v1/users/profile/", body, headers=tokens.bearer)).status == 200
    token = await mailbox.link(api, NEW_EMAIL, "Confirm your new address")
    assert (await kit.confirm(api, token)).status == 200
    return token


def spellings(secret: str) -> set[str]:
    """A secret as it may stand in a dump."""
    raw = secret.encode()
    found = {secret, raw.hex(), base64.b64encode(raw).decode().rstrip("="), orjson.dumps(secret).decode().strip('"')}
    if len(secret) == 43:  # 256 bits as base64url
        found.add(base64.urlsafe_b64decode(secret + "=").hex())
    return found


async def dump(db: asyncpg.Connection) -> str:
    """All rows of all tables as text."""
    tables = await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows: list[Any] = []
    for table in tables:
        rows += await db.fetch(f"SELECT t::text FROM {table['tablename']} t")
    return "\n".join(row[0] for row in rows)


async def test_neither_the_database_nor_the_log_holds_a_secret(
    logging_api: Api, db: asyncpg.Connection, mailbox: Mailbox, logged: io.StringIO
) -> None:
    secrets = await everything(logging_api, mailbox)
    secrets |= {"first": FIRST, "second": SECOND, "third": THIRD, "wrong": WRONG}
    dumped, lines = await dump(db), logged.getvalue()
    assert EMAIL in dumped  # it does look
    assert '"path":"/api/v1/users/password/reset/"' in lines
    found = [
        (name, where)
        for name, secret in secrets.items()
        for where, text in (("database", dumped), ("log", lines))
        if any(spelling in text for spelling in spellings(secret))
    ]
    assert found == []


async def test_a_token_is_stored_as_its_hash(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await api.register(email=EMAIL)
    token = await kit.reset_token(api, mailbox, EMAIL)
    assert len(base64.urlsafe_b64decode(token + "=")) == 32
    stored = "SELECT count(*) FROM links WHERE purpose = 'reset' AND token_hash = sha256(convert_to($1, 'UTF8'))"
    assert await db.fetchval(stored, token) == 1


async def test_a_password_typed_into_the_field_of_the_address_is_not_kept(api: Api, db: asyncpg.Connection) -> None:
    await api.post("/api/v1/users/login/", {"email": FIRST, "password": "x"})
    assert FIRST not in await dump(db)
