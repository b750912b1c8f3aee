"""A browser in which three sign-ins failed needs a captcha for the next, whoever's account that is."""

import asyncpg
import pytest

from tests.client import PASSWORD, Api
from tests.endpoints.captcha.kit import REQUIRED, Answers, Browser
from tests.endpoints.kit import add_employee
from tests.endpoints.otp.kit import with_factor
from tests.guard.kit import (
    BASIC,
    CAPTCHA_REQUIRED,
    EMPLOYEES_FORMS,
    FORMS,
    LOCKED_OUT,
    LOGIN,
    WRONG,
    HashChecks,
    captcha_token,
    device_of,
    knock,
    lock,
    said_at,
)
from tests.mailbox import Mailbox

ADA, EMIL = "ada@example.com", "emil@example.com"
each_form = pytest.mark.parametrize(
    "door,email", [(door, ADA) for door in FORMS] + [(door, EMIL) for door in EMPLOYEES_FORMS]
)


@pytest.fixture
async def warned(api: Api, db: asyncpg.Connection) -> Browser:
    """A browser in which three sign-ins failed; ADA and EMIL have no failures."""
    await api.register(email=ADA)
    await add_employee(db, email=EMIL)
    browser = Browser(api)
    await browser.fail(3)
    return browser


def said(door: str, body: dict[str, object]) -> dict[str, object]:
    return {**body, "success": False} if door.endswith("api/login/") else said_at(door, body)


@each_form
async def test_no_password_is_looked_at_without_one(
    warned: Browser, db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, door: str, email: str
) -> None:
    checks = HashChecks(monkeypatch)
    for password in (PASSWORD, WRONG):
        answer = await warned.knock(email, password, door)
        assert (answer.status, answer.json) == (400, said(door, CAPTCHA_REQUIRED))
    assert (checks.count, await warned.required()) == (0, (True, 3))
    assert await db.fetch("SELECT key FROM guard WHERE key LIKE '%ada@%' OR key LIKE '%emil@%'") == []


@each_form
async def test_a_captcha_and_the_right_password_let_in_and_end_it(
    warned: Browser, db: asyncpg.Connection, door: str, email: str
) -> None:
    assert (await warned.knock(email, PASSWORD, door, captcha=await captcha_token(db))).status == 200
    assert await warned.required() == (False, 0)
    assert (await warned.knock(email, PASSWORD, door)).status == 200


@each_form
async def test_a_captcha_and_a_wrong_password_are_one_failure_more(
    warned: Browser, db: asyncpg.Connection, door: str, email: str
) -> None:
    token = await captcha_token(db)
    codes = [(await warned.knock(email, WRONG, door, captcha=token)).code for _ in range(2)]
    assert codes == ["invalid_credentials", "captcha_required"]
    assert await warned.required() == (True, 4)


async def test_what_is_no_captcha_does_not_help(warned: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    for token in ("x" * 43, await Answers(monkeypatch).token(warned.api, "register")):
        assert (await warned.knock(ADA, PASSWORD, captcha=token)).code == "captcha_required"


@each_form
async def test_a_lock_is_said_first_and_leaves_the_captcha_whole(
    warned: Browser, db: asyncpg.Connection, door: str, email: str
) -> None:
    locked = "INSERT INTO guard (key, failures, locked_until) VALUES ($1, 10, now() + interval '900 s')"
    await db.execute(locked, f"account:{'employee' if email == EMIL else 'staff'}:{email}")
    token = await captcha_token(db)
    for more in ({}, {"captcha": token}):
        answer = await warned.knock(email, PASSWORD, door, **more)
        assert (answer.status, answer.json) == (429, said(door, LOCKED_OUT))
    await db.execute("DELETE FROM guard")
    assert (await warned.knock(email, PASSWORD, door, captcha=token)).status == 200


@pytest.mark.parametrize("door", BASIC)
async def test_who_speaks_basic_is_sent_to_where_one_can_be_solved(warned: Browser, door: str) -> None:
    answer = await warned.knock(ADA, PASSWORD, door)
    assert (answer.status, answer.code) == (401, "captcha_required")


@pytest.mark.parametrize("door", BASIC)
async def test_programs_get_no_such_cookie(api: Api, door: str) -> None:
    assert "browser" not in (await knock(api, door, ADA)).cookies


async def test_two_failures_are_free(api: Api) -> None:
    await api.register(email=ADA)
    browser = Browser(api)
    await browser.fail(2)
    assert (await browser.knock(ADA, PASSWORD)).status == 200


async def test_who_asks_for_an_address_hears_of_it_too(warned: Browser) -> None:
    answer = await warned.api.get(REQUIRED, params={"email": ADA}, headers={"Cookie": warned.cookie})
    assert answer.json == {"required": True, "email": ADA, "failed_attempts": 0}


async def test_other_browsers_are_free(warned: Browser) -> None:
    assert (await knock(warned.api, LOGIN, ADA, PASSWORD)).status == 200


async def test_a_known_device_needs_one_too(warned: Browser) -> None:
    warned.cookie += f"; device={await device_of(warned.api, ADA)}"
    assert (await warned.knock(ADA, PASSWORD)).code == "captcha_required"


async def test_it_tells_nothing_of_a_name(warned: Browser, db: asyncpg.Connection) -> None:
    seen = [
        [await warned.knock(email, WRONG, captcha=token) for token in ("none", await captcha_token(db))]
        for email in (ADA, "nobody@example.com")
    ]
    known, unknown = [[(a.status, a.text, sorted(a.headers)) for a in answers] for answers in seen]
    assert known == unknown


async def test_the_right_password_of_who_has_a_second_factor_ends_it(
    api: Api, db: asyncpg.Connection, mailbox: Mailbox
) -> None:
    await with_factor(api, mailbox)
    browser = Browser(api)
    await browser.fail(3)
    assert (await browser.knock(ADA, PASSWORD, captcha=await captcha_token(db))).code == "otp_required"
    assert await browser.required() == (False, 0)


async def test_a_lock_does_not_count_as_a_failure_of_the_browser(api: Api, db: asyncpg.Connection) -> None:
    await lock(api, db, ADA)
    browser = Browser(api)
    assert (await browser.knock(ADA, WRONG)).code == "locked_out"
    assert await browser.required() == (False, 0)
