"""POST password/reset/: a new password with a mailed link."""

import datetime as dt

import asyncpg
import pytest

from authsvc.core.person import Kind
from tests.client import PASSWORD, Api
from tests.endpoints.kit import paths_of
from tests.endpoints.passwords import kit
from tests.endpoints.passwords.kit import NEW_PASSWORD, RESET
from tests.mailbox import Mailbox

NEW_NAMES = ("password", "new_password")
CONFIRM_NAMES = ("password_confirm", "confirm_password")
DONE = {"message": "The password was changed. Sign in with the new one."}


async def test_the_new_password_counts_and_the_old_does_not(api: Api, mailbox: Mailbox) -> None:
    email = (await api.register())["email"]
    answer = await kit.reset(api, await kit.reset_token(api, mailbox, email))
    assert (answer.status, answer.json) == (200, DONE)
    assert not answer.cookies
    assert not await kit.can_sign_in(api, email, PASSWORD)
    assert await kit.can_sign_in(api, email, NEW_PASSWORD)


@pytest.mark.parametrize("new", NEW_NAMES)
@pytest.mark.parametrize("again", CONFIRM_NAMES)
async def test_every_name_of_the_fields_is_taken(api: Api, mailbox: Mailbox, new: str, again: str) -> None:
    email = (await api.register())["email"]
    token = await kit.reset_token(api, mailbox, email)
    answer = await api.post(RESET, {"token": token, new: NEW_PASSWORD, again: NEW_PASSWORD})
    assert (answer.status, answer.json) == (200, DONE)


async def test_a_form_does_as_well(api: Api, mailbox: Mailbox) -> None:
    token = await kit.reset_token(api, mailbox, (await api.register())["email"])
    form = {"token": token, "password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    assert (await api.post(RESET, data=form)).json == DONE


REFUSED = [
    ({"password": NEW_PASSWORD, "password_confirm": "other"}, {"password_confirm": ["Passwords do not match."]}),
    ({"new_password": NEW_PASSWORD, "confirm_password": "other"}, {"confirm_password": ["Passwords do not match."]}),
    ({"password": NEW_PASSWORD}, {"password_confirm": ["This field is required."]}),
    ({"password_confirm": NEW_PASSWORD}, {"password": ["This field is required."]}),
    ({}, {"password": ["This field is required."]}),
    ({"password": "", "password_confirm": ""}, {"password": ["This field may not be blank."],
                                                "password_confirm": ["This field may not be blank."]}),
    ({"password": [NEW_PASSWORD], "password_confirm": NEW_PASSWORD}, {"password": ["Not a valid string."]}),
    ({"password": "short", "password_confirm": "short"}, {"password": ["Password must be at least 8 characters."]}),
    ({"new_password": "password1", "confirm_password": "password1"},
     {"new_password": ["Password is too easy to guess."]}),
    ({"new_password": "lovelace", "password_confirm": "lovelace"},
     {"new_password": ["Password must not be your name, username or email address."]}),
]  # fmt: skip


@pytest.mark.parametrize("fields,problem", REFUSED, ids="+".join)
async def test_a_refused_password_leaves_the_link_alive(
    api: Api, mailbox: Mailbox, fields: dict[str, str], problem: dict[str, list[str]]
) -> None:
    email = (await api.register(first_name="Ada", last_name="Lovelace"))["email"]
    token = await kit.reset_token(api, mailbox, email)
    answer = await api.post(RESET, {"token": token, **fields})
    assert (answer.status, answer.json) == (400, problem)
    assert await kit.can_sign_in(api, email, PASSWORD)
    assert (await kit.reset(api, token)).status == 200


@pytest.mark.parametrize("path", paths_of("links.reset_page"))
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_looking_never_spends(api: Api, mailbox: Mailbox, path: str, method: str) -> None:
    token = await kit.reset_token(api, mailbox, (await api.register())["email"])
    for _ in range(5):
        assert (await api.request(method, f"{path}?token={token}")).status == 200
    assert (await kit.reset(api, token)).status == 200


async def test_a_link_works_once(api: Api, mailbox: Mailbox) -> None:
    email = (await api.register())["email"]
    token = await kit.reset_token(api, mailbox, email)
    assert (await kit.reset(api, token)).status == 200
    again = await kit.reset(api, token, "another violet teapot")
    assert (again.status, again.json) == (400, kit.DEAD_TOKEN)
    assert await kit.can_sign_in(api, email, NEW_PASSWORD)


async def test_a_link_works_for_an_hour(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    email = (await api.register())["email"]
    token = await kit.reset_token(api, mailbox, email)
    life = await db.fetchval("SELECT expires_at - created_at FROM links WHERE purpose = 'reset'")
    assert life == dt.timedelta(hours=1)
    await kit.age(db, "links", life)
    answer = await kit.reset(api, token)
    assert (answer.status, answer.json) == (400, kit.DEAD_TOKEN)
    assert await kit.can_sign_in(api, email, PASSWORD)


UNKNOWN = ["x", "A" * 43, "' OR 1=1 --", "é" * 43, "=" * 43]


@pytest.mark.parametrize("token", UNKNOWN)
async def test_an_unknown_token(api: Api, token: str) -> None:
    answer = await kit.reset(api, token)
    assert (answer.status, answer.json) == (400, kit.DEAD_TOKEN)


@pytest.mark.parametrize("token", [["x"], {"x": 1}, 7, True, None, "", "A" * 201, "x\0"], ids=repr)
async def test_a_token_is_one_string(api: Api, token: object) -> None:
    answer = await api.post(RESET, {"token": token, "password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD})
    assert (answer.status, list(answer.json)) == (400, ["token"])


async def test_tokens_of_other_kinds_are_worth_nothing(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    tokens = await api.sign_in()
    email = tokens.user["email"]
    address = await mailbox.link(api, email, "Confirm your address")
    await db.execute("UPDATE users SET otp_enabled = true")
    challenge = (await api.post("/api/v1/users/login/", {"email": email, "password": PASSWORD})).json
    captcha = (await api.post("/api/v1/users/captcha/generate/", {})).json["session_id"]
    for token in (address, challenge["temporary_token"], tokens.refresh, captcha):
        answer = await kit.reset(api, token)
        assert (answer.status, answer.json) == (400, kit.DEAD_TOKEN)
    assert (await kit.reset(api, tokens.access)).status == 400
    assert (await kit.confirm(api, address)).status == 200


@pytest.mark.parametrize("change", ["is_active = false", "status = 'Rejected'"])
async def test_who_may_not_sign_in_any_more_cannot_reset(
    api: Api, db: asyncpg.Connection, mailbox: Mailbox, change: str
) -> None:
    email = (await api.register())["email"]
    token = await kit.reset_token(api, mailbox, email)
    before = await db.fetchval("SELECT password_hash FROM users")
    await db.execute(f"UPDATE users SET {change}")
    answer = await kit.reset(api, token)
    assert (answer.status, answer.json) == (400, kit.DEAD_TOKEN)
    assert await db.fetchval("SELECT password_hash FROM users") == before


async def test_all_sessions_end_at_once(api: Api, mailbox: Mailbox) -> None:
    first = await api.sign_in()
    second = await api.sign_in(first.user["email"])
    await kit.reset(api, await kit.reset_token(api, mailbox, first.user["email"]))
    for tokens in (first, second):
        assert not await kit.is_access_live(api, tokens.access)
        assert not await kit.is_refresh_live(api, tokens.refresh)


async def test_sessions_of_others_live_on(api: Api, mailbox: Mailbox) -> None:
    mine, other, employee = await api.sign_in(), await api.sign_in(), await kit.add_employee(api)
    await kit.reset(api, await kit.reset_token(api, mailbox, mine.user["email"]))
    assert await kit.is_access_live(api, other.access)
    assert await kit.is_access_live(api, employee.tokens.access)


async def test_challenges_codes_and_other_links_are_void(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    tokens = await api.sign_in()
    email = tokens.user["email"]
    await api.post("/api/v1/users/2fa/request-otp-authenticated/", headers=tokens.bearer)
    change = await kit.change_token(api, mailbox, tokens, "new@example.com")
    await db.execute("UPDATE users SET otp_enabled = true")
    challenge = (await api.post("/api/v1/users/login/", {"email": email, "password": PASSWORD})).json
    code = await mailbox.code(api, email)
    assert (await kit.reset(api, await kit.reset_token(api, mailbox, email))).status == 200
    body = {"temporary_token": challenge["temporary_token"], "otp_code": code}
    assert (await api.post("/api/v1/users/login/verify-otp/", body)).code == "otp_invalid"
    assert await db.fetchval("SELECT count(*) FROM codes WHERE used_at IS NULL AND voided_at IS NULL") == 0
    assert (await kit.confirm(api, change)).json == kit.DEAD_LINK


async def test_the_second_factor_stays_on(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    email = (await api.register())["email"]
    await db.execute("UPDATE users SET otp_enabled = true")
    await kit.reset(api, await kit.reset_token(api, mailbox, email))
    assert (await api.post("/api/v1/users/login/", {"email": email, "password": NEW_PASSWORD})).code == "otp_required"


async def test_locks_end_on_known_devices_too_but_only_ones_own(
    api: Api, db: asyncpg.Connection, mailbox: Mailbox
) -> None:
    user = await api.register(email="Ada@example.com")
    number = user["id"]
    own = [
        "account:staff:ada@example.com",
        f"person:staff:{number}",
        f"code:staff:{number}",
        f"device:staff:{number}:x",
    ]
    foreign = [
        "account:employee:ada@example.com",
        f"device:employee:{number}:x",
        f"device:staff:{number}0:x",
        f"person:staff:{number}0",
        "network:192.0.2.1",
    ]
    locked = "INSERT INTO guard (key, failures, locked_until) VALUES ($1, 10, now() + interval '15 minutes')"
    await db.executemany(locked, [(key,) for key in own + foreign])
    assert (await api.post("/api/v1/users/login/", {"email": user["email"], "password": PASSWORD})).code == "locked_out"
    await kit.reset(api, await kit.reset_token(api, mailbox, user["email"]))
    assert {row["key"] for row in await db.fetch("SELECT key FROM guard")} == set(foreign)
    assert await kit.can_sign_in(api, user["email"], NEW_PASSWORD)


async def test_a_notice_is_mailed_and_the_change_audited(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    email = (await api.register())["email"]
    token = await kit.reset_token(api, mailbox, email)
    await kit.reset(api, "A" * 43)
    await kit.reset(api, token)
    assert len(await mailbox.to(api, email, "Your password was changed")) == 1
    assert await kit.events(db, "password_reset", "password_reset_fail") == [
        ("password_reset_fail", None, None),
        ("password_reset", email, email),
    ]


async def test_the_address_counts_as_proven_and_nothing_else_changes(
    api: Api, db: asyncpg.Connection, mailbox: Mailbox
) -> None:
    email = (await api.register(first_name="Ada", phone_number="+639171234567"))["email"]
    columns = "to_jsonb(users) - '{password_hash,password_proven_at,email_verified_at,updated_at}'::text[]"
    before = await db.fetchrow(f"SELECT {columns} AS row, email_verified_at FROM users")
    await kit.reset(api, await kit.reset_token(api, mailbox, email))
    after = await db.fetchrow(f"SELECT {columns} AS row, email_verified_at FROM users")
    assert (before["row"], before["email_verified_at"]) == (after["row"], None)
    assert after["email_verified_at"] is not None


async def test_an_employee_resets_by_the_same_flow(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    twin = await api.sign_in((await api.register(email="erin@example.com"))["email"])
    employee = await kit.add_employee(api, "erin@example.com", number=twin.user["id"], db=db)
    token = await kit.reset_token(api, mailbox, employee.email, Kind.EMPLOYEE)
    body = {"token": token, "password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    assert (await kit.reset(api, token)).json == kit.DEAD_TOKEN  # the link is not the staff's
    assert (await api.post("/api/v1/hdts/employees/api/password/reset/", body)).json == DONE
    assert not await kit.is_access_live(api, employee.tokens.access)
    assert await kit.employee_sign_in(api, employee.email, NEW_PASSWORD)
    assert await kit.is_access_live(api, twin.access)
    assert await kit.can_sign_in(api, employee.email, PASSWORD)


async def test_an_employees_link_leads_to_a_page_that_works(api: Api, mailbox: Mailbox) -> None:
    employee = await kit.add_employee(api)
    token = await kit.reset_token(api, mailbox, employee.email, Kind.EMPLOYEE)
    page = await api.get(f"/password/reset/?token={token}")
    assert (page.status, token in page.text) == (200, True)
