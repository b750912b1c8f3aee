"""An employee's forgotten password, and a new one."""

from collections.abc import Callable

import asyncpg
import pytest

from authsvc.flows import recover_password
from tests.client import PASSWORD, Answer, Api
from tests.endpoints.employees.kit import (
    CHANGE,
    DEAD_TOKEN,
    EMIL,
    FORGOT,
    LOGIN,
    NEW_PASSWORD,
    RESET,
    STAFF,
    is_live,
    login,
    sign_in,
)
from tests.endpoints.kit import add_employee, assert_dead, unchanged
from tests.guard.kit import captcha_tokens
from tests.mailbox import Mailbox, body

ASKED = {"message": "If an account has this address, a link to set a new password was mailed to it."}
DONE = {"message": "The password was changed. Sign in with the new one."}
WRONG = ["Current password is incorrect."]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the wait that hides whether somebody has the address."""
    monkeypatch.setattr(recover_password, "_ANSWER_TIME", 0.0)


async def forgot(api: Api, mailbox: Mailbox, path: str = FORGOT, email: str = EMIL) -> str:
    """The token of the mailed link."""
    answer = await api.post(path, {"email": email})
    assert (answer.status, answer.json) == (200, ASKED)
    return await mailbox.link(api, email, "Set a new password")


async def reset(api: Api, token: str, path: str = RESET, password: str = NEW_PASSWORD) -> Answer:
    return await api.post(path, {"token": token, "password": password, "password_confirm": password})


async def test_a_mailed_link_sets_a_new_password(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await add_employee(db)
    tokens = await sign_in(api)
    token = await forgot(api, mailbox)
    answer = await reset(api, token)
    assert (answer.status, answer.json) == (200, DONE)
    await assert_dead(api, tokens)
    assert (await login(api)).status == 401
    assert (await login(api, password=NEW_PASSWORD)).status == 200
    assert (await reset(api, token)).json == DEAD_TOKEN
    assert len(await mailbox.to(api, EMIL, "Your password was changed")) == 1


async def test_the_link_in_the_mail_opens_a_page_that_sets_it(
    api: Api, db: asyncpg.Connection, mailbox: Mailbox
) -> None:
    await add_employee(db)
    token = await forgot(api, mailbox)
    assert f"http://auth.test/password/reset/?token={token}" in body(mailbox.mails[-1])
    page = await api.get("/password/reset/", params={"token": token}, headers={"Accept": "application/json"})
    assert (page.status, page.json) == (200, {"valid": True})
    form = {"token": token, "password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    answer = await api.post("/password/reset/", data=form)
    assert answer.status == 200
    assert (await login(api, password=NEW_PASSWORD)).status == 200


@pytest.mark.parametrize("asked, wrong", [(FORGOT, f"{STAFF}/password/reset/"), (f"{STAFF}/password/forgot/", RESET)])
async def test_a_link_is_dead_at_the_other_kinds_path_and_not_spent(
    api: Api, db: asyncpg.Connection, mailbox: Mailbox, asked: str, wrong: str
) -> None:
    await add_employee(db)
    await api.register(email=EMIL)
    token = await forgot(api, mailbox, asked)
    async with unchanged(db, "guard", "audit"):
        answer = await reset(api, token, wrong)
        assert (answer.status, answer.json) == (400, DEAD_TOKEN)
    answer = await reset(api, token, asked.replace("forgot", "reset"))
    assert (answer.status, answer.json) == (200, DONE)
    new = {"email": EMIL, "password": NEW_PASSWORD}
    staff, employee = await api.post(f"{STAFF}/login/", new), await login(api, password=NEW_PASSWORD)
    assert (staff.status, employee.status) == ((401, 200) if asked == FORGOT else (200, 401))


async def test_only_the_employee_of_an_address_is_mailed(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await api.register(email=EMIL)
    for email in (EMIL, "nobody@example.com"):
        answer = await api.post(FORGOT, {"email": email})
        assert (answer.status, answer.json) == (200, ASKED)
    assert await mailbox.to(api, EMIL, "Set a new password") == []
    assert await db.fetchval("SELECT count(*) FROM links WHERE purpose = 'reset'") == 0


async def test_who_is_rejected_gets_no_link(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await add_employee(db, status="Rejected")
    assert (await api.post(FORGOT, {"email": EMIL})).json == ASKED
    assert await db.fetchval("SELECT count(*) FROM links") == 0


async def test_who_waits_may_set_a_password_and_still_waits(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await add_employee(db, status="Pending")
    assert (await reset(api, await forgot(api, mailbox))).status == 200
    assert (await login(api, password=NEW_PASSWORD)).code == "pending_approval"


async def test_a_weak_password_leaves_the_link_alive(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await add_employee(db)
    token = await forgot(api, mailbox)
    answer = await reset(api, token, password="password1")
    assert (answer.status, list(answer.json)) == (400, ["password"])
    assert (await reset(api, token)).status == 200


async def test_a_new_password_ends_the_lock_of_the_employee_alone(
    api: Api, db: asyncpg.Connection, mailbox: Mailbox
) -> None:
    await add_employee(db)
    await api.register(email=EMIL)
    for path in (LOGIN, f"{STAFF}/login/"):
        for captcha in await captcha_tokens(db, 10):
            await api.post(path, {"email": EMIL, "password": "wrong", "captcha_token": captcha})
    assert (await login(api)).code == "locked_out"
    assert (await reset(api, await forgot(api, mailbox))).status == 200
    assert (await login(api, password=NEW_PASSWORD)).status == 200
    assert (await api.post(f"{STAFF}/login/", {"email": EMIL, "password": PASSWORD})).code == "locked_out"


# --- change


@pytest.mark.parametrize("name", ["old_password", "current_password"])
async def test_changing_ends_the_other_sessions(api: Api, db: asyncpg.Connection, mailbox: Mailbox, name: str) -> None:
    await add_employee(db)
    other, this = await sign_in(api), await sign_in(api)
    sent = {name: PASSWORD, "new_password": NEW_PASSWORD, "confirm_password": NEW_PASSWORD}
    answer = await api.post(CHANGE, sent, headers=this.bearer)
    assert (answer.status, answer.json) == (200, {"detail": "The password was changed."})
    await assert_dead(api, other)
    assert await is_live(api, this)
    assert [(await login(api, password=p)).status for p in (PASSWORD, NEW_PASSWORD)] == [401, 200]
    assert len(await mailbox.to(api, EMIL, "Your password was changed")) == 1


BAD: dict[str, tuple[dict[str, str], Callable[[dict], bool]]] = {
    "wrong": ({"old_password": "wrong", "new_password": NEW_PASSWORD}, lambda said: said == {"old_password": WRONG}),
    "weak": ({"old_password": PASSWORD, "new_password": "password1"}, lambda said: list(said) == ["new_password"]),
    "unlike": (
        {"old_password": PASSWORD, "new_password": NEW_PASSWORD, "confirm_password": "other"},
        lambda said: list(said) == ["confirm_password"],
    ),
    "own address": ({"old_password": PASSWORD, "new_password": EMIL}, lambda said: list(said) == ["new_password"]),
}


@pytest.mark.parametrize("bad", BAD)
async def test_changing_in_vain(api: Api, db: asyncpg.Connection, bad: str) -> None:
    await add_employee(db)
    tokens = await sign_in(api)
    sent, says = BAD[bad]
    answer = await api.post(CHANGE, sent, headers=tokens.bearer)
    assert (answer.status, says(answer.json)) == (400, True), answer.text
    assert (await login(api)).status == 200
