"""User 7 and employee 7 with one address and one password: no request takes one for the other."""

import ipaddress

import asyncpg
import pytest

from authsvc.routes import ROUTES
from authsvc.routing import Access
from tests.client import PASSWORD, Api, Tokens
from tests.endpoints.employees.kit import (
    BASE,
    CHANGE,
    ENABLE,
    LOGIN,
    ME,
    NEW_PASSWORD,
    REQUEST,
    STAFF,
    challenge,
    emil,
    verify,
)
from tests.endpoints.kit import (
    TIME,
    WRONG_ACCOUNT_TYPE,
    Sevens,
    add_role,
    assert_alive,
    assert_dead,
    claims_of,
    cookies_of,
    profile,
    sevens_of,
    unchanged,
)
from tests.mailbox import Mailbox

ADA = "ada@example.com"
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
THEIRS = [
    (row.method, path.replace("{id:[1-9][0-9]{0,9}}", "7"))
    for row in ROUTES
    for path in row.paths
    if row.access is Access.EMPLOYEE and not row.settles_itself
]


@pytest.fixture
async def twins(api: Api, db: asyncpg.Connection) -> Sevens:
    """User 7 and employee 7, both ada@example.com."""
    return await sevens_of(api, db, ADA)


def both_ways(twins: Sevens) -> list[tuple[Tokens, Tokens]]:
    return [(twins.user, twins.employee), (twins.employee, twins.user)]


async def test_each_signs_in_as_himself(api: Api, twins: Sevens) -> None:
    body = {"email": ADA, "password": PASSWORD}
    for path, sub in ((f"{STAFF}/login/", "staff:7"), (f"{STAFF}/login/api/", "staff:7"), (LOGIN, "employee:7")):
        answer = await api.post(path, body)
        assert (await claims_of(api, answer.json["access"]))["sub"] == sub
    as_user, as_employee = profile(id=7, last_login=TIME), emil(id=7, email=ADA, username="ada")
    for tokens, expected in (
        (twins.user, {"type": "user", "data": as_user}),
        (twins.employee, {"type": "employee", "data": as_employee}),
    ):
        for headers in (tokens.bearer, cookies_of(tokens)):
            assert (await api.get("/api/me/", headers=headers)).json == expected


@pytest.mark.parametrize("method, path", THEIRS)
async def test_a_user_is_of_the_wrong_kind_at_the_employees_paths(
    api: Api, db: asyncpg.Connection, twins: Sevens, method: str, path: str
) -> None:
    await db.execute("UPDATE users SET is_superuser = true")
    async with unchanged(db):
        for headers in (twins.user.bearer, cookies_of(twins.user)):
            answer = await api.request(method, path, headers=headers)
            assert (answer.status, answer.json) == (403, WRONG_ACCOUNT_TYPE)


@pytest.mark.parametrize("path", [REQUEST, f"{STAFF}/2fa/request-otp/"])
async def test_whoever_asks_for_a_code_gets_it_himself(
    api: Api, db: asyncpg.Connection, twins: Sevens, path: str
) -> None:
    for tokens in (twins.user, twins.employee):
        await db.execute("DELETE FROM outbox")
        assert (await api.post(path, {}, headers=tokens.bearer)).status == 200
        assert [row["recipient"] for row in await db.fetch("SELECT * FROM outbox")] == [tokens.user["email"]]


async def test_the_bearer_decides_beside_the_others_cookie(api: Api, twins: Sevens) -> None:
    for tokens, other in both_ways(twins):
        answer = await api.get(ME, headers={**tokens.bearer, **cookies_of(other)})
        assert answer.status == (200 if tokens is twins.employee else 403)


SHARED = ["password/change/", "profile/reset-password/", "change-password/"]


@pytest.mark.parametrize("path", [CHANGE, *(f"{STAFF}/{name}" for name in SHARED)])
async def test_a_new_password_is_the_employees_own(api: Api, db: asyncpg.Connection, twins: Sevens, path: str) -> None:
    users = await db.fetchval("SELECT password_hash FROM users WHERE id = 7")
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD, "confirm_password": NEW_PASSWORD}
    body["new_password_confirm"] = NEW_PASSWORD
    answer = await api.post(path, body, headers=twins.employee.bearer)
    assert (answer.status, answer.json) == (200, {"detail": "The password was changed."})
    assert await db.fetchval("SELECT password_hash FROM users WHERE id = 7") == users
    for tokens in twins:
        await assert_alive(api, tokens)
    assert (await api.post(LOGIN, {"email": ADA, "password": NEW_PASSWORD})).status == 200
    assert (await api.sign_in(ADA)).user["id"] == 7


@pytest.mark.parametrize("path", [f"{STAFF}/verify-password/", f"{STAFF}/password/verify/"])
async def test_the_password_that_is_checked_is_the_employees_own(
    api: Api, db: asyncpg.Connection, twins: Sevens, path: str
) -> None:
    await api.post(CHANGE, {"old_password": PASSWORD, "new_password": NEW_PASSWORD}, headers=twins.employee.bearer)
    for tokens, right, wrong in (
        (twins.employee, NEW_PASSWORD, PASSWORD),
        (twins.user, PASSWORD, NEW_PASSWORD),
    ):
        assert (await api.post(path, {"password": right}, headers=tokens.bearer)).status == 200
        assert (await api.post(path, {"password": wrong}, headers=tokens.bearer)).json["verified"] is False


async def test_wrong_passwords_of_the_one_lock_the_other_out_of_nothing(
    api: Api, db: asyncpg.Connection, twins: Sevens
) -> None:
    body = {"password": "wrong"}
    for _ in range(10):
        await api.post(f"{STAFF}/password/verify/", body, headers=twins.employee.bearer)
    await assert_dead(api, twins.employee)
    await assert_alive(api, twins.user)
    assert (
        await api.post(f"{STAFF}/password/verify/", {"password": PASSWORD}, headers=twins.user.bearer)
    ).status == 200


async def test_the_second_factor_of_the_one_is_none_of_the_other(
    api: Api, db: asyncpg.Connection, mailbox: Mailbox, twins: Sevens
) -> None:
    await api.post(REQUEST, {}, headers=twins.employee.bearer)
    code = await mailbox.code(api, ADA)
    assert (await api.post(f"{STAFF}/2fa/enable/", {"otp_code": code}, headers=twins.user.bearer)).status == 400
    answer = await api.post(ENABLE, {"otp_code": code}, headers=twins.employee.bearer)
    assert answer.status == 200
    assert await db.fetchval("SELECT otp_enabled FROM users WHERE id = 7") is False
    await assert_alive(api, twins.user)
    assert (await api.sign_in(ADA)).user["otp_enabled"] is False
    await db.execute("UPDATE users SET otp_enabled = true")
    body = {"email": ADA, "password": PASSWORD, "otp_code": answer.json["recovery_codes"][0]}
    assert (await api.post(f"{STAFF}/login/", body)).code == "otp_invalid"
    assert (await verify(api, await challenge(api, ADA), body["otp_code"])).status == 200


async def test_by_company_id_each_is_himself(api: Api, db: asyncpg.Connection, twins: Sevens) -> None:
    viewer = await api.sign_in()
    for table, noun in (("users", "user"), ("employees", "employee")):
        company_id = await db.fetchval(f"SELECT company_id FROM {table} WHERE id = 7")
        answer = await api.get(f"{STAFF}/profile/by-company/{company_id}/", headers=viewer.bearer)
        first = {"user": "", "employee": "Emil"}[noun]
        shown = answer.json
        assert (shown["type"], shown["id"], shown["company_id"], shown["first_name"]) == (noun, 7, company_id, first)


async def test_internal_lookups_know_which_is_which(serve, db: asyncpg.Connection) -> None:
    api: Api = await serve(internal_networks=LOOPBACK)
    await sevens_of(api, db)
    employee = await api.get("/api/v1/hdts/employees/internal/7/")
    user = await api.get(f"{STAFF}/internal/7/")
    assert (employee.json["email"], user.json["email"]) == ("emil@example.com", ADA)
    assert (await api.get("/api/v1/hdts/users/7/")).status == 404  # user 7 is not of the help desk, employee 7 is
    await add_role(db, 7, "hdts", "Agent")
    assert (await api.get("/api/v1/hdts/users/7/")).json["email"] == ADA
    await db.execute("DELETE FROM employees")
    assert (await api.get("/api/v1/hdts/employees/internal/7/")).status == 404


async def test_what_is_done_to_the_user_leaves_the_employee(api: Api, db: asyncpg.Connection, twins: Sevens) -> None:
    root = await api.sign_in()
    await db.execute("UPDATE users SET is_superuser = true WHERE id = $1", root.user["id"])
    for body in ({"first_name": "Una"}, {"status": "Rejected"}, {"is_active": False}):
        answer = await api.patch(f"{STAFF}/7/", body, headers=root.bearer)
        assert (answer.status, answer.json["email"]) == (200, ADA), answer.text
    assert (await api.get(ME, headers=twins.employee.bearer)).json["data"] == emil(id=7, email=ADA, username="ada")
    await assert_dead(api, twins.user)
    assert (await api.request("DELETE", f"{STAFF}/7/", headers=root.bearer)).status == 204
    await assert_alive(api, twins.employee)
    assert (await api.post(LOGIN, {"email": ADA, "password": PASSWORD})).status == 200


async def test_every_employees_path_is_below_one(twins: Sevens) -> None:
    assert {path.startswith(f"{BASE}/") for _, path in THEIRS} == {True}
