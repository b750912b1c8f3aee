"""Every name of every row × every actor × own, foreign and missing objects: the statuses of tests/rights/matrix.py."""

import itertools
import re
import time
from collections.abc import AsyncIterator

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer

from authsvc import service
from authsvc.app import create_app
from authsvc.core.signing import KeySet
from authsvc.routes import ROUTES
from authsvc.routing import Access, Route
from authsvc.settings import Settings
from tests.client import Api
from tests.conftest import Addresses, FakeClock
from tests.rights import matrix, probes
from tests.rights.probes import Snapshot
from tests.rights.world import World, make_world

ENTRIES = matrix.entries()
NAMES = [(row, path) for row in ROUTES for path in row.paths]
COUNTS_TRIES = {Access.PUBLIC, Access.PUBLIC_PAGE, Access.REFRESH, Access.BASIC}


@pytest.fixture(scope="module")
async def world(
    superuser: asyncpg.Connection,
    empty_all: str,
    database: Addresses,
    base_settings: Settings,
    signing_keys: KeySet,
) -> AsyncIterator[World]:
    """One world for the whole matrix; what a probe changed is put back."""
    await superuser.execute(empty_all)
    app = create_app(service.build(base_settings, signing_keys, database.app, FakeClock(time.time())))
    client = TestClient(TestServer(app), cookie_jar=None)
    await client.start_server()
    made = await make_world(Api(client, itertools.count(1)), superuser)
    await probes.settle(made)
    yield made
    await client.close()
    await superuser.execute(empty_all)


@pytest.fixture(scope="module")
async def saved(world: World) -> AsyncIterator[Snapshot]:
    taken = await Snapshot.take(world.db)
    yield taken
    await taken.drop()


@pytest.fixture
async def snapshot(saved: Snapshot) -> AsyncIterator[Snapshot]:
    yield saved
    await saved.restore()


def test_every_row_of_the_route_table_has_an_entry() -> None:
    assert {matrix.shown(row.method, row.path) for row in ROUTES} == set(ENTRIES)


@pytest.mark.parametrize("row,path", NAMES, ids=[matrix.shown(row.method, path) for row, path in NAMES])
async def test_who_may_call(world: World, snapshot: Snapshot, row: Route, path: str) -> None:
    expected = ENTRIES[matrix.shown(row.method, row.path)]
    refusals = [e for e in expected if e.status >= 400]
    found = []
    before = await snapshot.state()
    for actor, where, _ in refusals:
        found.append((actor, where, (await probes.probe(world, row, path, actor, where)).status))
    assert row.access in COUNTS_TRIES or await snapshot.state() == before, "a refusal changed something"
    for actor, where, _ in set(expected) - set(refusals):
        found.append((actor, where, (await probes.probe(world, row, path, actor, where)).status))
        if row.method != "GET":
            await snapshot.restore()
    assert sorted(found) == sorted(tuple(e) for e in expected)


OF_ONE = [(row, path) for row, path in NAMES if re.search(r"\{(user_)?id:", path)]


async def test_an_id_beyond_the_last_is_not_found(world: World, snapshot: Snapshot) -> None:
    found: dict[tuple[str, str], int] = {}
    for number in ("2147483648", "4294967297", "9999999999"):
        for row, path in OF_ONE:
            who = "employee" if row.access is Access.EMPLOYEE else "root"
            answer = await probes.probe(world, row, path, who, "none", number=number)
            found[matrix.shown(row.method, path), number] = answer.status
    assert found == dict.fromkeys(found, 404)
