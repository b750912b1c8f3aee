"""What a solved captcha is good for: one sign-in, registration or forgotten password, within ten minutes."""

import asyncpg
import pytest

from tests.client import PASSWORD, Answer, Api
from tests.endpoints.captcha.kit import Answers, Browser
from tests.guard.kit import CAPTCHA_REQUIRED, FORMS, LOGIN, fail, knock

USERS = "/api/v1/users"
ADA = "ada@example.com"


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    return Answers(monkeypatch)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers about forgotten passwords are not held back."""
    monkeypatch.setattr("authsvc.flows.recover_password._ANSWER_TIME", 0.0)


@pytest.fixture
async def warned(api: Api, db: asyncpg.Connection) -> Api:
    """A server at which the next sign-in of ADA needs a captcha."""
    await api.register(email=ADA)
    await fail(api, db, ADA, 3)
    return api


async def register(api: Api, number: int, token: str | None = None) -> Answer:
    body = {"email": f"new{number}@example.com", "password": PASSWORD, "captcha_token": token}
    return await api.post(f"{USERS}/register/", body)


async def forgot(api: Api, number: int, token: str | None = None) -> Answer:
    body = {"email": f"nobody{number}@example.com", "captcha_token": token}
    return await api.post(f"{USERS}/password/forgot/", body)


USES = {"register": register, "forgot": forgot}


async def limited(serve: object, db: asyncpg.Connection) -> Api:
    """A server at which this network registered or forgot five times within the hour."""
    api = await serve(limits=True)
    await db.execute("INSERT INTO guard (key, failures) VALUES ('use:127.0.0.1', 5)")
    return api


@pytest.mark.parametrize("purpose", [None, "sign_in"])
async def test_it_signs_in_after_three_failures(warned: Api, answers: Answers, purpose: str | None) -> None:
    token = await answers.token(warned, purpose)
    assert (await knock(warned, LOGIN, ADA, PASSWORD, captcha=token)).status == 200


async def test_it_is_spent_by_a_try_right_or_wrong(warned: Api, answers: Answers) -> None:
    for door in FORMS:
        token = await answers.token(warned)
        codes = [(await knock(warned, door, ADA, captcha=token)).code for _ in range(2)]
        assert codes == ["invalid_credentials", "captcha_required"]
    token = await answers.token(warned)
    assert (await knock(warned, LOGIN, ADA, PASSWORD, captcha=token)).status == 200


async def test_it_is_not_spent_where_none_was_needed(api: Api, answers: Answers) -> None:
    token = await answers.token(api)
    codes = [(await knock(api, LOGIN, ADA, captcha=token)).code for _ in range(5)]
    assert codes == ["invalid_credentials"] * 4 + ["captcha_required"]


@pytest.mark.parametrize("age,code", [("9 minutes 55 seconds", None), ("10 minutes", "captcha_required")])
async def test_it_lives_ten_minutes(
    warned: Api, db: asyncpg.Connection, answers: Answers, age: str, code: str | None
) -> None:
    token = await answers.token(warned)
    await db.execute(f"UPDATE captchas SET token_expires_at = token_expires_at - interval '{age}'")
    assert (await knock(warned, LOGIN, ADA, PASSWORD, captcha=token)).code == code


@pytest.mark.parametrize("purpose", ["register", "forgot"])
async def test_one_for_something_else_signs_nobody_in(warned: Api, answers: Answers, purpose: str) -> None:
    token = await answers.token(warned, purpose)
    assert (await knock(warned, LOGIN, ADA, PASSWORD, captcha=token)).json == CAPTCHA_REQUIRED


async def test_the_session_of_an_image_is_no_token(warned: Api, answers: Answers) -> None:
    session_id, _ = await answers.ask(warned)
    assert (await knock(warned, LOGIN, ADA, PASSWORD, captcha=session_id)).json == CAPTCHA_REQUIRED


async def test_a_token_is_a_short_string(warned: Api) -> None:
    for value in (["x"], {"x": 1}, 1, True, "x" * 101):
        answer = await warned.post(f"{USERS}/login/", {"email": ADA, "password": PASSWORD, "captcha_token": value})
        assert (answer.status, list(answer.json)) == (400, ["captcha_token"])


@pytest.mark.parametrize("what", USES)
async def test_five_uses_an_hour_are_free(serve: object, what: str) -> None:
    api = await serve(limits=True)
    answers = [await USES[what](api, number) for number in range(6)]
    assert [answer.code for answer in answers] == [None] * 5 + ["captcha_required"]
    assert (answers[5].status, answers[5].json) == (400, CAPTCHA_REQUIRED)


@pytest.mark.parametrize("what", USES)
async def test_both_are_counted_together_for_staff_and_employees(serve: object, what: str) -> None:
    """What is announced for a network holds for both."""
    api = await serve(limits=True)
    browser = Browser(api)
    employees = "/api/v1/hdts/employees/api"
    used = [
        await register(api, 1),
        await forgot(api, 2),
        await api.post(f"{employees}/register/", {"email": "new3@example.com", "password": PASSWORD}),
        await api.post(f"{employees}/password/forgot/", {"email": "nobody4@example.com"}),
    ]
    assert ([answer.status for answer in used], await browser.required()) == ([201, 200, 201, 200], (False, 0))
    assert (await USES[what](api, 5)).code is None
    assert await browser.required() == (True, 0)
    assert [(await USES[use](api, 6)).code for use in USES] == ["captcha_required"] * 2


@pytest.mark.parametrize("what", USES)
async def test_more_need_a_token_each(serve: object, db: asyncpg.Connection, answers: Answers, what: str) -> None:
    api = await limited(serve, db)
    token = await answers.token(api, what)
    codes = [(await USES[what](api, number, token)).code for number in range(2)]
    assert codes == [None, "captcha_required"]


@pytest.mark.parametrize("what,purpose", [("register", "forgot"), ("forgot", "register"), ("register", "sign_in")])
async def test_a_token_is_bound_to_its_purpose(
    serve: object, db: asyncpg.Connection, answers: Answers, what: str, purpose: str
) -> None:
    api = await limited(serve, db)
    assert (await USES[what](api, 1, await answers.token(api, purpose))).code == "captcha_required"


async def test_a_token_without_purpose_is_good_for_one_thing_only(
    serve: object, db: asyncpg.Connection, answers: Answers
) -> None:
    api = await limited(serve, db)
    token = await answers.token(api)
    await fail(api, db, ADA, 3)
    assert (await register(api, 1, token)).status == 201
    assert (await knock(api, LOGIN, ADA, captcha=token)).code == "captcha_required"


@pytest.mark.parametrize("what", USES)
async def test_an_hour_later_uses_are_free_again(serve: object, db: asyncpg.Connection, what: str) -> None:
    api = await limited(serve, db)
    await db.execute("UPDATE guard SET first_failed_at = first_failed_at - interval '1 hour 1 second'")
    assert (await USES[what](api, 1)).code is None


@pytest.mark.parametrize("what", USES)
async def test_without_limits_uses_are_free(api: Api, what: str) -> None:
    assert {(await USES[what](api, number)).code for number in range(8)} == {None}


@pytest.mark.parametrize("what", USES)
async def test_another_network_has_uses_of_its_own(serve: object, db: asyncpg.Connection, what: str) -> None:
    api = await serve(limits=True)
    await db.execute("INSERT INTO guard (key, failures) VALUES ($1, 5)", "use:203.0.113.7")
    assert (await USES[what](api, 1)).code is None
