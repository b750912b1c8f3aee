"""The world that the tests of rights stand in."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.client import Api
from tests.rights.probes import forget
from tests.rights.world import World, make_world


@pytest.fixture
async def world(api: Api, db: asyncpg.Connection) -> AsyncIterator[World]:
    """A fresh one for each test."""
    yield await make_world(api, db)
    await forget(db)


@pytest.fixture(autouse=True)
def _quickly_drawn(drawn_once: None) -> None:
    """The answers' pictures do not matter here."""
