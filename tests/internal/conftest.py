"""Servers that listen where a test says, and the two people of one number."""

import contextlib
import dataclasses
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest
from aiohttp import web
from yarl import URL

from authsvc import service
from authsvc.app import create_app
from authsvc.core.signing import KeySet
from authsvc.settings import Settings
from tests.client import Api
from tests.conftest import FakeClock, SharedDatabase
from tests.endpoints.kit import add_employee, add_role
from tests.internal.kit import INSIDE
from tests.mailbox import Mailbox
from tests.rights.world import add_user

Listen = Callable[..., Awaitable[list[URL]]]
Serve = Callable[..., Awaitable[Api]]


class Pair(NamedTuple):
    """A staff user and an employee with the same number, and the assignment to the help desk of the first."""

    id: int
    held: int


@pytest.fixture
async def inside(serve: Serve) -> Api:
    """A client inside the internal network."""
    return await serve(**INSIDE)


@pytest.fixture
async def pair(db: asyncpg.Connection) -> Pair:
    number = await add_user(db, "ada@example.com", first_name="Ada", last_name="Lovelace")
    await add_employee(db, number)
    return Pair(number, await add_role(db, number, "hdts", "Agent"))


def _socket(host: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    if host == "::":
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.bind((host, 0))
    return sock


@pytest.fixture
async def listen(
    db: asyncpg.Connection,
    base_settings: Settings,
    signing_keys: KeySet,
    clock: FakeClock,
    mailbox: Mailbox,
    shared: SharedDatabase,
) -> AsyncIterator[Listen]:
    """`await listen(host, internal=host, unix=path, **changed_settings)`: one service with these listeners.

    Gives the address of each, that of the internal one last. Requests are logged as in production.
    """
    async with contextlib.AsyncExitStack() as stack:

        async def start(
            host: str = "127.0.0.1", internal: str | None = None, unix: Path | None = None, **changes: Any
        ) -> list[URL]:
            socks = [_socket(host), *([_socket(internal)] if internal else [])]
            ports = [sock.getsockname()[1] for sock in socks]
            own = {"internal_port": ports[1]} if internal else {}
            settings = dataclasses.replace(base_settings, **own, **changes)
            svc = dataclasses.replace(service.build(settings, signing_keys, "", clock), db=shared)
            runner = web.AppRunner(create_app(svc), access_log=None)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            for sock in socks:
                await web.SockSite(runner, sock).start()
            if unix:
                await web.UnixSite(runner, unix).start()
            hosts = [host, *([internal] if internal else [])]
            return [URL.build(scheme="http", host=h, port=p) for h, p in zip(hosts, ports, strict=True)]

        yield start
