"""Users as other programs see them: remembered, and yet for each caller what he may see now."""

import asyncio
from typing import Any

import asyncpg
import pytest

from authsvc.db.pool import Database
from authsvc.queries import managed_users
from tests.client import Tokens
from tests.endpoints.kit import add_role
from tests.known.conftest import Nodes

INFOS = "/api/v1/tts/users-info/"
WITHIN = 1.0  # seconds
NOBODY = 2**31 - 1


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The ids that each statement was asked for."""
    found: list[list[int]] = []
    infos = managed_users.infos

    async def noted(db: Database, user_ids: list[int]) -> list[asyncpg.Record]:
        found.append(sorted(user_ids))
        return await infos(db, user_ids)

    monkeypatch.setattr(managed_users, "infos", noted)
    return found


class Case:
    """Ada and Ben on the last of three nodes."""

    def __init__(self, nodes: Nodes, db: asyncpg.Connection, ada: Tokens, ben: Tokens) -> None:
        self.api, self.db, self.ada, self.ben = nodes.apis[2], db, ada, ben
        self.ada_id, self.ben_id = ada.user["id"], ben.user["id"]

    async def seen(self, viewer: Tokens, *user_ids: int) -> list[dict[str, Any]]:
        answer = await self.api.post(INFOS, {"user_ids": user_ids}, headers=viewer.bearer)
        assert answer.status == 200, answer.text
        found: list[dict[str, Any]] = answer.json["users"]
        return found

    async def roles(self, viewer: Tokens, user_id: int) -> list[tuple[str, str, bool]] | None:
        """None: only a card is shown."""
        (found,) = await self.seen(viewer, user_id)
        if "type" in found:
            return None
        return [(held["system_slug"], held["role"], held["is_active"]) for held in found["system_roles"]]

    async def until(self, viewer: Tokens, user_id: int, roles: list[tuple[str, str, bool]] | None) -> None:
        async with asyncio.timeout(WITHIN):
            while await self.roles(viewer, user_id) != roles:
                await asyncio.sleep(0.01)


@pytest.fixture
async def case(nodes: Nodes, db: asyncpg.Connection) -> Case:
    found = Case(nodes, db, await nodes.apis[0].sign_in(), await nodes.apis[0].sign_in())
    for tokens in (found.ada, found.ben):
        await nodes.warm(tokens)
    return found


async def remembered(case: Case, asked: list[list[int]], *user_ids: int) -> None:
    """Ask until the answer costs no statement."""
    async with asyncio.timeout(WITHIN):
        before = -1
        while len(asked) > before:
            before = len(asked)
            await case.seen(case.ada, *user_ids)


async def test_who_is_remembered_is_not_asked_for(case: Case, asked: list[list[int]]) -> None:
    await remembered(case, asked, case.ada_id)
    asked.clear()
    assert [found["id"] for found in await case.seen(case.ada, case.ben_id, case.ada_id)] == [case.ada_id, case.ben_id]
    assert len(await case.seen(case.ada, case.ada_id, case.ben_id)) == 2
    assert asked == [[case.ben_id]]
    answer = await case.api.post(INFOS, {"user_ids": [NOBODY, case.ben_id]}, headers=case.ada.bearer)
    assert (len(answer.json["users"]), answer.json["not_found"]) == (1, [NOBODY])
    assert asked == [[case.ben_id], [NOBODY]]


async def test_each_caller_sees_what_he_may(case: Case, asked: list[list[int]]) -> None:
    """One memory, several callers: the assignments of shared systems, all of them, none."""
    for slug in ("tts", "ams"):
        await add_role(case.db, case.ada_id, slug, "Agent")
    await add_role(case.db, case.ben_id, "ams", "Clerk")
    everything = [("tts", "Agent", True), ("ams", "Agent", True)]
    await case.until(case.ben, case.ada_id, [("ams", "Agent", True)])
    await case.until(case.ada, case.ada_id, everything)
    await remembered(case, asked, case.ada_id, case.ben_id)
    asked.clear()
    for _ in range(2):
        assert await case.roles(case.ada, case.ada_id) == everything
        assert await case.roles(case.ben, case.ada_id) == [("ams", "Agent", True)]
        assert await case.roles(case.ada, case.ben_id) == [("ams", "Clerk", True)]
    assert asked == []
    await case.db.execute("UPDATE users SET is_superuser = true WHERE id = $1", case.ben_id)
    await case.db.execute("DELETE FROM assignments WHERE user_id = $1", case.ben_id)
    await case.until(case.ben, case.ada_id, everything)


CHANGES: dict[str, tuple[str, list[tuple[str, str, bool]] | None]] = {
    "the caller's role ends": ("UPDATE assignments SET is_active = false WHERE user_id = $1 AND $2 > 0", None),
    "the caller's role is taken": ("DELETE FROM assignments WHERE user_id = $1 AND $2 > 0", None),
    "his role ends": (
        "UPDATE assignments SET is_active = false WHERE user_id = $2 AND $1 > 0",
        [("tts", "Agent", False)],
    ),
    "his role is taken": ("DELETE FROM assignments WHERE user_id = $2 AND $1 > 0", None),
    "the role is renamed": (
        "UPDATE roles SET name = 'Spy' WHERE name = 'Agent' AND $1 > 0 AND $2 > 0",
        [("tts", "Spy", True)],
    ),
    "the system is renamed": (
        "UPDATE systems SET slug = 'new' WHERE slug = 'tts' AND $1 > 0 AND $2 > 0",
        [("new", "Agent", True)],
    ),
    "the role is removed": ("DELETE FROM roles WHERE name = 'Agent' AND $1 > 0 AND $2 > 0", None),
    "the system is removed": ("DELETE FROM systems WHERE slug = 'tts' AND $1 > 0 AND $2 > 0", None),
}


@pytest.mark.parametrize("how", CHANGES)
async def test_a_change_is_seen_within_a_second(case: Case, asked: list[list[int]], how: str) -> None:
    await add_role(case.db, case.ben_id, "tts", "Clerk")
    await add_role(case.db, case.ada_id, "tts", "Agent")
    await case.until(case.ben, case.ada_id, [("tts", "Agent", True)])
    statement, roles = CHANGES[how]
    await case.db.execute(statement, case.ben_id, case.ada_id)
    await case.until(case.ben, case.ada_id, roles)


async def test_a_new_name_is_seen_at_once_where_it_was_given(case: Case, asked: list[list[int]]) -> None:
    await remembered(case, asked, case.ada_id)
    path = "/api/v1/users/profile/"
    assert (await case.api.patch(path, {"first_name": "Ada"}, headers=case.ada.bearer)).status == 200
    assert [found["first_name"] for found in await case.seen(case.ben, case.ada_id)] == ["Ada"]


async def test_who_is_gone_is_not_found(case: Case, asked: list[list[int]]) -> None:
    await remembered(case, asked, case.ada_id, case.ben_id)
    await case.db.execute("DELETE FROM users WHERE id = $1", case.ben_id)
    async with asyncio.timeout(WITHIN):
        while await case.seen(case.ada, case.ben_id):
            await asyncio.sleep(0.01)
