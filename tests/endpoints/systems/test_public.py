"""GET /api/v1/systems/public/: the systems that the sign-in page shows."""

import asyncpg

from tests.client import Api
from tests.endpoints.kit import add_role, unchanged

PUBLIC = "/api/v1/systems/public/"


async def test_without_systems_an_empty_array(api: Api) -> None:
    answer = await api.get(PUBLIC)
    assert (answer.status, answer.json) == (200, [])


async def test_active_systems_in_order_of_id_with_three_members(api: Api, db: asyncpg.Connection) -> None:
    await db.execute(
        """INSERT INTO systems (id, name, name_canonical, slug, description, url, is_active) VALUES
           (3, 'Zebra', 'zebra', 'zebra', 'secret', 'https://zebra.example.com', true),
           (2, 'Off', 'off', 'off', '', NULL, false),
           (1, 'Ticket Tracking', 'ticket tracking', 'tts', '', NULL, true)"""
    )
    answer = await api.get(PUBLIC)
    assert (answer.status, answer.json) == (
        200,
        [{"id": 1, "name": "Ticket Tracking", "slug": "tts"}, {"id": 3, "name": "Zebra", "slug": "zebra"}],
    )


async def test_who_asks_does_not_matter(api: Api, db: asyncpg.Connection) -> None:
    tokens = await api.sign_in()
    await add_role(db, tokens.user["id"], "tts", "Agent")
    async with unchanged(db):
        answers = [
            await api.get(PUBLIC),
            await api.get(PUBLIC, headers=tokens.bearer),
            await api.get(PUBLIC, headers={"Authorization": "Bearer stale"}),
            await api.get(PUBLIC, headers={"Cookie": "access_token=stale"}),
        ]
    assert [answer.status for answer in answers] == [200] * 4
    assert len({answer.text for answer in answers}) == 1


async def test_markup_in_a_name_is_only_text(api: Api, db: asyncpg.Connection) -> None:
    await db.execute("INSERT INTO systems (name, name_canonical, slug) VALUES ('<b>', '<b>', 'b')")
    answer = await api.get(PUBLIC)
    assert answer.json[0]["name"] == "<b>"
    assert answer.headers["Content-Type"].startswith("application/json")
