"""An employee's own profile."""

import asyncpg
import pytest

from tests.client import PASSWORD, Api
from tests.endpoints.employees.kit import EMIL, ME, OWN, emil, sign_in
from tests.endpoints.kit import PROFILE, add_employee, cookies_of, unchanged
from tests.endpoints.profile.test_picture import URL, drawn, form
from tests.mailbox import Mailbox

PATHS = [OWN, PROFILE]  # the employees' own, and the one that is for both kinds


@pytest.fixture
async def me(api: Api, db: asyncpg.Connection) -> dict[str, str]:
    await add_employee(db)
    return (await sign_in(api)).bearer


async def test_it_is_seen_whole(api: Api, me: dict[str, str]) -> None:
    for path in PATHS:
        answer = await api.get(path, headers=me)
        assert (answer.status, answer.json) == (200, emil())
        assert answer.headers["Cache-Control"] == "no-store"
    assert (await api.get(ME, headers=me)).json == {"type": "employee", "data": emil()}


async def test_by_cookie(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db)
    headers = cookies_of(await sign_in(api))
    assert (await api.get(ME, headers=headers)).json == {"type": "employee", "data": emil()}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_it_is_changed(api: Api, db: asyncpg.Connection, me: dict[str, str], method: str, path: str) -> None:
    sent = {"username": "Emilio", "first_name": "Emilio", "middle_name": "X", "last_name": "Hill", "suffix": "III"}
    sent |= {"phone_number": "09171234567", "department": "Asset Department"}
    answer = await api.request(method, path, json=sent, headers=me)
    expected = emil(**{**sent, "full_name": "Emilio X Hill III", "phone_number": "+639171234567"})
    assert (answer.status, answer.json) == (200, expected)
    assert (await api.get(path, headers=me)).json == answer.json
    (row,) = await db.fetch("SELECT actor_type, details FROM audit WHERE event = 'profile_changed'")
    assert row["actor_type"] == "employee"


async def test_what_is_left_out_or_put_back_stays(api: Api, db: asyncpg.Connection, me: dict[str, str]) -> None:
    before = (await api.get(OWN, headers=me)).json
    async with unchanged(db):
        for method, body in (("PUT", {}), ("PATCH", {}), ("PUT", before)):
            answer = await api.request(method, OWN, json=body, headers=me)
            assert (answer.status, answer.json) == (200, before)


async def test_nothing_else_changes_here(api: Api, db: asyncpg.Connection, me: dict[str, str]) -> None:
    smuggled = {"id": 77, "status": "Rejected", "company_id": "MA9998", "is_active": False, "otp_enabled": True}
    smuggled |= {"is_superuser": True, "notified": True, "type": "user", "date_joined": "2020-01-01T00:00:00Z"}
    smuggled |= {"system_roles": [], "created_at": "2020-01-01T00:00:00Z", "password_hash": "x", "status_by": 1}
    before = (await api.get(OWN, headers=me)).json
    async with unchanged(db):
        for method in ("PATCH", "PUT"):
            assert (await api.request(method, OWN, json=smuggled, headers=me)).json == before


async def test_a_picture(api: Api, db: asyncpg.Connection, me: dict[str, str]) -> None:
    sent = form(drawn("PNG"), None)
    answer = await api.patch(OWN, data=sent["data"], headers={**me, **sent["headers"]})
    assert (answer.status, answer.json) == (200, emil(profile_picture=URL))
    shown = await api.client.get(answer.json["profile_picture"].removeprefix("http://auth.test"))
    assert (shown.status, shown.content_type) == (200, "image/webp")
    assert (await api.patch(OWN, {"profile_picture": None}, headers=me)).json == emil()
    sent = form(b"no picture")
    answer = await api.patch(OWN, data=sent["data"], headers={**me, **sent["headers"]})
    assert (answer.status, list(answer.json)) == (400, ["profile_picture"])


async def test_what_another_employee_has_is_taken(api: Api, db: asyncpg.Connection, me: dict[str, str]) -> None:
    await add_employee(db, email="erin@example.com")
    await db.execute("UPDATE employees SET phone_number = '+639171234567' WHERE username = 'erin'")
    await api.register(username="una", phone_number="+639170000001")
    for field, taken, free in (
        ("username", "ERIN", "una"),
        ("phone_number", "+639171234567", "+639170000001"),
    ):
        answer = await api.patch(OWN, {field: taken}, headers=me)
        noun = field.replace("_", " ")
        assert (answer.status, answer.json) == (400, {field: [f"An employee with this {noun} already exists."]})
        assert (await api.patch(OWN, {field: free}, headers=me)).json[field] == free


async def test_another_address(api: Api, db: asyncpg.Connection, mailbox: Mailbox, me: dict[str, str]) -> None:
    await api.register(email="new@example.com")  # a user's address may be an employee's too
    answer = await api.patch(OWN, {"email": "new@example.com"}, headers=me)
    assert (answer.status, list(answer.json)) == (400, ["current_password"])
    body = {"email": "new@example.com", "current_password": PASSWORD}
    answer = await api.patch(OWN, body, headers=me)
    assert (answer.status, answer.json) == (200, emil())
    token = await mailbox.link(api, "new@example.com", "Confirm your new address")
    assert (await api.post("/api/v1/users/email/confirm/", {"token": token})).status == 200
    assert (await api.get(OWN, headers=me)).json == emil(email="new@example.com")
    assert await db.fetchval("SELECT count(*) FROM users WHERE email_verified_at IS NOT NULL") == 0
    assert len(await mailbox.to(api, EMIL, "")) == 1
