"""GET /api/v1/audit/: what happened, for superusers."""

from typing import Any

import asyncpg
import orjson
import pytest

from authsvc.queries.audit import SQL
from tests.client import Answer
from tests.endpoints.kit import NUMBER, TIME
from tests.rights.paging import INVALID_CURSOR, assert_checked, assert_pages
from tests.rights.world import World

AUDIT = "/api/v1/audit/"
RARE, COMMON = "authn_token_reuse", "authn_login_success"


async def asked(world: World, query: str = "") -> Answer:
    return await world.api.get(f"{AUDIT}{query}", headers=await world.as_("root"))


async def seqs(world: World, query: str) -> list[int]:
    answer = await asked(world, query)
    assert answer.status == 200, answer.text
    return [row["seq"] for row in answer.json]


async def write(db: asyncpg.Connection, event: str = COMMON, minutes_ago: int = 0, **columns: Any) -> int:
    names = ["event", "at", *columns]
    values = [event, *columns.values()]
    places = ["$1", f"now() - interval '{minutes_ago} minutes'", *(f"${n}" for n in range(2, len(values) + 1))]
    statement = f"INSERT INTO audit ({', '.join(names)}) VALUES ({', '.join(places)}) RETURNING seq"
    return int(await db.fetchval(statement, *values))


async def test_one_event_whole(world: World) -> None:
    plain = world.people["plain"]
    await world.api.request("DELETE", f"/api/v1/users/{plain}/", headers=await world.as_("root"))
    [row] = (await asked(world, "?event=user_removed")).json
    assert row == {
        "seq": NUMBER,
        "at": TIME,
        "event": "user_removed",
        "actor": {"type": "user", "id": world.people["root"], "name": "root@example.com"},
        "subject": {"type": "user", "id": plain, "name": "plain@example.com"},
        "system": None,
        "ip": "127.0.0.1",
        "session_id": row["session_id"],
        "details": row["details"],
    }


async def test_nobody_and_operators_have_no_id(world: World) -> None:
    seq = await write(world.db, "user_locked", actor_type="operator", actor_name="ops", ip="192.0.2.7")
    [row] = (await asked(world, "?event=user_locked")).json
    assert (row["seq"], row["ip"]) == (seq, "192.0.2.7")
    assert (row["actor"], row["subject"]) == ({"type": "operator", "id": None, "name": "ops"}, None)


async def test_newest_first_page_by_page(world: World) -> None:
    made = [await write(world.db, RARE, minutes_ago=5) for _ in range(5)]
    newest = await write(world.db, RARE)
    early = await write(world.db, RARE, minutes_ago=10)  # written late: a long transaction
    await assert_pages(world, f"{AUDIT}?event={RARE}", [newest, *reversed(made), early], key="seq")
    await assert_checked(world, AUDIT)


@pytest.mark.parametrize("cursor", ["Ijki", "IjAi", "Ii0xIg", "IjAxIg", "MQ", "Ijk5OTk5OTk5OTk5OTk5OTk5OTk5Ig"])
async def test_places_that_are_none(world: World, cursor: str) -> None:
    """ "9" that was not written, "0", "-1", "01", a number, a number too large."""
    await world.db.execute("DELETE FROM audit WHERE seq = 9")
    answer = await asked(world, f"?cursor={cursor}")
    assert (answer.status, answer.json) == (400, INVALID_CURSOR)


async def test_filters(world: World) -> None:
    db = world.db
    by_user = await write(db, RARE, 30, actor_type="user", actor_id=7, subject_type="employee", subject_id=7)
    by_employee = await write(db, RARE, 20, actor_type="employee", actor_id=7, subject_type="user", subject_id=7)
    by_operator = await write(db, "user_locked", 10, actor_type="operator", actor_name="ops")
    assert await seqs(world, "?actor=user:7") == [by_user]
    assert await seqs(world, "?actor=employee:7") == [by_employee]
    assert await seqs(world, "?actor=operator") == [by_operator]
    assert await seqs(world, "?subject=employee:7") == [by_user]
    assert await seqs(world, f"?subject=user:7&event={RARE}") == [by_employee]
    assert await seqs(world, "?subject=user:7&event=user_locked") == []
    when = "SELECT at FROM audit WHERE seq = $1"
    at = {seq: (await db.fetchval(when, seq)).isoformat().replace("+00:00", "Z") for seq in (by_user, by_employee)}
    between = f"since={at[by_user]}&until={at[by_employee]}"
    assert await seqs(world, f"?event={RARE}&{between}") == [by_employee, by_user]
    assert by_user not in await seqs(world, f"?since={at[by_employee]}")
    assert await seqs(world, "?until=2020-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    "query,name",
    [("actor=7", "actor"), ("actor=user:0", "actor"), ("actor=user:2147483648", "actor"),
     ("subject=staff:7", "subject"), ("subject=user:٧", "subject"),
     ("since=yesterday", "since"), ("until=1", "until"), ("event=" + "x" * 61, "event"),
     ("event=", "event"), ("actor=", "actor")],
)  # fmt: skip
async def test_filters_that_are_none(world: World, query: str, name: str) -> None:
    answer = await asked(world, f"?{query}")
    assert (answer.status, list(answer.json)) == (400, [name])


async def test_nobody_else_reads_it(world: World) -> None:
    for who in ("admin_a", "admin_b", "plain", "agent_a"):
        assert (await world.api.get(AUDIT, headers=await world.as_(who))).status == 403


@pytest.mark.parametrize(
    "chosen",
    [{0: RARE}, {1: "user", 2: 7}, {3: "user", 4: 7}, {6: "a time"}, {5: "a time"}, {}, {0: RARE, 1: "user", 2: 7}],
)
async def test_no_filter_reads_the_whole_record(world: World, chosen: dict[int, Any]) -> None:
    db = world.db
    await db.execute(
        """INSERT INTO audit (event, at, actor_type, actor_id, subject_type, subject_id)
           SELECT 'authn_login_success', now() - make_interval(secs => n), 'user', 1000 + n % 500, 'user', 1000 + n % 9
             FROM generate_series(1, 20000) n"""
    )
    await write(db, RARE, 100, actor_type="user", actor_id=7, subject_type="user", subject_id=7)
    await db.execute("VACUUM (FULL, ANALYZE) audit")
    args: list[Any] = [None] * 9 + [101]
    for place, value in chosen.items():
        args[place] = await db.fetchval("SELECT now() - interval '3 hours'") if value == "a time" else value
    async with db.transaction():
        await db.execute(SQL["plan_anew"])
        [row] = await db.fetchrow(f"EXPLAIN (ANALYZE, FORMAT json, TIMING off) {SQL['page']}", *args)
    assert read_by(orjson.loads(row)[0]["Plan"]) <= 202
    await db.execute("DELETE FROM audit")


def read_by(node: dict[str, Any]) -> int:
    """How many rows a plan takes from tables, those included that it then throws away."""
    own = 0 if "Plans" in node else node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return int(own + sum(read_by(child) for child in node.get("Plans", ())))
