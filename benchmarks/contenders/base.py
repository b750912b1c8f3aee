"""What all contenders have: a server, and calls that it answers."""

import dataclasses
import http.client
import json
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import client
from benchmarks.load import Job
from benchmarks.processes import Server


class NotThere(Exception):
    """A contender or a call that this machine or this version does not have; the message says why."""


@dataclasses.dataclass
class Call:
    """Raw requests, sent in turn, and names that the JSON of a right answer has.

    chain: each answer's refresh token belongs into the next request of its connection.
    The last request is used by `check` only, so that no chain is begun twice.
    """

    requests: list[bytes]
    shows: Sequence[str]
    chain: bool = False
    file: Path | None = None


@dataclasses.dataclass
class Contender:
    """A running server with a name, and its calls by theirs."""

    name: str
    server: Server
    calls: dict[str, Call]

    def job(self, call: str, folder: Path, **more: Any) -> Job:
        """The load of one call; its requests are written to the folder at first use."""
        found = self.calls[call]
        if found.file is None:
            found.file = folder / f"{self.name}-{call}.requests".replace(" ", "-").replace("/", "-")
            client.write(found.file, found.requests[:-1])
        return Job(self.server.port, found.file, chain=found.chain, **more)

    def check(self, call: str) -> None:
        """Ask once and look at the answer: NotThere for 404, RuntimeError for anything else that is wrong."""
        status, body = send(self.server.port, self.calls[call].requests[-1])
        what = f"{self.name}, {call}: {status} {body[:300]!r}"
        if status == 404:
            raise NotThere(f"{self.name} has no {call} (404)")
        if status != 200:
            raise RuntimeError(what)
        if missing := [name for name in self.calls[call].shows if f'"{name}":' not in body.replace('" :', '":')]:
            raise RuntimeError(f"{what} does not show {missing}")


def get(path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """A raw GET request."""
    return _raw("GET", path, headers or {}, b"")


def post(path: str, body: Any, headers: Mapping[str, str] | None = None) -> bytes:
    """A raw POST request; a text body is a form, anything else goes as JSON."""
    is_form = isinstance(body, str)
    content = body.encode() if is_form else json.dumps(body).encode()
    form, jsons = "application/x-www-form-urlencoded", "application/json"
    return _raw("POST", path, {**(headers or {}), "Content-Type": form if is_form else jsons}, content)


def bearer(token: str) -> dict[str, str]:
    """The header that carries an access token."""
    return {"Authorization": f"Bearer {token}"}


def _raw(method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def send(port: int, request: bytes) -> tuple[int, str]:
    """Status and body of one answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        response = http.client.HTTPResponse(connection, method=request.split(b" ", 1)[0].decode())
        response.begin()
        return response.status, response.read().decode()
