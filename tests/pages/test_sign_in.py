"""The sign-in pages, used as a browser without JavaScript uses them."""

from urllib.parse import unquote

import asyncpg
import pytest

from authsvc.errors import PendingApproval
from tests.client import PASSWORD, Api
from tests.endpoints.kit import (
    add_employee,
    add_role,
    all_cookies,
    assert_alive,
    assert_cleared,
    assert_dead,
    cookies_of,
    sign_in_employee,
    unchanged,
)
from tests.pages.kit import ADA, EMIL, EMPLOYEES, GOOD, STAFF, Page, ada, entered, fail, jar, opened, submit

MARKUP = '"><script>alert(1)</script>@example.com'


async def test_staff_sign_in_and_go_on_to_their_system(api: Api, db: asyncpg.Connection) -> None:
    await add_role(db, await ada(api), "tts", "Agent")
    done = await entered(api, await opened(api), **GOOD)
    assert (done.status, done.headers["Location"], done.text) == (303, "/staff/login/?go=1", "")
    assert {"access_token", "refresh_token", "device"} <= all_cookies(done).keys()
    assert (await api.get("/api/me/", headers=jar(done))).json["data"]["email"] == ADA
    there = Page((await api.get(done.headers["Location"], headers=jar(done))).text)
    [refresh] = [tag for tag in there.all("meta") if tag.get("http-equiv") == "refresh"]
    assert refresh["content"] == "0; url=http://localhost:1000"
    assert [link["href"] for link in there.all("a")] == ["http://localhost:1000"]
    assert f"signed in as {ADA}" in there.text


async def test_who_comes_back_is_not_sent_on_by_himself(api: Api, db: asyncpg.Connection) -> None:
    """Else a system that does not let him in, and sends him here, would see him again at once, and so on."""
    await add_role(db, await ada(api), "tts", "Agent")
    page = await api.get(STAFF, headers=cookies_of(await api.session_of(ADA)))
    assert "http-equiv" not in page.text
    assert "http://localhost:1000" in page.text


async def test_who_has_no_system_is_told_that_he_is_in(api: Api) -> None:
    await ada(api)
    done = await entered(api, await opened(api), **GOOD)
    there = Page((await api.get(done.headers["Location"], headers=jar(done))).text)
    assert ("signed in as" in there.text, there.all("a")) == (True, [])


async def test_employees_have_their_own(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db)
    done = await entered(api, await opened(api, EMPLOYEES), email=EMIL, password=PASSWORD)
    assert (done.status, done.headers["Location"]) == (303, "/login/?go=1")
    there = Page((await api.get(done.headers["Location"], headers=jar(done))).text)
    assert [link["href"] for link in there.all("a")] == ["http://localhost:3000"]
    assert (await api.get("/api/v1/hdts/employees/api/me/", headers=jar(done))).status == 200


async def test_the_other_kinds_credentials_are_unknown(api: Api, db: asyncpg.Connection) -> None:
    await ada(api)
    await add_employee(db)
    answers = [
        await entered(api, await opened(api, EMPLOYEES), **GOOD),
        await entered(api, await opened(api), email=EMIL, password=PASSWORD),
        await entered(api, await opened(api), email="nobody@example.com", password=PASSWORD),
    ]
    said = "No active account found with the given credentials."
    assert [(a.status, said in a.text, "access_token" in all_cookies(a)) for a in answers] == [(401, True, False)] * 3
    assert "WWW-Authenticate" in answers[0].headers


async def test_a_session_of_the_other_kind_does_not_count(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db)
    tokens = await sign_in_employee(api)
    assert 'name="password"' in (await api.get(STAFF, headers=cookies_of(tokens))).text
    assert "signed in as" in (await api.get(EMPLOYEES, headers=cookies_of(tokens))).text


@pytest.mark.parametrize("ticked", [True, False])
async def test_only_who_wants_it_stays_signed_in(api: Api, ticked: bool) -> None:
    await ada(api)
    done = await entered(api, await opened(api), **GOOD, **({"remember_me": "on"} if ticked else {}))
    assert {"max-age" in all_cookies(done)[name][1] for name in ("access_token", "refresh_token")} == {ticked}


async def test_who_may_not_sign_in_is_told_why(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db)
    await db.execute("UPDATE employees SET status = 'Pending'")
    page = await entered(api, await opened(api, EMPLOYEES), email=EMIL, password=PASSWORD)
    assert (page.status, str(PendingApproval()) in page.text) == (403, True)


async def test_what_is_missing_is_named(api: Api) -> None:
    page = await entered(api, await opened(api), email="", password="")
    assert (page.status, "E-mail address: This field may not be blank." in page.text) == (400, True)
    assert "Password: This field may not be blank." in page.text


async def test_the_way_on_is_a_path_of_ours(api: Api) -> None:
    await ada(api)
    for path in ("/api/docs/", "/staff/settings/profile/?tab=1"):
        done = await entered(api, await opened(api, f"{STAFF}?next={path}"), **GOOD)
        assert (done.status, done.headers["Location"]) == (303, path)
        again = await api.get(f"{STAFF}?next={path}", headers=jar(done))
        assert (again.status, again.headers["Location"]) == (303, path)


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example/", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
     "///evil", "evil.example", "%2F%2Fevil.example", "http:/evil.example", "@evil.example"],
)  # fmt: skip
async def test_no_other_site_is_a_way_on(api: Api, wanted: str) -> None:
    await ada(api)
    page = await api.get(f"{STAFF}?next={wanted}")
    form = Page(page.text) if page.status == 200 else Page((await opened(api)).text)
    for sent in (form.fields["next"], wanted):
        done = await api.post(STAFF, data={**GOOD, "next": sent})
        assert done.headers.get("Location", STAFF).startswith(STAFF)


@pytest.mark.parametrize(
    "wanted",
    ["//%5Bx", "http://%5B", "//a%E2%84%80b", "/%0D%0ALocation:%20//evil", "/%09/", "/" + "x" * 2000,
     "/logout/", "/logout", "/staff/login/?logout=1", "/login/"],
)  # fmt: skip
async def test_a_way_on_that_is_none_is_left_out(api: Api, db: asyncpg.Connection, wanted: str) -> None:
    await ada(api)
    form = Page((await opened(api, f"{STAFF}?next={wanted}&go=maybe&logout=perhaps")).text)
    assert form.fields["next"] == ""
    done = await api.post(STAFF, data={**GOOD, "next": unquote(wanted)})
    assert (done.status, done.headers["Location"]) == (303, "/staff/login/?go=1")
    assert (await api.get(f"{STAFF}?next={wanted}", headers=jar(done))).status == 200


async def test_signing_out_by_the_page(api: Api) -> None:
    tokens = await api.sign_in()
    page = await api.get(f"{STAFF}?logout=1", headers={**cookies_of(tokens), "Sec-Fetch-Site": "same-origin"})
    assert (page.status, 'name="password"' in page.text) == (200, True)
    assert_cleared(page)
    await assert_dead(api, tokens)


async def test_nobody_else_signs_somebody_out(api: Api) -> None:
    tokens = await api.sign_in()
    page = await api.get(f"{STAFF}?logout=1", headers={**cookies_of(tokens), "Sec-Fetch-Site": "cross-site"})
    assert (page.status, Page(page.text).form["action"], "Set-Cookie" in page.headers) == (200, "/logout/", False)
    await api.request("HEAD", f"{STAFF}?logout=1", headers=cookies_of(tokens))
    await assert_alive(api, tokens)


async def test_programs_get_what_is_behind_it(api: Api) -> None:
    as_json = {"Accept": "application/json"}
    assert (await api.get(STAFF, headers=as_json)).json == {"signed_in": False, "next": None}
    me = cookies_of(await api.sign_in())
    answer = await api.get(f"{STAFF}?next=/api/me/", headers={**as_json, **me})
    assert answer.json == {"signed_in": True, "next": "/api/me/"}
    left = await api.get(f"{STAFF}?logout=1", headers={**as_json, **me})
    assert left.json == {"signed_in": False, "next": None}
    assert (await api.get(STAFF, headers={**as_json, **me})).json["signed_in"] is False


async def test_who_wanted_to_stay_is_known_when_the_access_token_is_over(api: Api, db: asyncpg.Connection) -> None:
    await ada(api)
    done = await entered(api, await opened(api), **GOOD, remember_me="on")
    left = {"Cookie": f"refresh_token={done.cookies['refresh_token'].value}"}
    on = await api.get(f"{STAFF}?next=/api/me/", headers=left)
    assert (on.status, on.headers["Location"], on.cookies.keys()) == (303, "/api/me/", {"access_token"})
    assert (await api.get("/api/me/", headers=jar(on))).json["data"]["email"] == ADA
    assert f"signed in as {ADA}" in (await api.get(STAFF, headers=left)).text
    assert 'name="password"' in (await api.get(EMPLOYEES, headers=left)).text
    assert await db.fetchval("SELECT count(*) FROM sessions") == 1


async def test_the_session_before_ends(api: Api) -> None:
    """Its cookies are overwritten: whose it was, nobody could end it from this browser any more."""
    await ada(api)
    before = await api.sign_in("bob@example.com" if await api.register(email="bob@example.com") else None)
    done = await api.post(STAFF, data=GOOD, headers=cookies_of(before))
    assert done.status == 303
    await assert_dead(api, before)
    assert (await api.get("/api/me/", headers=jar(done))).status == 200


async def test_another_sites_form_signs_nobody_in(api: Api, db: asyncpg.Connection) -> None:
    await ada(api)
    async with unchanged(db):
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = await api.post(STAFF, data=GOOD, headers=headers)
            assert (answer.status, "access_token" in all_cookies(answer)) == (403, False)


async def test_markup_is_text(api: Api) -> None:
    page = await entered(api, await opened(api), email=MARKUP, password="x")
    assert (page.status, "<script" in page.text, Page(page.text).fields["email"]) == (401, False, MARKUP)


async def test_every_answer_is_complete(api: Api) -> None:
    await ada(api)
    pages = [await opened(api), await opened(api, EMPLOYEES), await fail(api, 1)]
    for page in pages:
        assert {tag for tag, _ in Page(page.text).tags} & {"script", "style", "iframe"} == set()
        labelled = {str(label["for"]) for label in Page(page.text).all("label") if "for" in label}
        assert labelled == {"email", "password"}
        assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "same-origin")
    assert PASSWORD not in (await entered(api, pages[0], email=ADA, password=PASSWORD + "x")).text


async def test_who_types_nothing_sensible(api: Api) -> None:
    for form in ({}, {"email": "x" * 300, "password": "x"}, {"temporary_token": "x"}, {"captcha_session": "x"}):
        answer = await api.post(STAFF, data=form)
        assert (answer.status, "text/html" in answer.headers["Content-Type"]) == (400, True)


async def test_links_lead_to_pages_that_are_there(api: Api) -> None:
    for start in ("/", "/logout/"):
        page = await api.get((await api.get(start)).headers["Location"])
        assert Page(page.text).form["action"] == STAFF
        assert await submit(api, page, {}) is not None
