"""The demo people, and the password that every start says of them."""

import asyncpg
import pytest

from authsvc.errors import Invalid
from authsvc.flows import seed
from tests.client import Api, Tokens
from tests.endpoints.kit import INVALID_CREDENTIALS, assert_alive, assert_dead, events

FIRST, SECOND = "nine lively otters", "ten sleepy badgers"
STAFF = (seed.SUPERUSER, "admin.tts@example.com", "agent.one@example.com")
LOGIN, EMPLOYEES_LOGIN = "/api/v1/users/login/", "/api/v1/hdts/employees/api/login/"


async def sign_in(api: Api, email: str, password: str, path: str = LOGIN) -> tuple[int, Tokens | None]:
    answer = await api.post(path, {"email": email, "password": password})
    if answer.status != 200:
        assert answer.json.items() >= INVALID_CREDENTIALS.items()
        return answer.status, None
    return 200, Tokens(answer.json["access"], answer.json["refresh"], {})


async def test_a_start_with_another_password_gives_it_to_the_demo_people(api: Api, db: asyncpg.Connection) -> None:
    assert await seed.seed(api.service, FIRST)
    _, tokens = await sign_in(api, seed.SUPERUSER, FIRST)
    assert tokens
    assert not await seed.seed(api.service, FIRST)
    await assert_alive(api, tokens)
    for password, before in ((SECOND, FIRST), (FIRST, SECOND)):
        assert not await seed.seed(api.service, password)
        for email in STAFF:
            assert (await sign_in(api, email, password))[0] == 200
            assert (await sign_in(api, email, before))[0] == 401
        assert (await sign_in(api, "employee.approved@example.com", password, EMPLOYEES_LOGIN))[0] == 200
    await assert_dead(api, tokens)
    found = await events(db)
    assert (found.count("demo_seeded"), found.count("demo_password_set")) == (1, 2)


async def test_whoever_else_is_there_keeps_his_password(api: Api) -> None:
    user = await api.register()
    await seed.seed(api.service, FIRST)
    tokens = await api.sign_in(user["email"])
    await seed.seed(api.service, SECOND)
    await assert_alive(api, tokens)
    await api.sign_in(user["email"])


@pytest.mark.parametrize(
    "email, username, field", [("no address", None, "email"), ("root@example.com", "a@b", "username")]
)
async def test_what_is_wrong_with_a_superuser_is_said_of_its_field(
    api: Api, email: str, username: str | None, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await seed.create_superuser(api.service, email, username, FIRST)
    assert list(refused.value.fields) == [field]
