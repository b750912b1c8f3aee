"""PostgreSQL is ended without warning and started again, under three services that remember who is signed in."""

import asyncio
import contextlib
import dataclasses
import signal
import time
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import aiohttp
import asyncpg
import pytest
from aiohttp.test_utils import TestServer

from authsvc.app import create_app
from authsvc.core.signing import KeySet
from authsvc.db.embedded import Embedded
from authsvc.known import MOST_STALE
from authsvc.service import build
from authsvc.settings import Settings
from tests.commands.kit import PASSWORD, data_dir, serving

WITHIN = 1.0  # seconds
ENDED = "UPDATE sessions SET ended_at = now(), end_reason = 'operator' WHERE id = $1"


class Nodes(NamedTuple):
    """Where two processes and a service in our own one answer, and the database that they share."""

    urls: list[str]
    database: Embedded


@pytest.fixture
async def nodes(base_settings: Settings, signing_keys: KeySet) -> AsyncIterator[Nodes]:
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(data_dir())
        database = Embedded(folder, options=["fsync=off"])
        stack.callback(database.stop)
        database.start()
        urls = []
        for name in ("one", "two"):
            own = folder / name
            own.mkdir()
            urls.append(stack.enter_context(serving(own, **as_here(base_settings, database))).url)
        ours = dataclasses.replace(base_settings, identity_cache=True)
        server = TestServer(create_app(build(ours, signing_keys, database.dsn())))
        await stack.enter_async_context(server)
        yield Nodes([*urls, str(server.make_url("")).rstrip("/")], database)


def as_here(settings: Settings, database: Embedded) -> dict[str, str]:
    """The settings of a process whose tokens are good here."""
    return {
        "AUTHSVC_DATABASE_URL": database.dsn(),
        "AUTHSVC_MIGRATE_DATABASE_URL": database.dsn("authsvc_owner"),
        "AUTHSVC_JWT_KEYS_DIR": str(settings.jwt_keys_dir),
        "AUTHSVC_PUBLIC_URL": settings.public_url,
        "AUTHSVC_SECRET": settings.secret,
        "AUTHSVC_LIMITS": "off",
    }


class Caller:
    """Somebody who is signed in, and asks every node at once who he is."""

    def __init__(self, client: aiohttp.ClientSession, urls: list[str], signed_in: dict[str, Any]) -> None:
        self._client, self._urls = client, urls
        self._headers = {"Authorization": f"Bearer {signed_in['access']}"}

    async def statuses(self) -> list[int]:
        return list(await asyncio.gather(*(self._status(url) for url in self._urls)))

    async def session_id(self) -> int:
        async with self._client.get(f"{self._urls[0]}/api/v1/users/token/validate/", headers=self._headers) as answer:
            return int((await answer.json())["session_id"])

    async def until(self, status: int, seconds: float) -> None:
        """Return once every node says this."""
        async with asyncio.timeout(seconds):
            while set(await self.statuses()) != {status}:
                await asyncio.sleep(0.02)

    async def _status(self, url: str) -> int:
        async with self._client.get(f"{url}/api/me/", headers=self._headers) as answer:
            await answer.read()
            return answer.status


async def sign_in(client: aiohttp.ClientSession, nodes: Nodes, name: str) -> Caller:
    body = {"email": f"{name}@example.com", "password": PASSWORD}
    async with client.post(f"{nodes.urls[0]}/api/v1/users/login/", json=body) as answer:
        assert answer.status == 200, await answer.text()
        return Caller(client, nodes.urls, await answer.json())


async def remembered(nodes: Nodes, caller: Caller) -> None:
    """Return once every node knows the caller while nobody can read sessions or people."""
    conn = await asyncpg.connect(nodes.database.dsn("postgres"))
    async with asyncio.timeout(10):
        is_known = False
        while not is_known:  # a node may not hear yet, or hears only now that somebody has signed in
            await caller.until(200, WITHIN)
            async with conn.transaction():
                await conn.execute("LOCK TABLE sessions, users")
                is_known = await caller.statuses() == [200, 200, 200]
    await conn.close()


async def test_an_outage_is_no_memory_and_a_revocation_after_it_is_felt(nodes: Nodes) -> None:
    async with aiohttp.ClientSession() as client:
        ada, ben = [await sign_in(client, nodes, name) for name in ("agent.one", "agent.two")]
        session_id = await ada.session_id()
        for caller in (ben, ada):
            await remembered(nodes, caller)

        stopped_at = time.monotonic()
        nodes.database._end(signal.SIGQUIT)  # an immediate shutdown: no goodbye, no checkpoint
        await ada.until(503, stopped_at + MOST_STALE - time.monotonic())
        while time.monotonic() < stopped_at + 2 * MOST_STALE:  # and it stays so
            assert await ada.statuses() == await ben.statuses() == [503, 503, 503]
            await asyncio.sleep(0.1)

        nodes.database.start()
        conn = await asyncpg.connect(nodes.database.dsn("postgres"))
        assert await conn.execute(ENDED, session_id) == "UPDATE 1"
        await ada.until(401, WITHIN)
        await conn.close()
        await remembered(nodes, ben)
        assert await ada.statuses() == [401, 401, 401]
