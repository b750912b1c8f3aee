"""Servers of the middleware tests: as they run in production, with another database, with rows of our own."""

import dataclasses
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestClient

from authsvc import app as app_module
from authsvc.routing import Route
from authsvc.runner import make_runner
from authsvc.settings import Settings
from tests.client import Api, Tokens
from tests.conftest import Addresses
from tests.endpoints.kit import add_employee, sign_in_employee

ServeReal = Callable[..., Awaitable[Api]]


class _RealServer(BaseTestServer):
    """A server with the protocol settings of production: nothing is unpacked, requests are logged."""

    def __init__(self, settings: Settings, dsn: str, lingering: float) -> None:
        super().__init__()
        self._settings, self._dsn, self._lingering = settings, dsn, lingering

    async def _make_runner(self, **_: Any) -> web.AppRunner:
        runner = make_runner(self._settings, self._dsn)
        runner._kwargs["lingering_time"] = self._lingering
        return runner


@pytest.fixture
async def serve_real(
    db: asyncpg.Connection, database: Addresses, base_settings: Settings
) -> AsyncIterator[Callable[..., Awaitable[Api]]]:
    """`await serve_real(dsn=, lingering=, **changed_settings)`: a client of a server as in production.

    lingering: seconds for which a connection is still read after an early answer; in production ten, for which the
    end of each of these servers would have to wait.
    """
    clients: list[TestClient[Any, Any]] = []

    async def start(dsn: str = database.app, lingering: float = 0.5, **changes: Any) -> Api:
        settings = dataclasses.replace(base_settings, **changes)
        client: TestClient[Any, Any] = TestClient(_RealServer(settings, dsn, lingering))
        await client.start_server()
        clients.append(client)
        return Api(client, numbers=itertools.count(1))

    yield start
    for client in clients:
        await client.close()


@pytest.fixture
async def real(serve_real: ServeReal) -> Api:
    """A client of a server as in production, with the tests' usual settings."""
    return await serve_real()


@pytest.fixture
def more_rows(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`more_rows(*rows)`: servers started after this have these rows too."""

    def add(*rows: Route) -> None:
        monkeypatch.setattr(app_module, "ROUTES", (*app_module.ROUTES, *rows))

    return add


@pytest.fixture
async def ada(api: Api, db: asyncpg.Connection) -> Tokens:
    """A signed-in superuser: whatever the row, he may call it."""
    await api.register(email="ada@example.com")
    await api.register(email="root@example.com")  # the last superuser could not be shut out
    await db.execute("UPDATE users SET is_superuser = true")
    return await api.session_of("ada@example.com")


@pytest.fixture
async def employee_ada(api: Api, db: asyncpg.Connection) -> Tokens:
    """A signed-in employee with the address of that superuser."""
    await add_employee(db, email="ada@example.com")
    return await sign_in_employee(api, "ada@example.com")


@pytest.fixture(autouse=True)
def _quickly_drawn(drawn_once: None) -> None:
    """The answers' pictures do not matter here."""
