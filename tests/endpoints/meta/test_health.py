"""Is the process alive, is it ready?"""

import itertools
from collections.abc import AsyncIterator

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer

from authsvc import log, service
from authsvc.app import create_app
from authsvc.core.signing import KeySet
from authsvc.routes import ROUTES
from authsvc.settings import Settings
from tests.client import PASSWORD, Api

ALIVE = ["/healthz", "/health/"]
AWAY = {"detail": "The service is temporarily unavailable. Try again shortly.", "code": "unavailable"}


@pytest.fixture
async def orphan(base_settings: Settings, signing_keys: KeySet) -> AsyncIterator[Api]:
    """A client of a service whose database is nowhere."""
    log.configure("json", "error")
    app = create_app(service.build(base_settings, signing_keys, "postgresql://nobody@127.0.0.1:1/nothing"))
    client = TestClient(TestServer(app))
    await client.start_server()
    yield Api(client, itertools.count(1))
    await client.close()


@pytest.mark.parametrize("path", ALIVE)
async def test_a_process_with_its_database_is_alive(api: Api, path: str) -> None:
    answer = await api.get(path)
    assert (answer.status, answer.json) == (200, {"status": "ok"})
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ALIVE)
async def test_a_process_without_its_database_is_alive(orphan: Api, path: str) -> None:
    answer = await orphan.get(path)
    assert (answer.status, answer.json) == (200, {"status": "ok"})


async def test_with_a_migrated_database_it_is_ready(api: Api) -> None:
    answer = await api.get("/readyz")
    assert (answer.status, answer.json) == (200, {"status": "ready"})


async def test_without_its_database_it_is_not_ready(orphan: Api) -> None:
    answer = await orphan.get("/readyz")
    body = {"detail": "The database cannot be reached.", "code": "unavailable"}
    assert (answer.status, answer.json) == (503, body)


async def test_with_a_migration_missing_it_is_not_ready(api: Api, db: asyncpg.Connection) -> None:
    taken = await db.fetchrow(
        "DELETE FROM schema_migrations WHERE name = (SELECT max(name) FROM schema_migrations) RETURNING *"
    )
    try:
        answer = await api.get("/readyz")
    finally:
        marks = ", ".join(f"${n}" for n in range(1, len(taken) + 1))
        await db.execute(f"INSERT INTO schema_migrations ({', '.join(taken.keys())}) VALUES ({marks})", *taken.values())
    body = {"detail": "The database lacks 1 migration(s): run migrate.", "code": "unavailable"}
    assert (answer.status, answer.json) == (503, body)
    assert (await api.get("/readyz")).status == 200


async def test_a_migration_of_a_newer_version_is_fine(api: Api, db: asyncpg.Connection) -> None:
    first = dict(await db.fetchrow("SELECT * FROM schema_migrations ORDER BY name LIMIT 1"))
    newer = {**first, "name": "9999_newer.sql"}
    marks = ", ".join(f"${n}" for n in range(1, len(newer) + 1))
    try:
        await db.execute(f"INSERT INTO schema_migrations ({', '.join(newer)}) VALUES ({marks})", *newer.values())
        assert (await api.get("/readyz")).status == 200
    finally:
        await db.execute("DELETE FROM schema_migrations WHERE name = '9999_newer.sql'")


NEEDS_DATABASE = [
    ("POST", "/api/v1/users/register/", {"email": "ada@example.com", "password": PASSWORD}),
    *(("POST", path, {"email": "a@example.com", "password": "x"}) for path in ("/token/", "/api/v1/users/login/")),
    ("POST", "/api/v1/users/login/api/", {"email": "a@example.com", "password": "x"}),
    ("POST", "/api/v1/token/refresh/", {"refresh": "rt_" + "A" * 43}),
    ("POST", "/api/v1/token/verify/", {"token": "rt_" + "A" * 43}),
    ("POST", "/api/v1/users/logout/", {"refresh": "rt_" + "A" * 43}),
    ("POST", "/logout/", {"refresh": "rt_" + "A" * 43}),
    ("GET", "/api/v1/systems/public/", None),
]


async def test_what_needs_the_database_is_unavailable(orphan: Api) -> None:
    for method, path, body in NEEDS_DATABASE:
        answer = await orphan.request(method, path, json=body)
        assert answer.status == 503
        assert {name: answer.json[name] for name in AWAY} == AWAY
        assert "Set-Cookie" not in answer.headers


async def test_a_good_token_is_unavailable_and_not_refused(orphan: Api, api: Api) -> None:
    tokens = await api.sign_in()
    for path in ("/api/me/", "/api/v1/users/profile/", "/api/v1/users/token/validate/"):
        assert (await orphan.get(path, headers=tokens.bearer)).json == AWAY


async def test_no_path_says_500_without_the_database(orphan: Api) -> None:
    for row in ROUTES:
        for path in row.paths:
            if "{" not in path:
                answer = await orphan.request(row.method, path, headers={"Cookie": f"refresh_token=rt_{'A' * 43}"})
                assert answer.status != 500, path


async def test_nobody_needs_no_database_to_be_nobody(orphan: Api) -> None:
    assert (await orphan.get("/api/me/")).status == 401
    assert (await orphan.get("/api/v1/")).status == 200
    assert (await orphan.get("/.well-known/jwks.json")).status == 200
