"""An asyncio load client, for what wrk cannot do (chains of refresh tokens, a fixed number of requests) or is missing.

    python benchmarks/client.py '{"port": 8000, "file": "…", "connections": 16, "seconds": 1}'

Sends the raw requests of a file (each: length, newline, bytes) over keep-alive connections and prints one line of
JSON. Of "seconds" and "count", the first to be reached ends it; requests under way are waited for. With "chain" each
connection begins with its own request of the file, takes the refresh token of each answer into its next request, and
the file then holds what the next run has to begin with.
"""

import asyncio
import json
import re
import statistics
import sys
import time
from pathlib import Path
from typing import Any, cast

import uvloop

TOKEN = re.compile(rb'"refresh": ?"([^"]+)"')
LENGTH = re.compile(rb"(?i)\r\ncontent-length: ?(\d+)")
PATIENCE = 30.0  # seconds for requests under way at the end


class Load:
    """What is to be sent, and what came of it."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.requests = read(Path(job["file"]))
        self.chain = bool(job.get("chain"))
        self.left = job.get("count") or sys.maxsize
        self.ends = time.perf_counter() + job["seconds"] if job.get("seconds") else float("inf")
        self.latencies: list[float] = []
        self.bad = self.errors = self._next = 0
        self.finished = 0.0

    def take(self) -> int | None:
        """The number of the next request, None when it is over."""
        if self.left <= 0 or time.perf_counter() >= self.ends:
            return None
        self.left -= 1
        self._next += 1
        return (self._next - 1) % len(self.requests)


class Connection(asyncio.Protocol):
    """One request after the other on one connection, opened again when the server closes it."""

    def __init__(self, load: Load, number: int, over: asyncio.Future[None]) -> None:
        self._load, self._number, self._over = load, number, over
        self._buffer = b""
        self._sent: float | None = None
        self._which = number
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name
        self._send()

    def _send(self) -> None:
        which = self._load.take()
        if which is None or self._transport is None:
            self.end()
            return
        self._which = self._number if self._load.chain else which
        self._sent = time.perf_counter()
        self._transport.write(self._load.requests[self._which])

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, gap, body = self._buffer.partition(b"\r\n\r\n")
        if not gap:
            return
        length = LENGTH.search(head)
        if len(body) < int(length[1]) if length else not body.endswith(b"0\r\n\r\n"):
            return
        load, now = self._load, time.perf_counter()
        load.latencies.append(now - (self._sent or now))
        load.finished, self._buffer, self._sent = now, b"", None
        if not 200 <= int(head[9:12]) < 300:
            load.bad += 1
        elif load.chain and (token := TOKEN.search(body)):
            load.requests[self._which] = with_token(load.requests[self._which], token[1])
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._sent is not None:  # else it was closed between two requests, as a server may
            self._load.errors += 1
        self.end()

    def end(self) -> None:
        """Nothing more to do on this connection."""
        if not self._over.done():
            self._over.set_result(None)
        if self._transport:
            self._transport.close()


def read(file: Path) -> list[bytes]:
    """The requests of a file."""
    data, found, at = file.read_bytes(), [], 0
    while at < len(data):
        newline = data.index(b"\n", at)
        at = newline + 1 + int(data[at:newline])
        found.append(data[newline + 1 : at])
    return found


def write(file: Path, requests: list[bytes]) -> None:
    """What `read` reads."""
    file.write_bytes(b"".join(b"%d\n%b" % (len(request), request) for request in requests))


def with_token(request: bytes, token: bytes) -> bytes:
    """The same request with another refresh token in its JSON body."""
    head = request.partition(b"\r\n\r\n")[0]
    body = b'{"refresh": "%b"}' % token
    return LENGTH.sub(b"\r\nContent-Length: %d" % len(body), head) + b"\r\n\r\n" + body


async def run(job: dict[str, Any]) -> dict[str, float]:
    """Send it all; the counts."""
    loop, load = asyncio.get_running_loop(), Load(job)
    began = time.perf_counter()

    async def connection(number: int) -> None:
        while load.left > 0 and time.perf_counter() < load.ends:
            over = loop.create_future()
            await loop.create_connection(lambda over=over: Connection(load, number, over), "127.0.0.1", job["port"])
            await over

    tasks = [asyncio.create_task(connection(number)) for number in range(job["connections"])]
    _, stuck = await asyncio.wait(tasks, timeout=(job.get("seconds") or 600) + PATIENCE)
    for task in stuck:
        task.cancel()
    load.errors += len(stuck)
    if load.chain:
        write(Path(job["file"]), load.requests)
    centiles = statistics.quantiles(load.latencies, n=100) if len(load.latencies) > 1 else [0.0] * 99
    return {
        "requests": len(load.latencies),
        "seconds": (load.finished or time.perf_counter()) - began,
        "p50": centiles[49] * 1000,
        "p99": centiles[98] * 1000,
        "bad": load.bad,
        "errors": load.errors,
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(json.loads(sys.argv[1])))))
