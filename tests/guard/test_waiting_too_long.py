"""A sign-in that no thread has begun with in time."""

from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from authsvc import hasher
from tests.guard.kit import LOGIN, knock
from tests.guard.test_locks import ADA, Busy


async def test_it_is_told_so_while_the_others_still_work_and_gets_the_try_back(
    serve: Callable[..., Any], db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = await serve(hash_threads=1, hash_queue=1)
    busy = Busy(monkeypatch)
    other = await busy.begin(api)
    monkeypatch.setattr(hasher, "DEADLINE", 0.05)
    for _ in range(2):  # the first one's place is free again
        answer = await knock(api, LOGIN, ADA)
        assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "overloaded", "2")
    assert not other.done()
    busy.go.set()
    assert (await other).code == "invalid_credentials"
    assert await db.fetchval("SELECT failures FROM guard WHERE key LIKE '%ada@%'") in (None, 0)
