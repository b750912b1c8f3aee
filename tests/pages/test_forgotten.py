"""The page for a forgotten password, used as a browser without JavaScript uses it."""

import re
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from authsvc.flows import recover_password
from tests.client import Api
from tests.endpoints.captcha.kit import Answers
from tests.endpoints.kit import add_employee, unchanged
from tests.mailbox import Mailbox, body
from tests.pages.kit import Page, submit

STAFF, EMPLOYEES = "/staff/login/", "/login/"
ADA, EMIL = "ada@example.com", "emil@example.com"
NEW = "nine violet teapots"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recover_password, "_ANSWER_TIME", 0.0)


def linked(page: str, text: str) -> str:
    """Where the link with this text leads."""
    [href] = re.findall(rf'<a href="([^"]+)">{re.escape(text)}</a>', page)
    return str(href)


@pytest.mark.parametrize("start,email", [(STAFF, ADA), (EMPLOYEES, EMIL)])
async def test_from_the_sign_in_page_to_a_new_password(
    api: Api, db: asyncpg.Connection, mailbox: Mailbox, start: str, email: str
) -> None:
    await (api.register(email=ADA) if email == ADA else add_employee(db))
    form = await api.get(linked((await api.get(start)).text, "Forgot your password?"))
    said = await submit(api, form, {"email": email})
    assert (said.status, "a link to set a new password was mailed" in said.text) == (200, True)
    mail = body(await mailbox.newest(api, email, "Set a new password"))
    [link] = [line for line in mail.splitlines() if line.startswith("http")]
    page = await api.get(link.removeprefix("http://auth.test"))
    assert (await submit(api, page, {"password": NEW, "password_confirm": NEW})).status == 200
    done = await api.post(start, data={"email": email, "password": NEW})
    assert (done.status, "access_token" in done.cookies) == (303, True)


async def test_everybody_is_told_the_same(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await api.register(email=ADA)
    await add_employee(db)
    form = await api.get(f"{STAFF}forgot/")
    answers = [await submit(api, form, {"email": email}) for email in (ADA, EMIL, "nobody@example.com")]
    assert len({(answer.status, answer.text) for answer in answers}) == 1
    assert [len(await mailbox.to(api, email, "Set a new password")) for email in (ADA, EMIL)] == [1, 0]


async def test_an_address_that_is_none(api: Api, db: asyncpg.Connection) -> None:
    form = await api.get(f"{STAFF}forgot/")
    async with unchanged(db):
        page = await submit(api, form, {"email": '"><script>'})
    assert (page.status, "<script" in page.text, Page(page.text).fields["email"]) == (400, False, '"><script>')
    assert Page(page.text).form["action"] == f"{STAFF}forgot/"


async def test_a_captcha_for_a_network_that_asks_often(
    serve: Callable[..., Any], db: asyncpg.Connection, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, answers = await serve(limits=True), Answers(monkeypatch)
    await api.register(email=ADA)
    page = await api.get(f"{STAFF}forgot/")
    while not answers.seen:
        assert page.status == 200
        page = await submit(api, await api.get(f"{STAFF}forgot/"), {"email": "nobody@example.com"})
    assert (page.status, "A captcha is required." in page.text) == (400, True)
    page = await submit(api, page, {"email": ADA, "captcha_response": "000000"})
    assert (page.status, "not the characters" in page.text) == (400, True)
    assert (await submit(api, page, {"email": ADA, "captcha_response": answers.seen[-1]})).status == 200
    assert len(await mailbox.to(api, ADA, "Set a new password")) == 1


async def test_another_sites_form_mails_nobody(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    async with unchanged(db):
        answer = await api.post(f"{STAFF}forgot/", data={"email": ADA}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 403
