"""Does the next attempt need a captcha: for an address, or for this browser and network?"""

import asyncpg
import pytest

from tests.client import PASSWORD, Api
from tests.endpoints.captcha.kit import REQUIRED, Browser
from tests.guard.kit import FORMS, LOGIN, fail, knock, lock

ADA = "ada@example.com"


async def asked(api: Api, email: str) -> dict[str, object]:
    answer = await api.get(REQUIRED, params={"email": email})
    assert answer.status == 200
    return dict(answer.json)


@pytest.mark.parametrize("known", [True, False])
async def test_from_the_third_failure_of_an_address(api: Api, db: asyncpg.Connection, known: bool) -> None:
    if known:
        await api.register(email=ADA)
    for failures, needed in ((0, False), (1, False), (2, False), (3, True), (4, True)):
        assert await asked(api, ADA) == {"required": needed, "email": ADA, "failed_attempts": failures}
        await fail(api, db, ADA, 1)


async def test_every_spelling_of_an_address_is_one(api: Api, db: asyncpg.Connection) -> None:
    await fail(api, db, ADA, 3)
    answer = await asked(api, "  ADA@Example.com")
    assert (answer["required"], answer["failed_attempts"]) == (True, 3)


async def test_a_success_ends_it(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    await fail(api, db, ADA, 2)
    await knock(api, LOGIN, ADA, PASSWORD)
    assert await asked(api, ADA) == {"required": False, "email": ADA, "failed_attempts": 0}


async def test_a_day_of_quiet_ends_it(api: Api, db: asyncpg.Connection) -> None:
    await fail(api, db, ADA, 5)
    await db.execute("UPDATE guard SET last_failed_at = last_failed_at - interval '24 hours 1 second'")
    assert await asked(api, ADA) == {"required": False, "email": ADA, "failed_attempts": 0}


async def test_a_locked_address_needs_one(api: Api, db: asyncpg.Connection) -> None:
    await lock(api, db, ADA)
    assert await asked(api, ADA) == {"required": True, "email": ADA, "failed_attempts": 10}


async def test_asking_counts_nothing(api: Api, db: asyncpg.Connection) -> None:
    await asked(api, ADA)
    assert await db.fetch("SELECT key FROM guard") == []


async def test_what_is_no_address_belongs_to_nobody(api: Api) -> None:
    answer = await asked(api, "no address <b>")
    assert answer == {"required": False, "email": "no address <b>", "failed_attempts": 0}


async def test_an_address_that_is_too_long_is_refused(api: Api) -> None:
    answer = await api.get(REQUIRED, params={"email": "a" * 255})
    assert (answer.status, list(answer.json)) == (400, ["email"])


@pytest.mark.parametrize("door", FORMS)
async def test_a_browser_counts_its_failures_over_all_names(api: Api, door: str) -> None:
    await api.register(email=ADA)
    browser = Browser(api)
    seen = [await browser.required()]
    for email in (ADA, "nobody1@example.com", "nobody2@example.com"):
        await browser.knock(email, "wrong horse battery", door)
        seen.append(await browser.required())
    assert seen == [(False, 0), (False, 1), (False, 2), (True, 3)]


async def test_a_browser_sees_the_same_for_known_and_unknown_names(api: Api) -> None:
    await api.register(email=ADA)
    seen = []
    for email in (ADA, "nobody@example.com"):
        browser = Browser(api)
        answers = [await browser.knock(email, "wrong horse battery") for _ in range(4)]
        seen.append(([(a.status, a.text, "browser" in a.cookies) for a in answers], await browser.required()))
    assert seen[0] == seen[1]


async def test_a_good_sign_in_clears_the_browser(api: Api) -> None:
    await api.register(email=ADA)
    browser = Browser(api)
    await browser.knock("nobody@example.com", "wrong horse battery")
    assert (await browser.knock(ADA, PASSWORD)).status == 200
    assert await browser.required() == (False, 0)


async def test_a_good_sign_in_of_a_fresh_browser_sets_no_such_cookie(api: Api) -> None:
    await api.register(email=ADA)
    assert "browser" not in (await knock(api, LOGIN, ADA, PASSWORD)).cookies


async def test_the_cookie_of_the_browser_is_strict_hidden_and_unreadable(api: Api) -> None:
    cookie = (await knock(api, LOGIN, ADA)).cookies["browser"]
    found = {name: cookie[name] for name in ("path", "httponly", "samesite", "domain", "max-age")}
    assert found == {"path": "/", "httponly": True, "samesite": "Strict", "domain": "", "max-age": "3600"}
    assert "ada" not in cookie.value
    assert "failures" not in cookie.value


@pytest.mark.parametrize("value", ["garbage", "gAAAAABm" + "A" * 92, "x" * 4000, '"quoted"'])
async def test_a_forged_cookie_counts_as_none(api: Api, value: str) -> None:
    answer = await api.get(REQUIRED, headers={"Cookie": f"browser={value}"})
    assert answer.json == {"required": False, "email": None, "failed_attempts": 0}


async def test_the_cookie_of_the_browser_is_no_credential(api: Api) -> None:
    browser = Browser(api)
    await browser.knock(ADA, "wrong horse battery")
    value = browser.cookie.partition("=")[2]
    answer = await api.get("/api/me/", headers={"Cookie": f"access_token={value}"})
    assert answer.code == "token_not_valid"


async def test_a_network_that_registered_or_forgot_often_is_told(serve: object, db: asyncpg.Connection) -> None:
    api = await serve(limits=True)
    assert await Browser(api).required() == (False, 0)
    await db.execute("INSERT INTO guard (key, failures) VALUES ('use:127.0.0.1', 5)")
    assert await Browser(api).required() == (True, 0)


async def test_without_limits_it_is_not(api: Api, db: asyncpg.Connection) -> None:
    await db.execute("INSERT INTO guard (key, failures) VALUES ('use:127.0.0.1', 50)")
    assert await Browser(api).required() == (False, 0)
