"""Requests that two HTTP parsers could read differently: 400, the connection closed, nothing told, nothing done.

Most are refused by aiohttp's own parser, in plain text, before anything of ours runs.
"""

import logging

import asyncpg
import pytest

from tests.client import Api
from tests.endpoints.kit import unchanged
from tests.middleware.kit import connection, raw, status_of, until_closed

START = b"POST /api/v1/token/verify/ HTTP/1.1\r\n"
HEAD = START + b"Host: auth.test\r\nContent-Type: application/json\r\n"
SECOND = b"GET /api/v1/ HTTP/1.1\r\nHost: auth.test\r\nConnection: close\r\n\r\n"
SHAPES = {
    "length and chunks": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND,
    "chunks and length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + SECOND,
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 90\r\n\r\n{}" + SECOND,
    "two equal lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" + SECOND,
    "a list of lengths": HEAD + b"Content-Length: 2, 2\r\n\r\n{}",
    "a signed length": HEAD + b"Content-Length: +2\r\n\r\n{}",
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\n{}",
    "a hexadecimal length": HEAD + b"Content-Length: 0x2\r\n\r\n{}",
    "a length in other digits": HEAD + "Content-Length: ٢\r\n\r\n{}".encode(),
    "a blank before the colon": HEAD + b"Content-Length : 2\r\n\r\n{}",
    "chunked twice": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunked, identity": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "xchunked": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "a tab in chunked": HEAD + b"Transfer-Encoding: \x0bchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "bare line feeds": (HEAD + b"Content-Length: 2\r\n\r\n{}").replace(b"\r\n", b"\n"),
    "a bare line feed in a header": HEAD + b"X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a bare carriage return": HEAD + b"X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a folded header": HEAD + b"X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
    "NUL in a header": HEAD + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}",
    "a header without colon": HEAD + b"Broken\r\nContent-Length: 2\r\n\r\n{}",
    "a header without name": HEAD + b": a\r\nContent-Length: 2\r\n\r\n{}",
    "a huge header": HEAD + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
    "a huge target": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "1000 headers": HEAD + b"".join(b"X-%d: a\r\n" % i for i in range(1000)) + b"\r\n",
    "no host": START + b"Content-Length: 2\r\n\r\n{}",
    "two hosts": HEAD + b"Host: evil.example\r\nContent-Length: 2\r\n\r\n{}",
    "a bad method": b"G@T / HTTP/1.1\r\nHost: a\r\n\r\n",
    "no method": b" / HTTP/1.1\r\nHost: a\r\n\r\n",
    "three parts of a target": b"GET /api/ x HTTP/1.1\r\nHost: a\r\n\r\n",
    "a bad target": b"GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n",
    "a bad version": b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    "http/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "noise": bytes(range(256)) * 4 + b"\r\n\r\n",
}


async def test_is_refused_and_the_connection_closed(real: Api, db: asyncpg.Connection) -> None:
    for shape, sent in SHAPES.items():
        async with unchanged(db):
            answer = await raw(real, sent)
        assert status_of(answer) == 400, shape
        assert answer.count(b"HTTP/1.") <= 2, shape  # one status line, perhaps a line of the request repeated
        assert b'{"users"' not in answer, shape  # nothing of the request behind it was answered
        for leak in (b"Traceback", b"aiohttp", b"Python", b"site-packages"):
            assert leak not in answer, shape


async def test_what_follows_a_refused_request_is_not_read(real: Api) -> None:
    async with connection(real) as (reader, writer):
        writer.write(SHAPES["length and chunks"])
        assert status_of(await until_closed(reader)) == 400
        assert reader.at_eof()


async def test_pipelined_requests_are_answered_in_order(real: Api) -> None:
    body = b'{"token":"x"}'
    first = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
    answer = await raw(real, first * 3 + SECOND)
    assert answer.count(b"HTTP/1.1 401") == 3
    assert answer.count(b"HTTP/1.1 200") == 1
    assert answer.endswith(b"}")


async def test_an_upgrade_is_not_taken(real: Api) -> None:
    upgrade = b"Connection: upgrade, close\r\nUpgrade: %s\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n"
    for protocol in (b"websocket", b"h2c"):
        async with connection(real) as (reader, writer):
            writer.write(b"GET /api/v1/ HTTP/1.1\r\nHost: a\r\n" + upgrade % protocol)
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")


async def test_connect_and_asterisk_are_no_proxy(real: Api) -> None:
    for line in (b"CONNECT evil.example:443", b"OPTIONS *", b"GET http://evil.example/", b"TRACE /api/v1/"):
        async with connection(real) as (reader, writer):
            writer.write(line + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            status = (await reader.readline()).split()[1]
            assert status in (b"303", b"404", b"405")  # ours of that path, whatever the host


async def test_what_is_no_path_is_not_found_and_has_the_usual_headers(real: Api) -> None:
    for line in (b"OPTIONS *", b"CONNECT evil.example:443", b"CONNECT a:80"):
        answer = await raw(real, line + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        head = answer.partition(b"\r\n\r\n")[0]
        assert status_of(answer) == 404
        for name in (b"X-Content-Type-Options", b"Content-Security-Policy", b"Referrer-Policy", b"Cache-Control"):
            assert head.count(b"\r\n" + name + b": ") == 1, (line, name)
        assert b"\r\nServer:" not in head
        assert b"aiohttp" not in answer
    sent = b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept: application/json\r\n\r\n"
    assert (await raw(real, sent)).endswith(b'{"detail":"Not found.","code":"not_found"}')


async def test_an_unknown_expectation_is_400_in_the_usual_shape(real: Api) -> None:
    answer = await raw(real, HEAD + b"Connection: close\r\nExpect: tea\r\nContent-Length: 2\r\n\r\n{}")
    assert status_of(answer) == 400
    assert b'"code":"malformed"' in answer


async def test_a_broken_header_is_not_logged(real: Api, caplog: pytest.LogCaptureFixture) -> None:
    for name in (b"Authorization: Bearer ", b"Cookie: refresh_token="):
        await raw(real, HEAD + name + b"canary-5e1f\0\r\nContent-Length: 2\r\n\r\n{}")
    shown = logging.Formatter()
    assert [line for record in caplog.records if "canary" in (line := shown.format(record))] == []
