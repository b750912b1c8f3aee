"""Many tries of one network at the same time: no more are checked than it has failures left."""

import asyncio
import contextlib
import dataclasses
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest

from authsvc import guard, hasher
from authsvc.core import hashing
from authsvc.core.person import Origin
from authsvc.errors import Overloaded, Unavailable
from authsvc.in_flight import Place
from authsvc.queries import guard as counts
from authsvc.service import Service
from tests.client import PASSWORD, Answer, Api
from tests.guard.kit import LOGIN, HashChecks, fail, knock

Serve = Callable[..., Any]
ADA = "ada@example.com"
HOME = "network:127.0.0.1"
LINK = guard.Attempt(None, "password_reset_fail", Origin("127.0.0.1", None))
NAME = LINK._replace(key="account:staff:ada@example.com")


async def failed(db: asyncpg.Connection, times: int) -> None:
    """So many failures of this network within the last minutes."""
    await db.execute("INSERT INTO guard (key, failures) VALUES ($1, $2)", HOME, times)


async def failures(db: asyncpg.Connection) -> int:
    return int(await db.fetchval("SELECT failures FROM guard WHERE key = $1", HOME))


async def spray(api: Api, times: int) -> list[Answer]:
    """One wrong password for each of many names, at once."""
    return await asyncio.gather(*(knock(api, LOGIN, f"nobody{number}@example.com") for number in range(times)))


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, nobody is sent away for having waited too long."""
    monkeypatch.setattr(guard, "_PATIENCE", 30.0)
    monkeypatch.setattr(hasher, "DEADLINE", 30.0)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks take long enough to meet."""
    real = hashing.verify
    monkeypatch.setattr(hashing, "verify", lambda *args: time.sleep(0.1) or real(*args))


@pytest.fixture
def checks(slow: None, monkeypatch: pytest.MonkeyPatch) -> HashChecks:
    return HashChecks(monkeypatch)


class Held:
    """A check that goes on until it is let go, and then finds nothing."""

    def __init__(self, svc: Service, attempt: guard.Attempt) -> None:
        self.inside, self.go = asyncio.Event(), asyncio.Event()
        self.task = asyncio.create_task(guard.check(svc, attempt, self._verify))

    async def _verify(self) -> None:
        self.inside.set()
        await self.go.wait()


async def right() -> bool:
    return True


async def test_of_many_at_once_only_those_that_are_left_are_checked(
    serve: Serve, db: asyncpg.Connection, checks: HashChecks
) -> None:
    api = await serve(limits=True)
    await failed(db, 45)
    answers = await spray(api, 25)
    assert Counter((a.status, a.code) for a in answers) == {(401, "invalid_credentials"): 5, (429, "locked_out"): 20}
    assert (checks.count, await failures(db)) == (5, 50)


async def test_links_codes_and_captchas_are_tries_too(serve: Serve, db: asyncpg.Connection) -> None:
    api = await serve(limits=True)
    await failed(db, 49)
    held = Held(api.service, LINK)
    await held.inside.wait()
    body = {"session_id": "x" * 43, "response": "ABCDEF"}
    waiting = [asyncio.create_task(api.post("/api/v1/users/captcha/verify/", body)) for _ in range(10)]
    await asyncio.wait(waiting, timeout=0.2)
    assert not any(task.done() for task in waiting)
    held.go.set()
    assert await held.task is None
    assert {answer.code for answer in await asyncio.gather(*waiting)} == {"locked_out"}
    assert await failures(db) == 50


async def test_a_right_password_frees_its_place(serve: Serve, db: asyncpg.Connection, slow: None) -> None:
    api = await serve(limits=True)
    await api.register(email=ADA)
    await failed(db, 49)
    answers = await asyncio.gather(*(knock(api, LOGIN, ADA, PASSWORD) for _ in range(8)))
    assert {answer.status for answer in answers} == {200}
    assert await failures(db) == 49


async def test_without_limits_all_are_checked(api: Api, db: asyncpg.Connection, checks: HashChecks) -> None:
    await failed(db, 45)
    assert {answer.code for answer in await spray(api, 25)} == {"invalid_credentials"}
    assert (checks.count, await failures(db)) == (25, 45)


async def test_who_waits_for_his_network_does_not_keep_asking_the_database(
    serve: Serve, db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = await serve(limits=True)
    await failed(db, 49)
    asked, all_wait, real_reserve = Counter[str](), asyncio.Event(), counts.reserve

    async def reserve(tx: Any, key: str, *args: Any, **kwargs: Any) -> int | None:
        asked[key] += 1
        if len(asked) == 20 and max(asked.values()) >= 5:
            all_wait.set()
        return await real_reserve(tx, key, *args, **kwargs)

    monkeypatch.setattr(counts, "reserve", reserve)
    held = Held(api.service, LINK)
    await held.inside.wait()
    sprayed = asyncio.create_task(spray(api, 20))
    await all_wait.wait()
    assert sorted(asked.values())[:-1] == [1] * 19  # one of them looks for all
    held.go.set()
    assert {answer.code for answer in await sprayed} == {"locked_out"}


@pytest.mark.parametrize("attempt", [LINK, NAME])
async def test_who_waits_too_long_is_told_to_come_back(
    serve: Serve, db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, attempt: guard.Attempt
) -> None:
    api = await serve(limits=True)
    await failed(db, 49)
    monkeypatch.setattr(guard, "_PATIENCE", 0.1)
    held = Held(api.service, LINK)
    await held.inside.wait()
    with pytest.raises(Overloaded):
        await guard.check(api.service, attempt, right)
    held.go.set()
    await held.task
    assert await db.fetchval("SELECT count(*) FROM guard WHERE key = $1", NAME.key) == 0


@pytest.mark.parametrize("attempt", [LINK, NAME])
async def test_who_is_cut_off_frees_his_place(serve: Serve, db: asyncpg.Connection, attempt: guard.Attempt) -> None:
    api = await serve(limits=True)
    await failed(db, 49)
    for _ in range(2):
        held = Held(api.service, attempt)
        await held.inside.wait()
        held.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await held.task
    assert await guard.check(api.service, attempt, right)
    assert await failures(db) == 49


async def test_who_is_cut_off_while_he_waits_frees_no_place_of_others(serve: Serve, db: asyncpg.Connection) -> None:
    api = await serve(limits=True)
    await failed(db, 49)
    held = Held(api.service, LINK)
    await held.inside.wait()
    waiting = [Held(api.service, NAME) for _ in range(2)]
    await asyncio.wait([one.task for one in waiting], timeout=0.1)
    waiting[0].task.cancel()
    await asyncio.wait([waiting[0].task])
    await asyncio.wait([waiting[1].task], timeout=0.2)
    assert not waiting[1].inside.is_set()
    held.task.cancel()
    await waiting[1].inside.wait()
    waiting[1].task.cancel()
    await asyncio.wait([held.task, waiting[1].task])


@pytest.mark.parametrize("attempt", [LINK, NAME])
async def test_a_check_that_breaks_frees_its_place(
    serve: Serve, db: asyncpg.Connection, attempt: guard.Attempt
) -> None:
    api = await serve(limits=True)
    await failed(db, 49)

    async def too_busy() -> bool:
        raise Overloaded

    for _ in range(2):
        with pytest.raises(Overloaded):
            await guard.check(api.service, attempt, too_busy)
    assert await guard.check(api.service, attempt, right)
    assert await failures(db) == 49


class LosesCommits:
    """A database whose transactions do everything but commit."""

    def __init__(self, svc: Service) -> None:
        self._db = svc.db

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        async with self._db.transaction() as tx:
            yield tx
            raise Unavailable


@pytest.mark.parametrize("attempt", [LINK, NAME])
async def test_a_try_that_could_not_be_written_down_frees_its_place(
    serve: Serve, db: asyncpg.Connection, attempt: guard.Attempt
) -> None:
    api = await serve(limits=True)
    await failed(db, 49)
    broken = dataclasses.replace(api.service, db=LosesCommits(api.service))  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises(Unavailable):
            await guard.check(broken, attempt, right)
    assert await guard.check(api.service, attempt, right)
    assert await failures(db) == 49


async def test_failures_without_a_lock_do_not_shut_a_network_out(serve: Serve, db: asyncpg.Connection) -> None:
    """Somebody ended the lock by hand: one try at a time then, and its failure locks again."""
    api = await serve(limits=True)
    await api.register(email=ADA)
    await failed(db, 60)
    assert (await knock(api, LOGIN, ADA, PASSWORD)).status == 200
    assert [answer.status for answer in await fail(api, db, ADA, 2)] == [401, 429]


def test_who_ends_between_a_look_and_its_answer_still_counts() -> None:
    with Place("network:192.0.2.1") as late:
        with Place("network:192.0.2.1") as first:
            first.look()
            assert first.take(48)
            late.look()
        assert not late.take(49)  # the failures may be those of before he ended
        late.look()
        assert late.take(49)
