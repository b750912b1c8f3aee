"""Heads that drip, stop half-way or never begin: who has begun one has ten seconds, who has not is merely idle."""

import asyncio

import pytest
from aiohttp import web

from authsvc import bodies, connection, runner
from authsvc.routing import Access, get
from tests.client import Api
from tests.middleware.conftest import ServeReal
from tests.middleware.kit import connection as connected
from tests.middleware.kit import raw, status_of, until_closed

HALF = b"GET /healthz HTTP/1.1\r\nHost: auth.test\r\nX-Half: a"
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: auth.test\r\n\r\n"
LIMIT = 0.3
LONG = 30.0  # seconds; nothing here takes as long, however busy the machine


@pytest.fixture
async def hasty(serve_real: ServeReal, monkeypatch: pytest.MonkeyPatch) -> Api:
    """A server that waits only a moment for a head; idle connections stay as long as ever."""
    monkeypatch.setattr(connection, "_HEAD", LIMIT)
    monkeypatch.setattr(connection, "_AGAIN", 0.05)
    return await serve_real(lingering=0.1)


async def answer(reader: asyncio.StreamReader) -> bytes:
    """One answer to WHOLE."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return head + await reader.readexactly(int(length.partition(b":")[2]))


@pytest.mark.parametrize("start", [HALF, b"G", HALF + b"\r\n", b"\r\nG", b"POST /token/ HTTP/1.1\r\n"])
async def test_half_a_head_is_cut_without_an_answer(hasty: Api, start: bytes) -> None:
    assert await raw(hasty, start, LONG) == b""


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    rest = asyncio.create_task(until_closed(reader, LONG))
    while not rest.done():
        writer.write(b"a")
        await asyncio.wait([rest], timeout=LIMIT / 5)
    return rest.result()


async def test_a_dripping_head_is_cut(hasty: Api) -> None:
    async with connected(hasty) as (reader, writer):
        writer.write(b"GET /healthz HTTP/1.1\r\nX-Drip: ")
        assert await drip(reader, writer) == b""


async def test_a_second_head_is_cut_too(hasty: Api) -> None:
    for rest in (HALF, b"G"):
        async with connected(hasty) as (reader, writer):
            writer.write(WHOLE)
            assert status_of(await answer(reader)) == 200
            writer.write(rest)
            assert await until_closed(reader, LONG) == b""


async def test_one_that_drips_after_an_answer_is_cut(hasty: Api) -> None:
    async with connected(hasty) as (reader, writer):
        writer.write(WHOLE)
        await answer(reader)
        writer.write(b"GET /")
        assert await drip(reader, writer) == b""


async def test_half_a_head_behind_a_whole_one_is_cut_after_the_answer(hasty: Api) -> None:
    for first in (WHOLE, WHOLE * 3):
        found = await raw(hasty, first + HALF, LONG)
        assert found.count(b"HTTP/1.1 200") == first.count(b"GET")


async def in_pieces(api: Api, first: bytes, second: bytes, pause: float, rest: float) -> None:
    """A connection whose heads come in two pieces, twice; then it is idle for a while, and asks once more."""
    async with connected(api) as (reader, writer):
        for _ in range(2):
            writer.write(first)
            await asyncio.sleep(pause)
            writer.write(second)
            assert status_of(await answer(reader)) == 200
        await asyncio.sleep(rest)
        writer.write(WHOLE)
        assert status_of(await answer(reader)) == 200


async def test_heads_in_two_pieces_leave_nothing_behind(serve_real: ServeReal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of one head is not that of the next, nor of the idle connection after it."""
    monkeypatch.setattr(connection, "_HEAD", 1.5)
    api = await serve_real(lingering=0.1)
    cuts = (1, 2, 3, 4, 5, 20, len(WHOLE) - 1)
    await asyncio.gather(*(in_pieces(api, WHOLE[:-cut], WHOLE[-cut:], 0.05, 2.0) for cut in cuts))


@pytest.mark.parametrize("before", [b"", b"\r\n", WHOLE, WHOLE * 2])
async def test_who_sent_nothing_is_idle_and_stays(hasty: Api, before: bytes) -> None:
    async with connected(hasty) as (reader, writer):
        writer.write(before)
        for _ in range(before.count(b"GET")):
            await answer(reader)
        await asyncio.sleep(3 * LIMIT)
        writer.write(WHOLE)
        assert status_of(await answer(reader)) == 200


async def test_an_idle_connection_ends_at_last(serve_real: ServeReal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_IDLE", LIMIT)
    api = await serve_real()
    for sent in (b"", WHOLE):
        async with connected(api) as (reader, writer):
            writer.write(sent)
            assert (await until_closed(reader, LONG)).count(b"HTTP/1.1") == sent.count(b"GET")


async def test_a_body_has_its_own_time(hasty: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_DEADLINE", LONG)
    head = b"POST /api/v1/token/verify/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    head += b"Content-Length: 13\r\n\r\n"
    for pieces in ((head, b'{"token":"x"}'), (head + b'{"tok', b'en":"x"}'), (head, b'{"tok', b'en":"x"}')):
        async with connected(hasty) as (reader, writer):
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(1.5 * LIMIT)
            assert status_of(await answer(reader)) == 401
            await asyncio.sleep(1.5 * LIMIT)
            writer.write(WHOLE)  # and what came of a body is no head
            assert status_of(await answer(reader)) == 200


async def test_a_slow_answer_is_not_cut(serve_real: ServeReal, more_rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also not by half a head that waits behind it, which is cut once the answer is out."""
    monkeypatch.setattr(connection, "_HEAD", 0.1)
    monkeypatch.setattr(connection, "_AGAIN", 0.05)
    go_on = asyncio.Event()

    async def slow(request: web.Request) -> web.Response:
        await go_on.wait()
        return web.Response(text="at last")

    more_rows(get("/slow/", slow, Access.PUBLIC))
    api = await serve_real()
    head = b"GET /slow/ HTTP/1.1\r\nHost: a\r\n"
    closing, half = (
        asyncio.create_task(raw(api, head + end, LONG)) for end in (b"Connection: close\r\n\r\n", b"\r\n" + HALF)
    )
    async with connected(api) as (reader, writer):
        writer.write(head + b"\r\n" + HALF)
        await asyncio.sleep(0.5)
        writer.write(b"bc\r\n\r\n")
        while not any(known._messages for known in api.client.server.handler.connections):  # it has arrived
            await asyncio.sleep(0.01)
        go_on.set()
        assert (await answer(reader)).endswith(b"at last")
        assert status_of(await answer(reader)) == 200
    for asked in (closing, half):
        assert (await asked).endswith(b"at last")
