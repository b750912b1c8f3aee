"""Whatever is written, by whomever: no process goes on showing, or letting in by, what was before."""

import asyncio
from typing import NamedTuple

import asyncpg
import pytest

from authsvc.core.person import Kind, Person
from tests.client import Tokens
from tests.endpoints.kit import add_employee, add_role, sign_in_employee
from tests.known.conftest import Nodes

ME = "/api/me/"
WITHIN = 5.0  # seconds; how quickly, other tests say: here it is never or soon
SIGN_INS = "SELECT count(*) FROM revocations WHERE kind = 'staff' AND person_id = $1 AND session_id IS NULL"


class Case(NamedTuple):
    """Ada, who holds two roles, Ben, and Emil of the employees; every node remembers them."""

    nodes: Nodes
    db: asyncpg.Connection
    ada: Tokens
    ben: Tokens
    emil: Tokens

    async def shown(self, who: Tokens) -> list[tuple[int, object]]:
        answers = [await api.get(ME, headers=who.bearer) for api in self.nodes.apis]
        return [
            (answer.status, answer.json["data"]["system_roles"] if answer.status == 200 else None) for answer in answers
        ]

    async def until(self, who: Tokens, shown: tuple[int, object]) -> None:
        async with asyncio.timeout(WITHIN):
            while await self.shown(who) != [shown] * 3:
                await asyncio.sleep(0.01)

    async def heard(self) -> None:
        """All is remembered as it is now, and no node will hear of what was changed for the test once more."""
        await self.nodes.fresh()
        for number in (0, 1, 2) * 2:
            await self.nodes.known(number).settle()
        for who in (self.ada, self.ben, self.emil):
            await self.nodes.warm(who)


@pytest.fixture
async def case(nodes: Nodes, db: asyncpg.Connection) -> Case:
    api = nodes.apis[0]
    ada, ben = await api.sign_in(), await api.sign_in()
    await add_employee(db)
    found = Case(nodes, db, ada, ben, await sign_in_employee(api))
    for slug, role in (("tts", "Agent"), ("hdts", "Clerk")):
        await add_role(db, ada.user["id"], slug, role)
    await found.heard()
    return found


@pytest.mark.parametrize("table", ["sessions", "users", "employees"])
async def test_nobody_is_let_in_after_a_truncate(case: Case, table: str) -> None:
    await case.db.execute(f"TRUNCATE {table} CASCADE")
    await case.until(case.emil if table == "employees" else case.ada, (401, None))


@pytest.mark.parametrize("table", ["assignments", "roles", "systems"])
async def test_no_role_is_shown_after_a_truncate(case: Case, table: str) -> None:
    await case.db.execute(f"TRUNCATE {table} CASCADE")
    await case.until(case.ada, (200, []))


async def test_an_assignment_given_to_somebody_else_is_shown_of_him_alone(case: Case) -> None:
    (_, held), *_ = await case.shown(case.ada)
    await case.db.execute("UPDATE assignments SET user_id = $1", case.ben.user["id"])
    await case.until(case.ben, (200, held))
    await case.until(case.ada, (200, []))


@pytest.mark.parametrize("whose", ["another user's", "an employee's"])
async def test_a_session_given_to_somebody_else_lets_its_owner_in_no_more(case: Case, whose: str) -> None:
    ben, emil = case.ben.user["id"], case.emil.user["id"]
    user, employee = (ben, None) if whose == "another user's" else (None, emil)
    await case.db.execute(
        "UPDATE sessions SET user_id = $2, employee_id = $3 WHERE user_id = $1", case.ada.user["id"], user, employee
    )
    await case.until(case.ada, (401, None))


async def test_of_a_removed_system_no_name_is_shown(case: Case) -> None:
    await case.db.execute("UPDATE systems SET name = 'Desk' WHERE slug = 'hdts'")
    (_, held), *_ = await case.shown(case.emil)
    await case.until(case.emil, (200, [{**held[0], "system_name": "Desk"}]))
    await case.heard()
    await case.db.execute("DELETE FROM systems WHERE slug = 'hdts'")
    await case.until(case.emil, (200, [{**held[0], "system_name": "Help Desk and Ticketing System"}]))


@pytest.mark.parametrize("column", ["last_logged_on", "assigned_at"])
async def test_the_moments_of_an_assignment_follow(case: Case, column: str) -> None:
    (_, held), *_ = await case.shown(case.ada)
    then = await case.db.fetchval("SELECT iso8601('2020-01-02T03:04:05Z')")
    await case.db.execute(f"UPDATE assignments SET {column} = '2020-01-02T03:04:05Z'")
    await case.until(case.ada, (200, [{**one, column: then} for one in held]))


async def test_a_sign_in_says_once_whom_it_concerns(case: Case) -> None:
    """However many assignments it is noted on; and everybody sees it."""
    person = Person(Kind.STAFF, case.ada.user["id"])
    before = await case.db.fetchval(SIGN_INS, person.id)
    again = await case.nodes.apis[0].session_of(case.ada.user["email"])
    assert await case.db.fetchval(SIGN_INS, person.id) == before + 1
    seen = again.user["system_roles"]
    assert all(held["last_logged_on"] for held in seen)
    await case.until(case.ada, (200, seen))
