"""GET /api/v1/users/token/validate/: is the presented access token good, and whose is it?"""

import datetime as dt

import asyncpg
import pytest

from tests.client import Api
from tests.conftest import FakeClock
from tests.endpoints.kit import (
    NOT_AUTHENTICATED,
    TIME,
    TOKEN_NOT_VALID,
    add_employee,
    basic,
    claims_of,
    cookies_of,
    employee,
    profile,
    refresh_cookie,
    sign_in_employee,
)

VALIDATE = "/api/v1/users/token/validate/"
ADA = "ada@example.com"


async def test_the_whole_answer(api: Api, clock: FakeClock) -> None:
    user = await api.register(email=ADA)
    tokens = await api.sign_in(ADA)
    answer = await api.get(VALIDATE, headers=tokens.bearer)
    said = await claims_of(api, tokens.access)
    ends = dt.datetime.fromtimestamp(said["exp"], dt.UTC).isoformat().replace("+00:00", "Z")
    facts = {
        "valid": True,
        "user_id": user["id"],
        "user_type": "staff",
        "session_id": said["sid"],
        "expires_at": ends,
        "token_validated_at": TIME,
    }
    assert (answer.status, answer.json) == (200, {**facts, **profile(id=user["id"], last_login=TIME)})
    assert answer.headers["Cache-Control"] == "no-store"
    assert dt.datetime.fromisoformat(answer.json["token_validated_at"]).timestamp() == pytest.approx(clock(), abs=1e-3)


async def test_the_whole_answer_for_an_employee(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db, 7)
    tokens = await sign_in_employee(api)
    answer = await api.get(VALIDATE, headers=tokens.bearer)
    facts = {
        "valid": True,
        "user_id": 7,
        "user_type": "employee",
        "session_id": (await claims_of(api, tokens.access))["sid"],
        "expires_at": TIME,
        "token_validated_at": TIME,
    }
    known = {"id": 7, "email": "emil@example.com", "username": "emil", "first_name": "Emil", "last_name": "Berg"}
    assert (answer.status, answer.json) == (200, {**facts, **employee(**known, full_name="Emil Berg")})


async def test_a_good_cookie_beside_a_bad_header(api: Api) -> None:
    tokens = await api.sign_in()
    for header in ("Bearer null", "Bearer x", "Basic eDp4", "x"):
        assert (await api.get(VALIDATE, headers={**cookies_of(tokens), "Authorization": header})).status == 200


async def test_a_good_header_beside_a_bad_cookie(api: Api) -> None:
    tokens = await api.sign_in()
    answer = await api.get(VALIDATE, headers={**tokens.bearer, "Cookie": "access_token=x"})
    assert answer.json["user_id"] == tokens.user["id"]


async def test_the_word_bearer_in_any_case(api: Api) -> None:
    tokens = await api.sign_in()
    assert (await api.get(VALIDATE, headers={"Authorization": f"bEARER  {tokens.access}"})).status == 200


async def test_nobody(api: Api) -> None:
    for headers in [{}, {"Cookie": "refresh_token=rt_x"}]:
        answer = await api.get(VALIDATE, headers=headers)
        assert (answer.status, answer.json) == (401, NOT_AUTHENTICATED)
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="authsvc"'


GARBAGE = [{"Authorization": "Bearer x"}, {"Cookie": "access_token=x"}, basic("a", "b")]


async def test_garbage(api: Api) -> None:
    for headers in GARBAGE:
        answer = await api.get(VALIDATE, headers=headers)
        assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="authsvc", error="invalid_token"'


async def test_a_refresh_token_is_no_access_token(api: Api) -> None:
    tokens = await api.sign_in()
    places = [{"Authorization": f"Bearer {tokens.refresh}"}, {"Cookie": f"access_token={tokens.refresh}"}]
    for headers in places:
        assert (await api.get(VALIDATE, headers=headers)).json == TOKEN_NOT_VALID
    assert (await api.get(VALIDATE, headers=refresh_cookie(tokens.refresh))).json == NOT_AUTHENTICATED


async def test_a_password_opens_nothing_here(api: Api) -> None:
    user = await api.register()
    assert (await api.get(VALIDATE, headers=basic(user["email"]))).json == TOKEN_NOT_VALID


async def test_the_query_is_not_read(api: Api) -> None:
    tokens = await api.sign_in()
    for name in ("token", "access_token", "jwt"):
        assert (await api.get(f"{VALIDATE}?{name}={tokens.access}")).json == NOT_AUTHENTICATED
