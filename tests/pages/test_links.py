"""The pages behind mailed links, used as a browser without JavaScript uses them."""

import re
from typing import Any

import pytest

from authsvc.pages import render
from authsvc.schemas import passwords as schemas
from tests.client import PASSWORD, Answer, Api
from tests.conftest import PUBLIC_URL
from tests.endpoints.kit import paths_of
from tests.endpoints.passwords import kit
from tests.endpoints.passwords.kit import NEW_PASSWORD
from tests.mailbox import Mailbox
from tests.pages.kit import Page, origin_after, submit

RESET_PAGES = paths_of("links.reset_page")
CONFIRM_PAGE = "/email/confirm/"
MARKUP = '"><script>alert(1)</script>'


async def reset_page(api: Api, mailbox: Mailbox, path: str = RESET_PAGES[0]) -> tuple[str, str, Answer]:
    email = (await api.register())["email"]
    token = await kit.reset_token(api, mailbox, email)
    return email, token, await api.get(f"{path}?token={token}")


async def confirm_page(api: Api, mailbox: Mailbox, **fields: str) -> tuple[str, Answer]:
    email = (await api.register(**fields))["email"]
    return email, await api.get(f"{CONFIRM_PAGE}?token={await mailbox.link(api, email, 'Confirm your address')}")


NEW = {"password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}


@pytest.mark.parametrize("path", RESET_PAGES)
async def test_a_new_password_by_form(api: Api, mailbox: Mailbox, path: str) -> None:
    email, _, page = await reset_page(api, mailbox, path)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    done = await submit(api, page, NEW, {"Origin": PUBLIC_URL, "Sec-Fetch-Site": "same-origin"})
    assert (done.status, "Password changed" in Page(done.text).text) == (200, True)
    assert await kit.can_sign_in(api, email, NEW_PASSWORD)


async def test_an_address_by_form(api: Api, mailbox: Mailbox) -> None:
    email, page = await confirm_page(api, mailbox)
    done = await submit(api, page, {}, {"Origin": PUBLIC_URL})
    assert (done.status, f"{email} is confirmed." in Page(done.text).text) == (200, True)


@pytest.mark.parametrize("kind", ["reset", "confirm"])
async def test_the_origin_that_browsers_send_from_such_a_page_is_taken(api: Api, mailbox: Mailbox, kind: str) -> None:
    page = (await reset_page(api, mailbox))[2] if kind == "reset" else (await confirm_page(api, mailbox))[1]
    headers = {"Origin": origin_after(page), "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
    done = await submit(api, page, NEW if kind == "reset" else {}, headers)
    assert done.status == 200, done.text


CROSS_SITE = [
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", CROSS_SITE, ids=str)
async def test_forms_of_other_sites_are_refused_and_spend_nothing(
    api: Api, mailbox: Mailbox, headers: dict[str, str]
) -> None:
    _, token, page = await reset_page(api, mailbox)
    assert (await submit(api, page, NEW, headers)).status == 403
    assert (await kit.reset(api, token)).status == 200


WRONG = [
    ({"password": NEW_PASSWORD, "password_confirm": "other"}, "Passwords do not match."),
    ({"password": "short", "password_confirm": "short"}, "Password must be at least 8 characters."),
    ({"password": "password1", "password_confirm": "password1"}, "Password is too easy to guess."),
    ({"password": "", "password_confirm": ""}, "This field may not be blank."),
]


@pytest.mark.parametrize("typed,sentence", WRONG, ids=lambda value: value if isinstance(value, str) else "")
async def test_what_is_wrong_is_said_above_the_form_which_works_again(
    api: Api, mailbox: Mailbox, typed: dict[str, str], sentence: str
) -> None:
    _, token, page = await reset_page(api, mailbox)
    again = await submit(api, page, typed)
    assert (again.status, sentence in Page(again.text).text) == (400, True)
    assert {"role": "alert"} in Page(again.text).all("p")
    assert Page(again.text).fields == {"token": token, "password": "", "password_confirm": ""}
    assert (await submit(api, again, NEW)).status == 200


async def test_typed_passwords_are_never_sent_back(api: Api, mailbox: Mailbox) -> None:
    _, _, page = await reset_page(api, mailbox)
    again = await submit(api, page, {"password": "kept secret 1", "password_confirm": "kept secret 2"})
    assert "kept secret" not in again.text


@pytest.mark.parametrize("path", [*RESET_PAGES, CONFIRM_PAGE])
async def test_a_dead_link_gets_a_page_that_says_so(api: Api, path: str) -> None:
    for query in ("", "?token=", "?token=x", "?token=x&token=y", f"?token={'A' * 43}"):
        page = await api.get(path + query)
        assert (page.status, Page(page.text).all("form")) == (400, [])
        assert "This link is invalid, was used, or has expired." in Page(page.text).text


@pytest.mark.parametrize("path", [*RESET_PAGES, CONFIRM_PAGE])
async def test_a_link_that_cannot_be_read_is_refused(api: Api, path: str) -> None:
    assert [(await api.get(f"{path}?token={t}")).status for t in ("%00", "%FF", "A" * 201)] == [400] * 3


@pytest.mark.parametrize("path,body", [("/password/reset/", NEW), (CONFIRM_PAGE, {})])
@pytest.mark.parametrize("token", ["", "x", MARKUP])
async def test_a_form_with_a_dead_token(api: Api, path: str, body: dict[str, str], token: str) -> None:
    page = await api.post(path, data={"token": token, **body})
    assert (page.status, "does not work" in Page(page.text).text) == (400, True)
    assert "<script" not in page.text


async def test_a_used_link_gets_the_same_page(api: Api, mailbox: Mailbox) -> None:
    _, token, page = await reset_page(api, mailbox)
    await submit(api, page, NEW)
    used = await api.get(f"{RESET_PAGES[0]}?token={token}")
    unknown = await api.get(f"{RESET_PAGES[0]}?token=x")
    assert (used.status, used.text) == (unknown.status, unknown.text)


@pytest.mark.parametrize("kind", ["reset", "confirm"])
async def test_nothing_is_inline_and_nothing_comes_from_elsewhere(api: Api, mailbox: Mailbox, kind: str) -> None:
    page = (await reset_page(api, mailbox))[2] if kind == "reset" else (await confirm_page(api, mailbox))[1]
    tags = Page(page.text).tags
    assert {tag for tag, _ in tags} & {"script", "style", "iframe", "object", "base"} == set()
    attributes = [(name, value) for _, attrs in tags for name, value in attrs.items()]
    assert [name for name, _ in attributes if name.startswith("on") or name == "style"] == []
    assert [v for name, v in attributes if name in ("src", "href", "action") and not str(v).startswith("/")] == []
    csp = page.headers["Content-Security-Policy"]
    assert "unsafe" not in csp
    assert {"default-src 'none'", "frame-ancestors 'none'", "form-action 'self'"} <= set(csp.split("; "))


@pytest.mark.parametrize("kind", ["reset", "confirm"])
async def test_the_token_goes_nowhere_else(api: Api, mailbox: Mailbox, kind: str) -> None:
    page = (await reset_page(api, mailbox))[2] if kind == "reset" else (await confirm_page(api, mailbox))[1]
    token = Page(page.text).fields["token"]
    done = await submit(api, page, NEW if kind == "reset" else {})
    for answer in (page, done):
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert token not in str(dict(answer.headers))
    assert page.text.count(token) == 1
    assert "token" not in done.text


async def test_a_page_is_usable_by_everybody(api: Api, mailbox: Mailbox) -> None:
    """Language, title, width, a label for each field that is typed into."""
    page = Page((await reset_page(api, mailbox))[2].text)
    assert page.all("html") == [{"lang": "en"}]
    assert page.all("title")
    assert any(meta.get("name") == "viewport" for meta in page.all("meta"))
    typed = [field["id"] for field in page.all("input") if field["type"] != "hidden"]
    assert [label["for"] for label in page.all("label")] == typed
    assert {field["autocomplete"] for field in page.all("input") if field["type"] == "password"} == {"new-password"}


async def test_an_address_with_markup_letters_is_shown_as_text(api: Api, mailbox: Mailbox) -> None:
    email, page = await confirm_page(api, mailbox, email="o'neil&sons@example.com", username="oneil")
    done = await submit(api, page, {})
    assert f"{email} is confirmed." in Page(done.text).text
    assert "&amp;sons" in done.text


async def test_a_token_with_markup_is_shown_as_text(api: Api) -> None:
    page = await api.post("/password/reset/", data={"token": MARKUP, "password": "a", "password_confirm": "b"})
    assert page.status == 400
    assert "<script" not in page.text
    assert Page(page.text).fields["token"] == MARKUP


@pytest.mark.parametrize("template", ["done.html", "reset_password.html", "confirm_address.html"])
def test_every_template_escapes_what_it_is_given(template: str) -> None:
    values: dict[str, Any] = {"title": MARKUP, "text": MARKUP, "token": MARKUP, "errors": {"x": [MARKUP]}}
    assert "<script" not in str(render.page(template, **values).text)


@pytest.mark.parametrize("path", RESET_PAGES)
async def test_the_data_behind_the_reset_page(api: Api, mailbox: Mailbox, path: str) -> None:
    _, token, _ = await reset_page(api, mailbox)
    for asked, valid in ((token, True), ("x", False), ("", False)):
        answer = await api.get(f"{path}?token={asked}", headers={"Accept": "application/json"})
        assert (answer.status, answer.json) == (200, {"valid": valid})


async def test_the_data_behind_the_confirm_page(api: Api, mailbox: Mailbox) -> None:
    _, page = await confirm_page(api, mailbox)
    for asked, valid in ((Page(page.text).fields["token"], True), ("x", False)):
        answer = await api.get(f"{CONFIRM_PAGE}?token={asked}", headers={"Accept": "application/json"})
        assert (answer.status, answer.json) == (200, {"valid": valid})


async def test_a_stale_session_is_no_obstacle(api: Api, mailbox: Mailbox) -> None:
    """Who forgot his password may have an old cookie, or somebody else's."""
    tokens = await api.sign_in()
    _, _, page = await reset_page(api, mailbox)
    cookies = {"Cookie": f"access_token={tokens.access}x; refresh_token=stale; browser=garbage"}
    assert (await submit(api, page, NEW, cookies)).status == 200


async def test_a_taken_address_is_said_on_a_page(api: Api, mailbox: Mailbox) -> None:
    await api.register(email="bob@example.com")
    token = await kit.change_token(api, mailbox, await api.sign_in(), "bob@example.com")
    page = await api.post(CONFIRM_PAGE, data={"token": token}, headers={"Accept": "text/html"})
    assert (page.status, page.headers["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert "already exists" in Page(page.text).text


async def test_a_locked_network_is_told_on_a_page(serve: Any, db: Any, mailbox: Mailbox) -> None:
    api = await serve(limits=True)
    _, _, page = await reset_page(api, mailbox)
    locked = (
        "INSERT INTO guard (key, failures, locked_until) VALUES ('network:127.0.0.1', 50, now() + interval '1 hour')"
    )
    await db.execute(locked)
    answer = await submit(api, page, NEW, {"Accept": "text/html"})
    assert (answer.status, answer.headers["Content-Type"]) == (429, "text/html; charset=utf-8")


def test_the_form_has_the_fields_that_are_read() -> None:
    html = str(render.page("reset_password.html", token="x", errors={}).text)
    assert Page(html).fields.keys() == schemas.ResetForm().fields.keys()
    assert not re.search(PASSWORD, html)
