"""Bodies that drip, never end, end early or lie about their length."""

import asyncio
import contextlib
import logging
import time

import pytest

from authsvc import bodies
from tests.client import Api
from tests.middleware.conftest import ServeReal
from tests.middleware.kit import connection, raw, status_of, until_closed

LOGIN = b"POST /api/v1/users/login/ HTTP/1.1\r\nHost: auth.test\r\n"
JSON = LOGIN + b"Content-Type: application/json\r\n"
FORM = LOGIN + b"Content-Type: multipart/form-data; boundary=b\r\n"
STARTS = {
    "json": JSON + b"Content-Length: 500\r\n\r\n{",
    "json, no length": JSON + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    "urlencoded": LOGIN + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\nemail=",
    "multipart, before a part": FORM + b"Content-Length: 500\r\n\r\n--",
    "multipart, in a header": FORM + b"Content-Length: 500\r\n\r\n--b\r\nContent-Dispo",
    "multipart, in a part": FORM
    + b'Content-Length: 500\r\n\r\n--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nab',
    "text, which is not taken": LOGIN + b"Content-Type: text/plain\r\nContent-Length: 500\r\n\r\na",
}
TOO_SLOW = b'{"detail":"The body took too long to arrive.","code":"malformed"}'


@pytest.fixture
async def hasty(serve_real: ServeReal, monkeypatch: pytest.MonkeyPatch) -> Api:
    """A server that waits only a moment for a body, and less for its rest after an answer."""
    monkeypatch.setattr(bodies, "_DEADLINE", 0.25)
    return await serve_real(lingering=0.1)


async def drip(api: Api, start: bytes, byte: bytes) -> tuple[bytes, float]:
    """One byte every 0.2 s until the server has had enough; what it said, and after how many seconds."""
    began = time.monotonic()
    async with connection(api) as (reader, writer):
        writer.write(start)
        answer = asyncio.create_task(until_closed(reader, 3))
        while not answer.done():
            await asyncio.wait([answer], timeout=0.2)
            writer.write(byte)
        return answer.result(), time.monotonic() - began


async def test_a_dripping_body_is_cut(hasty: Api) -> None:
    found = await asyncio.gather(
        *(drip(hasty, start, b"1\r\na\r\n" if b"chunked" in start else b"a") for start in STARTS.values())
    )
    assert [status_of(answer) for answer, _ in found] == [400] * len(STARTS)
    assert all(answer.endswith(TOO_SLOW) for answer, _ in found)
    assert all(0.2 < seconds < 1.2 for _, seconds in found)


async def test_a_body_that_never_comes_is_cut(hasty: Api) -> None:
    answers = await asyncio.gather(*(raw(hasty, start) for start in STARTS.values()))
    assert [status_of(answer) for answer in answers] == [400] * len(STARTS)
    assert all(answer.endswith(TOO_SLOW) for answer in answers)


async def test_drips_delay_nobody_else(real: Api) -> None:
    """Nor do they take connections to the database: a hundred are under way, for up to ten seconds."""
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(100):
            _, writer = await stack.enter_async_context(connection(real))
            writer.write(STARTS["json"])
        began = time.monotonic()
        assert (await real.get("/readyz")).status == 200
        assert time.monotonic() - began < 3


async def test_who_goes_away_in_a_body_hurts_nobody(real: Api, caplog: pytest.LogCaptureFixture) -> None:
    for start in STARTS.values():
        for _ in range(3):
            async with connection(real) as (_, writer):
                writer.write(start)
                await writer.drain()
                await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    assert [(r.name, r.getMessage()) for r in caplog.records if r.levelno >= logging.WARNING] == []
    assert (await real.get("/readyz")).status == 200
    assert (await real.sign_in()).access


async def test_who_goes_away_before_the_answer_hurts_nobody(real: Api, caplog: pytest.LogCaptureFixture) -> None:
    body = b'{"email":"ada@example.com","password":"x"}'
    for _ in range(10):
        async with connection(real) as (_, writer):
            writer.write(JSON + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    await asyncio.sleep(0.1)
    assert [(r.name, r.getMessage()) for r in caplog.records if r.levelno >= logging.ERROR] == []
    assert (await real.get("/readyz")).status == 200


async def test_a_length_that_is_too_much_is_refused_at_once(real: Api) -> None:
    """With the usual deadline of ten seconds: nobody waits for what is not wanted."""

    async def told(head: bytes, length: int) -> bytes:
        async with connection(real) as (reader, writer), asyncio.timeout(1):
            writer.write(head + b"Content-Length: %d\r\n\r\n" % length)
            return (await reader.readline()).split()[1]

    lengths = (2**23, 2**31, 2**63, 2**64, 10**30)
    for head in (JSON, FORM):
        # More than 64 bits are too many for aiohttp's parser, which says 400 itself.
        found = await asyncio.gather(*(told(head, length) for length in lengths))
        assert found == [b"413", b"413", b"413", b"400", b"400"]


async def broken_chunk(api: Api, rest: bytes) -> int:
    async with connection(api) as (reader, writer):
        writer.write(JSON + b"Transfer-Encoding: chunked\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(rest)
        return status_of(await until_closed(reader))


async def test_broken_chunks(hasty: Api) -> None:
    rests = (b"ZZ\r\n{}\r\n0\r\n\r\n", b"-1\r\n{}\r\n", b"2\r\n{}xx0\r\n\r\n", b"f" * 40 + b"\r\n{}")
    assert await asyncio.gather(*(broken_chunk(hasty, rest) for rest in rests)) == [400] * 4
