"""GET users/, users/list/, users/management/: pages, order, search, filters."""

import pytest

from tests.endpoints.kit import TIME, paths_of, profile
from tests.rights.paging import INVALID_CURSOR, TEXT_CURSOR, assert_checked, assert_pages
from tests.rights.world import PEOPLE, World

LISTS = paths_of("managed_users.index")
ALL = list(PEOPLE)
OF_ALPHA = ["dead", "admin_a", "agent_a", "both", "shared"]


async def search(world: World, text: str, who: str = "root") -> list[str]:
    answer = await world.api.get("/api/v1/users/", params={"search": text}, headers=await world.as_(who))
    assert answer.status == 200, answer.text
    return [row["username"] for row in answer.json]


def in_order(world: World, people: list[str], ordering: str) -> list[int]:
    rows = [(world.people[who], PEOPLE[who][0]) for who in people]
    rows.sort(key=lambda row: row[0] if ordering.endswith("id") else row[1], reverse=ordering.startswith("-"))
    return [row[0] for row in rows]


async def test_rows_are_profiles(world: World) -> None:
    for path in LISTS:
        answer = await world.api.get(f"{path}?search=plain", headers=await world.as_("root"))
        assert answer.json == [
            profile(
                id=world.people["plain"],
                email="plain@example.com",
                username="plain",
                first_name="plain",
                last_name="Alpha",
                full_name="plain Alpha",
                status="Approved",
            )
        ]
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("ordering", ["id", "-id", "email", "-email"])
async def test_pages_give_every_user_once(world: World, path: str, ordering: str) -> None:
    await assert_pages(world, f"{path}?ordering={ordering}", in_order(world, ALL, ordering))
    await assert_pages(world, f"{path}?ordering={ordering}", in_order(world, OF_ALPHA, ordering), "admin_a")


@pytest.mark.parametrize("ordering", ["id", "-id", "email", "-email"])
async def test_pages_of_a_search_keep_the_search(world: World, ordering: str) -> None:
    found = [who for who in ALL if "beta" not in PEOPLE[who][0]]
    path = f"/api/v1/users/?search=al&ordering={ordering}&is_active=true"
    await assert_pages(world, path, in_order(world, found, ordering))


async def test_limits_and_cursors_are_checked(world: World) -> None:
    for path in LISTS:
        await assert_checked(world, path)


async def test_a_cursor_belongs_to_its_order(world: World) -> None:
    root = await world.as_("root")
    for query in (f"?cursor={TEXT_CURSOR}", f"?ordering=-id&cursor={TEXT_CURSOR}", "?ordering=email&cursor=MQ"):
        answer = await world.api.get(f"/api/v1/users/{query}", headers=root)
        assert (answer.status, answer.json) == (400, INVALID_CURSOR)


@pytest.mark.parametrize("ordering", ["username", "ID", "--id", "id,email", "password", "1"])
async def test_an_order_that_is_none(world: World, ordering: str) -> None:
    answer = await world.api.get(f"/api/v1/users/?ordering={ordering}", headers=await world.as_("root"))
    assert answer.json == {"ordering": [f'"{ordering}" is not a valid choice.']}


async def test_each_word_is_the_beginning_of_one(world: World) -> None:
    await world.add("ana", first_name="Ana María", last_name="O'Brien-Núñez", phone_number="+639171234567")
    for text in (
        "ana",
        "mar",
        "María",
        "brien",
        "o'brien",
        "núñ",
        "ANA NÚÑEZ",
        "  ana   o  ",
        "639171",
        "+63917",
        "ana@exam",
    ):
        assert "ana" in await search(world, text), text
    for text in ("rien", "ana bob", "aria", "xample", "917123"):
        assert "ana" not in await search(world, text), text


async def test_a_whole_address_and_a_company_id_are_found(world: World) -> None:
    company_id = await world.db.fetchval("SELECT company_id FROM users WHERE id = $1", world.people["shared"])
    assert await search(world, "shared@example.com") == ["shared"]
    assert await search(world, "SHARED@Example.COM") == ["shared"]
    assert await search(world, company_id) == ["shared"]
    assert await search(world, company_id.lower()) == ["shared"]


@pytest.mark.parametrize("name", ["Żółć", "Ωμέγα", "Пётр", "王小明", "Straße", "ไทย", "e\u0301mile", "ﬁona", "ナナ"])
async def test_letters_of_all_languages(world: World, name: str) -> None:
    await world.add("unicode")
    path = f"/api/v1/users/{world.people['unicode']}/"
    changed = await world.api.patch(path, {"last_name": name}, headers=await world.as_("root"))
    assert changed.status == 200
    assert await search(world, name) == ["unicode"]
    assert await search(world, changed.json["last_name"][:2]) == ["unicode"]


@pytest.mark.parametrize("text", ["pl_in", "pla%n", "p%n", "%lain", "plain | root", "plain <-> root", "plain | !root"])
async def test_wildcards_and_operators_mean_nothing(world: World, text: str) -> None:
    assert await search(world, text) == []


@pytest.mark.parametrize("text", ["!root", "root:*B", "root:A", "(root)", "'root'", "root%"])
async def test_what_is_no_letter_only_separates_words(world: World, text: str) -> None:
    assert await search(world, text) in (["root"], [])
    assert await search(world, text.replace("A", "").replace("B", "")) == ["root"]


@pytest.mark.parametrize(
    "text", ["'", "\\", "'; DROP TABLE users; --", "((", ")", "''", "a:b:c", "²", "½ ", "٣", "a" * 200]
)
async def test_no_search_text_is_an_error(world: World, text: str) -> None:
    answer = await world.api.get("/api/v1/users/", params={"search": text}, headers=await world.as_("root"))
    assert answer.status == 200


@pytest.mark.parametrize("name", ["İpek", "हिन्दी", "सीता"])
async def test_letters_that_python_and_the_database_see_differently(world: World, name: str) -> None:
    await world.add("unicode", last_name=name)
    assert await search(world, name) == ["unicode"]


@pytest.mark.parametrize("text", ["%", "_", "*", "&", "!!", "'"])
async def test_a_search_without_a_word_finds_nobody(world: World, text: str) -> None:
    assert await search(world, text) == []


async def test_a_search_that_is_too_long_is_refused(world: World) -> None:
    answer = await world.api.get("/api/v1/users/", params={"search": "a" * 201}, headers=await world.as_("root"))
    assert answer.json == {"search": ["Ensure this field has no more than 200 characters."]}


@pytest.mark.parametrize(
    "query, expected",
    [
        ("status=Pending", ["pending"]),
        ("status=Rejected", []),
        ("is_active=false", ["dead"]),
        ("is_active=0&search=plain", []),
        ("system=alpha", ["dead", "admin_a", "agent_a", "both", "shared"]),
        ("system=ALPHA&role=agent", ["dead", "agent_a", "both", "shared"]),
        ("role=ADMIN", ["admin_a", "admin_b", "both"]),
        ("system=alpha&role=Technician", []),
        ("system=nowhere", []),
        ("search=&system=&role=&status=Pending", ["pending"]),
    ],
)
async def test_filters(world: World, query: str, expected: list[str]) -> None:
    await world.db.execute("UPDATE users SET is_active = false WHERE id = $1", world.people["dead"])
    for path in LISTS:
        answer = await world.api.get(f"{path}?{query}", headers=await world.as_("root"))
        assert [row["username"] for row in answer.json] == expected


@pytest.mark.parametrize("query", ["status=pending", "is_active=maybe", "status=Approved'--"])
async def test_filters_are_checked(world: World, query: str) -> None:
    answer = await world.api.get(f"/api/v1/users/?{query}", headers=await world.as_("root"))
    assert (answer.status, list(answer.json)) == (400, [query.partition("=")[0]])


async def test_the_agents_are_paged(world: World) -> None:
    await assert_pages(world, "/api/v1/users/agents/", [world.people[who] for who in ALL if PEOPLE[who][1]])
    await assert_pages(world, "/api/v1/users/agents/", in_order(world, OF_ALPHA, "id"), "agent_a")
    await assert_checked(world, "/api/v1/users/agents/")


async def test_one_user(world: World) -> None:
    held = await world.held("agent_a", "alpha")
    expected = profile(
        id=world.people["agent_a"],
        email="agent@alpha.example.com",
        username="agent_a",
        first_name="agent_a",
        last_name="Alpha",
        full_name="agent_a Alpha",
        status="Approved",
        system_roles=[
            {
                "id": held,
                "system_name": "System alpha",
                "system_slug": "alpha",
                "role_name": "Agent",
                "assigned_at": TIME,
                "last_logged_on": None,
                "is_active": True,
            }
        ],
    )
    for path in (f"/api/v1/users/{world.people['agent_a']}/", f"/api/v1/users/management/{world.people['agent_a']}/"):
        for who in ("root", "admin_a"):
            assert (await world.api.get(path, headers=await world.as_(who))).json == expected
