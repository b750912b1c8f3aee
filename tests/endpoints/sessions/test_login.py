"""Signing in, by every name that it has."""

import asyncpg
import pytest

from tests.client import PASSWORD, Api
from tests.endpoints.kit import (
    ACCESS,
    COOKIE,
    INVALID_CREDENTIALS,
    REFRESH,
    TIME,
    add_employee,
    add_role,
    assert_alive,
    assert_cookies,
    events,
    looks,
    profile,
    set_cookies,
    unchanged,
)
from tests.endpoints.sessions.kit import ADA, API, SIGN_IN, said, sign_in

pytestmark = pytest.mark.parametrize("path", SIGN_IN)
NOWHERE = {"primary_system": None, "url": None, "available_systems": {}}
DISABLED = {"detail": "Your account is disabled.", "code": "account_disabled"}
REJECTED = {"detail": "Your account was rejected.", "code": "rejected"}


async def test_the_answer_is_tokens_profile_and_redirect(api: Api, path: str) -> None:
    await api.register(email=ADA)
    answer = await sign_in(api, path)
    body = {
        "message": "Login successful",
        "access": ACCESS,
        "refresh": REFRESH,
        "expires_in": 900,
        "user": profile(last_login=TIME),
        "redirect": NOWHERE,
    }
    assert (answer.status, answer.json) == (200, said(path, body, success=True))
    assert answer.headers["Cache-Control"] == "no-store"


async def test_the_cookies_have_exactly_these_attributes(api: Api, path: str) -> None:
    await api.register(email=ADA)
    answer = await sign_in(api, path)
    assert_cookies(answer, answer.json["access"], answer.json["refresh"])


async def test_the_cookies_are_secure_when_the_public_url_is_https(serve, path: str) -> None:
    api = await serve(public_url="https://auth.test")
    await api.register(email=ADA)
    answer = await sign_in(api, path)
    assert_cookies(answer, answer.json["access"], answer.json["refresh"], secure="")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


async def test_without_remember_me_the_cookies_end_with_the_browser(api: Api, path: str) -> None:
    await api.register(email=ADA)
    answer = await sign_in(api, path, remember_me=False)
    assert set_cookies(answer) == {
        "access_token": (answer.json["access"], COOKIE),
        "refresh_token": (answer.json["refresh"], COOKIE),
    }


async def test_a_form_is_as_good_as_json(api: Api, path: str) -> None:
    await api.register(email=ADA)
    answer = await api.post(path, data={"email": ADA, "password": PASSWORD, "remember_me": "false"})
    assert answer.status == 200
    assert set_cookies(answer)["access_token"] == (answer.json["access"], COOKIE)


async def test_case_and_blanks_of_the_address_do_not_matter(api: Api, path: str) -> None:
    await api.register(email=ADA)
    for typed in (" Ada@EXAMPLE.com ", "ADA@example.com"):
        assert (await sign_in(api, path, typed)).status == 200


async def test_an_international_domain_is_known_in_both_spellings(api: Api, path: str) -> None:
    await api.register(email="ada@b\u00fccher.example")
    for typed in ("ada@b\u00fccher.example", "Ada@XN--BCHER-KVA.example"):
        assert (await sign_in(api, path, typed)).status == 200


async def test_an_odd_address_is_simply_unknown(api: Api, path: str) -> None:
    await api.register(email=ADA)
    for odd in ("\uff41da@example.com", "ada@\uff45xample.com", "ad\u0430@example.com", "ada", "@", "a@b@c", "'; --"):
        answer = await sign_in(api, path, odd)
        assert (answer.status, answer.json) == (401, said(path, INVALID_CREDENTIALS, success=False))


# --- refused


async def test_unknown_wrong_and_without_password_look_the_same(api: Api, db: asyncpg.Connection, path: str) -> None:
    await api.register(email=ADA)
    await api.register(email="no-password@example.com")
    await db.execute("UPDATE users SET password_hash = NULL WHERE email LIKE 'no-password%'")
    answers = [
        await sign_in(api, path, "unknown@example.com"),
        await sign_in(api, path, ADA, "wrong horse battery"),
        await sign_in(api, path, "no-password@example.com"),
    ]
    assert answers[0].json == said(path, INVALID_CREDENTIALS, success=False)
    assert looks(answers[0]) == looks(answers[1]) == looks(answers[2])
    assert set_cookies(answers[0]).keys() == {"browser"}


BROKEN = ["", "!", "x", "bcrypt_sha256$$2b$04$short", "pbkdf2_sha256$9999999999$a$b", "md5$a$b"]


async def test_a_broken_stored_hash_is_a_wrong_password(api: Api, db: asyncpg.Connection, path: str) -> None:
    await api.register(email=ADA)
    for stored in BROKEN:
        await db.execute("UPDATE users SET password_hash = $1", stored)
        await db.execute("DELETE FROM guard")
        assert (await sign_in(api, path)).json == said(path, INVALID_CREDENTIALS, success=False)


@pytest.mark.parametrize(
    "change, refusal",
    [("is_active = false", DISABLED), ("status = 'Rejected'", REJECTED)],
    ids=["disabled", "rejected"],
)
async def test_who_is_shut_out_hears_it_only_after_the_right_password(
    api: Api, db: asyncpg.Connection, path: str, change: str, refusal: dict
) -> None:
    await api.register(email=ADA)
    await db.execute(f"UPDATE users SET {change}")
    wrong = await sign_in(api, path, password="wrong horse battery")
    assert (wrong.status, wrong.json) == (401, said(path, INVALID_CREDENTIALS, success=False))
    right = await sign_in(api, path)
    assert (right.status, right.json) == (403, said(path, refusal, success=False))
    assert "Set-Cookie" not in right.headers
    assert await db.fetchval("SELECT count(*) FROM sessions") == 0


async def test_pending_staff_may_sign_in(api: Api, path: str) -> None:
    assert (await api.register(email=ADA))["status"] == "Pending"
    assert (await sign_in(api, path)).status == 200


async def test_employees_do_not_sign_in_here(api: Api, db: asyncpg.Connection, path: str) -> None:
    await add_employee(db, email="emil@example.com")
    answer = await sign_in(api, path, "emil@example.com")
    assert (answer.status, answer.json) == (401, said(path, INVALID_CREDENTIALS, success=False))


async def test_a_person_who_is_both_signs_in_as_staff(api: Api, db: asyncpg.Connection, path: str) -> None:
    await add_employee(db, email=ADA)
    await api.register(email=ADA, password="violet hammer orbit")
    assert (await sign_in(api, path)).status == 401
    assert (await sign_in(api, path, password="violet hammer orbit")).json["user"] == profile(last_login=TIME)


WRONG_BODIES = [
    ({"password": "x"}, "email"),
    ({"email": ADA}, "password"),
    ({"email": [ADA], "password": "x"}, "email"),
    ({"email": ADA, "password": ["x"]}, "password"),
    ({"email": ADA, "password": 12345678}, "password"),
    ({"email": "a\0", "password": "x"}, "email"),
    ({"email": ADA, "password": "x\0"}, "password"),
    ({"email": ADA, "password": "x", "remember_me": 1}, "remember_me"),
    ({"email": ADA, "password": "x", "remember_me": "false"}, "remember_me"),
]


async def test_a_wrong_body_is_refused_unchecked(api: Api, db: asyncpg.Connection, path: str) -> None:
    async with unchanged(db):
        for body, field in WRONG_BODIES:
            answer = await api.post(path, body)
            assert (answer.status, list(answer.json)) == (400, [field])


# --- what else is sent along


GARBAGE = [
    {"Authorization": "Bearer null"},
    {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."},
    {"Authorization": "nonsense"},
    {"Cookie": "access_token=garbage; refresh_token=garbage"},
]


async def test_garbage_beside_a_good_body_is_ignored(api: Api, path: str) -> None:
    await api.register(email=ADA)
    for headers in GARBAGE:
        answer = await api.post(path, {"email": ADA, "password": PASSWORD}, headers=headers)
        assert answer.status == 200


async def test_a_session_that_is_over_does_not_keep_its_owner_out(api: Api, path: str) -> None:
    old = await api.sign_in((await api.register(email=ADA))["email"])
    await api.post("/api/v1/users/logout/", headers=old.bearer)
    stale = {**old.bearer, "Cookie": f"access_token={old.access}; refresh_token={old.refresh}"}
    assert (await api.post(path, {"email": ADA, "password": PASSWORD}, headers=stale)).status == 200


async def test_signing_in_again_leaves_the_first_session_alone(api: Api, path: str) -> None:
    await api.register(email=ADA)
    first = await api.sign_in(ADA)
    assert (await sign_in(api, path)).status == 200
    await assert_alive(api, first)


# --- what is written


async def test_a_sign_in_is_noted_and_audited(api: Api, db: asyncpg.Connection, path: str) -> None:
    user = await api.register(email=ADA)
    active = await add_role(db, user["id"], "tts", "Agent")
    off = await add_role(db, user["id"], "bms", "Agent", is_active=False)
    answer = await api.post(path, {"email": ADA, "password": PASSWORD}, headers={"User-Agent": "Lynx"})
    assert answer.status == 200
    session = await db.fetchrow("SELECT * FROM sessions")
    seen = (session["user_id"], session["employee_id"], str(session["ip"]), session["user_agent"])
    assert seen == (user["id"], None, "127.0.0.1", "Lynx")
    assert await db.fetchval("SELECT last_login > date_joined FROM users")
    noted = dict(await db.fetch("SELECT id, last_logged_on IS NOT NULL FROM assignments"))
    assert noted == {active: True, off: False}
    row = await db.fetchrow("SELECT * FROM audit ORDER BY seq DESC LIMIT 1")
    written = (row["event"], row["actor_type"], row["actor_id"], row["subject_name"], row["session_id"])
    assert written == ("authn_login_success", "user", user["id"], ADA, session["id"])


async def test_a_failure_is_audited_without_what_was_typed(api: Api, db: asyncpg.Connection, path: str) -> None:
    user = await api.register(email=ADA)
    await sign_in(api, path, password="wrong horse battery")
    await sign_in(api, path, "a-password-in-the-wrong-field")
    known, unknown = await db.fetch("SELECT * FROM audit WHERE event = 'authn_login_fail' ORDER BY seq")
    assert (known["actor_id"], known["subject_type"], known["subject_id"]) == (None, "user", user["id"])
    assert (unknown["subject_id"], unknown["subject_name"]) == (None, None)
    assert "wrong" not in str(known) + str(unknown)


@pytest.mark.parametrize("change", ["is_active = false", "status = 'Rejected'"])
async def test_a_right_password_of_who_is_shut_out_is_audited_too(
    api: Api, db: asyncpg.Connection, path: str, change: str
) -> None:
    await api.register(email=ADA)
    await db.execute(f"UPDATE users SET {change}")
    assert (await sign_in(api, path)).status == 403
    assert await events(db) == ["user_registered", "authn_login_fail"]


async def test_this_is_one_of_all_the_names_there_are(path: str) -> None:
    assert set(SIGN_IN) == {"/api/v1/users/login/", "/api/v1/token/obtain/", "/token/", API}
    assert path in SIGN_IN
