"""Where administrators must have a second factor."""

from typing import Any

import asyncpg
import pytest

from tests.client import PASSWORD, Api, Tokens
from tests.conftest import FakeClock
from tests.endpoints.otp.kit import ADA, BOB, TWO, challenge, verify, with_app, with_factor
from tests.mailbox import Mailbox

ROLES = ("superuser", "admin")


async def promote(db: asyncpg.Connection, user_id: int, role: str, colleague_id: int | None = None) -> None:
    """Make somebody a superuser, or the administrator of a system in which the colleague works."""
    if role == "superuser":
        await db.execute("UPDATE users SET is_superuser = true WHERE id = $1", user_id)
        return
    system = await db.fetchval(
        "INSERT INTO systems (name, name_canonical, slug) VALUES ('Desk', 'desk', 'desk') RETURNING id"
    )
    for name, who in (("Admin", user_id), ("Agent", colleague_id)):
        role_id = await db.fetchval(
            "INSERT INTO roles (system_id, name, name_canonical) VALUES ($1, $2, lower($2)) RETURNING id", system, name
        )
        if who:
            await db.execute(
                "INSERT INTO assignments (user_id, system_id, role_id) VALUES ($1, $2, $3)", who, system, role_id
            )


async def sees_whole(api: Api, tokens: Tokens, colleague: dict[str, Any]) -> bool:
    """Does an administrator's view of a colleague hold more than the directory card?"""
    path = f"/api/v1/users/profile/by-company/{colleague['company_id']}/"
    answer = await api.get(path, headers=tokens.bearer)
    assert answer.status == 200
    return "phone_number" in answer.json


@pytest.mark.parametrize("role", ROLES)
async def test_without_the_setting_nothing_changes(api: Api, db: asyncpg.Connection, role: str) -> None:
    bob = await api.register(email=BOB)
    tokens = await api.sign_in()
    assert await sees_whole(api, tokens, bob) is False
    await promote(db, tokens.user["id"], role, bob["id"])
    assert await sees_whole(api, tokens, bob) is True


@pytest.mark.parametrize("role", ROLES)
async def test_without_a_factor_there_are_no_admin_rights(serve: Any, db: asyncpg.Connection, role: str) -> None:
    api = await serve(require_2fa_for_admins=True)
    bob = await api.register(email=BOB)
    tokens = await api.sign_in()
    await promote(db, tokens.user["id"], role, bob["id"])
    assert await sees_whole(api, tokens, bob) is False


@pytest.mark.parametrize("role", ROLES)
async def test_with_a_factor_there_are(serve: Any, db: asyncpg.Connection, mailbox: Mailbox, role: str) -> None:
    api = await serve(require_2fa_for_admins=True)
    bob, owner = await api.register(email=BOB), await with_factor(api, mailbox)
    await promote(db, owner.id, role, bob["id"])
    assert await sees_whole(api, owner.tokens, bob) is True


@pytest.mark.parametrize("role", ROLES)
async def test_the_caller_is_no_administrator_without_a_factor(serve: Any, db: asyncpg.Connection, role: str) -> None:
    api = await serve(require_2fa_for_admins=True)
    tokens = await api.sign_in()
    await promote(db, tokens.user["id"], role)
    seen = []
    for otp_enabled in (False, True):
        await db.execute("UPDATE users SET otp_enabled = $1", otp_enabled)
        listed = await api.get("/api/v1/users/management/", headers=tokens.bearer)
        made = await api.post("/api/v1/systems/", {"name": "Fleet", "slug": "fleet"}, headers=tokens.bearer)
        seen.append((listed.status, made.status))
    assert seen == [(403, 403), (200, 201 if role == "superuser" else 403)]


@pytest.mark.parametrize("role", ROLES)
async def test_administrators_cannot_switch_it_off(
    serve: Any, db: asyncpg.Connection, mailbox: Mailbox, role: str
) -> None:
    api = await serve(require_2fa_for_admins=True)
    owner = await with_factor(api, mailbox)
    await promote(db, owner.id, role)
    body = {"password": PASSWORD, "otp_code": owner.recovery[0]}
    answer = await api.post(f"{TWO}/disable/", body, headers=owner.bearer)
    assert (answer.status, answer.code) == (409, "conflict")
    assert (await verify(api, await challenge(api), owner.recovery[0])).status == 200


async def test_everybody_else_can(serve: Any, mailbox: Mailbox) -> None:
    api = await serve(require_2fa_for_admins=True)
    owner = await with_factor(api, mailbox)
    body = {"password": PASSWORD, "otp_code": owner.recovery[0]}
    assert (await api.post(f"{TWO}/disable/", body, headers=owner.bearer)).status == 200


async def test_without_the_setting_administrators_can_too(api: Api, db: asyncpg.Connection, clock: FakeClock) -> None:
    owner, phone = await with_app(api, clock, ADA)
    await promote(db, owner.id, "superuser")
    body = {"password": PASSWORD, "otp_code": phone.at(clock.now)}
    assert (await api.post(f"{TWO}/disable/", body, headers=owner.bearer)).status == 200


async def test_an_administrator_without_factor_can_still_get_one(
    serve: Any, db: asyncpg.Connection, clock: FakeClock
) -> None:
    import pyotp

    api = await serve(require_2fa_for_admins=True)
    tokens = await api.sign_in()
    await promote(db, tokens.user["id"], "superuser")
    secret = (await api.post(f"{TWO}/totp/setup/", headers=tokens.bearer)).json["secret"]
    body = {"otp_code": pyotp.TOTP(secret).at(clock.now)}
    assert (await api.post(f"{TWO}/totp/confirm/", body, headers=tokens.bearer)).status == 200
