"""Lists of a crowd, as superusers and admins see them: whichever statement makes a page, the pages are the same."""

from typing import Any

import pytest

from authsvc.queries import managed_users
from tests.rights.paging import assert_pages, follow
from tests.rights.world import PEOPLE, World, add_system, hold

# How many people are few, and how far a walk goes: what decides which statement makes a page.
WAYS = {"among few": (10_000, 20_000), "walked": (0, 20_000), "walked not far enough": (0, 3), "some": (8, 12)}
ORDERINGS = ["id", "-id", "email", "-email"]
HELD = [
    (),
    (("alpha", "Agent"),),
    (("beta", "Agent"), ("beta", "Spare")),
    (("alpha", "Agent"), ("alpha", "Technician"), ("beta", "Agent"), ("beta", "Spare")),
    (("gamma", "Agent"),),
    (("alpha", "Spare"), ("gamma", "Agent")),
]
QUERIES: dict[str, Any] = {
    "": lambda row: True,
    "status=Pending": lambda row: row["status"] == "Pending",
    "status=Approved&is_active=true": lambda row: row["status"] == "Approved" and row["is_active"],
    "is_active=false": lambda row: not row["is_active"],
    "search=odd": lambda row: row["last_name"] == "Odd",
    "search=odd&status=Pending": lambda row: row["last_name"] == "Odd" and row["status"] == "Pending",
    "search=nobody": lambda row: False,
    "system=beta": lambda row: any(slug == "beta" for slug, _ in row["seen"]),
    "role=agent": lambda row: any(role == "Agent" for _, role in row["seen"]),
    "system=beta&role=spare": lambda row: ("beta", "Spare") in row["seen"],
    "system=alpha&role=agent&search=odd": lambda row: ("alpha", "Agent") in row["seen"] and row["last_name"] == "Odd",
    "system=nowhere": lambda row: False,
}


@pytest.fixture
async def crowd(world: World) -> World:
    """30 people beside the usual ones, an admin of alpha and beta, and a system that is not his."""
    world.systems["gamma"] = await add_system(world.db, "gamma")
    await world.add("chief", ("alpha", "Admin"), ("beta", "Admin"))
    for n in range(30):
        # Addresses do not follow the ids; every fourth has roles that are switched off, which hides nobody.
        who = f"{'zyxabc'[n * 5 % 6]}{n:02}"
        await world.add(
            who,
            last_name="Odd" if n % 2 else "Even",
            status="Pending" if n % 5 == 3 else "Approved",
            is_active=n % 7 != 5,
        )
        for slug, role in HELD[n % len(HELD)]:
            await hold(world.db, world.people[who], slug, role, is_active=n % 4 != 0)
    return world


async def everybody(world: World, who: str) -> list[dict[str, Any]]:
    """All users whom somebody may see, with the roles that he may see."""
    scope = {"root": {"alpha", "beta", "gamma"}, "chief": {"alpha", "beta"}, "admin_a": {"alpha"}}[who]
    rows = await world.db.fetch("SELECT id, email, last_name, status, is_active FROM users")
    held = await world.db.fetch(
        """SELECT a.user_id, s.slug, r.name FROM assignments a
             JOIN roles r ON r.id = a.role_id JOIN systems s ON s.id = a.system_id"""
    )
    seen = [
        {**row, "seen": {(h["slug"], h["name"]) for h in held if h["user_id"] == row["id"] and h["slug"] in scope}}
        for row in rows
    ]
    return [row for row in seen if row["seen"] or who == "root"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("ordering", ORDERINGS)
async def test_pages_are_the_whole_list(crowd: World, monkeypatch: pytest.MonkeyPatch, way: str, ordering: str) -> None:
    for name, value in zip(("_FEW", "_FAR"), WAYS[way], strict=True):
        monkeypatch.setattr(managed_users, name, value)
    for who in ("root", "chief", "admin_a"):
        rows = await everybody(crowd, who)
        rows.sort(key=lambda row: row[ordering.removeprefix("-")], reverse=ordering.startswith("-"))
        for query, is_wanted in QUERIES.items():
            pages = await follow(crowd, f"/api/v1/users/?limit=7&ordering={ordering}&{query}", who)
            wanted = [row["id"] for row in rows if is_wanted(row)]
            assert [row["id"] for page in pages for row in page] == wanted, (who, query)
            assert all(len(page) == 7 for page in pages[:-1]), (who, query)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("ordering", ORDERINGS)
async def test_a_role_taken_away_takes_from_the_list(
    crowd: World, monkeypatch: pytest.MonkeyPatch, way: str, ordering: str
) -> None:
    for name, value in zip(("_FEW", "_FAR"), WAYS[way], strict=True):
        monkeypatch.setattr(managed_users, name, value)
    path = f"/api/v1/users/?limit=500&ordering={ordering}"
    [before] = await follow(crowd, path, "admin_a")
    both = crowd.people["both"]
    assert both in [row["id"] for row in before]
    await crowd.db.execute(
        "UPDATE assignments SET is_active = false WHERE user_id = $1 AND system_id <> $2", both, crowd.systems["beta"]
    )
    [switched_off] = await follow(crowd, path, "admin_a")
    assert [row["id"] for row in switched_off] == [row["id"] for row in before]
    await crowd.db.execute(
        "DELETE FROM assignments WHERE user_id = $1 AND system_id = $2", both, crowd.systems["alpha"]
    )
    [after] = await follow(crowd, path, "admin_a")
    assert [row["id"] for row in after] == [row["id"] for row in before if row["id"] != both]


async def test_addresses_of_one_domain_are_searched_by_name(crowd: World) -> None:
    for text, found in (
        ("chief@example.com", ["chief"]),
        ("chi@exam", ["chief"]),
        ("chief@alpha.example.com", []),
        ("@beta", ["admin_b", "agent_b"]),
        (".@.beta", ["admin_b", "agent_b"]),
        ("agent@gamma@beta", []),
    ):
        answer = await crowd.api.get("/api/v1/users/", params={"search": text}, headers=await crowd.as_("chief"))
        assert [row["username"] for row in answer.json if row["username"] in {*PEOPLE, "chief"}] == found, text


@pytest.mark.parametrize("who", ["root", "chief", "agent_a"])
async def test_agents_come_once_each(crowd: World, who: str) -> None:
    wanted = await crowd.db.fetch(
        """SELECT DISTINCT u.id FROM users u JOIN assignments a ON a.user_id = u.id JOIN systems s ON s.id = a.system_id
            WHERE u.is_live AND a.is_active AND s.slug = ANY ($1) ORDER BY u.id""",
        {"root": ["alpha", "beta", "gamma"], "chief": ["alpha", "beta"], "agent_a": ["alpha"]}[who],
    )
    await assert_pages(crowd, "/api/v1/users/agents/", [row["id"] for row in wanted], who)


@pytest.mark.parametrize("who", ["root", "chief", "both", "agent_a", "plain"])
@pytest.mark.parametrize("query", ["", "is_active=true", "is_active=false", "system=beta", "role=agent", "user={both}"])
async def test_assignments_come_once_each(crowd: World, who: str, query: str) -> None:
    scope = {"root": ["alpha", "beta", "gamma"], "chief": ["alpha", "beta"], "both": ["beta"]}
    wanted = await crowd.db.fetch(
        """SELECT a.id, a.is_active, a.user_id, s.slug, r.name FROM assignments a
             JOIN systems s ON s.id = a.system_id JOIN roles r ON r.id = a.role_id
            WHERE a.user_id = $1 OR s.slug = ANY ($2) ORDER BY a.id""",
        crowd.people[who],
        scope.get(who, []),
    )
    fits: dict[str, Any] = {
        "": lambda row: True,
        "is_active=true": lambda row: row["is_active"],
        "is_active=false": lambda row: not row["is_active"],
        "system=beta": lambda row: row["slug"] == "beta",
        "role=agent": lambda row: row["name"] == "Agent",
        "user={both}": lambda row: row["user_id"] == crowd.people["both"],
    }
    pages = await follow(crowd, f"/api/v1/system-roles/?limit=4&{query.format(both=crowd.people['both'])}", who)
    assert [row["id"] for page in pages for row in page] == [row["id"] for row in wanted if fits[query](row)]
    assert all(len(page) == 4 for page in pages[:-1])
