"""Bodies that two parsers could read differently, or that cost too much: over every name of every row with a body."""

import asyncio
import gzip
import io
import json
import time
import zlib
from collections.abc import AsyncIterator, Iterable
from typing import Any

import asyncpg
import pytest

from authsvc import bodies
from authsvc.errors import Malformed, PayloadTooLarge, UnsupportedMedia
from authsvc.keys import BODY
from authsvc.replies import reply
from authsvc.routing import Access, api, post
from authsvc.schemas.sessions import SignInBody
from tests.client import Answer, Api, Tokens
from tests.endpoints.kit import unchanged
from tests.middleware.kit import VALID, WITH_BODY, Name, over

SLOW = 3  # seconds; usually a few milliseconds
MIB = 1024 * 1024
JSON = {"Content-Type": "application/json"}
NOT_JSON = {
    "bad utf-8": b'{"email":"\xff"}',
    "overlong utf-8": b'{"email":"\xc0\xae"}',
    "a surrogate in utf-8": b'{"email":"\xed\xa0\x80"}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "utf-16": "{}".encode("utf-16"),
    "utf-16 without mark": "{}".encode("utf-16-le"),
    "utf-32": "{}".encode("utf-32"),
    "NaN": b'{"x":NaN}',
    "Infinity": b'{"x":Infinity}',
    "-Infinity": b'{"x":-Infinity}',
    "deep arrays": b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"x":' * 100_000 + b"1" + b"}" * 100_000,
    "deep and never closed": b"[" * 100_000,
    "5,000 digits": b'{"x":' + b"9" * 5000 + b"}",
    "-5,000 digits": b'{"x":-' + b"9" * 5000 + b"}",
    "duplicate keys": b'{"email":"a@example.com","email":"b@example.com"}',
    "duplicate keys, one escaped": b'{"email":"a@example.com","\\u0065mail":"b@example.com"}',
    "duplicate keys further in": b'{"x":{"y":1,"y":2}}',
    "lone surrogate": b'{"email":"\\ud800"}',
    "surrogates in the wrong order": b'{"email":"\\udc00\\ud800"}',
    "lone surrogate in a key": b'{"\\ud800":1}',
    "NUL in a text": b'{"email":"a\0b"}',
    "NUL behind": b"{}\0",
    "a raw newline in a text": b'{"email":"a\nb"}',
    "two objects": b"{} {}",
    "a comma too many": b'{"a":1,}',
    "single quotes": b"{'a':1}",
    "a comment": b"{/**/}",
    "cut off": b'{"email":"a@exam',
    "blanks only": b"   ",
    "leading zero": b'{"x":01}',
    "a form": b"email=a%40example.com",
}
NO_OBJECT = {"array": b"[]", "objects": b"[{}]", "string": b'"{}"', "number": b"1", "null": b"null", "true": b"true"}
NOT_TAKEN = [
    "text/plain", "application/octet-stream", "application/xml", "text/json", "application/jsonp", "json",
    "application/json, text/plain", "application/vnd.api+json", "multipart/mixed; boundary=b", "*/*", "garbage \xe9",
]  # fmt: skip
FOREIGN = ["utf-7", "utf-16", "utf-32", "iso-8859-1", "bogus", "utf-8-sig", "", "../../etc/passwd"]


async def send(api: Api, name: Name, tokens: Tokens, body: Any, headers: dict[str, str] = JSON, **more: Any) -> Answer:
    """A request with a bearer token, so that closed rows get as far as the body; it must end soon."""
    began = time.monotonic()
    answer = await api.request(name.row.method, name.path, data=body, headers={**tokens.bearer, **headers}, **more)
    assert time.monotonic() - began < SLOW
    return answer


async def in_pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    """A body without Content-Length."""
    for piece in pieces:
        yield piece


def wrong(answers: dict[str, Answer], status: int, body: object) -> Iterable[tuple[str, int, str]]:
    return [(k, a.status, a.text) for k, a in answers.items() if (a.status, a.json) != (status, body)]


@over(WITH_BODY)
async def test_what_is_no_json(real: Api, ada: Tokens, db: asyncpg.Connection, name: Name) -> None:
    async with unchanged(db):
        answers = {case: await send(real, name, ada, body) for case, body in name.of(NOT_JSON.items())}
    assert wrong(answers, 400, Malformed("JSON parse error.").body()) == []


@pytest.mark.parametrize(
    "raw",
    [b"{}", b'{"a": "x"}', b' {"a":"x","b":[1,2],"c":null,"d":true} ', b'{"a":":","b":"{"}', b'{"a":"\\u003a\\u007b"}',
     b'{"a\\"":"\\":"}', b'{"a":{"b":1}}', b'{"a":[{"b":1},{"b":2}]}', b'{"":""}', b'{"a":1.5}', b'{"a":-0,"b":-0.0}',
     b'{"a":18446744073709551616}', b'{"a":-9223372036854775809}', b'{"a":1e3}',
     b'{"a":"' + b"x" * 5000 + b'"}', b'{"\\u0061":"\\ud83d\\ude00"}'],
)  # fmt: skip
def test_one_pass_gives_what_two_would(raw: bytes) -> None:
    found, expected = bodies._json(raw), json.loads(raw)
    assert (found, [type(value) for value in found.values()]) == (expected, [type(v) for v in expected.values()])


@over(WITH_BODY)
async def test_what_is_no_object(real: Api, ada: Tokens, db: asyncpg.Connection, name: Name) -> None:
    async with unchanged(db):
        answers = {case: await send(real, name, ada, body) for case, body in NO_OBJECT.items()}
    assert wrong(answers, 400, Malformed("Expected a JSON object.").body()) == []


@over(WITH_BODY)
async def test_other_content_types(real: Api, ada: Tokens, db: asyncpg.Connection, name: Name) -> None:
    async with unchanged(db):
        for mime in name.of(NOT_TAKEN):
            answer = await send(real, name, ada, b"{}", {"Content-Type": mime})
            assert (answer.status, answer.code) == (415, UnsupportedMedia.code), (mime, answer.text)
        answer = await send(real, name, ada, b"{}", {}, skip_auto_headers=["Content-Type"])
        assert (answer.status, answer.json) == (415, UnsupportedMedia('Unsupported media type "/" in request.').body())


@over(WITH_BODY)
async def test_other_charsets(real: Api, ada: Tokens, db: asyncpg.Connection, name: Name) -> None:
    kinds = ("application/json", "application/x-www-form-urlencoded")
    async with unchanged(db):
        answers = {
            said: await send(real, name, ada, b"{}", {"Content-Type": said})
            for said in name.of(f"{kind}; charset={charset}" for kind in kinds for charset in FOREIGN)
        }
    assert wrong(answers, 415, UnsupportedMedia("Bodies are UTF-8.").body()) == []


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8", "us-ascii"])
async def test_charsets_that_are_utf_8(real: Api, ada: Tokens, charset: str) -> None:
    headers = {"Content-Type": f"application/json; charset={charset}"}
    answer = await real.post("/api/v1/token/verify/", headers=headers, data=b'{"token":"x"}')
    assert (answer.status, answer.code) == (401, "token_not_valid")


@over(WITH_BODY)
async def test_compressed_bodies(real: Api, ada: Tokens, db: asyncpg.Connection, name: Name) -> None:
    packed = {"gzip": gzip.compress(b"{}"), "deflate": zlib.compress(b"{}"), "br": b"\x0b\x00\x80{}\x03"}
    packed |= {"GZIP": packed["gzip"], "zstd": b"{}", "identity, gzip": packed["gzip"], "bogus": b"{}"}
    async with unchanged(db):
        answers = {
            coding: await send(real, name, ada, body, {**JSON, "Content-Encoding": coding})
            for coding, body in name.of(packed.items())
        }
    assert wrong(answers, 415, UnsupportedMedia("Compressed bodies are not accepted.").body()) == []


async def test_a_compressed_bomb_is_not_unpacked(real: Api) -> None:
    bomb = gzip.compress(bytes(20 * MIB))
    answer = await real.post("/api/v1/users/login/", data=bomb, headers={**JSON, "Content-Encoding": "gzip"})
    assert answer.status == 415


@over([name for name in WITH_BODY if name.row.name != "captcha.generate"])  # whose answers are random
async def test_an_empty_body_is_an_empty_object(real: Api, db: asyncpg.Connection, name: Name) -> None:
    async def answer_to(body: bytes, mime: str | None) -> tuple[int, str]:
        headers = dict((await real.sign_in()).bearer) if name.closed else {}
        headers |= {"Content-Type": mime} if mime else {}
        answer = await real.request(
            name.row.method, name.path, data=body, headers=headers, skip_auto_headers=["Content-Type"]
        )
        return answer.status, "" if name.closed else answer.text

    expected = await answer_to(b"{}", "application/json")
    for mime in (None, "application/json", "application/x-www-form-urlencoded", "text/plain"):
        assert await answer_to(b"", mime) == expected


@over(WITH_BODY)
async def test_more_than_1_mib(
    real: Api, ada: Tokens, db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, name: Name
) -> None:
    most = MIB
    if name.turn is not None:  # where a megabyte was refused already: it takes a while to send
        most = MIB // 32
        monkeypatch.setattr(bodies, "MAX_JSON", most)
    large = b'{"x":"' + b"a" * most + b'"}'
    too_large = PayloadTooLarge().body()
    async with unchanged(db):
        for kind in name.of(("application/json", "application/x-www-form-urlencoded", "text/plain", "application/zip")):
            headers = {"Content-Type": kind}
            told = await send(real, name, ada, io.BytesIO(large), headers)
            untold = await send(real, name, ada, in_pieces(large[:1000], large[1000:]), headers)
            assert [(a.status, a.json) for a in (told, untold)] == [(413, too_large)] * 2
    monkeypatch.undo()


@over(WITH_BODY)
async def test_1_mib_is_not_too_much(real: Api, ada: Tokens, db: asyncpg.Connection, name: Name) -> None:
    body = b'{"x":"' + b"a" * (MIB - 10) + b'",}'  # one comma short of right: nothing happens
    assert len(body) == MIB - 1
    for sent in (io.BytesIO(body + b" "), in_pieces(body, b" ")):
        assert (await send(real, name, ada, sent)).json == Malformed("JSON parse error.").body()


async def test_many_keys_are_no_trouble(real: Api, ada: Tokens) -> None:
    body = b"{" + b",".join(b'"%d":1' % i for i in range(90_000)) + b"}"
    answer = await send(real, WITH_BODY[0], ada, body)
    assert answer.status == 400
    assert set(answer.json) == {"email", "password"}


# --- a row that takes JSON only


@pytest.mark.parametrize(
    "body, mime",
    [
        (b"email=a%40example.com&password=x", "application/x-www-form-urlencoded"),
        (
            b'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\nx\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
        ),
    ],
)
async def test_forms_only_where_they_are_expected(serve: Any, more_rows: Any, body: bytes, mime: str) -> None:
    @api(body=SignInBody)
    async def strict(request: Any) -> Any:
        return reply(sorted(request[BODY]))

    more_rows(post("/api/test/strict/", strict, Access.PUBLIC))
    client: Api = await serve()
    answer = await client.post("/api/test/strict/", data=body, headers={"Content-Type": mime})
    detail = f'Unsupported media type "{mime.partition(";")[0]}" in request.'
    assert (answer.status, answer.json) == (415, UnsupportedMedia(detail).body())
    answer = await client.post("/api/test/strict/", VALID["sessions.obtain"])
    assert (answer.status, answer.json) == (200, ["email", "password", "remember_me"])


async def test_many_odd_bodies_at_once_delay_nobody(real: Api, ada: Tokens) -> None:
    deep = [send(real, WITH_BODY[0], ada, NOT_JSON["deep objects"]) for _ in range(20)]
    answers = await asyncio.gather(*deep, real.get("/healthz"))
    assert [answer.status for answer in answers] == [400] * 20 + [200]


def test_the_limits_are_those_promised() -> None:
    assert (bodies.MAX_JSON, bodies.MAX_MULTIPART, bodies._DEADLINE) == (MIB, 4 * MIB, 10.0)
