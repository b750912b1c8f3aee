"""Does the time of an answer tell whether somebody has an account?

Starts a service on a PostgreSQL of its own in a temporary folder, asks it in turn for people whom it knows and
people whom it does not, and prints a Markdown table. How to read it: README.md beside this file.
"""

import argparse
import asyncio
import base64
import contextlib
import math
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, web

from authsvc import key_files, log, service
from authsvc.app import create_app
from authsvc.core import hashing, names
from authsvc.core.registration import NewPerson
from authsvc.db import migrate
from authsvc.db.embedded import Embedded
from authsvc.jobs import outbox
from authsvc.queries import users
from authsvc.settings import Settings, load

COST = 10  # bcrypt, log2 of rounds: the difference between a hash and none is then some 50 ms
KNOWN_PEOPLE = 50
MANY = 8  # where an answer waits for a fixed time, so many are asked for at once
USERS = "/api/v1/users"
DURABILITY_OFF = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]

Ask = Callable[["Client", str], Awaitable[int]]


class Client(NamedTuple):
    """A connection to the service, and one behind its back."""

    http: ClientSession
    db: asyncpg.Connection


class Case(NamedTuple):
    """One way to ask; `status` is what both kinds of people get."""

    name: str
    ask: Ask
    status: int
    at_once: int = 2  # one of each kind, side by side: whatever else the machine does slows both


class Row(NamedTuple):
    """What was measured, in milliseconds."""

    name: str
    known: list[float]
    unknown: list[float]


def posting(path: str, **fields: str) -> Ask:
    """POST an address and these fields."""

    async def ask(client: Client, email: str) -> int:
        async with client.http.post(path, json={"email": email, **fields}) as response:
            await response.read()
            return response.status

    return ask


async def basic(client: Client, email: str) -> int:
    """GET /token/ with HTTP Basic credentials."""
    credentials = base64.b64encode(f"{email}:wrong password".encode()).decode()
    async with client.http.get("/token/", headers={"Authorization": f"Basic {credentials}"}) as response:
        await response.read()
        return response.status


async def captcha_required(client: Client, email: str) -> int:
    """GET captcha/required/ for an address."""
    async with client.http.get(f"{USERS}/captcha/required/", params={"email": email}) as response:
        await response.read()
        return response.status


WRONG = {"password": "wrong password"}
CASES = (
    Case("POST users/login/", posting(f"{USERS}/login/", **WRONG), 401),
    Case("POST users/login/api/", posting(f"{USERS}/login/api/", **WRONG), 401),
    Case("POST token/obtain/", posting("/api/v1/token/obtain/", **WRONG), 401),
    Case("POST /token/", posting("/token/", **WRONG), 401),
    Case("GET /token/ (Basic)", basic, 401),
    Case("POST 2fa/request-otp/ (with password)", posting(f"{USERS}/2fa/request-otp/", **WRONG), 401),
    Case("POST 2fa/request-otp/ (address alone)", posting(f"{USERS}/2fa/request-otp/"), 200, 1),
    Case("POST password/forgot/", posting(f"{USERS}/password/forgot/"), 200, MANY),
    Case("GET captcha/required/", captcha_required, 200, 1),
)


async def measure(client: Client, case: Case, samples: int, known: list[str]) -> Row:
    """Ask in turn for known and unknown people, in random order; nothing is left of one ask at the next."""
    row = Row(case.name, [], [])
    rest = samples
    await one_round(client, case, Row("warm-up", [], []), known, min(5, samples))
    while rest > 0:
        pairs = min(rest, max(1, case.at_once // 2))
        await one_round(client, case, row, known, pairs)
        rest -= pairs
    return row


async def one_round(client: Client, case: Case, row: Row, known: list[str], pairs: int) -> None:
    """Ask for so many of both."""
    people = [(row.known, email) for email in random.sample(known, pairs)]
    people += [(row.unknown, f"nobody{random.getrandbits(40):x}@example.com") for _ in range(pairs)]
    random.shuffle(people)
    for i in range(0, len(people), case.at_once):
        asked = people[i : i + case.at_once]
        for (into, _), taken in zip(
            asked, await asyncio.gather(*(timed(client, case, e) for _, e in asked)), strict=True
        ):
            into.append(taken)
        await client.db.execute("DELETE FROM guard; DELETE FROM outbox; DELETE FROM links; DELETE FROM audit")


async def timed(client: Client, case: Case, email: str) -> float:
    """Milliseconds until the whole answer is there."""
    started = time.perf_counter()
    status = await case.ask(client, email)
    taken = (time.perf_counter() - started) * 1000
    if status != case.status:
        raise SystemExit(f"{case.name} for {email} answered {status} instead of {case.status}")
    return taken


def p_value(a: list[float], b: list[float]) -> float:
    """Two-sided Mann-Whitney U test, normal approximation: how often chance alone sorts two groups so well."""
    ranked = sorted([(value, 0) for value in a] + [(value, 1) for value in b])
    rank_sum, ties, i = 0.0, 0, 0
    while i < len(ranked):
        j = i
        while j < len(ranked) and ranked[j][0] == ranked[i][0]:
            j += 1
        rank_sum += sum((i + j + 1) / 2 for _, group in ranked[i:j] if group == 0)
        ties += (j - i) ** 3 - (j - i)
        i = j
    n, m = len(a), len(b)
    u = rank_sum - n * (n + 1) / 2
    variance = n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1)))
    return math.erfc(abs(u - n * m / 2) / math.sqrt(2 * variance)) if variance else 1.0


def table(rows: list[Row]) -> Iterator[str]:
    """The lines of a Markdown table."""
    yield "| endpoint | known, median ms | unknown, median ms | difference | p |"
    yield "|---|---:|---:|---:|---:|"
    for row in rows:
        known, unknown = statistics.median(row.known), statistics.median(row.unknown)
        difference = (known - unknown) / unknown * 100
        p = p_value(row.known, row.unknown)
        yield f"| {row.name} | {known:.2f} | {unknown:.2f} | {difference:+.2f} % | {p:.3f} |"


@contextlib.contextmanager
def settings_in(folder: Path) -> Iterator[Settings]:
    """A service without request throttling."""
    own = {"ENV": "development", "DATA_DIR": str(folder), "PUBLIC_URL": "http://127.0.0.1", "LIMITS": "off"}
    before = dict(os.environ)
    os.environ.update({f"AUTHSVC_{name}": value for name, value in (own | {"BCRYPT_COST": str(COST)}).items()})
    try:
        yield load()
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def embedded_server() -> Iterator[Embedded]:
    """PostgreSQL in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="authsvc-bench-"))
    folder.chmod(0o755)  # the user that the server runs as must get in
    server = Embedded(folder, options=DURABILITY_OFF)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(server.home, ignore_errors=True)


@contextlib.asynccontextmanager
async def running(settings: Settings, dsn: str) -> AsyncIterator[str]:
    """The service on a free port; its URL."""
    outbox.transport_of = lambda settings: _nowhere  # mails are queued as always, and sent to nobody
    runner = web.AppRunner(create_app(service.build(settings, key_files.load(settings), dsn)), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _nowhere(mail: Any) -> None:
    return None


async def add_people(db: asyncpg.Connection) -> list[str]:
    """Some people with passwords; their addresses."""
    password_hash = hashing.encode("correct horse battery", COST)
    emails = [f"person{i}@example.com" for i in range(KNOWN_PEOPLE)]
    for email in emails:
        username = names.username_from(email)
        columns = {"email": email, "email_canonical": email, "username": username, "username_canonical": username}
        columns |= {"password_hash": password_hash, "first_name": "", "last_name": ""}
        await users.insert(db, NewPerson._make(columns.get(name) for name in NewPerson._fields))
    return emails


async def bench(embedded: Embedded, settings: Settings, samples: int) -> list[Row]:
    """Measure all cases."""
    owner = await asyncpg.connect(embedded.dsn("authsvc_owner"))
    await migrate.apply(owner)
    await owner.close()
    db = await asyncpg.connect(embedded.dsn("postgres"))
    known = await add_people(db)
    rows = []
    async with (
        running(settings, embedded.dsn()) as url,
        ClientSession(url, cookie_jar=DummyCookieJar(), timeout=ClientTimeout(30)) as http,
    ):
        for case in CASES:
            started = time.monotonic()
            rows.append(await measure(Client(http, db), case, samples, known))
            print(f"{case.name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    await db.close()
    return rows


def main() -> None:
    """Measure, then print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--samples", type=int, default=200, help="per endpoint, of known and of unknown people each")
    samples = parser.parse_args().samples
    log.configure("text", "error")
    with (
        tempfile.TemporaryDirectory(prefix="authsvc-bench-data-") as folder,
        settings_in(Path(folder)) as settings,
        embedded_server() as embedded,
    ):
        rows = asyncio.run(bench(embedded, settings, samples))
    print(f"\n{samples} samples each, bcrypt cost {COST}, Python {sys.version.split()[0]}\n")
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
