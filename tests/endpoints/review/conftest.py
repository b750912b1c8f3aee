"""The help desk, its admin, and who else might try."""

import asyncpg
import pytest

from tests.client import Api
from tests.endpoints.kit import add_employee
from tests.rights.world import World, add_system, make_world

HDTS, NAME = "hdts", "Help Desk and Ticketing System"


@pytest.fixture
async def world(api: Api, db: asyncpg.Connection) -> World:
    """The world of the rights tests with a help desk; employee agent_a's number is approved already."""
    world = await make_world(api, db)
    world.systems[HDTS] = await add_system(db, HDTS)
    await db.execute("UPDATE systems SET name = $1, name_canonical = lower($1) WHERE slug = $2", NAME, HDTS)
    await world.add("desk", (HDTS, "Admin"))
    await world.add("helper", (HDTS, "Agent"), first_name="Helga")
    return world


@pytest.fixture
async def pending(world: World) -> int:
    """The number of an employee who waits; user `plain` has it too."""
    return await add_employee(world.db, world.people["plain"], "penny@example.com", "Pending")
