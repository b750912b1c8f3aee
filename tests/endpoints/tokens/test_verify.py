"""POST /api/v1/token/verify/: is this token good?"""

import asyncpg

from tests.client import Api
from tests.conftest import FakeClock
from tests.endpoints.kit import TOKEN_NOT_VALID, add_employee, assert_alive, sign_in_employee, unchanged

VERIFY = "/api/v1/token/verify/"


async def verdict(api: Api, token: str) -> tuple[int, object]:
    answer = await api.post(VERIFY, {"token": token})
    return answer.status, answer.json


async def test_both_tokens_of_a_session_are_good(api: Api, db: asyncpg.Connection) -> None:
    tokens = await api.sign_in()
    async with unchanged(db):
        for token in (tokens.access, tokens.refresh, f" {tokens.access} "):
            assert await verdict(api, token) == (200, {})


async def test_an_employees_tokens_are_good(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db)
    await assert_alive(api, await sign_in_employee(api))


async def test_a_form_is_as_good_as_json(api: Api) -> None:
    answer = await api.post(VERIFY, data={"token": (await api.sign_in()).access})
    assert (answer.status, answer.json) == (200, {})


async def test_a_bearer_token_beside_it_does_not_count(api: Api) -> None:
    good = await api.sign_in()
    answer = await api.post(VERIFY, {"token": "x"}, headers=good.bearer)
    assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)
    assert (await api.post(VERIFY, {"token": good.access}, headers={"Authorization": "Bearer x"})).status == 200


async def test_an_access_token_is_over_at_its_very_second(api: Api, clock: FakeClock) -> None:
    clock.now = int(clock.now)
    tokens = await api.sign_in()
    clock.now += 899
    assert await verdict(api, tokens.access) == (200, {})
    clock.now += 1
    assert await verdict(api, tokens.access) == (401, TOKEN_NOT_VALID)
    assert await verdict(api, tokens.refresh) == (200, {})


async def test_tokens_of_an_ended_session_are_not_good(api: Api) -> None:
    tokens = await api.sign_in()
    await api.post("/api/v1/users/logout/", headers=tokens.bearer)
    for token in (tokens.access, tokens.refresh):
        assert await verdict(api, token) == (401, TOKEN_NOT_VALID)


async def test_tokens_of_who_is_shut_out_are_not_good(api: Api, db: asyncpg.Connection) -> None:
    tokens = await api.sign_in()
    await db.execute("UPDATE users SET is_active = false")
    for token in (tokens.access, tokens.refresh):
        assert await verdict(api, token) == (401, TOKEN_NOT_VALID)


async def test_a_rotated_token_is_good_as_long_as_it_could_be_used(api: Api) -> None:
    tokens = await api.sign_in()
    new = (await api.post("/api/v1/token/refresh/", {"refresh": tokens.refresh})).json["refresh"]
    assert await verdict(api, tokens.refresh) == (200, {})
    await api.post("/api/v1/token/refresh/", {"refresh": new})
    assert await verdict(api, tokens.refresh) == (401, TOKEN_NOT_VALID)
    assert await verdict(api, new) == (200, {})


async def test_asking_for_a_token_used_long_ago_ends_nothing(api: Api, db: asyncpg.Connection) -> None:
    tokens = await api.sign_in()
    new = (await api.post("/api/v1/token/refresh/", {"refresh": tokens.refresh})).json["refresh"]
    await db.execute("UPDATE sessions SET rotated_at = rotated_at - interval '1 hour'")
    assert await verdict(api, tokens.refresh) == (401, TOKEN_NOT_VALID)
    assert await verdict(api, new) == (200, {})


async def test_other_texts_are_not_good(api: Api) -> None:
    for token in ["x", "a.b.c", "rt_x", "rt_" + "A" * 43, "null", "...", "e30.e30.e30"]:
        assert await verdict(api, token) == (401, TOKEN_NOT_VALID)


NO_TOKENS = [
    ({}, "This field is required."),
    ({"token": None}, "This field may not be null."),
    ({"token": " "}, "This field may not be blank."),
    ({"token": 7}, "Not a valid string."),
    ({"token": ["x"]}, "Not a valid string."),
    ({"token": "a\0"}, "Not a valid string."),
]


async def test_what_is_no_token_at_all_is_refused(api: Api) -> None:
    for body, sentence in NO_TOKENS:
        answer = await api.post(VERIFY, body)
        assert (answer.status, answer.json) == (400, {"token": [sentence]})


async def test_a_text_of_any_length_is_no_token(api: Api) -> None:
    part = "a" * 50_000
    for text in ("x" * 8193, f"{part}.{part}.{part}", "rt_" + part, "a\nb"):
        assert await verdict(api, text) == (401, TOKEN_NOT_VALID)
