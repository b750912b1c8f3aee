"""Change the own password, over every name of the endpoint."""

from typing import Any

import asyncpg
import pytest

from tests.client import PASSWORD, Api
from tests.endpoints.kit import paths_of
from tests.endpoints.passwords import kit
from tests.endpoints.passwords.kit import NEW_PASSWORD
from tests.mailbox import Mailbox

PATHS = paths_of("passwords.change")
CURRENT_NAMES = ("current_password", "old_password")
CONFIRM_NAMES = ("new_password_confirm", "confirm_password")
DONE = {"detail": "The password was changed."}
every_name = pytest.mark.parametrize("path", PATHS)


def test_the_three_names_are_one_endpoint() -> None:
    assert set(PATHS) == {
        "/api/v1/users/password/change/",
        "/api/v1/users/profile/reset-password/",
        "/api/v1/users/change-password/",
    }


@every_name
@pytest.mark.parametrize("current", CURRENT_NAMES)
@pytest.mark.parametrize("confirm", [*CONFIRM_NAMES, None])
async def test_the_new_password_counts(api: Api, path: str, current: str, confirm: str | None) -> None:
    tokens = await api.sign_in()
    again = {confirm: NEW_PASSWORD} if confirm else {}
    body = {current: PASSWORD, "new_password": NEW_PASSWORD, **again}
    answer = await api.post(path, body, headers=tokens.bearer)
    assert (answer.status, answer.json) == (200, DONE)
    assert not await kit.can_sign_in(api, tokens.user["email"], PASSWORD)
    assert await kit.can_sign_in(api, tokens.user["email"], NEW_PASSWORD)


REFUSED: list[tuple[dict[str, Any], dict[str, list[str]]]] = [
    ({"current_password": "wrong", "new_password": NEW_PASSWORD},
     {"current_password": ["Current password is incorrect."]}),
    ({"old_password": "wrong", "new_password": NEW_PASSWORD}, {"old_password": ["Current password is incorrect."]}),
    ({"old_password": f"{PASSWORD} ", "new_password": NEW_PASSWORD},
     {"old_password": ["Current password is incorrect."]}),
    ({"current_password": PASSWORD, "new_password": NEW_PASSWORD, "new_password_confirm": "other"},
     {"new_password_confirm": ["Passwords do not match."]}),
    ({"current_password": PASSWORD, "new_password": NEW_PASSWORD, "confirm_password": "other"},
     {"confirm_password": ["Passwords do not match."]}),
    ({"current_password": PASSWORD, "new_password": "short"},
     {"new_password": ["Password must be at least 8 characters."]}),
    ({"old_password": PASSWORD, "new_password": "password1"}, {"new_password": ["Password is too easy to guess."]}),
    ({"old_password": PASSWORD, "new_password": "lovelace"},
     {"new_password": ["Password must not be your name, username or email address."]}),
    ({"new_password": NEW_PASSWORD}, {"current_password": ["This field is required."]}),
    ({"current_password": PASSWORD}, {"new_password": ["This field is required."]}),
    ({"current_password": [PASSWORD], "new_password": NEW_PASSWORD}, {"current_password": ["Not a valid string."]}),
    ({"current_password": PASSWORD, "new_password": ""}, {"new_password": ["This field may not be blank."]}),
]  # fmt: skip


@pytest.mark.parametrize("body,problem", REFUSED, ids="+".join)
async def test_every_name_refuses_alike_says_which_field_and_changes_nothing(
    api: Api, db: asyncpg.Connection, body: dict[str, Any], problem: dict[str, list[str]]
) -> None:
    other = await api.sign_in((await api.register(first_name="Ada", last_name="Lovelace"))["email"])
    tokens = await api.sign_in(other.user["email"])
    before = await db.fetchval("SELECT password_hash FROM users")
    answers = [await api.post(path, body, headers=tokens.bearer) for path in PATHS]
    assert [(answer.status, answer.json) for answer in answers] == [(400, problem)] * 3
    assert await db.fetchval("SELECT password_hash FROM users") == before
    assert await kit.is_access_live(api, other.access)


@every_name
async def test_strangers_are_refused(api: Api, path: str) -> None:
    answer = await api.post(path, {"current_password": PASSWORD, "new_password": NEW_PASSWORD})
    assert (answer.status, answer.code) == (401, "not_authenticated")


@every_name
async def test_all_other_sessions_end_and_this_one_lives(api: Api, path: str) -> None:
    this = await api.sign_in()
    other = await api.sign_in(this.user["email"])
    await api.post(path, {"current_password": PASSWORD, "new_password": NEW_PASSWORD}, headers=this.bearer)
    assert await kit.is_access_live(api, this.access)
    assert await kit.is_refresh_live(api, this.refresh)
    assert not await kit.is_access_live(api, other.access)
    assert not await kit.is_refresh_live(api, other.refresh)


@every_name
async def test_an_employee_changes_his_own_and_not_his_twins(api: Api, db: asyncpg.Connection, path: str) -> None:
    staff = await api.sign_in((await api.register(email="erin@example.com"))["email"])
    employee = await kit.add_employee(api, "erin@example.com", number=staff.user["id"], db=db)
    body = {"old_password": PASSWORD, "new_password": NEW_PASSWORD}
    answer = await api.post(path, body, headers=employee.tokens.bearer)
    assert (answer.status, answer.json) == (200, DONE)
    assert await kit.employee_sign_in(api, employee.email, NEW_PASSWORD)
    assert await kit.can_sign_in(api, "erin@example.com", PASSWORD)
    assert await kit.is_access_live(api, staff.access)


async def test_a_notice_is_mailed_and_the_change_audited(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    tokens = await api.sign_in()
    email = tokens.user["email"]
    body = {"current_password": "wrong", "new_password": NEW_PASSWORD}
    await api.post(PATHS[0], body, headers=tokens.bearer)
    await api.post(PATHS[0], body | {"current_password": PASSWORD}, headers=tokens.bearer)
    assert len(await mailbox.to(api, email, "Your password was changed")) == 1
    assert await kit.events(db, "password_changed", "password_check_fail") == [
        ("password_check_fail", None, email),
        ("password_changed", email, email),
    ]


async def test_full_width_letters_are_the_same_password(api: Api) -> None:
    """NFKC (RFC 8265): the keyboard that typed a letter does not matter."""
    tokens = await api.sign_in()
    body = {"current_password": PASSWORD, "new_password": "ｎｉｎｅ violet teapots"}
    assert (await api.post(PATHS[0], body, headers=tokens.bearer)).status == 200
    assert await kit.can_sign_in(api, tokens.user["email"], "nine violet teapots")


async def test_a_link_to_another_address_dies(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    """The notice about it says "if this was not you, change your password now"; that must help."""
    thief = await api.sign_in()
    email = thief.user["email"]
    stolen = await kit.change_token(api, mailbox, thief, "thief@example.net")
    owner = await api.sign_in(email)
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert (await api.post(PATHS[0], body, headers=owner.bearer)).status == 200
    assert (await kit.confirm(api, stolen)).json == kit.DEAD_LINK
    assert await db.fetchval("SELECT email FROM users") == email
