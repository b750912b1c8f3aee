"""Whatever ends a session or changes a right is felt by every process in less than a second, remembered or not."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from authsvc import known
from tests.client import PASSWORD, Answer, Api, Tokens
from tests.endpoints.kit import add_employee, add_role, sign_in_employee
from tests.known.conftest import Nodes
from tests.mailbox import Mailbox

WITHIN = 1.0  # seconds
NEW = "seven orange kettles"
USERS = "/api/v1/users"
Ending = Callable[["Case"], Awaitable[object]]


class Case:
    """Ada, whose session is to end, and a superuser, on the first of three nodes."""

    def __init__(self, nodes: Nodes, db: asyncpg.Connection, mailbox: Mailbox, ada: Tokens, root: Tokens) -> None:
        self.nodes, self.db, self.mailbox, self.ada, self.root = nodes, db, mailbox, ada, root
        self.api = nodes.apis[0]
        self.other = ada

    async def post(self, path: str, body: dict[str, Any]) -> Answer:
        answer = await self.api.post(path, body, headers=self.other.bearer)
        assert answer.status == 200, answer.text
        return answer

    async def patch(self, **body: Any) -> None:
        path = f"{USERS}/{self.ada.user['id']}/"
        answer = await self.api.patch(path, body, headers=self.root.bearer)
        assert answer.status == 200, answer.text

    async def reset(self) -> None:
        email = self.ada.user["email"]
        await self.api.post(f"{USERS}/password/forgot/", {"email": email})
        token = (await self.mailbox.link(self.api, email, "Set a new password")).rpartition("=")[2]
        await self.post(f"{USERS}/password/reset/", {"token": token, "password": NEW, "password_confirm": NEW})

    async def delete(self) -> None:
        path = f"{USERS}/{self.ada.user['id']}/"
        assert (await self.api.request("DELETE", path, headers=self.root.bearer)).status == 204

    async def sql(self, statement: str) -> None:
        await self.db.execute(statement, self.ada.user["id"])


ENDINGS: dict[str, Ending] = {
    "logout": lambda c: c.api.post(f"{USERS}/logout/", headers=c.ada.bearer),
    "logout-all": lambda c: c.post(f"{USERS}/logout-all/", {}),
    "password change": lambda c: c.post(f"{USERS}/change-password/", {"old_password": PASSWORD, "new_password": NEW}),
    "password reset": lambda c: c.reset(),
    "deactivation": lambda c: c.patch(is_active=False),
    "rejection": lambda c: c.patch(status="Rejected"),
    "removal": lambda c: c.delete(),
    "an operator's UPDATE": lambda c: c.sql("UPDATE users SET is_active = false WHERE id = $1"),
    "an operator's end of sessions": lambda c: c.sql(
        "UPDATE sessions SET ended_at = now(), end_reason = 'operator' WHERE user_id = $1"
    ),
    "an operator's DELETE": lambda c: c.sql("DELETE FROM sessions WHERE user_id = $1"),
}


@pytest.fixture
async def case(nodes: Nodes, db: asyncpg.Connection, mailbox: Mailbox) -> Case:
    api = nodes.apis[0]
    root, ada = await api.sign_in(), await api.sign_in()
    await db.execute("UPDATE users SET is_superuser = true, status = 'Approved' WHERE id = $1", root.user["id"])
    found = Case(nodes, db, mailbox, ada, root)
    await nodes.warm(ada)
    await nodes.warm(root)
    return found


async def ended(case: Case, how: str) -> float:
    """End it; the seconds until the last node refused the access token. The first one, where it was done, at once."""
    if how == "password change":
        case.other = await case.api.session_of(case.ada.user["email"])
    await ENDINGS[how](case)
    began = time.monotonic()
    if "operator" not in how:
        assert (await case.api.get("/api/me/", headers=case.ada.bearer)).status == 401
    while await case.nodes.statuses(case.ada) != [401, 401, 401]:
        assert time.monotonic() - began < WITHIN
        await asyncio.sleep(0.01)
    return time.monotonic() - began


@pytest.mark.parametrize("how", ENDINGS)
async def test_an_ended_session_is_refused_everywhere(case: Case, how: str) -> None:
    await ended(case, how)


@pytest.mark.parametrize("how", ["logout", "deactivation", "removal", "an operator's UPDATE"])
async def test_also_when_no_notification_arrives(case: Case, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for api in case.nodes.apis:
        conn = api.service.known._conn
        assert conn is not None
        conn._listeners.clear()
    await ended(case, how)


@pytest.mark.parametrize("how", ["logout", "rejection", "an operator's end of sessions"])
async def test_also_when_the_listening_connections_are_killed(case: Case, how: str) -> None:
    assert await _kill_listeners(case.db) == 3
    await ended(case, how)
    await case.nodes.fresh()


async def test_what_is_not_known_for_certain_is_asked(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens any more, and no connection can be made: every request asks the database, and no answer stays."""

    async def refused(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(known.asyncpg, "connect", refused)
    await _kill_listeners(case.db)
    async with asyncio.timeout(5):
        while any(api.service.known.is_fresh for api in case.nodes.apis):
            await asyncio.sleep(0.01)
    before = len(case.nodes.reads)
    for _ in range(3):
        assert await case.nodes.statuses(case.ada) == [200, 200, 200]
    assert len(case.nodes.reads) == before + 9
    await ENDINGS["logout"](case)
    assert await case.nodes.statuses(case.ada) == [401, 401, 401]
    answer = await case.api.get("/readyz")
    assert (answer.status, answer.code) == (503, "unavailable")
    assert "Revocations are not heard" in answer.json["detail"]


async def test_a_silent_database_is_no_answer(case: Case) -> None:
    """The connection stands, but nothing comes back: what is remembered counts no longer than it may."""
    memory = case.nodes.known(1)
    async with memory._asking:  # as a question without an answer
        await asyncio.sleep(known.MOST_STALE)
        assert not memory.is_fresh
        before = len(case.nodes.reads)
        assert (await case.nodes.apis[1].get("/api/me/", headers=case.ada.bearer)).status == 200
        assert len(case.nodes.reads) == before + 1


RIGHTS: dict[str, tuple[str, str]] = {
    "a superuser no more": ("UPDATE users SET is_superuser = false WHERE id = $1", "/api/v1/users/"),
    "an admin no more": ("UPDATE assignments SET is_active = false WHERE user_id = $1", "/api/v1/users/invitations/"),
    "a role taken": ("DELETE FROM assignments WHERE user_id = $1", "/api/v1/users/invitations/"),
}


@pytest.mark.parametrize("how", RIGHTS)
async def test_a_right_that_is_lost_is_refused_everywhere(case: Case, how: str) -> None:
    statement, path = RIGHTS[how]
    await case.db.execute("UPDATE users SET is_superuser = $2 WHERE id = $1", case.ada.user["id"], "superuser" in how)
    for person in (case.ada, case.root):
        await add_role(case.db, person.user["id"], "tts", "Admin")
    async with asyncio.timeout(WITHIN):
        while {(await a.get(path, headers=case.ada.bearer)).status for a in case.nodes.apis} != {200}:
            await asyncio.sleep(0.01)
    if "superuser" in how:
        await case.db.execute("DELETE FROM assignments WHERE user_id = $1", case.ada.user["id"])
    await case.sql(statement)
    async with asyncio.timeout(WITHIN):
        while {(await a.get(path, headers=case.ada.bearer)).status for a in case.nodes.apis} != {403}:
            await asyncio.sleep(0.01)


async def test_what_is_shown_of_a_person_follows(case: Case) -> None:
    """The profile is remembered too: another name, another role, another name of the role."""

    async def shown(number: int) -> tuple[str, list[str]]:
        data = (await case.nodes.apis[number].get("/api/v1/users/profile/", headers=case.ada.bearer)).json
        return data["first_name"], [held["role_name"] for held in data["system_roles"]]

    assert await shown(1) == ("", [])
    body = {"first_name": "Ada"}
    assert (await case.api.patch("/api/v1/users/profile/", body, headers=case.ada.bearer)).status == 200
    assert await shown(0) == ("Ada", [])
    await add_role(case.db, case.ada.user["id"], "tts", "Agent")
    await case.db.execute("UPDATE roles SET name = 'Spy' WHERE name = 'Agent'")
    async with asyncio.timeout(WITHIN):
        while [await shown(i) for i in range(3)] != [("Ada", ["Spy"])] * 3:
            await asyncio.sleep(0.01)


async def test_an_employee_and_a_user_with_one_number_are_forgotten_apart(case: Case) -> None:
    await add_employee(case.db, case.ada.user["id"])
    employee = await sign_in_employee(case.api)
    await case.nodes.warm(employee)
    await case.db.execute("UPDATE employees SET status = 'Rejected', status_at = now()")
    async with asyncio.timeout(WITHIN):
        while await case.nodes.statuses(employee) != [401, 401, 401]:
            await asyncio.sleep(0.01)
    before = len(case.nodes.reads)
    assert await case.nodes.statuses(case.ada) == [200, 200, 200]
    assert len(case.nodes.reads) == before


async def test_a_session_that_expires_is_over_although_it_is_remembered(case: Case) -> None:
    ends = "UPDATE sessions SET expires_at = now() + interval '0.4 seconds' WHERE user_id = $1"
    await case.sql(ends)
    async with asyncio.timeout(WITHIN):
        while await case.nodes.statuses(case.ada) != [401, 401, 401]:
            await asyncio.sleep(0.01)


async def _kill_listeners(db: asyncpg.Connection) -> int:
    return int(
        await db.fetchval(
            """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE query LIKE '%pg_snapshot_xmin%' AND pid <> pg_backend_pid()"""
        )
    )


async def test_a_verified_token_is_refused_with_its_session(case: Case) -> None:
    """What asks by a token in the body remembers, and forgets, as what is asked with one."""

    async def verified() -> list[int]:
        body = {"token": case.ada.access}
        return [(await api.post("/api/v1/token/verify/", body)).status for api in case.nodes.apis]

    before = len(case.nodes.reads)
    assert await verified() == [200, 200, 200]
    assert len(case.nodes.reads) == before
    await ENDINGS["an operator's end of sessions"](case)
    async with asyncio.timeout(WITHIN):
        while await verified() != [401, 401, 401]:
            await asyncio.sleep(0.01)


async def test_misses_of_one_session_are_asked_once(case: Case) -> None:
    tokens = await case.api.sign_in()
    before = len(case.nodes.reads)
    api: Api = case.nodes.apis[2]
    answers = await asyncio.gather(*(api.get("/api/me/", headers=tokens.bearer) for _ in range(30)))
    assert {answer.status for answer in answers} == {200}
    assert len(case.nodes.reads) <= before + 2


async def test_nobody_queues_for_a_silent_database(case: Case) -> None:
    """Many changes are being answered while it says nothing: they wait together, once."""
    memory = case.nodes.known(0)
    async with case.db.transaction():
        await case.db.execute("LOCK TABLE revocations")
        began = time.monotonic()
        await asyncio.gather(*(memory.settle() for _ in range(20)))
        assert time.monotonic() - began < 3 * known._PATIENCE
        assert not memory.is_fresh
    await case.nodes.fresh()
