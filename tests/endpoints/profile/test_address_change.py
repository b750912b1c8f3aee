"""Another e-mail address: asked for with the current password, the person's once the mailed link was used."""

import datetime as dt

import asyncpg
import pytest

from tests.client import PASSWORD, Api, Tokens
from tests.endpoints.kit import PROFILE
from tests.endpoints.passwords import kit
from tests.mailbox import Mailbox, body

NEW = "ada.new@example.com"
METHODS = ("PATCH", "PUT")


async def ada(api: Api) -> Tokens:
    await api.register(email="ada@example.com", username="ada")
    return await api.sign_in("ada@example.com")


async def email_of(db: asyncpg.Connection, person: int) -> str:
    return str(await db.fetchval("SELECT email FROM users WHERE id = $1", person))


@pytest.mark.parametrize("method", METHODS)
async def test_nothing_changes_until_the_link_is_used(api: Api, db: asyncpg.Connection, method: str) -> None:
    tokens = await ada(api)
    asked = {"email": NEW, "current_password": PASSWORD}
    answer = await api.request(method, PROFILE, json=asked, headers=tokens.bearer)
    assert answer.status == 200
    assert answer.json == (await api.get(PROFILE, headers=tokens.bearer)).json
    assert answer.json["email"] == "ada@example.com"
    assert await kit.can_sign_in(api, "ada@example.com", PASSWORD)
    assert not await kit.can_sign_in(api, NEW, PASSWORD)


async def test_the_link_goes_to_the_new_address_and_a_notice_to_the_old(api: Api, mailbox: Mailbox) -> None:
    token = await kit.change_token(api, mailbox, await ada(api), NEW)
    [link] = await mailbox.to(api, NEW)
    [notice] = await mailbox.to(api, "ada@example.com", "Your address is about to change")
    assert f"http://auth.test/email/confirm/?token={token}" in body(link).splitlines()
    assert NEW in body(notice)
    assert token not in notice.as_string()


async def test_confirmed_by_api(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    tokens = await ada(api)
    answer = await kit.confirm(api, await kit.change_token(api, mailbox, tokens, NEW))
    assert (answer.status, answer.json) == (200, {"message": "The address was confirmed.", "email": NEW})
    assert await db.fetchval("SELECT email_verified_at IS NOT NULL FROM users")
    assert await kit.can_sign_in(api, "ADA.NEW@example.com", PASSWORD)
    assert not await kit.can_sign_in(api, "ada@example.com", PASSWORD)


async def test_confirmed_by_page(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    tokens = await ada(api)
    token = await kit.change_token(api, mailbox, tokens, NEW)
    page = await api.post("/email/confirm/", data={"token": token})
    assert (page.status, f"{NEW} is confirmed." in page.text) == (200, True)
    assert await email_of(db, tokens.user["id"]) == NEW


async def test_it_is_audited_with_the_address_before(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await kit.confirm(api, await kit.change_token(api, mailbox, await ada(api), NEW))
    rows = await db.fetch("SELECT event, subject_name, details::text FROM audit WHERE event LIKE 'address%' ORDER BY 1")
    assert [tuple(row) for row in rows] == [
        ("address_change_asked", "ada@example.com", f'{{"address": "{NEW}"}}'),
        ("address_proven", NEW, '{"before": "ada@example.com"}'),
    ]


CONTROL = "Control characters are not allowed."
PROBLEMS = [
    ({"email": NEW}, {"current_password": ["This field is required."]}),
    ({"email": NEW, "current_password": "wrong"}, {"current_password": ["Current password is incorrect."]}),
    ({"email": NEW, "current_password": ""}, {"current_password": ["This field is required."]}),
    ({"email": NEW, "current_password": [PASSWORD]}, {"current_password": ["Not a valid string."]}),
    ({"email": ""}, {"email": ["This field may not be blank."]}),
    ({"email": "nonsense", "current_password": PASSWORD}, {"email": ["Enter a valid email address."]}),
    ({"email": [NEW], "current_password": PASSWORD}, {"email": ["Not a valid string."]}),
    ({"email": "a@b.com\nBcc: c@d.com", "current_password": PASSWORD}, {"email": [CONTROL]}),
    ({"email": "a@b.com, c@d.com", "current_password": PASSWORD}, {"email": ["Enter a valid email address."]}),
]


@pytest.mark.parametrize("asked,problem", PROBLEMS, ids=repr)
async def test_refused_and_nothing_of_the_request_is_stored(
    api: Api, db: asyncpg.Connection, asked: dict[str, object], problem: dict[str, list[str]]
) -> None:
    tokens = await ada(api)
    for method in METHODS:
        answer = await api.request(method, PROFILE, json={**asked, "first_name": "Eve"}, headers=tokens.bearer)
        assert (answer.status, answer.json) == (400, problem)
    assert await db.fetchval("SELECT first_name FROM users") == ""
    assert await db.fetchval("SELECT count(*) FROM outbox WHERE template <> 'verify_address'") == 0


@pytest.mark.parametrize("same", ["ada@example.com", "ADA@Example.COM", " ada@example.com "])
async def test_an_unchanged_address_is_no_change(api: Api, db: asyncpg.Connection, same: str) -> None:
    tokens = await ada(api)
    answer = await api.patch(PROFILE, {"email": same, "first_name": "Ada"}, headers=tokens.bearer)
    assert (answer.status, answer.json["email"], answer.json["first_name"]) == (200, "ada@example.com", "Ada")
    assert await db.fetchval("SELECT count(*) FROM links") == 1


async def test_that_an_address_is_taken_is_found_out_by_its_owner_only(
    api: Api, db: asyncpg.Connection, mailbox: Mailbox
) -> None:
    await api.register(email="bob@example.com")
    tokens = await ada(api)
    token = await kit.change_token(api, mailbox, tokens, "Bob@example.com")
    answer = await kit.confirm(api, token)
    assert (answer.status, answer.json) == (400, {"email": ["A user with this email already exists."]})
    assert await email_of(db, tokens.user["id"]) == "ada@example.com"


async def test_an_employee_may_have_a_staff_users_address(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    tokens = await ada(api)
    employee = await kit.add_employee(api, number=tokens.user["id"], db=db)
    token = await kit.change_token(api, mailbox, employee.tokens, "ada@example.com")
    assert (await kit.confirm(api, token)).status == 200
    assert await db.fetchval("SELECT email FROM employees") == "ada@example.com"
    assert await db.fetchval("SELECT email_verified_at FROM users") is None


async def test_a_link_works_once(api: Api, mailbox: Mailbox) -> None:
    token = await kit.change_token(api, mailbox, await ada(api), NEW)
    assert (await kit.confirm(api, token)).status == 200
    assert [(a.status, a.json) for a in [await kit.confirm(api, token)]] == [(400, kit.DEAD_LINK)]


async def test_looking_at_the_page_confirms_nothing(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    tokens = await ada(api)
    token = await kit.change_token(api, mailbox, tokens, NEW)
    for method in ("GET", "HEAD", "GET"):
        assert (await api.request(method, f"/email/confirm/?token={token}")).status == 200
    assert await email_of(db, tokens.user["id"]) == "ada@example.com"
    assert (await kit.confirm(api, token)).status == 200


async def test_a_link_works_for_an_hour(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    token = await kit.change_token(api, mailbox, await ada(api), NEW)
    await kit.age(db, "links", dt.timedelta(hours=1))
    assert (await kit.confirm(api, token)).json == kit.DEAD_LINK


async def test_a_newer_link_voids_the_older(api: Api, mailbox: Mailbox) -> None:
    tokens = await ada(api)
    older = await kit.change_token(api, mailbox, tokens, NEW)
    newer = await kit.change_token(api, mailbox, tokens, "ada.newer@example.com")
    assert (await kit.confirm(api, older)).json == kit.DEAD_LINK
    assert (await kit.confirm(api, newer)).json["email"] == "ada.newer@example.com"


@pytest.mark.parametrize("token", ["x", "A" * 43, "' OR 1=1 --"])
async def test_an_unknown_token(api: Api, token: str) -> None:
    answer = await kit.confirm(api, token)
    assert (answer.status, answer.json) == (400, kit.DEAD_LINK)


async def test_a_token_of_another_kind_confirms_nothing(api: Api, mailbox: Mailbox) -> None:
    tokens = await ada(api)
    token = await kit.reset_token(api, mailbox, "ada@example.com")
    assert (await kit.confirm(api, token)).json == kit.DEAD_LINK
    assert (await kit.confirm(api, tokens.refresh)).json == kit.DEAD_LINK
    assert (await kit.reset(api, token)).status == 200


async def test_the_mail_at_registration_proves_the_address(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await ada(api)
    token = await mailbox.link(api, "ada@example.com", "Confirm your address")
    assert await db.fetchval("SELECT email_verified_at FROM users") is None
    assert (await kit.confirm(api, token)).json["email"] == "ada@example.com"
    assert await db.fetchval("SELECT email_verified_at IS NOT NULL AND status = 'Pending' FROM users")


async def test_a_reset_link_at_the_old_address_dies(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    tokens = await ada(api)
    change = await kit.change_token(api, mailbox, tokens, NEW)
    old = await kit.reset_token(api, mailbox, "ada@example.com")
    assert (await kit.confirm(api, change)).status == 200
    assert (await kit.reset(api, old)).json == kit.DEAD_TOKEN
    assert await email_of(db, tokens.user["id"]) == NEW


async def test_sessions_live_on_and_say_the_new_address(api: Api, mailbox: Mailbox) -> None:
    tokens = await ada(api)
    await kit.confirm(api, await kit.change_token(api, mailbox, tokens, NEW))
    assert (await api.get(PROFILE, headers=tokens.bearer)).json["email"] == NEW
    assert await kit.is_refresh_live(api, tokens.refresh)


async def test_a_wrong_password_counts_like_any_other_inside_a_session(api: Api, db: asyncpg.Connection) -> None:
    tokens = await ada(api)
    await api.patch(PROFILE, {"email": NEW, "current_password": "wrong"}, headers=tokens.bearer)
    assert await db.fetchval("SELECT failures FROM guard WHERE key = $1", f"person:staff:{tokens.user['id']}") == 1
    assert await kit.events(db, "password_check_fail") == [("password_check_fail", None, "ada@example.com")]


async def test_three_asks_an_hour(api: Api, mailbox: Mailbox) -> None:
    tokens = await ada(api)
    answers = []
    for i in range(5):
        asked = {"email": f"ada{i}@example.com", "current_password": PASSWORD, "first_name": f"Ada{i}"}
        answers.append(await api.patch(PROFILE, asked, headers=tokens.bearer))
    assert [(answer.status, answer.code) for answer in answers] == [(200, None)] * 3 + [(429, "throttled")] * 2
    assert (await api.get(PROFILE, headers=tokens.bearer)).json["first_name"] == "Ada2"  # a refusal changes nothing
    sent = [await mailbox.to(api, f"ada{i}@example.com") for i in range(5)]
    assert [len(mails) for mails in sent] == [1, 1, 1, 0, 0]


@pytest.mark.parametrize("change", ["is_active = false", "status = 'Rejected'"])
async def test_who_may_not_sign_in_any_more_moves_no_address(
    api: Api, db: asyncpg.Connection, mailbox: Mailbox, change: str
) -> None:
    tokens = await ada(api)
    token = await kit.change_token(api, mailbox, tokens, NEW)
    await db.execute(f"UPDATE users SET {change}")
    assert (await kit.confirm(api, token)).json == kit.DEAD_LINK
    assert await email_of(db, tokens.user["id"]) == "ada@example.com"
