"""GET /logout/: the link that signs out."""

import asyncpg
import pytest
from multidict import CIMultiDict

from tests.client import Api
from tests.endpoints.kit import (
    add_employee,
    assert_alive,
    assert_cleared,
    assert_dead,
    cookies_of,
    refresh_cookie,
    sign_in_employee,
    unchanged,
)


async def test_the_link_ends_the_session_and_leads_to_the_staffs_sign_in_page(api: Api) -> None:
    tokens = await api.sign_in()
    answer = await api.get("/logout/", headers=cookies_of(tokens))
    assert (answer.status, answer.headers["Location"], answer.text) == (303, "/staff/login/", "")
    assert answer.headers["Clear-Site-Data"] == '"cookies"'
    assert_cleared(answer)
    await assert_dead(api, tokens)


async def test_employees_come_to_their_own_sign_in_page(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db)
    tokens = await sign_in_employee(api)
    answer = await api.get("/logout/", headers=cookies_of(tokens))
    assert (answer.status, answer.headers["Location"]) == (303, "/login/")
    await assert_dead(api, tokens)


async def test_the_refresh_cookie_alone_is_enough(api: Api) -> None:
    tokens = await api.sign_in()
    assert (await api.get("/logout/", headers=refresh_cookie(tokens.refresh))).status == 303
    await assert_dead(api, tokens)


async def test_two_authorization_headers_are_nobodys_and_the_cookies_count(api: Api) -> None:
    tokens = await api.sign_in()
    two = [("Authorization", "Bearer x"), ("Authorization", "Basic eDp5")]
    assert (await api.get("/logout/", headers=CIMultiDict(two))).status == 303
    answer = await api.get("/logout/", headers=CIMultiDict([*two, *cookies_of(tokens).items()]))
    assert answer.status == 303
    await assert_dead(api, tokens)


NOBODIES = [{}, {"Cookie": "access_token=x; refresh_token=x"}, {"Authorization": "Bearer x"}]


async def test_nobody_is_led_there_as_well(api: Api, db: asyncpg.Connection) -> None:
    for headers in NOBODIES:
        async with unchanged(db):
            answer = await api.get("/logout/", headers=headers)
        assert (answer.status, answer.headers["Location"]) == (303, "/staff/login/")
        assert_cleared(answer)


async def test_a_link_on_another_site_gets_a_button_and_ends_nothing(api: Api) -> None:
    tokens = await api.sign_in()
    answer = await api.get("/logout/", headers={**cookies_of(tokens), "Sec-Fetch-Site": "cross-site"})
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert '<form method="get" action="/logout/">' in answer.text
    assert {"Set-Cookie", "Clear-Site-Data"}.isdisjoint(answer.headers)
    await assert_alive(api, tokens)


async def test_a_link_on_an_own_page_or_a_typed_address_ends_it(api: Api) -> None:
    for site in ["same-origin", "none"]:
        tokens = await api.sign_in()
        answer = await api.get("/logout/", headers={**cookies_of(tokens), "Sec-Fetch-Site": site})
        assert answer.status == 303
        await assert_dead(api, tokens)


async def test_a_link_on_a_sister_site_ends_it(api: Api) -> None:
    tokens = await api.sign_in()
    answer = await api.get("/logout/", headers={**cookies_of(tokens), "Sec-Fetch-Site": "same-site"})
    assert answer.status == 303
    await assert_dead(api, tokens)


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "same-origin"}])
async def test_head_never_ends_a_session(api: Api, headers: dict) -> None:
    tokens = await api.sign_in()
    answer = await api.request("HEAD", "/logout/", headers={**cookies_of(tokens), **headers})
    assert "Set-Cookie" not in answer.headers
    await assert_alive(api, tokens)


async def test_the_way_on_never_comes_from_the_query(api: Api) -> None:
    answer = await api.get("/logout/?next=https://evil.example/&redirect=//evil.example")
    assert answer.headers["Location"] == "/staff/login/"
