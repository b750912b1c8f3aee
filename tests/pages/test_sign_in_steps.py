"""What a sign-in page asks for beyond a password: a captcha, a code, patience."""

import asyncpg
import pytest

from tests.client import PASSWORD, Api
from tests.conftest import FakeClock
from tests.endpoints.captcha.kit import Answers
from tests.endpoints.kit import (
    add_employee,
    all_cookies,
)
from tests.endpoints.otp.kit import with_app, with_factor
from tests.mailbox import Mailbox
from tests.pages.kit import ADA, EMIL, EMPLOYEES, GOOD, STAFF, Page, ada, entered, fail, jar, opened


async def test_a_second_factor_is_asked_for(api: Api, mailbox: Mailbox) -> None:
    await with_factor(api, mailbox)
    page = await entered(api, await opened(api, f"{STAFF}?next=/api/me/"), **GOOD)
    assert (page.status, "mailed to you" in page.text, all_cookies(page).keys() & {"access_token"}) == (
        200,
        True,
        set(),
    )
    wrong = await entered(api, page, otp_code="aaaaa-aaaaa")
    assert (wrong.status, "The code is invalid or has expired." in wrong.text) == (400, True)
    done = await entered(api, wrong, otp_code=await mailbox.code(api, ADA))
    assert (done.status, done.headers["Location"]) == (303, "/api/me/")
    assert (await api.get("/api/me/", headers=jar(done))).status == 200


async def test_an_authenticator_is_named(api: Api, clock: FakeClock) -> None:
    _, app = await with_app(api, clock)
    page = await entered(api, await opened(api), **GOOD)
    assert "authenticator app" in page.text
    assert (await entered(api, page, otp_code=app.at(clock.now))).status == 303


async def test_captcha_after_three_failures(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers(monkeypatch)
    await ada(api)
    page = await fail(api, 2)
    assert Page(page.text).all("img") == []
    page = await entered(api, page, **GOOD | {"password": "wrong horse battery"})
    assert [image["src"] for image in Page(page.text).all("img")] == ["data:image/png;base64,aW1hZ2U="]
    assert [sound["src"] for sound in Page(page.text).all("audio")] == ["data:audio/wav;base64,YXVkaW8="]
    page = await entered(api, page, **GOOD, captcha_response="000000")
    assert (page.status, "not the characters" in page.text, len(answers.seen)) == (400, True, 2)
    assert (await entered(api, page, **GOOD, captcha_response=answers.seen[-1].lower())).status == 303


async def test_captcha_where_somebody_else_failed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers(monkeypatch)
    await ada(api)
    await fail(api, 3)
    page = await entered(api, await opened(api), **GOOD)
    assert (page.status, "A captcha is required." in page.text) == (400, True)
    assert (await entered(api, page, **GOOD, captcha_response=answers.seen[-1])).status == 303


@pytest.mark.parametrize("path,email", [(STAFF, ADA), (EMPLOYEES, EMIL)])
@pytest.mark.parametrize("opened_anew", [False, True])
async def test_captcha_where_others_failed_in_this_browser(
    api: Api, db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, path: str, email: str, opened_anew: bool
) -> None:
    answers, browser = Answers(monkeypatch), {}
    await ada(api)
    await add_employee(db, email=EMIL)
    page = await opened(api, path)
    for number in range(3):
        assert Page(page.text).all("img") == []
        page = await entered(api, page, cookies=browser, email=f"nobody{number}@example.com", password="wrong horse")
        browser = jar(page)
    if opened_anew:
        page = await api.get(path, headers=browser)
    assert len(Page(page.text).all("img")) == 1
    good = {"email": email, "password": PASSWORD, "captcha_response": answers.seen[-1]}
    done = await entered(api, page, cookies=browser, **good)
    assert done.status == 303
    again = await entered(api, await opened(api, path), cookies=jar(done), email=email, password=PASSWORD)
    assert again.status == 303


async def test_who_is_locked_is_told_when_to_come_back(api: Api, db: asyncpg.Connection) -> None:
    await ada(api)
    await db.execute(
        """INSERT INTO guard (key, failures, locked_until)
           VALUES ('account:staff:ada@example.com', 10, now() + interval '900 s')"""
    )
    page = await entered(api, await opened(api), **GOOD)
    assert (page.status, "Too many failed attempts." in page.text) == (429, True)
    assert 890 <= int(page.headers["Retry-After"]) <= 900


async def test_whatever_is_wrong_with_a_code_is_said_beside_its_field(api: Api, mailbox: Mailbox) -> None:
    await with_factor(api, mailbox)
    page = await entered(api, await opened(api), **GOOD)
    for code in (" ", "1" * 51):
        page = await entered(api, page, otp_code=code)
        assert (page.status, "Code: " in page.text, "otp_code" in Page(page.text).fields) == (400, True, True)
    code = await mailbox.code(api, ADA)
    assert (await entered(api, page, otp_code=f" {code[:3]} {code[3:]} ")).status == 303
