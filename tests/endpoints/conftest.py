"""People that tests of several endpoints need."""

import asyncpg
import pytest

from tests.client import Api
from tests.endpoints.kit import Sevens, sevens_of


@pytest.fixture
async def sevens(api: Api, db: asyncpg.Connection) -> Sevens:
    """User 7 and employee 7."""
    return await sevens_of(api, db)
