"""Requests byte by byte, as the programs write them that use the service today."""

from typing import Any
from urllib.parse import urlencode

import orjson
from multidict import CIMultiDict

from tests.client import Answer, Api, Tokens, check_safe
from tests.endpoints.kit import all_cookies
from tests.middleware.kit import raw, status_of

ORIGIN = "Origin: https://hdts.example.com"
FORM = "Content-Type: application/x-www-form-urlencoded"
JSON = "Content-Type: application/json"
_BOUNDARY = "----WebKitFormBoundaryx7MA4YWxkTrZu0gW"
MULTIPART = f"Content-Type: multipart/form-data; boundary={_BOUNDARY}"


async def send(api: Api, method: str, path: str, *headers: str, body: bytes | None = None) -> Answer:
    """These header lines, this body and no more; Content-Length unless the body is None."""
    length = [] if body is None else [f"Content-Length: {len(body)}"]
    lines = [f"{method} {path} HTTP/1.1", "Host: auth.test", "Connection: close", *headers, *length]
    received = await raw(api, "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b""))
    head, _, content = received.partition(b"\r\n\r\n")
    got = CIMultiDict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    data = orjson.loads(content) if content and "json" in got.get("Content-Type", "") else None
    answer = Answer(status_of(received), data, content.decode(), got, None)
    check_safe(answer)
    return answer


def cookie_line(tokens: Tokens) -> str:
    """The Cookie header of a browser, with some of another program's."""
    return f"Cookie: theme=dark; access_token={tokens.access}; refresh_token={tokens.refresh}; _ga=GA1.1.1"


def values_of(answer: Answer) -> dict[str, str]:
    """Cookies by name, as a caller reads them from Set-Cookie."""
    return {name: value for name, (value, _) in all_cookies(answer).items()}


def urlencoded(**fields: str) -> bytes:
    """A form as browsers send it."""
    return urlencode(fields).encode()


def multipart(*parts: tuple[str, str | bytes], file_type: str | None = None) -> bytes:
    """A form as browsers write it: text parts, and files (bytes) with or without a content type."""
    out = b""
    for name, value in parts:
        out += f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        if isinstance(value, bytes):
            out += b'; filename="blob"' + (f"\r\nContent-Type: {file_type}".encode() if file_type else b"")
        out += b"\r\n\r\n" + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"
    return out + f"--{_BOUNDARY}--\r\n".encode()


def as_json(**fields: Any) -> bytes:
    """A JSON body as Python's requests writes it: with blanks."""
    return orjson.dumps(fields).replace(b'":', b'": ').replace(b',"', b', "')
