"""The same guard at every name of every sign-in endpoint."""

import asyncpg
import pytest

from tests.client import PASSWORD, Answer, Api
from tests.guard.kit import (
    BASIC,
    CAPTCHA_REQUIRED,
    DOORS,
    EMPLOYEES_FORMS,
    FORMS,
    LOCKED_OUT,
    WRONG_CREDENTIALS,
    HashChecks,
    captcha_token,
    captcha_tokens,
    fail,
    knock,
    lock,
    said_at,
)

ADA = "ada@example.com"
each_form = pytest.mark.parametrize("door", FORMS)


def test_the_doors_are_those_that_are_known() -> None:
    assert sorted(DOORS) == [
        "GET /token/",
        "POST /api/v1/token/obtain/",
        "POST /api/v1/users/2fa/request-otp/",
        "POST /api/v1/users/login/",
        "POST /api/v1/users/login/api/",
        "POST /token/",
    ]
    assert sorted(EMPLOYEES_FORMS) == [
        "POST /api/v1/hdts/employees/api/2fa/request-otp/",
        "POST /api/v1/hdts/employees/api/login/",
    ]


async def somebody(api: Api) -> str:
    """The address of a new person."""
    return str((await api.register())["email"])


async def test_three_tries_need_no_captcha(api: Api) -> None:
    for door in DOORS:
        email = await somebody(api)
        answers = [await knock(api, door, email) for _ in range(3)]
        assert [(a.status, a.json) for a in answers] == [(401, said_at(door, WRONG_CREDENTIALS))] * 3


BASIC_CAPTCHA = (
    401,
    {"detail": "A captcha is required: sign in once where one can be solved.", "code": "captcha_required"},
)


async def test_the_fourth_try_asks_for_a_captcha_even_with_the_right_password(
    api: Api, db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.register(email=ADA)
    await fail(api, db, ADA, 3)
    checks = HashChecks(monkeypatch)
    answers = {door: await knock(api, door, ADA, PASSWORD) for door in DOORS}
    assert {door: (a.status, a.json) for door, a in answers.items()} == {
        door: BASIC_CAPTCHA if door.startswith("GET") else (400, said_at(door, CAPTCHA_REQUIRED)) for door in DOORS
    }
    assert checks.count == 0
    assert not any("device" in answer.cookies for answer in answers.values())


async def test_asking_for_a_captcha_counts_as_no_failure(api: Api, db: asyncpg.Connection) -> None:
    await fail(api, db, ADA, 3)
    for door in DOORS * 2:
        assert (await knock(api, door, ADA)).code == "captcha_required"
    assert await db.fetchval("SELECT failures FROM guard") == 3


async def test_a_captcha_lets_one_try_through(api: Api, db: asyncpg.Connection) -> None:
    for door in FORMS:
        email = await somebody(api)
        await fail(api, db, email, 3)
        assert (await knock(api, door, email, captcha=await captcha_token(db))).code == "invalid_credentials"
        assert (await knock(api, door, email, PASSWORD, captcha=await captcha_token(db))).status == 200


async def test_garbage_is_no_captcha(api: Api, db: asyncpg.Connection) -> None:
    await fail(api, db, ADA, 3)
    assert {(await knock(api, door, ADA, captcha="x" * 43)).code for door in FORMS} == {"captcha_required"}


@each_form
async def test_the_tenth_failure_locks(
    api: Api, db: asyncpg.Connection, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.register(email=ADA)
    answers = await fail(api, db, ADA, 10, door=door)
    assert {answer.status for answer in answers} == {401}
    checks = HashChecks(monkeypatch)
    answer = await knock(api, door, ADA, PASSWORD, captcha=await captcha_token(db))
    assert (answer.status, answer.json) == (429, said_at(door, LOCKED_OUT))
    assert 895 <= int(answer.headers["Retry-After"]) <= 900
    assert checks.count == 0


async def test_a_refused_try_leaves_the_captcha_token_whole(api: Api, db: asyncpg.Connection) -> None:
    await lock(api, db, ADA)
    token = await captcha_token(db)
    assert {(await knock(api, door, ADA, captcha=token)).status for door in FORMS} == {429}
    await db.execute("DELETE FROM guard")
    await fail(api, db, ADA, 3)
    assert (await knock(api, FORMS[0], ADA, captcha=token)).code == "invalid_credentials"


@pytest.mark.parametrize("door", BASIC)
async def test_basic_credentials_of_a_locked_name_are_401(api: Api, db: asyncpg.Connection, door: str) -> None:
    await lock(api, db, ADA)
    answer = await knock(api, door, ADA, PASSWORD)
    assert (answer.status, answer.json) == (401, said_at(door, LOCKED_OUT))
    assert 895 <= int(answer.headers["Retry-After"]) <= 900


@pytest.mark.parametrize("locked_at", FORMS)
async def test_a_lock_holds_at_every_other_name(api: Api, db: asyncpg.Connection, locked_at: str) -> None:
    await api.register(email=ADA)
    await fail(api, db, ADA, 10, door=locked_at)
    answers = {door: await knock(api, door, ADA, PASSWORD) for door in DOORS}
    assert {door: answer.code for door, answer in answers.items()} == dict.fromkeys(DOORS, "locked_out")


async def test_failures_at_all_names_are_one_count(api: Api, db: asyncpg.Connection) -> None:
    for door in DOORS[:3]:
        await knock(api, door, ADA)
    answers = [await knock(api, door, ADA) for door in DOORS[3:]]
    assert {answer.code for answer in answers} == {"captcha_required"}
    assert await db.fetchval("SELECT count(*) FROM guard") == 1


async def test_the_right_password_leaves_no_count(api: Api, db: asyncpg.Connection) -> None:
    email = await somebody(api)
    for door in DOORS:
        await fail(api, db, email, 2)
        assert (await knock(api, door, email, PASSWORD)).status == 200
        assert await db.fetch("SELECT key FROM guard") == []


@each_form
async def test_nobody_learns_whether_a_name_exists(api: Api, db: asyncpg.Connection, door: str) -> None:
    await api.register(email=ADA)

    def seen(answers: list[Answer]) -> list[tuple[object, ...]]:
        return [(a.status, a.text, a.headers.get("Retry-After"), sorted(a.headers)) for a in answers]

    known, unknown = [
        [await knock(api, door, email, captcha=captcha) for captcha in captchas]
        for email, captchas in (
            (ADA, [*["none yet"] * 4, *await captcha_tokens(db, 8)]),
            ("nobody@example.com", [*["none yet"] * 4, *await captcha_tokens(db, 8)]),
        )
    ]
    assert [answer.status for answer in known] == [401] * 3 + [400] + [401] * 7 + [429]
    assert seen(known) == seen(unknown)


async def test_a_disabled_account_looks_like_any_other_to_who_has_no_password(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    await db.execute("UPDATE users SET is_active = false")
    disabled = await fail(api, db, ADA, 11)
    unknown = await fail(api, db, "nobody@example.com", 11)
    assert [(a.status, a.text) for a in disabled] == [(a.status, a.text) for a in unknown]


SPELLINGS = {
    "ada@example.com": ["ADA@EXAMPLE.COM", "Ada@example.com", "  ada@example.com", "aDa@Example.coM "],
    "ada@bücher.de": ["ada@xn--bcher-kva.de", "ADA@BÜCHER.DE", "ada@bu\u0308cher.de", " Ada@XN--BCHER-KVA.de"],
}


@pytest.mark.parametrize("address", SPELLINGS)
@pytest.mark.parametrize("known", [True, False])
async def test_every_spelling_of_an_address_is_one_count(
    api: Api, db: asyncpg.Connection, address: str, known: bool
) -> None:
    if known:
        await api.register(email=address)
    for spelling in SPELLINGS[address][:3]:
        await knock(api, FORMS[0], spelling)
    answers = [await knock(api, door, spelling, PASSWORD) for door in FORMS for spelling in SPELLINGS[address]]
    answers += [await knock(api, door, spelling, PASSWORD) for door in BASIC for spelling in SPELLINGS[address][:2]]
    assert {answer.code for answer in answers} == {"captcha_required"}
    assert await db.fetchval("SELECT array_agg(failures) FROM guard") == [3]


async def test_a_decomposed_address_is_the_same_in_basic_credentials(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email="ada@bücher.de")
    for spelling in ("ada@bücher.de", "ada@bu\u0308cher.de"):
        await knock(api, BASIC[0], spelling)
    assert await db.fetchval("SELECT array_agg(failures) FROM guard") == [2]
    assert (await knock(api, BASIC[0], "ada@bu\u0308cher.de", PASSWORD)).status == 200


async def test_people_do_not_share_a_count(api: Api, db: asyncpg.Connection) -> None:
    await api.register(email=ADA)
    await lock(api, db, "bob@example.com")
    await api.sign_in(ADA)


async def test_the_password_is_normalised_at_every_door(api: Api) -> None:
    await api.register(email=ADA, password="ﬁne horse ⅷ battery")
    statuses = {door: (await knock(api, door, ADA, "ﬁne horse ⅷ battery")).status for door in DOORS}
    assert statuses == dict.fromkeys(DOORS, 200)
