"""Many at once on one thing: exactly one outcome."""

import asyncio

import asyncpg

from tests.client import PASSWORD, Api

MANY = 50


async def test_parallel_refreshes_have_one_successor(api: Api, db: asyncpg.Connection) -> None:
    tokens = await api.sign_in()
    answers = await asyncio.gather(
        *(api.post("/api/v1/token/refresh/", {"refresh": tokens.refresh}) for _ in range(MANY))
    )
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["refresh"] for answer in answers}) == 1
    assert await db.fetchval("SELECT count(*) FROM refresh_tokens") == 2


async def test_parallel_registrations_of_one_address_make_one_row(api: Api, db: asyncpg.Connection) -> None:
    spellings = ["ada@example.com", "ADA@example.com", " Ada@EXAMPLE.com ", "aDa@eXample.com", "ada@example.COM"]
    answers = await asyncio.gather(
        *(
            api.post("/api/v1/users/register/", {"email": spellings[i % len(spellings)], "password": PASSWORD})
            for i in range(MANY)
        )
    )
    assert sorted(answer.status for answer in answers) == [201] + [400] * (MANY - 1)
    assert {a.text for a in answers if a.status == 400} == {'{"email":["A user with this email already exists."]}'}
    assert await db.fetchval("SELECT count(*) FROM users") == 1
