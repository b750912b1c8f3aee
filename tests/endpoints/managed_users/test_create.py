"""POST users/, users/management/: superusers make accounts."""

import asyncpg
import pytest

from tests.client import PASSWORD
from tests.endpoints.kit import paths_of, profile, unchanged
from tests.mailbox import Mailbox
from tests.rights.world import World

CREATE = paths_of("managed_users.create")
INVITE_INSTEAD = {"detail": "Invite people to your system instead.", "code": "permission_denied"}


@pytest.mark.parametrize("path", CREATE)
async def test_a_whole_account(world: World, path: str) -> None:
    body = {
        "email": "Ada@Example.COM",
        "password": PASSWORD,
        "username": "countess",
        "first_name": " Ada ",
        "middle_name": "K",
        "last_name": "Lovelace",
        "suffix": "II",
        "phone_number": "0917 123 4567",
        "department": "IT Department",
        "company_id": "MA7777",
        "status": "Approved",
        "is_staff": True,
    }
    answer = await world.api.post(path, body, headers=await world.as_("root"))
    assert (answer.status, answer.json) == (
        201,
        profile(
            email="Ada@example.com",
            username="countess",
            first_name="Ada",
            middle_name="K",
            last_name="Lovelace",
            full_name="Ada K Lovelace II",
            suffix="II",
            phone_number="+639171234567",
            department="IT Department",
            company_id="MA7777",
            status="Approved",
            is_staff=True,
        ),
    )
    assert (await world.api.sign_in("ada@example.com")).user["id"] == answer.json["id"]


async def test_who_and_when_of_a_status_is_kept(world: World, db: asyncpg.Connection) -> None:
    body = {"email": "ada@example.com", "password": PASSWORD, "status": "Approved"}
    made = (await world.api.post("/api/v1/users/", body, headers=await world.as_("root"))).json["id"]
    row = await db.fetchrow("SELECT status_by, status_at IS NOT NULL AS dated FROM users WHERE id = $1", made)
    assert tuple(row) == (world.people["root"], True)
    event = await db.fetchrow("SELECT event, actor_id, subject_id FROM audit ORDER BY seq DESC LIMIT 1")
    assert tuple(event) == ("user_created", world.people["root"], made)


async def test_without_a_password_a_link_is_mailed_to_set_one(world: World, mailbox: Mailbox) -> None:
    answer = await world.api.post("/api/v1/users/", {"email": "ada@example.com"}, headers=await world.as_("root"))
    assert (answer.status, answer.json) == (201, profile())
    nobody = await world.api.post("/api/v1/users/login/", {"email": "ada@example.com", "password": PASSWORD})
    assert nobody.code == "invalid_credentials"
    token = await mailbox.link(world.api, "ada@example.com", "account was made")
    body = {"token": token, "password": PASSWORD, "password_confirm": PASSWORD}
    assert (await world.api.post("/api/v1/users/password/reset/", body)).status == 200
    assert (await world.api.sign_in("ada@example.com")).user["id"] == answer.json["id"]


@pytest.mark.parametrize("who", ["admin_a", "both"])
async def test_system_admins_invite_instead(world: World, who: str) -> None:
    await world.as_(who)
    for path in CREATE:
        async with unchanged(world.db):
            answer = await world.api.post(path, {"email": "x@example.com"}, headers=await world.as_(who))
            assert (answer.status, answer.json) == (403, INVITE_INSTEAD)


@pytest.mark.parametrize(
    "wrong, expected",
    [
        ({"email": None}, {"email": ["Not a valid string."]}),
        ({"email": "no address"}, {"email": ["Enter a valid email address."]}),
        ({"email": "PLAIN@example.com"}, {"email": ["A user with this email already exists."]}),
        ({"username": "Plain"}, {"username": ["A user with this username already exists."]}),
        ({"username": "a@b"}, {"username": ["Enter a valid username: letters, digits and . + - _ only."]}),
        ({"company_id": "MA0001"}, {"company_id": ["This company id is taken."]}),
        ({"phone_number": "123"}, {"phone_number": ["Enter a valid phone number."]}),
        ({"department": "None"}, {"department": ['"None" is not a valid choice.']}),
        ({"suffix": "Esq."}, {"suffix": ['"Esq." is not a valid choice.']}),
        ({"status": "approved"}, {"status": ['"approved" is not a valid choice.']}),
        ({"is_superuser": "true"}, {"is_superuser": ["Must be a valid boolean."]}),
        ({"is_active": 1}, {"is_active": ["Must be a valid boolean."]}),
        ({"email": ["x@example.com"]}, {"email": ["Not a valid string."]}),
        ({"first_name": "x" * 101}, {"first_name": ["Ensure this field has no more than 100 characters."]}),
    ],
)
async def test_what_is_wrong_is_said_on_the_field(world: World, wrong: dict, expected: dict) -> None:
    await world.as_("root")
    await world.db.execute("INSERT INTO company_ids VALUES ('MA0001', 'staff') ON CONFLICT DO NOTHING")
    body = {"email": "new@example.com", "password": PASSWORD, **wrong}
    async with unchanged(world.db):
        answer = await world.api.post("/api/v1/users/", body, headers=await world.as_("root"))
        if wrong == {"email": None}:
            assert list(answer.json) == ["email"]
        elif "phone_number" in wrong:
            assert list(answer.json) == ["phone_number"]
        else:
            assert (answer.status, answer.json) == (400, expected)


async def test_an_empty_body_and_a_weak_password(world: World) -> None:
    root = await world.as_("root")
    answer = await world.api.post("/api/v1/users/", {}, headers=root)
    assert answer.json == {"email": ["This field is required."]}
    answer = await world.api.post("/api/v1/users/", {"email": "x@example.com", "password": "password"}, headers=root)
    assert (answer.status, list(answer.json)) == (400, ["password"])


async def test_a_username_that_nobody_chose_is_made_unique(world: World) -> None:
    body = {"email": "plain@elsewhere.example.com"}
    answer = await world.api.post("/api/v1/users/", body, headers=await world.as_("root"))
    assert answer.status == 201, answer.text


async def test_a_new_superuser_may_do_all(world: World) -> None:
    body = {"email": "ada@example.com", "password": PASSWORD, "is_superuser": True}
    answer = await world.api.post("/api/v1/users/", body, headers=await world.as_("root"))
    assert (answer.status, answer.json) == (201, profile(is_superuser=True))
    tokens = await world.api.sign_in("ada@example.com")
    assert (await world.api.post("/api/v1/systems/", {"name": "New"}, headers=tokens.bearer)).status == 201
