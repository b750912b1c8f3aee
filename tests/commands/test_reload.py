"""Ends and replacements under load: no request fails, and no kept connection is reset."""

import asyncio
import contextlib
import itertools
import json
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.commands.kit import PASSWORD, PATIENCE, Server, data_dir, serving, wait_until, workers

ORIGINS = ("https://before.example.com", "https://after.example.com")
CLIENTS = 6
PAUSE = 1.2  # seconds; longer than idle connections are spared
ANSWERS_BEFORE_END = 60


class Load:
    """Clients that ask without a pause, each on a connection that it keeps, and never ask twice."""

    def __init__(self, server: Server) -> None:
        self.url, self.answers, self.closed = server.url + "/api/v1/systems/public/", 0, 0
        self.failures: list[str] = []
        self.stopped = False

    async def client(self) -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
            session._retry_connection = False
            while not self.stopped:
                try:
                    async with session.get(self.url) as reply:
                        await reply.read()
                    self.answers += 1
                    self.closed += reply.headers.get("Connection") == "close"
                    if reply.status != 200:
                        self.failures.append(str(reply.status))
                except aiohttp.ClientConnectorError as err:
                    if not isinstance(err.os_error, ConnectionRefusedError):
                        self.failures.append(repr(err))
                    return  # nobody listens any more
                except (aiohttp.ClientError, TimeoutError) as err:
                    self.failures.append(repr(err))

    async def more(self) -> None:
        """Wait for further answers."""
        enough, end = self.answers + ANSWERS_BEFORE_END, time.monotonic() + PATIENCE
        while self.answers < enough:
            assert time.monotonic() < end, self.failures
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def load(server: Server) -> AsyncIterator[Load]:
    under = Load(server)
    async with asyncio.TaskGroup() as clients:
        for _ in range(CLIENTS):
            clients.create_task(under.client())
        try:
            await under.more()
            yield under
        finally:
            under.stopped = True


async def slow_sign_in(server: Server, under_way: asyncio.Event) -> tuple[str, str]:
    """Head and error code of the answer to a sign-in whose body comes in two parts; the second after PAUSE."""
    body = json.dumps({"email": "nobody@example.com", "password": "nine lively otters"}).encode()
    head = (
        "POST /api/v1/users/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(head.encode())
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(body[:10])
    under_way.set()
    await asyncio.sleep(PAUSE)
    writer.write(body[10:])
    answer = await reader.read()  # to the end of the connection
    writer.close()
    first, _, rest = answer.partition(b"\r\n\r\n")
    return first.decode(), json.loads(rest)["code"]


async def idle_connection(server: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection on which one request was answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    await ask(reader, writer)
    return reader, writer


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next(line.split(":")[1] for line in head.splitlines() if line.lower().startswith("content-length:"))
    await reader.readexactly(int(length))
    return head


@contextlib.asynccontextmanager
async def one_of_each(server: Server) -> AsyncIterator[list[aiohttp.ClientSession]]:
    """Clients of two workers, each on a connection that it keeps."""
    async with contextlib.AsyncExitStack() as opened:
        clients: dict[str, aiohttp.ClientSession] = {}
        for _ in range(500):
            connector = aiohttp.TCPConnector(limit=1)
            client = await opened.enter_async_context(aiohttp.ClientSession(server.url, connector=connector))
            async with client.get("/healthz") as reply:
                process = reply.headers["X-Request-ID"].partition("-")[0]
            if clients.setdefault(process, client) is not client:
                await client.close()
            if len(clients) == 2:
                break
        assert len(clients) == 2
        yield list(clients.values())


async def statuses(clients: list[aiohttp.ClientSession], method: str, path: str, times: int, **kw: Any) -> list[int]:
    """What the clients are answered, in turn."""
    found = []
    for _, client in itertools.product(range(times), clients):
        async with client.request(method, path, **kw) as reply:
            found.append(reply.status)
    return found


async def allowed(server: Server) -> set[str | None]:
    """Which of ORIGINS the workers let in."""
    found = set()
    async with one_of_each(server) as clients:
        for client, origin in itertools.product(clients, ORIGINS):
            async with client.get("/healthz", headers={"Origin": origin}) as reply:
                found.add(reply.headers.get("Access-Control-Allow-Origin"))
    return found - {None}


@pytest.fixture(scope="module")
def folder(on_our_database: dict[str, str]) -> Iterator[Path]:
    with data_dir() as path:
        (path / "origins").write_text(ORIGINS[0])
        (path / "ttl").write_text("900")
        (path / "database").write_text(on_our_database["AUTHSVC_DATABASE_URL"])
        (path / "owner").write_text(on_our_database["AUTHSVC_MIGRATE_DATABASE_URL"])
        yield path


@contextlib.contextmanager
def started(folder: Path, *args: str) -> Iterator[Server]:
    files = {
        "CORS_ORIGINS": "origins",
        "ACCESS_TTL": "ttl",
        "DATABASE_URL": "database",
        "MIGRATE_DATABASE_URL": "owner",
    }
    settings = {f"AUTHSVC_{name}_FILE": str(folder / file) for name, file in files.items()}
    with serving(folder, *args, **settings) as server:
        yield server


@pytest.fixture(scope="module")
def pair(folder: Path) -> Iterator[Server]:
    with started(folder, "--workers", "2") as server:
        yield server


async def test_workers_share_limits_and_the_end_of_a_session(pair: Server) -> None:
    who, burst = {"email": "admin@example.com", "password": PASSWORD}, 30
    async with one_of_each(pair) as clients:
        began = time.monotonic()
        found = await statuses(clients, "POST", "/api/v1/users/captcha/verify/", burst // 2 + 6, json={})
        passed = time.monotonic() - began
        assert found[:burst] == [400] * burst
        assert found.count(429) >= 12 - 1 - passed / 2  # one more is let in every two seconds
        async with clients[0].post("/api/v1/users/login/", json=who, headers={"Origin": pair.url}) as reply:
            bearer = {"Authorization": f"Bearer {(await reply.json())['access']}"}
        assert await statuses(clients, "GET", "/api/me/", 2, headers=bearer) == [200] * 4
        assert await statuses(clients[:1], "POST", "/api/v1/users/logout/", 1, json={}, headers=bearer) == [200]
        end = time.monotonic() + 1.0  # what the other worker remembers of the session may be as old as that
        asked = time.monotonic()
        while await statuses(clients[1:], "GET", "/api/me/", 1, headers=bearer) != [401]:
            assert asked < end
            await asyncio.sleep(0.01)
            asked = time.monotonic()


async def test_workers_are_replaced_and_no_request_fails(pair: Server, folder: Path) -> None:
    before = workers(pair)
    (folder / "origins").write_text(ORIGINS[1])
    async with load(pair) as under:
        pair.process.send_signal(signal.SIGUSR2)
        seen: set[int] = set()
        while len(found := workers(pair)) != 2 or found & before:
            seen |= {len(found)}
            await asyncio.sleep(0.02)
        await under.more()
    assert under.failures == []
    assert under.closed >= CLIENTS / 2
    assert seen == {2, 3}
    assert await allowed(pair) == {ORIGINS[1]}


async def test_wrong_settings_replace_nobody_and_are_all_named(pair: Server, folder: Path) -> None:
    before, good = workers(pair), (folder / "origins").read_text()
    (folder / "origins").write_text("not an origin")
    (folder / "ttl").write_text("soon")
    pair.process.send_signal(signal.SIGUSR2)
    wait_until(lambda: "not reloaded" in pair.log.read_text())
    line = pair.log.read_text().partition("not reloaded")[2].splitlines()[0]
    assert "AUTHSVC_CORS_ORIGINS" in line
    assert "AUTHSVC_ACCESS_TTL" in line
    assert workers(pair) == before
    assert await allowed(pair) == {good}
    (folder / "origins").write_text(good)
    (folder / "ttl").write_text("900")


async def test_sigterm_under_load_fails_no_request(pair: Server) -> None:
    """The last one of the pair."""
    under_way = asyncio.Event()
    async with load(pair) as under:
        slow = asyncio.create_task(slow_sign_in(pair, under_way))
        await under_way.wait()
        pair.process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        head, code = await slow
        assert await asyncio.to_thread(pair.process.wait, 10) == 0
        assert time.monotonic() - began < 10
    assert under.failures == []
    assert head.startswith("HTTP/1.1 401 ")
    assert "Connection: close" in head
    assert code == "invalid_credentials"


async def test_one_process_survives_a_reload_and_finishes_what_is_under_way(folder: Path) -> None:
    with started(folder) as server:
        kept = await idle_connection(server)
        idle = await idle_connection(server)
        server.process.send_signal(signal.SIGUSR2)
        assert "Connection" not in await ask(*kept)
        under_way = asyncio.Event()
        slow = asyncio.create_task(slow_sign_in(server, under_way))
        await under_way.wait()
        server.process.send_signal(signal.SIGTERM)
        while "Connection: close" not in await ask(*kept):
            await asyncio.sleep(0.01)
        wait_until(lambda: server.status("/healthz") == 0)
        assert await kept[0].read() == await idle[0].read() == b""
        assert (await slow)[1] == "invalid_credentials"
        assert await asyncio.to_thread(server.process.wait, 10) == 0
        assert "--workers 2" in server.log.read_text()
        for _, writer in (kept, idle):
            writer.close()
