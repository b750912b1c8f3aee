"""Approving and rejecting: who may, what is stored, who is told."""

import asyncpg
import pytest

from tests.client import PASSWORD, Answer
from tests.endpoints.employees.kit import LOGIN
from tests.endpoints.kit import NOT_AUTHENTICATED, WRONG_ACCOUNT_TYPE, unchanged
from tests.endpoints.review.kit import APPROVED, METHODS, PENNY, REJECTED, audited, decide, decided, path
from tests.mailbox import Mailbox, body
from tests.rights.world import FORBIDDEN, MISSING, NOT_FOUND, World


async def row_of(world: World, number: int) -> asyncpg.Record:
    return await world.db.fetchrow(
        "SELECT status, status_by, now() - status_at < '1 minute' AS is_new, notified FROM employees WHERE id = $1",
        number,
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "sent", [{"action": "approve"}, {"status": "Approved"}, {"action": "approve", "status": "Approved"}]
)
async def test_approving(world: World, pending: int, mailbox: Mailbox, method: str, sent: dict) -> None:
    answer = await decide(world, pending, sent, method=method)
    assert (answer.status, answer.json) == (200, decided(pending, "Approved"))
    desk = world.people["desk"]
    assert tuple(await row_of(world, pending)) == ("Approved", desk, True, True)
    assert await audited(world.db) == [("employee_approved", "user", desk, "employee", pending, "hdts")]
    (mail,) = await mailbox.to(world.api, PENNY)
    assert (mail["Subject"], "You can sign in now." in body(mail)) == (APPROVED, True)
    signed_in = await world.api.post(LOGIN, {"email": PENNY, "password": PASSWORD})
    assert (signed_in.status, signed_in.json["employee"]["status"], signed_in.json["employee"]["notified"]) == (
        200,
        "Approved",
        True,
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("sent", [{"action": "reject"}, {"status": "Rejected"}])
async def test_rejecting(world: World, pending: int, mailbox: Mailbox, method: str, sent: dict) -> None:
    answer = await decide(world, pending, sent, method=method)
    assert (answer.status, answer.json) == (200, decided(pending, "Rejected"))
    assert tuple(await row_of(world, pending)) == ("Rejected", world.people["desk"], True, True)
    assert await audited(world.db) == [
        ("employee_rejected", "user", world.people["desk"], "employee", pending, "hdts"),
    ]
    assert [mail["Subject"] for mail in await mailbox.to(world.api, PENNY)] == [REJECTED]
    assert (await world.api.post(LOGIN, {"email": PENNY, "password": PASSWORD})).code == "rejected"


async def test_a_form_will_do(world: World, pending: int) -> None:
    answer = await world.api.post(path(pending), data={"action": "approve"}, headers=await world.as_("desk"))
    assert (answer.status, answer.json) == (200, decided(pending, "Approved"))


async def test_a_decision_may_be_taken_back(world: World, pending: int, mailbox: Mailbox) -> None:
    for who, action, status in (
        ("desk", "reject", "Rejected"),
        ("root", "approve", "Approved"),
        ("desk", "reject", "Rejected"),
    ):
        answer = await decide(world, pending, {"action": action}, who)
        assert (answer.status, answer.json) == (200, decided(pending, status))
        assert tuple(await row_of(world, pending)) == (status, world.people[who], True, True)
    subjects = [mail["Subject"] for mail in await mailbox.to(world.api, PENNY)]
    assert subjects == [REJECTED, APPROVED, REJECTED]
    details = await world.db.fetch(
        "SELECT details ->> 'before' AS was FROM audit WHERE event LIKE 'employee%' ORDER BY seq"
    )
    assert [row["was"] for row in details] == ["Pending", "Rejected", "Approved"]


@pytest.mark.parametrize("action, status", [("approve", "Approved"), ("reject", "Rejected")])
async def test_what_is_so_already_is_no_change(
    world: World, pending: int, mailbox: Mailbox, action: str, status: str
) -> None:
    await decide(world, pending, {"action": action})
    await mailbox.to(world.api, PENNY)
    await world.as_("root")
    async with unchanged(world.db):
        for method in METHODS:
            answer = await decide(world, pending, {"action": action}, "root", method)
            assert (answer.status, answer.json) == (200, decided(pending, status, changed=False))
    assert len(await mailbox.to(world.api, PENNY)) == 1
    assert len(await audited(world.db)) == 1


NO_CHOICE = ["Not a valid choice."]
BAD = [
    ({}, {"action": ["This field is required."]}),
    ({"action": "approve", "status": "Rejected"}, {"status": ["Action and status contradict each other."]}),
    ({"action": "reject", "status": "Approved"}, {"status": ["Action and status contradict each other."]}),
    ({"approve": True}, {"action": ["This field is required."]}),
]
UNKNOWN = [
    ("action", "Approve"), ("action", "delete"), ("action", ""), ("action", None), ("action", ["approve"]),
    ("status", "Pending"), ("status", "approved"), ("status", ""), ("status", None), ("status", 1),
]  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
async def test_bodies_that_decide_nothing(world: World, pending: int, method: str) -> None:
    await world.as_("desk")
    async with unchanged(world.db):
        for sent, said in BAD:
            answer = await decide(world, pending, sent, method=method)
            assert (answer.status, answer.json) == (400, said), sent
        for field, value in UNKNOWN:
            answer = await decide(world, pending, {field: value}, method=method)
            assert (answer.status, list(answer.json)) == (400, [field]), (field, value)


async def test_nothing_else_is_set(world: World, pending: int) -> None:
    smuggled = {"id": 77, "is_active": False, "company_id": "MA9998", "status_by": 1, "email": "x@example.com"}
    before = await world.db.fetchrow("SELECT is_active, company_id, email FROM employees WHERE id = $1", pending)
    assert (await decide(world, pending, {"action": "approve", **smuggled})).status == 200
    after = await world.db.fetchrow("SELECT is_active, company_id, email FROM employees WHERE id = $1", pending)
    assert (after, (await row_of(world, pending))["status_by"]) == (before, world.people["desk"])


@pytest.mark.parametrize("method", METHODS)
async def test_who_may_not(world: World, pending: int, method: str) -> None:
    refusals: dict[str, tuple[int, dict]] = {
        "nobody": (401, NOT_AUTHENTICATED),
        "employee": (403, WRONG_ACCOUNT_TYPE),
        **dict.fromkeys(("plain", "helper", "admin_a", "both"), (403, FORBIDDEN)),
    }
    for who in refusals:
        await world.as_(who)
    async with unchanged(world.db):
        for who, refused in refusals.items():
            for number in (pending, MISSING):
                answer = await decide(world, number, {"action": "approve"}, who, method)
                assert (answer.status, answer.json) == refused, who


async def test_who_lost_the_role_decides_no_more(world: World, pending: int) -> None:
    await world.as_("desk")
    await world.add("other", ("hdts", "Admin"))
    for loss in ("assignments SET is_active = false WHERE user_id", "users SET is_active = false WHERE id"):
        await world.db.execute(f"UPDATE {loss} = $1", world.people["desk"])
        answer = await decide(world, pending, {"action": "approve"})
        assert answer.status in {401, 403}
    assert (await row_of(world, pending))["status"] == "Pending"


async def test_an_admin_without_the_factor_that_admins_need_decides_nothing(serve, world: World, pending: int) -> None:
    me = await world.as_("desk")
    strict = await serve(require_2fa_for_admins=True)
    answer: Answer = await strict.patch(path(pending), {"action": "approve"}, headers=me)
    assert (answer.status, answer.json) == (403, FORBIDDEN)


@pytest.mark.parametrize("who", ["desk", "root"])
async def test_a_user_is_no_employee(world: World, pending: int, who: str) -> None:
    """root, a user, has a number that no employee has."""
    await world.as_(who)
    async with unchanged(world.db):
        for number in (world.people["root"], MISSING):
            answer = await decide(world, number, {"action": "reject"}, who)
            assert (answer.status, answer.json) == (404, NOT_FOUND)


@pytest.mark.parametrize("action", ["approve", "reject"])
async def test_the_user_of_that_number_is_left_alone(world: World, pending: int, action: str) -> None:
    """plain, a user, has the number of the employee who is decided about."""
    me = await world.as_("plain")
    user = "SELECT u::text FROM users u WHERE id = $1"
    before = await world.db.fetchval(user, pending)
    assert (await decide(world, pending, {"action": action})).status == 200
    assert await world.db.fetchval(user, pending) == before
    assert (await world.api.get("/api/me/", headers=me)).status == 200
