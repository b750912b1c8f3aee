"""GET /token/: an access token for HTTP Basic credentials or the refresh cookie, and nothing else."""

import base64

import asyncpg
import pytest

from tests.client import PASSWORD, Api
from tests.endpoints.kit import (
    ACCESS,
    INVALID_CREDENTIALS,
    NOT_AUTHENTICATED,
    TOKEN_NOT_VALID,
    add_employee,
    assert_alive,
    basic,
    claims_of,
    events,
    looks,
    refresh_cookie,
    sign_in_employee,
    unchanged,
)

ADA = "ada@example.com"
GIVEN = {"access": ACCESS, "expires_in": 900}


async def test_basic_credentials_give_an_access_token(api: Api) -> None:
    user = await api.register(email=ADA)
    answer = await api.get("/token/", headers=basic(ADA))
    assert (answer.status, answer.json) == (200, GIVEN)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    me = await api.get("/api/me/", headers={"Authorization": f"Bearer {answer.json['access']}"})
    assert me.json["data"]["id"] == user["id"]


async def test_their_session_ends_with_the_token(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    await api.get("/token/", headers=basic(ADA))
    row = await db.fetchrow("SELECT expires_at - created_at AS life, refresh_hash FROM sessions")
    assert (row["life"].total_seconds(), row["refresh_hash"]) == (900, None)
    assert await events(db) == ["user_registered", "authn_login_success"]


async def test_the_refresh_cookie_gives_one_of_the_same_session_and_is_not_rotated(
    api: Api, db: asyncpg.Connection
) -> None:
    tokens = await api.sign_in()
    async with unchanged(db):
        answer = await api.get("/token/", headers=refresh_cookie(tokens.refresh))
    assert (answer.status, answer.json) == (200, GIVEN)
    assert "Set-Cookie" not in answer.headers
    old, new = await claims_of(api, tokens.access), await claims_of(api, answer.json["access"])
    assert (new["sid"], new["sub"]) == (old["sid"], old["sub"])
    await assert_alive(api, tokens)


async def test_an_employees_refresh_cookie_gives_his_own_token(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db, 7)
    answer = await api.get("/token/", headers=refresh_cookie((await sign_in_employee(api)).refresh))
    assert (await claims_of(api, answer.json["access"]))["sub"] == "employee:7"


async def test_basic_credentials_come_before_the_cookie(api: Api) -> None:
    ada, other = await api.register(email=ADA), await api.sign_in()
    answer = await api.get("/token/", headers={**basic(ADA), **refresh_cookie(other.refresh)})
    assert (await claims_of(api, answer.json["access"]))["user_id"] == ada["id"]
    wrong = await api.get("/token/", headers={**basic(ADA, "wrong"), **refresh_cookie(other.refresh)})
    assert (wrong.status, wrong.json) == (401, INVALID_CREDENTIALS)


async def test_a_colon_in_the_password_and_case_in_the_scheme(api: Api) -> None:
    await api.register(email=ADA, password="violet:hammer:orbit")
    headers = basic(" ADA@example.com ", "violet:hammer:orbit")
    answer = await api.get("/token/", headers={"Authorization": headers["Authorization"].replace("Basic", "bASIC")})
    assert (answer.status, answer.json) == (200, GIVEN)


@pytest.mark.parametrize("typed", ["Zoe\u0308 hammer orbit", "\ufb01sh hammer orbit"])
async def test_a_password_is_nfkc_here_too(api: Api, typed: str) -> None:
    await api.register(email=ADA, password=typed)
    await api.sign_in(ADA, typed)
    answer = await api.get("/token/", headers=basic(ADA, typed))
    assert (answer.status, answer.json) == (200, GIVEN)


# --- refused


async def test_nothing_presented(api: Api, db: asyncpg.Connection) -> None:
    async with unchanged(db):
        answer = await api.get("/token/")
    assert (answer.status, answer.json) == (401, NOT_AUTHENTICATED)


async def test_unknown_wrong_and_without_password_look_the_same(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    await api.register(email="no-password@example.com")
    await add_employee(db, email="emil@example.com")
    await db.execute("UPDATE users SET password_hash = NULL WHERE email LIKE 'no-password%'")
    people = [(ADA, "wrong"), ("unknown@example.com", PASSWORD), ("no-password@example.com", PASSWORD)]
    people += [("emil@example.com", PASSWORD), ("", ""), (ADA, ""), ("\uff41da@example.com", PASSWORD)]
    answers = [await api.get("/token/", headers=basic(*person)) for person in people]
    assert (answers[0].status, answers[0].json) == (401, INVALID_CREDENTIALS)
    assert all(looks(answer) == looks(answers[0]) for answer in answers)


@pytest.mark.parametrize(
    "change, code", [("is_active = false", "account_disabled"), ("status = 'Rejected'", "rejected")]
)
async def test_who_is_shut_out_hears_it_only_after_the_right_password(
    api: Api, db: asyncpg.Connection, change: str, code: str
) -> None:
    await api.register(email=ADA)
    await db.execute(f"UPDATE users SET {change}")
    assert (await api.get("/token/", headers=basic(ADA, "wrong"))).json == INVALID_CREDENTIALS
    answer = await api.get("/token/", headers=basic(ADA))
    assert (answer.status, answer.code) == (403, code)


UNREADABLE = [
    "",
    "!",
    "YQ",
    base64.b64encode(b"no colon").decode(),
    base64.b64encode(b"\xff:\xff").decode(),
    "YQBiOmMA",
]


async def test_basic_credentials_that_cannot_be_read(api: Api) -> None:
    for credentials in UNREADABLE:
        answer = await api.get("/token/", headers={"Authorization": f"Basic {credentials}"})
        detail = "The Basic credentials could not be read."
        assert (answer.status, answer.json) == (400, {"detail": detail, "code": "malformed"})


async def test_a_good_cookie_wins_over_a_header_that_cannot_be_read(api: Api) -> None:
    tokens = await api.sign_in()
    for credentials in UNREADABLE:
        headers = {"Authorization": f"Basic {credentials}", **refresh_cookie(tokens.refresh)}
        answer = await api.get("/token/", headers=headers)
        assert (answer.status, answer.json["access"]) == (200, ACCESS)
        answer = await api.get("/token/", headers={**headers, **refresh_cookie("rt_x")})
        assert (answer.status, answer.code) == (400, "malformed")
    answer = await api.get("/token/", headers={**basic(ADA, "wrong"), **refresh_cookie(tokens.refresh)})
    assert (answer.status, answer.json) == (401, INVALID_CREDENTIALS)


@pytest.mark.parametrize("second", ["Bearer x", "basic"])
async def test_two_authorization_headers_are_refused(api: Api, second: str) -> None:
    from multidict import CIMultiDict

    await api.register(email=ADA)
    good = basic(ADA)["Authorization"]
    headers = CIMultiDict([("Authorization", good), ("Authorization", good if second == "basic" else second)])
    answer = await api.get("/token/", headers=headers)
    detail = "More than one Authorization header."
    assert (answer.status, answer.json) == (400, {"detail": detail, "code": "malformed"})


async def test_a_bad_refresh_cookie(api: Api) -> None:
    for cookie in ["x", "rt_" + "A" * 43]:
        answer = await api.get("/token/", headers=refresh_cookie(cookie))
        assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)
        assert "Set-Cookie" not in answer.headers


async def test_an_ended_sessions_refresh_cookie(api: Api) -> None:
    tokens = await api.sign_in()
    await api.post("/logout/", headers=tokens.bearer)
    assert (await api.get("/token/", headers=refresh_cookie(tokens.refresh))).json == TOKEN_NOT_VALID


async def test_an_access_token_gives_no_other(api: Api) -> None:
    tokens = await api.sign_in()
    for headers in (tokens.bearer, {"Cookie": f"access_token={tokens.access}"}):
        answer = await api.get("/token/", headers=headers)
        assert (answer.status, answer.json) == (401, NOT_AUTHENTICATED)


async def test_the_query_is_never_read(api: Api) -> None:
    tokens = await api.sign_in()
    user = tokens.user["email"]
    for query in ({"email": user, "password": PASSWORD}, {"username": user, "password": PASSWORD}):
        assert (await api.get("/token/", params=query)).json == NOT_AUTHENTICATED
    for name in ("refresh", "refresh_token"):
        assert (await api.get("/token/", params={name: tokens.refresh})).json == NOT_AUTHENTICATED
