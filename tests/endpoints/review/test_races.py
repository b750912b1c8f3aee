"""Many at once about one employee, over two servers."""

import asyncio
from collections import Counter

import asyncpg
import pytest

from tests.client import PASSWORD, Api
from tests.db import invariants
from tests.endpoints.employees.kit import LOGIN, ROTATE, sign_in
from tests.endpoints.kit import add_employee, refresh_cookie
from tests.endpoints.review.kit import APPROVED, PENNY, REJECTED, audited, decided, path
from tests.mailbox import Mailbox
from tests.rights.world import World

MANY = 50


@pytest.fixture
async def nodes(world: World, serve) -> list[Api]:
    return [world.api, await serve()]


@pytest.mark.parametrize(
    "action, status, subject", [("approve", "Approved", APPROVED), ("reject", "Rejected", REJECTED)]
)
async def test_the_same_decision_50_times_is_one(
    world: World, nodes: list[Api], pending: int, mailbox: Mailbox, action: str, status: str, subject: str
) -> None:
    deciders = [await world.as_("desk"), await world.as_("root")]
    answers = await asyncio.gather(
        *(
            nodes[i % 2].request(
                ("PATCH", "POST")[i % 3 % 2], path(pending), json={"action": action}, headers=deciders[i // 2 % 2]
            )
            for i in range(MANY)
        )
    )
    assert Counter(answer.status for answer in answers) == {200: MANY}
    said = Counter(answer.json["message"] for answer in answers)
    first, later = (decided(pending, status, changed=changed)["message"] for changed in (True, False))
    assert said == {first: 1, later: MANY - 1}
    assert [row[0] for row in await audited(world.db)] == [f"employee_{status.lower()}"]
    assert [mail["Subject"] for mail in await mailbox.to(world.api, PENNY)] == [subject]
    await invariants.check(world.db)


async def test_opposite_decisions_follow_each_other(world: World, nodes: list[Api], pending: int) -> None:
    """Each audit row says what the one before it left."""
    me = await world.as_("desk")
    answers = await asyncio.gather(
        *(
            nodes[i % 2].patch(path(pending), {"action": ("approve", "reject")[i // 2 % 2]}, headers=me)
            for i in range(MANY)
        )
    )
    assert Counter(answer.status for answer in answers) == {200: MANY}
    rows = await world.db.fetch(
        "SELECT event, details ->> 'before' AS was FROM audit WHERE event LIKE 'employee%' ORDER BY seq"
    )
    states = ["Pending", *(row["event"].removeprefix("employee_").capitalize() for row in rows)]
    assert [row["was"] for row in rows] == states[:-1]
    assert await world.db.fetchval("SELECT status FROM employees WHERE id = $1", pending) == states[-1]
    await invariants.check(world.db)


async def test_a_rejection_among_sign_ins_leaves_no_live_session(
    world: World, nodes: list[Api], db: asyncpg.Connection
) -> None:
    number = await add_employee(db, world.people["plain"], PENNY)
    me, plain = await world.as_("desk"), await world.as_("plain")
    old = await sign_in(nodes[0], PENNY)
    body = {"email": PENNY, "password": PASSWORD}
    entering = [nodes[i % 2].post(LOGIN, body) for i in range(MANY)]
    rotating = [nodes[i % 2].post(ROTATE, headers=refresh_cookie(old.refresh)) for i in range(10)]
    decision = nodes[0].patch(path(number), {"action": "reject"}, headers=me)
    answers = await asyncio.gather(decision, *entering[: MANY // 2], *rotating, *entering[MANY // 2 :])
    assert (answers[0].status, answers[0].json) == (200, decided(number, "Rejected"))
    assert {answer.status for answer in answers[1:]} <= {200, 401, 403}
    live = "SELECT count(*) FROM sessions WHERE employee_id = $1 AND ended_at IS NULL"
    assert await db.fetchval(live, number) == 0
    for answer in answers[1:]:
        if answer.status == 200:
            token = {"Authorization": f"Bearer {answer.json['access']}"}
            assert (await nodes[1].get("/api/me/", headers=token)).status == 401
    assert (await nodes[1].get("/api/me/", headers=plain)).status == 200
    await invariants.check(db)
