"""Three servers on one database, each of which remembers who is behind a session."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import asyncpg
import pytest

from authsvc.db.pool import Database
from authsvc.known import Known
from authsvc.queries import sessions
from tests.client import Api, Tokens
from tests.conftest import Addresses


class Nodes(NamedTuple):
    """Processes, as far as what is remembered goes: each has a memory and a listener of its own."""

    apis: list[Api]
    reads: list[int]  # session ids that were asked of the database, in order

    def known(self, number: int) -> Known:
        return self.apis[number].service.known

    async def fresh(self) -> None:
        """Wait until every node hears of revocations."""
        async with asyncio.timeout(10):
            while not all(api.service.known.is_fresh for api in self.apis):
                await asyncio.sleep(0.01)

    async def statuses(self, tokens: Tokens) -> list[int]:
        return [(await api.get("/api/me/", headers=tokens.bearer)).status for api in self.apis]

    async def warm(self, tokens: Tokens) -> None:
        """Every node remembers the session, and answers without asking."""
        await self.fresh()
        async with asyncio.timeout(10):
            before = -1
            while len(self.reads) > before:  # what was changed for the test may still be on its way
                before = len(self.reads)
                assert await self.statuses(tokens) == [200] * len(self.apis)


@pytest.fixture
async def nodes(
    serve: Callable[..., Awaitable[Api]], database: Addresses, db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> Nodes:
    reads: list[int] = []
    live = sessions.live

    async def counted(db: Database, session_id: int, person: object) -> asyncpg.Record | None:
        reads.append(session_id)
        return await live(db, session_id, person)  # type: ignore[arg-type]

    monkeypatch.setattr(sessions, "live", counted)
    found = Nodes([await serve(identity_cache=True) for _ in range(3)], reads)
    await found.fresh()
    return found
