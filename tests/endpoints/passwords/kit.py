"""What the tests of passwords and mailed links share."""

import datetime as dt
from typing import NamedTuple

import asyncpg
import pytest

from authsvc.core.person import Kind, Origin
from authsvc.flows import recover_password
from authsvc.flows.sign_in import Credentials, sign_in
from tests.client import PASSWORD, Answer, Api, Tokens
from tests.endpoints import kit as shared
from tests.endpoints.kit import PROFILE, service_of
from tests.mailbox import Mailbox

FORGOT = "/api/v1/users/password/forgot/"
RESET = "/api/v1/users/password/reset/"
CONFIRM = "/api/v1/users/email/confirm/"
NEW_PASSWORD = "nine violet teapots"
DEAD_TOKEN = {"token": ["Invalid or expired reset token."]}
DEAD_LINK = {"token": ["Invalid or expired link."]}
SOMEWHERE = Origin("127.0.0.1", "tests")


class Employee(NamedTuple):
    """An employee who is signed in."""

    id: int
    email: str
    tokens: Tokens


async def reset_token(api: Api, mailbox: Mailbox, email: str, kind: Kind = Kind.STAFF) -> str:
    """The token of a fresh link for a forgotten password, asked for without the usual wait."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recover_password, "_ANSWER_TIME", 0.0)
        await recover_password.forgot(service_of(api), kind, email, None, SOMEWHERE)
    return await mailbox.link(api, email, "Set a new password")


async def change_token(api: Api, mailbox: Mailbox, tokens: Tokens, address: str) -> str:
    """The token of a link that changes somebody's address."""
    body = {"email": address, "current_password": PASSWORD}
    answer = await api.patch(PROFILE, body, headers=tokens.bearer)
    assert answer.status == 200, answer.text
    return await mailbox.link(api, address, "Confirm your new address")


async def reset(api: Api, token: str, password: str = NEW_PASSWORD) -> Answer:
    """Set a new password with a mailed token."""
    return await api.post(RESET, {"token": token, "password": password, "password_confirm": password})


async def confirm(api: Api, token: str) -> Answer:
    """Prove an address with a mailed token."""
    return await api.post(CONFIRM, {"token": token})


async def add_employee(
    api: Api, email: str = "erin@example.com", number: int | None = None, db: asyncpg.Connection | None = None
) -> Employee:
    """An approved employee with PASSWORD, signed in; with the id `number`, for which `db` is the superuser's."""
    employee_id = await shared.add_employee(db or service_of(api).db, number, email)
    return Employee(employee_id, email, await employee_sign_in(api, email))


async def employee_sign_in(api: Api, email: str, password: str = PASSWORD) -> Tokens:
    """Sign an employee in."""
    found = await sign_in(service_of(api), Kind.EMPLOYEE, Credentials(email, password), SOMEWHERE)
    return Tokens(found.access, found.refresh, dict(found.profile))


async def can_sign_in(api: Api, email: str, password: str) -> bool:
    """Does this password open the account?"""
    answer = await api.post("/api/v1/users/login/", {"email": email, "password": password})
    assert answer.status == 200 or answer.code == "invalid_credentials", answer.text
    return answer.status == 200


async def is_access_live(api: Api, access: str) -> bool:
    """Does the service take this access token?"""
    answer = await api.get("/api/me/", headers={"Authorization": f"Bearer {access}"})
    assert answer.status == 200 or answer.code == "token_not_valid", answer.text
    return answer.status == 200


async def is_refresh_live(api: Api, refresh: str) -> bool:
    """Does this refresh token give new tokens?"""
    answer = await api.post("/api/v1/token/refresh/", {"refresh": refresh})
    assert answer.status == 200 or answer.code == "token_not_valid", answer.text
    return answer.status == 200


async def events(db: asyncpg.Connection, *names_: str) -> list[tuple[str, str | None, str | None]]:
    """Audit rows of some names: event, who did it, to whom."""
    rows = await db.fetch(
        "SELECT event, actor_name, subject_name FROM audit WHERE event = ANY ($1) ORDER BY seq", names_
    )
    return [tuple(row) for row in rows]


async def age(db: asyncpg.Connection, table: str, by: dt.timedelta) -> None:
    """Let time pass for the rows of a table."""
    columns = {"outbox": ("created_at", "not_after", "next_try_at"), "links": ("created_at", "expires_at")}[table]
    await db.execute(f"UPDATE {table} SET " + ", ".join(f"{name} = {name} - $1::interval" for name in columns), by)
