"""The world that the tests of rights stand in."""

import asyncpg
import pytest

from tests.client import Api
from tests.rights.world import World, make_world


@pytest.fixture
async def world(api: Api, db: asyncpg.Connection) -> World:
    """A fresh one for each test."""
    return await make_world(api, db)
