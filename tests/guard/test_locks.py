"""How long a lock lasts, what ends it, and who hears of it."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from authsvc.core import hashing
from authsvc.queries import guard
from tests.client import PASSWORD, Api
from tests.endpoints.captcha.kit import REQUIRED
from tests.endpoints.kit import add_employee
from tests.guard.kit import BASIC, EMPLOYEES_FORMS, FORMS, LOGIN, captcha_token, fail, knock, lock
from tests.mailbox import Mailbox

ADA = "ada@example.com"
MINUTE = 60
LOCKS = {1: 15, 2: 30, 3: 60, 4: 120, 5: 240, 6: 480, 7: 960, 8: 1440, 9: 1440, 50: 1440}


async def rewind(db: asyncpg.Connection, interval: str) -> None:
    """Let time pass for all counts."""
    await db.execute(
        f"""UPDATE guard SET first_failed_at = first_failed_at - interval '{interval}',
                             last_failed_at = last_failed_at - interval '{interval}',
                             locked_until = locked_until - interval '{interval}'"""
    )


async def test_who_waits_for_others_of_his_name_does_not_keep_asking_the_database(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.register(email=ADA)
    real_verify, real_reserve, asked = hashing.verify, guard.reserve, 0
    monkeypatch.setattr(hashing, "verify", lambda *args: time.sleep(0.5) or real_verify(*args))

    async def reserve(*args: Any, **kwargs: Any) -> bool:
        nonlocal asked
        asked += 1
        return await real_reserve(*args, **kwargs)

    monkeypatch.setattr(guard, "reserve", reserve)
    answers = await asyncio.gather(*(knock(api, LOGIN, ADA) for _ in range(40)))
    assert Counter(answer.code for answer in answers) == {"invalid_credentials": 3, "captcha_required": 37}
    assert asked < 3 * 40  # each once at its first try and once when it knows; and one of them for all, meanwhile


async def test_locks_double_up_to_a_day(api: Api, db: asyncpg.Connection) -> None:
    await knock(api, LOGIN, ADA)
    for nth, minutes in LOCKS.items():
        await db.execute("UPDATE guard SET failures = $1, locked_until = now()", 10 * nth - 1)
        await fail(api, db, ADA, 1)
        answer = await knock(api, LOGIN, ADA)
        assert answer.code == "locked_out"
        assert minutes * MINUTE - 5 <= int(answer.headers["Retry-After"]) <= minutes * MINUTE


async def test_between_two_locks_are_ten_failures_with_a_captcha_each(api: Api, db: asyncpg.Connection) -> None:
    await fail(api, db, ADA, 10)
    await rewind(db, "15 minutes 1 second")
    assert (await knock(api, LOGIN, ADA)).code == "captcha_required"
    await fail(api, db, ADA, 10)
    answer = await knock(api, LOGIN, ADA)
    assert (answer.code, 30 * MINUTE - 5 <= int(answer.headers["Retry-After"]) <= 30 * MINUTE) == ("locked_out", True)


async def test_a_lock_is_not_made_longer_by_trying(api: Api, db: asyncpg.Connection) -> None:
    await lock(api, db, ADA)
    before = await db.fetchrow("SELECT * FROM guard")
    await fail(api, db, ADA, 12)
    assert await db.fetchrow("SELECT * FROM guard") == before


async def test_a_lock_ends_by_itself(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    await lock(api, db, ADA)
    await rewind(db, "14 minutes 50 seconds")
    assert (await knock(api, LOGIN, ADA, PASSWORD)).status == 429
    await rewind(db, "11 seconds")
    assert (await knock(api, LOGIN, ADA, PASSWORD, captcha=await captcha_token(db))).status == 200


async def test_a_day_of_quiet_begins_anew(api: Api, db: asyncpg.Connection) -> None:
    await fail(api, db, ADA, 9)
    await rewind(db, "23 hours 59 minutes")
    assert (await knock(api, LOGIN, ADA)).code == "captcha_required"
    await rewind(db, "2 minutes")
    assert [(await knock(api, LOGIN, ADA)).status for _ in range(4)] == [401, 401, 401, 400]


async def test_the_day_of_quiet_begins_when_the_lock_ends(api: Api, db: asyncpg.Connection) -> None:
    await lock(api, db, ADA)
    await rewind(db, "24 hours 10 minutes")
    assert (await knock(api, LOGIN, ADA)).code == "captcha_required"
    await rewind(db, "6 minutes")
    assert (await knock(api, LOGIN, ADA)).status == 401


async def test_after_a_day_of_quiet_locks_are_short_again(api: Api, db: asyncpg.Connection) -> None:
    await fail(api, db, ADA, 10)
    await rewind(db, "2 days")
    await fail(api, db, ADA, 10)
    assert int((await knock(api, LOGIN, ADA)).headers["Retry-After"]) <= 15 * MINUTE


async def test_the_owner_hears_of_each_lock_once(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await api.register(email=ADA)
    await fail(api, db, ADA, 9)
    assert await mailbox.to(api, ADA, "Too many failed attempts") == []
    await fail(api, db, ADA, 5)
    assert len(await mailbox.to(api, ADA, "Too many failed attempts")) == 1
    await rewind(db, "16 minutes")
    await fail(api, db, ADA, 10)
    assert len(await mailbox.to(api, ADA, "Too many failed attempts")) == 2


async def test_the_mail_goes_to_the_stored_address(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await api.register(email=ADA)
    await lock(api, db, "ADA@Example.com ")
    assert len(await mailbox.to(api, ADA, "Too many failed attempts")) == 1


async def test_nobody_is_mailed_about_an_unknown_name(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await lock(api, db, ADA)
    await mailbox.to(api, ADA)
    assert mailbox.mails == []


async def test_an_unknown_name_is_not_kept_in_the_audit(api: Api, db: asyncpg.Connection) -> None:
    await lock(api, db, "my-secret-password@example.com")
    assert await db.fetchval("SELECT count(*) FROM audit") > 0
    rows = await db.fetch("SELECT * FROM audit WHERE audit::text LIKE '%my-secret-password%'")
    assert rows == []


@pytest.mark.parametrize("door", [*FORMS, *EMPLOYEES_FORMS, *BASIC])
@pytest.mark.parametrize("typed", ["my-secret-password", "my-secret-password@1", "my-secret-password@example.com"])
async def test_a_name_that_nobody_has_is_kept_nowhere(api: Api, db: asyncpg.Connection, door: str, typed: str) -> None:
    """It may be a password, typed into the wrong field."""
    assert [(await knock(api, door, typed)).status for _ in range(3)] == [401] * 3
    assert await db.fetchval("SELECT array_agg(failures) FROM guard") == [3]
    assert (await knock(api, door, typed)).code == "captcha_required"
    tables = await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for (table,) in tables:
        assert await db.fetch(f"SELECT * FROM {table} t WHERE t::text LIKE '%secret-password%'") == []


async def test_the_name_of_somebody_is_kept_as_it_is(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email="Ada@Example.com")
    await add_employee(db, email=ADA)
    for door in (LOGIN, EMPLOYEES_FORMS[0]):
        await knock(api, door, " ADA@example.com")
    keys = {row["key"] for row in await db.fetch("SELECT key FROM guard")}
    assert keys == {"account:staff:ada@example.com", "account:employee:ada@example.com"}


async def test_who_registers_begins_without_failures(api: Api, db: asyncpg.Connection) -> None:
    await lock(api, db, ADA)
    await api.register(email=ADA)
    assert (await knock(api, LOGIN, ADA, PASSWORD)).status == 200
    assert (await api.get(REQUIRED, params={"email": ADA})).json["failed_attempts"] == 0


async def test_names_that_nobody_has_do_not_share_a_count(api: Api, db: asyncpg.Connection) -> None:
    await lock(api, db, "nobody@example.com")
    assert (await knock(api, LOGIN, "nobody@example.org")).code == "invalid_credentials"
    assert (await knock(api, EMPLOYEES_FORMS[0], "nobody@example.com")).code == "invalid_credentials"


async def test_a_lock_is_audited_once(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    await fail(api, db, ADA, 12)
    events = [row["event"] for row in await db.fetch("SELECT event FROM audit ORDER BY seq")]
    assert events == ["user_registered", *["authn_login_fail"] * 10, "authn_lock"]


class Busy:
    """Holds the only hash thread until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.inside, self.go = threading.Event(), threading.Event()
        real = hashing.verify

        def slow(password: str, stored: str) -> bool:
            self.inside.set()
            self.go.wait(5)
            return real(password, stored)

        monkeypatch.setattr(hashing, "verify", slow)

    async def begin(self, api: Api) -> "asyncio.Task[Any]":
        task = asyncio.create_task(knock(api, LOGIN, "somebody.else@example.com"))
        await asyncio.to_thread(self.inside.wait, 5)
        return task


@pytest.mark.parametrize("failures", [0, 2, 9, 19])
async def test_who_found_the_service_too_busy_gets_the_try_back(
    serve: Callable[..., Any], db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    api = await serve(hash_threads=1, hash_queue=0)
    await api.register(email=ADA)
    await db.execute("INSERT INTO guard (key, failures) VALUES ('account:staff:ada@example.com', $1)", failures)
    busy = Busy(monkeypatch)
    other = await busy.begin(api)
    answer = await knock(api, LOGIN, ADA, captcha=await captcha_token(db))
    busy.go.set()
    await other
    assert (answer.status, answer.code) == (503, "overloaded")
    row = await db.fetchrow("SELECT failures, locked_until FROM guard WHERE key LIKE '%ada@%'")
    assert tuple(row) == (failures, None)


async def test_parallel_sign_ins_at_a_busy_service_are_checked_or_given_back(
    serve: Callable[..., Any], db: asyncpg.Connection
) -> None:
    api = await serve(hash_threads=1, hash_queue=0)
    emails = [f"person{number}@example.com" for number in range(8)]
    answers = await asyncio.gather(*(knock(api, LOGIN, email) for email in emails * 3))
    assert {answer.code for answer in answers} <= {"invalid_credentials", "overloaded"}
    checked = sum(answer.code == "invalid_credentials" for answer in answers)
    assert await db.fetchval("SELECT sum(failures) FROM guard") == checked
