"""Forms: duplicate and nameless fields, broken boundaries, parts that are not what they seem, too much."""

import io

import asyncpg
import pytest

from authsvc import bodies
from authsvc.errors import Malformed, PayloadTooLarge
from tests.client import PASSWORD, Answer, Api, Tokens
from tests.endpoints.kit import unchanged
from tests.middleware.kit import WITH_FORM, Name, over
from tests.middleware.test_body import MIB, in_pieces, send, wrong

URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
UNREADABLE = Malformed("The form could not be read.").body()
END = b"--b--\r\n"


def multipart(boundary: str | None = "b") -> dict[str, str]:
    return {"Content-Type": "multipart/form-data" + (f"; boundary={boundary}" if boundary is not None else "")}


def part(name: str = "email", content: bytes = b"x", *headers: bytes, disposition: bytes | None = None) -> bytes:
    """One part of a form with the boundary b."""
    shown = b'form-data; name="%s"' % name.encode() if disposition is None else disposition
    lines = [b"--b", *([b"Content-Disposition: " + shown] if shown else []), *headers, b"", content, b""]
    return b"\r\n".join(lines)


BROKEN = {
    "empty": b"",
    "duplicate fields": part() + part() + END,
    "duplicate fields, one a file": part() + part(disposition=b'form-data; name="email"; filename="x"') + END,
    "never ended": part(),
    "cut off in a part": part()[:-4],
    "cut off in a header": b"--b\r\nContent-Dispo",
    "another boundary": (part() + END).replace(b"--b", b"--c"),
    "no boundary at all": b"email=x",
    "line feeds only": (part() + END).replace(b"\r\n", b"\n"),
    "a part without a name": part(disposition=b"form-data") + END,
    "a part with an empty name": part("") + END,
    "a file without a name": part(disposition=b'form-data; filename="x"') + END,
    "a part without disposition": part(disposition=b"") + END,
    "a disposition of bytes": part(disposition=b"\xff") + END,
    "a broken name": part(disposition=b"form-data; name*=utf-8''%ff%fe") + END,
    "a broken file name": part(disposition=b"form-data; name=\"email\"; filename*=utf-8''%ff%fe") + END,
    "a disposition that ends early": part(disposition=b'form-data; name="email') + END,
    "nested": part("email", b"--c\r\n\r\nx\r\n--c--", b"Content-Type: multipart/mixed; boundary=c") + END,
    "nested without boundary": part("email", b"--c\r\n\r\nx\r\n--c--", b"Content-Type: multipart/mixed") + END,
    "base64": part("email", b"YUBiLmM=", b"Content-Transfer-Encoding: base64") + END,
    "quoted-printable": part("email", b"a=40b.c", b"Content-Transfer-Encoding: quoted-printable") + END,
    "a bogus transfer encoding": part("email", b"x", b"Content-Transfer-Encoding: bogus") + END,
    "a gzipped part": part("email", b"x", b"Content-Encoding: gzip") + END,
    "utf-7": part("email", b"+AGE-", b"Content-Type: text/plain; charset=utf-7") + END,
    "utf-16": part("email", "a".encode("utf-16"), b"Content-Type: text/plain; charset=utf-16") + END,
    "another default charset": part("_charset_", b"utf-16") + part() + END,
    "an endless default charset": part("_charset_", b"x" * 100) + part() + END,
    "text that is no utf-8": part("email", b"\xff") + END,
    "50 fields and one": b"".join(part(f"f{i}") for i in range(51)) + END,
    "1000 fields": b"".join(part(f"f{i}") for i in range(1000)) + END,
    "1000 headers in a part": part("email", b"x", *(b"X-%d: a" % i for i in range(1000))) + END,
    "a header of 100 kB": part("email", b"x", b"X: " + b"a" * 100_000) + END,
    "a header without colon": part("email", b"x", b"Broken") + END,
    "NUL in a header": part("email", b"x", b"X: a\0b") + END,
    "a folded header": part("email", b"x", b"X: a\r\n b\r\n\tc", b"Broken") + END,
}


@over(WITH_FORM)
async def test_broken_multipart(real: Api, ada: Tokens, db: asyncpg.Connection, name: Name) -> None:
    async with unchanged(db):
        cases = name.of(BROKEN.items())
        answers = {case: await send(real, name, ada, io.BytesIO(body), multipart()) for case, body in cases}
    assert wrong(answers, 400, UNREADABLE) == []


@over(WITH_FORM)
async def test_broken_boundaries(real: Api, ada: Tokens, db: asyncpg.Connection, name: Name) -> None:
    async with unchanged(db):
        answers = {
            str(boundary): await send(real, name, ada, part() + END, multipart(boundary))
            for boundary in name.of((None, "", "c", "b" * 71, "b" * 300, "b b", "\xe9", "b--"))
        }
    refused = [(k, a.status, a.text) for k, a in answers.items() if (a.status, a.code) != (400, "malformed")]
    assert refused == []


FORMS = {
    "duplicate fields": b"email=a&email=b",
    "duplicates, one escaped": b"email=a&%65mail=b",
    "51 fields": b"&".join(b"f%d=1" % i for i in range(51)),
    "1000 fields": b"&".join(b"f%d=1" % i for i in range(1000)),
    "bytes that are no utf-8": b"email=%ff",
    "an escaped surrogate": b"email=%ed%a0%80",
    "raw bytes": b"email=\xff",
    "raw utf-8": "email=é".encode(),
}


@over(WITH_FORM)
async def test_broken_urlencoded_forms(real: Api, ada: Tokens, db: asyncpg.Connection, name: Name) -> None:
    async with unchanged(db):
        answers = {case: await send(real, name, ada, body, URLENCODED) for case, body in name.of(FORMS.items())}
    assert wrong(answers, 400, UNREADABLE) == []


def larger_than(most: int) -> dict[str, bytes]:
    return {
        "text": part("email", b"a" * most) + END,
        "file": part("x", b"a" * most, disposition=b'form-data; name="x"; filename="x"') + END,
        "two halves": part("x", b"a" * (most // 2)) + part("y", b"a" * (most // 2)) + END,
        "preamble": (b"a" * 100 + b"\r\n") * (most // 93) + part() + END,
    }


@over(WITH_FORM)
async def test_more_than_4_mib(real: Api, ada: Tokens, monkeypatch: pytest.MonkeyPatch, name: Name) -> None:
    most = 4 * MIB
    if name.turn is not None:  # where so much was refused already: it takes a while to send
        most = MIB // 8
        monkeypatch.setattr(bodies, "MAX_MULTIPART", most)
    answers: dict[str, Answer] = {}
    for number, (kind, body) in name.of(
        enumerate(larger_than(most).items(), WITH_FORM.index(name._replace(turn=None)))
    ):
        pieces = [body[i : i + most // 4] for i in range(0, len(body), most // 4)]
        told = number % 2  # with Content-Length and without, by turns: each row sees both
        answers[kind] = await send(real, name, ada, io.BytesIO(body) if told else in_pieces(*pieces), multipart())
    assert wrong(answers, 413, PayloadTooLarge().body()) == []
    monkeypatch.undo()


SIGN_IN = {"email": b"ada@example.com", "password": PASSWORD.encode()}


def sign_in_form(*headers: bytes) -> bytes:
    return b"".join(part(name, value, *headers) for name, value in SIGN_IN.items()) + END


@pytest.mark.parametrize(
    "body",
    [
        sign_in_form(),
        sign_in_form(b"Content-Type: text/plain"),
        sign_in_form(b"Content-Type: text/plain; charset=UTF-8", b"Content-Transfer-Encoding: 8bit"),
        sign_in_form(b"Content-Transfer-Encoding: binary", b"Content-Length: 1"),
        b"a preamble\r\n" + sign_in_form() + b"and an epilogue",
        part("unknown", b"x") + sign_in_form(),
    ],
)
async def test_what_real_clients_send_is_read(real: Api, ada: Tokens, body: bytes) -> None:
    answer = await real.post("/api/v1/users/login/", data=io.BytesIO(body), headers=multipart())
    assert (answer.status, answer.json["user"]["email"]) == (200, "ada@example.com")


async def test_forms_say_yes_and_no_in_words(real: Api, ada: Tokens) -> None:
    form = {"email": "ada@example.com", "password": PASSWORD}
    for said, wanted in {"true": 200, "off": 200, "0": 200, "yes": 400, "": 200}.items():
        answer = await real.post("/api/v1/users/login/", data={**form, "remember_me": said})
        assert answer.status == wanted, said
        assert wanted == 200 or answer.json == {"remember_me": ["Must be a valid boolean."]}
