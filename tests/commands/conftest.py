"""What the tests of commands share."""

import pytest

from tests.conftest import Addresses
from tests.db.embedded_kit import ask


@pytest.fixture(scope="module")
def on_our_database(database: Addresses, empty_all: str) -> dict[str, str]:
    """Settings that lead to the database of the tests, emptied: where making one is not what is tested."""
    ask(database.superuser, empty_all)
    return {"AUTHSVC_DATABASE_URL": database.app, "AUTHSVC_MIGRATE_DATABASE_URL": database.owner}
