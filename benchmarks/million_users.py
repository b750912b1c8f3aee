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
import re
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

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
INSERT INTO systems (name, name_canonical, slug) VALUES ('Small', 'small', 'small');
INSERT INTO roles (system_id, name, name_canonical) SELECT id, 'Admin', 'admin' FROM systems WHERE slug = 'small';
INSERT INTO assignments (user_id, system_id, role_id)
SELECT u.id, r.system_id, r.id FROM users u, roles r JOIN systems s ON s.id = r.system_id
 WHERE s.slug = 'small' AND (u.id = 202 OR u.id % ({users} / 20) = 0);
UPDATE users SET status = 'Pending' WHERE id % 1000 = 999;
UPDATE users SET is_active = false WHERE id % 2000 = 1998;
UPDATE assignments SET is_active = false WHERE id % 1000 = 500;
INSERT INTO invitations (token_hash, email, email_canonical, system_id, role_id, invited_by, expires_at)
SELECT sha256(n::text::bytea), 'new' || n || '@example.com', 'new' || n || '@example.com', r.system_id, r.id, 1, now()
  FROM generate_series(1, {users} / 10) n
  JOIN roles r ON r.name_canonical = 'clerk' AND r.system_id = (SELECT min(id) FROM systems) + n % {systems};
"""

# Who asks: a superuser; an admin of two systems (8 % of all people); one of a system with 21 people; an agent.
CALLERS = {
    "superuser": "person1@example.com",
    "admin": "person2@example.com",
    "small admin": "person202@example.com",
    "agent": "person300@example.com",
}
LISTS = {
    "first page": "/api/v1/users/?limit=100",
    "deep page": "/api/v1/users/?limit=100&cursor={id}",
    "last first": "/api/v1/users/?limit=100&ordering=-id",
    "by address": "/api/v1/users/?limit=100&ordering=email",
    "by address, deep": "/api/v1/users/?limit=100&ordering=email&cursor={address}",
    "by address, last first": "/api/v1/users/?limit=100&ordering=-email",
    "by address, last page": "/api/v1/users/?limit=100&ordering=email&cursor={end}",
    "search, rare": "/api/v1/users/?limit=100&search=last4242",
    "search, common": "/api/v1/users/?limit=100&search=first1",
    "search, common, by address": "/api/v1/users/?limit=100&search=first1&ordering=email",
    "search, one in fifty": "/api/v1/users/?limit=100&search=first12",
    "search, everybody": "/api/v1/users/?limit=100&search=example",
    "search, address": "/api/v1/users/?limit=100&search=person50002@example.com",
    "pending": "/api/v1/users/?limit=100&status=Pending",
    "inactive": "/api/v1/users/?limit=100&is_active=false",
    "approved, by address": "/api/v1/users/?limit=100&status=Approved&ordering=email",
    "of a system": "/api/v1/users/?limit=100&system=system-3",
    "of a role": "/api/v1/users/?limit=100&role=agent",
    "admins, by address": "/api/v1/users/?limit=100&role=admin&ordering=email",
}
OTHERS = {
    "assignments": "/api/v1/system-roles/?limit=100",
    "assignments, deep": "/api/v1/system-roles/?limit=100&cursor={id}",
    "assignments of a user": "/api/v1/system-roles/?limit=100&user=50002",
    "assignments switched off": "/api/v1/system-roles/?limit=100&is_active=false",
    "assignments of a role": "/api/v1/system-roles/?limit=100&system=system-3&role=clerk",
    "agents": "/api/v1/users/agents/?limit=100",
    "agents, deep": "/api/v1/users/agents/?limit=100&cursor={id}",
    "turns": "/api/v1/tts/round-robin/?system=system-3&role=agent",
    "people of 1,000 ids": "/api/v1/tts/users-info/",
}
ADMINS = {
    "one user": "/api/v1/users/{middle}/",
    "invitations": "/api/v1/users/invitations/?limit=100",
    "invitation form": "/api/v1/users/invite-agent/",
    "users of a system": "/api/v1/system-roles/systems/{slug}/users/",
}
NOT_BY = (None, None, None)
STATEMENTS = {
    ("managed_users", "page"): ("id", "500000", 101, *NOT_BY, None),
    ("managed_users", "hits"): ("last4242", None, None, 10_000),
    ("managed_users", "holders"): (2, None, None, 10_001),
    ("managed_users", "page_of_admin_by_id"): ("id", None, 101, *NOT_BY, 2, None, None),
    ("managed_users", "page_of_admin_by_address"): ("email", None, 101, *NOT_BY, 2, None, None, 20_000),
    ("managed_users", "page_of_admin_among"): ("email", None, 101, *NOT_BY, 2, None, None, [2, 52, 102]),
    ("managed_users", "get"): (2, 500_002),
    ("managed_users", "agents"): (300, 0, 101),
    ("managed_users", "infos"): (2, [2, 52, 102]),
    ("managed_users", "roles"): (2, [2, 52, 102]),
    ("assignments", "page"): (2, 0, 101, *NOT_BY, *NOT_BY),
    ("assignments", "of_system"): (3,),
    ("invitations", "page"): (2, 0, 101),
    ("tts", "pool"): (5,),
    ("tts", "next"): (5,),
}


class Probe(NamedTuple):
    """What is asked again and again, and as whom."""

    path: str
    headers: dict[str, str]


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
    words = {
        "id": cursor(users * 9 // 10),
        "address": cursor("person9"),
        "end": cursor(f"person{users - 100}"),
        "middle": str(users // 2 // SYSTEMS * SYSTEMS + 2),
    }
    probes: dict[str, Probe] = {}
    for who, email in CALLERS.items():
        headers = await bearer(client, email)
        slug = "small" if who == "small admin" else "system-3"
        lists = OTHERS if who == "agent" else LISTS | OTHERS | ADMINS
        if who == "small admin":
            words = words | {"middle": str(users // 2)}
        for name, path in lists.items():
            probes[f"{who}: {name}"] = Probe(path.format(slug=slug, **words), headers)
    times: dict[str, list[float]] = {name: [] for name in probes}
    for number in range(ROUNDS):
        for name, probe in probes.items():
            if number < 3 or statistics.median(times[name]) < 300:
                times[name].append(await answer(client, name, probe))
    print("| list | median ms | × first page |\n|---|---|---|")
    for name, found in times.items():
        first = statistics.median(times.get(f"{name.partition(':')[0]}: first page", found))
        print(f"| {name} | {statistics.median(found):.1f} | {statistics.median(found) / first:.2f} |")
    await plans(server)


async def answer(client: TestClient, name: str, probe: Probe) -> float:
    """How many milliseconds a request takes."""
    body = {"user_ids": list(range(5, 50_005, 50))} if "users-info" in probe.path else None
    started = time.perf_counter()
    async with client.request("POST" if body else "GET", probe.path, json=body, headers=probe.headers) as response:
        await response.read()
        assert response.status == 200, (name, response.status, await response.text())
    return (time.perf_counter() - started) * 1000


async def plans(server: Embedded) -> None:
    """Does a plan read a whole table, made for its arguments or for any?"""
    conn = await asyncpg.connect(server.dsn())
    print("\n| statement | reads a whole table? | and a plan for any arguments? |\n|---|---|---|")
    for (noun, name), args in STATEMENTS.items():
        found = []
        for mode in ("force_custom_plan", "force_generic_plan"):
            await conn.execute(f"SET plan_cache_mode = {mode}")
            rows = await conn.fetch(f"EXPLAIN {load(noun)[name]}", *args)
            scans = re.findall(r"Seq Scan on (users|assignments|invitations)", "\n".join(row[0] for row in rows))
            found.append(", ".join(sorted(set(scans))) or "no")
        print(f"| {noun}.{name} | {' | '.join(found)} |")
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
