"""Who has an account stays unsaid, where that is wanted."""

import asyncpg
import pytest

from tests.client import PASSWORD, Api
from tests.endpoints.employees.kit import EMIL, REGISTER, STAFF
from tests.endpoints.kit import unchanged

REGISTRATIONS = [REGISTER, f"{STAFF}/register/"]


@pytest.mark.parametrize("path", REGISTRATIONS)
@pytest.mark.parametrize("field, value", [("username", "taken"), ("phone_number", "+639171234567")])
async def test_another_taken_field_does_not_tell_whether_the_address_is_known(
    serve, db: asyncpg.Connection, path: str, field: str, value: str
) -> None:
    """Nothing is registered by asking, so it can be asked about any address."""
    api: Api = await serve(register_conceals=True)
    for email, more in ((EMIL, {}), ("helper@example.com", {field: value})):
        answer = await api.post(path, {"email": email, "password": PASSWORD, **more})
        assert answer.status == 201
    async with unchanged(db, "outbox"):
        known, unknown = [
            await api.post(path, {"email": email, "password": PASSWORD, field: value})
            for email in (EMIL, "nobody@example.com")
        ]
    assert (known.status, known.json) == (unknown.status, unknown.json)
