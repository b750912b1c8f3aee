"""How fast the lists of users stay with a million of them.

    python benchmarks/million_users.py [--users 1000000]

Makes an embedded PostgreSQL in a temporary folder, fills it (50 systems, two assignments per user), serves it
from this process on a loopback socket, and prints a Markdown table: medians over interleaved rounds, what each
list costs compared with its first page, and whether its plan reads a whole table.
"""

import argparse
import asyncio
import dataclasses
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
from aiohttp.test_utils import TestClient, TestServer

from authsvc import key_files, service, settings
from authsvc.app import create_app
from authsvc.core import hashing
from authsvc.core.paging import cursor
from authsvc.db import migrate
from authsvc.db.embedded import Embedded
from authsvc.db.sqlfiles import load

PASSWORD = "nine lively otters"
ROUNDS = 40
SYSTEMS = 50

FILL = """
INSERT INTO systems (name, name_canonical, slug)
SELECT 'System ' || n, 'system ' || n, 'system-' || n FROM generate_series(1, {systems}) n;
INSERT INTO roles (system_id, name, name_canonical, is_custom)
SELECT s.id, r.name, lower(r.name), false FROM systems s, (VALUES ('Admin'), ('Agent'), ('Clerk')) r(name);
INSERT INTO company_ids (company_id, kind)
SELECT 'MA' || lpad(n::text, 7, '0'), 'staff' FROM generate_series(1, {users}) n;
INSERT INTO users (email, email_canonical, username, username_canonical, password_hash, first_name, last_name,
                   company_id, status, email_verified_at, is_superuser)
SELECT 'person' || n || '@example.com', 'person' || n || '@example.com', 'person' || n, 'person' || n, '{hash}',
       'First' || n % 5000, 'Last' || n % 70000, 'MA' || lpad(n::text, 7, '0'), 'Approved', now(), n = 1
  FROM generate_series(1, {users}) n;
INSERT INTO assignments (user_id, system_id, role_id)
SELECT u.id, r.system_id, r.id
  FROM users u
 CROSS JOIN LATERAL (VALUES (u.id % {systems}), (((u.id / {systems}) % {systems} + u.id * 7 + 1) % {systems})) p(place)
  JOIN roles r ON r.system_id = (SELECT min(id) FROM systems) + p.place
              AND r.name_canonical = CASE WHEN u.id <= 200 THEN 'admin' WHEN u.id % 2 = 0 THEN 'agent' ELSE 'clerk' END
    ON CONFLICT DO NOTHING;
"""

Probe = Callable[[], Awaitable[None]]


async def main(users: int, folder: Path) -> None:
    """Fill, serve, measure, print."""
    server = Embedded(folder, options=["fsync=off", "shared_buffers=512MB", "max_wal_size=4GB"])
    server.start()
    try:
        await fill(server, users)
        config = configuration(folder)
        app = create_app(service.build(config, key_files.load(config), server.dsn()))
        async with TestClient(TestServer(app)) as client:
            await measure(client, server, users)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(server.home, ignore_errors=True)


def configuration(folder: Path) -> settings.Settings:
    """A development service without request throttling."""
    os.environ |= {"AUTHSVC_ENV": "development", "AUTHSVC_DATA_DIR": str(folder), "AUTHSVC_LIMITS": "off"}
    return dataclasses.replace(settings.load(), bcrypt_cost=4)


async def fill(server: Embedded, users: int) -> None:
    """A million people in about two minutes."""
    started = time.monotonic()
    owner = await asyncpg.connect(server.dsn("authsvc_owner"))
    await migrate.apply(owner)
    await owner.close()
    conn = await asyncpg.connect(server.dsn("postgres"))
    for statement in FILL.format(users=users, systems=SYSTEMS, hash=hashing.encode(PASSWORD, 4)).split(";\n"):
        if statement.strip():
            await conn.execute(statement, timeout=900)
    await conn.execute("VACUUM ANALYZE", timeout=900)
    counted = await conn.fetchrow("SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM assignments)")
    await conn.close()
    print(
        f"{counted[0]:,} users, {counted[1]:,} assignments, {SYSTEMS} systems in {time.monotonic() - started:.0f} s\n"
    )


async def measure(client: TestClient, server: Embedded, users: int) -> None:
    """All probes in turn, again and again; medians."""
    probes: dict[str, tuple[str, dict[str, str]]] = {}
    for who, email in (("superuser", "person1@example.com"), ("admin", "person2@example.com")):
        headers = await bearer(client, email)
        last = users if who == "superuser" else 90 * users // 100
        probes |= {
            f"{who}: first page": ("/api/v1/users/?limit=100", headers),
            f"{who}: page 1,000": (deep(min(100_000, last)), headers),
            f"{who}: by address": ("/api/v1/users/?limit=100&ordering=email", headers),
            f"{who}: search, rare": ("/api/v1/users/?limit=100&search=last4242", headers),
            f"{who}: search, common": ("/api/v1/users/?limit=100&search=first1", headers),
            f"{who}: one user": (f"/api/v1/users/{users // 2 // SYSTEMS * SYSTEMS + 2}/", headers),
            f"{who}: assignments": ("/api/v1/system-roles/?limit=100", headers),
        }
    times: dict[str, list[float]] = {name: [] for name in probes}
    for _ in range(ROUNDS):
        for name, (path, headers) in probes.items():
            started = time.perf_counter()
            async with client.get(path, headers=headers) as response:
                await response.read()
                assert response.status == 200, (name, response.status, await response.text())
            times[name].append((time.perf_counter() - started) * 1000)
    print("| list | median ms | × first page |\n|---|---|---|")
    for name, found in times.items():
        first = statistics.median(times[f"{name.partition(':')[0]}: first page"])
        print(f"| {name} | {statistics.median(found):.1f} | {statistics.median(found) / first:.2f} |")
    await plans(server)


def deep(after: int) -> str:
    """The address of the page after a user id, as a Link header would name it."""
    return f"/api/v1/users/?limit=100&cursor={cursor(after)}"


async def plans(server: Embedded) -> None:
    """Does a plan read the whole table of users?"""
    conn = await asyncpg.connect(server.dsn())
    await conn.execute("SET plan_cache_mode = force_custom_plan")
    sql = load("managed_users")
    print("\n| statement | reads all users? |\n|---|---|")
    for name, args in {
        "page": ("id", "500000", 101, None, None, None, None, None, None),
        "hits": ("last4242", 5001),
        "page_of_admin": ("id", None, 101, None, None, None, None, None, None, 2),
        "get": (2, 500_002),
    }.items():
        rows = await conn.fetch(f"EXPLAIN {sql[name.partition(',')[0]]}", *args)
        text = "\n".join(row[0] for row in rows)
        print(f"| {name} | {'yes' if 'Seq Scan on users' in text else 'no'} |")
    await conn.close()


async def bearer(client: TestClient, email: str) -> dict[str, str]:
    """The Authorization header of somebody who signed in."""
    async with client.post("/api/v1/users/login/", json={"email": email, "password": PASSWORD}) as response:
        return {"Authorization": f"Bearer {(await response.json())['access']}"}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=1_000_000)
    place = Path(tempfile.mkdtemp(prefix="authsvc-bench-"))
    place.chmod(0o755)  # the database's user must reach it
    asyncio.run(main(parser.parse_args().users, place))
