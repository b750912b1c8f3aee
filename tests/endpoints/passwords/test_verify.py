"""Is this my current password: over every name of the endpoint."""

import asyncpg
import pytest

from tests.client import PASSWORD, Api
from tests.endpoints.kit import paths_of
from tests.endpoints.passwords import kit

PATHS = paths_of("passwords.check")
FIELDS = ("current_password", "password")
RIGHT = {"detail": "The password is correct.", "verified": True}
WRONG = {"detail": "Current password is incorrect.", "verified": False, "code": "invalid_credentials"}
every_name = pytest.mark.parametrize("path", PATHS)
every_field = pytest.mark.parametrize("field", FIELDS)


def test_the_two_names_are_one_endpoint() -> None:
    assert set(PATHS) == {"/api/v1/users/password/verify/", "/api/v1/users/verify-password/"}


@every_name
@every_field
async def test_right_and_wrong(api: Api, path: str, field: str) -> None:
    tokens = await api.sign_in()
    right = await api.post(path, {field: PASSWORD}, headers=tokens.bearer)
    wrong = await api.post(path, {field: "wrong"}, headers=tokens.bearer)
    assert (right.status, right.json) == (200, RIGHT)
    assert (wrong.status, wrong.json) == (400, WRONG)


@every_name
async def test_an_employee_asks_about_his_own(api: Api, path: str) -> None:
    await api.register(email="erin@example.com", password="another violet teapot")
    employee = await kit.add_employee(api, "erin@example.com")
    bearer = employee.tokens.bearer
    assert (await api.post(path, {"password": PASSWORD}, headers=bearer)).json == RIGHT
    assert (await api.post(path, {"password": "another violet teapot"}, headers=bearer)).json == WRONG


@pytest.mark.parametrize("nearly", [f" {PASSWORD}", f"{PASSWORD} ", PASSWORD.upper()])
async def test_a_password_is_never_trimmed_nor_folded(api: Api, nearly: str) -> None:
    tokens = await api.sign_in()
    answers = [await api.post(path, {"password": nearly}, headers=tokens.bearer) for path in PATHS]
    assert [answer.json for answer in answers] == [WRONG] * 2


BAD = [
    ({}, {"current_password": ["This field is required."]}),
    ({"password": ""}, {"password": ["This field may not be blank."]}),
    ({"password": [PASSWORD]}, {"password": ["Not a valid string."]}),
    ({"current_password": None}, {"current_password": ["This field may not be null."]}),
]


@pytest.mark.parametrize("body,problem", BAD, ids=repr)
async def test_what_is_no_password_is_not_counted(
    api: Api, db: asyncpg.Connection, body: dict[str, object], problem: dict[str, list[str]]
) -> None:
    tokens = await api.sign_in()
    answers = [await api.post(path, body, headers=tokens.bearer) for path in PATHS]
    assert [(answer.status, answer.json) for answer in answers] == [(400, problem)] * 2
    assert await db.fetchval("SELECT count(*) FROM guard") == 0


@every_name
async def test_strangers_are_refused(api: Api, path: str) -> None:
    assert (await api.post(path, {"password": PASSWORD})).code == "not_authenticated"


async def test_a_long_secret_is_refused_unhashed(api: Api) -> None:
    tokens = await api.sign_in()
    answer = await api.post(PATHS[0], {"password": "x" * 1000}, headers=tokens.bearer)
    assert (answer.status, list(answer.json)) == (400, ["password"])


async def test_asking_ends_nothing(api: Api) -> None:
    tokens = await api.sign_in()
    other = await api.sign_in(tokens.user["email"])
    await api.post(PATHS[0], {"password": PASSWORD}, headers=tokens.bearer)
    assert await kit.is_access_live(api, tokens.access)
    assert await kit.is_access_live(api, other.access)
