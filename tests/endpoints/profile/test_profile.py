"""GET, PATCH and PUT /api/v1/users/profile/: one's own profile."""

import asyncpg
import orjson
import pytest

from tests.client import Answer, Api, Tokens
from tests.endpoints.kit import (
    NOT_AUTHENTICATED,
    PROFILE,
    TIME,
    add_employee,
    cookies_of,
    employee,
    events,
    profile,
    sign_in_employee,
    unchanged,
)

ADA = "ada@example.com"
SAID = {
    "username": "countess",
    "first_name": "Ada",
    "middle_name": "King",
    "last_name": "Lovelace",
    "suffix": "III",
    "phone_number": "+639171234567",
    "department": "IT Department",
}
both_methods = pytest.mark.parametrize("method", ["PATCH", "PUT"])


@pytest.fixture
async def ada(api: Api) -> Tokens:
    await api.register(email=ADA)
    return await api.sign_in(ADA)


async def edit(api: Api, tokens: Tokens, method: str = "PATCH", **fields: object) -> Answer:
    return await api.request(method, PROFILE, json=fields, headers=tokens.bearer)


async def test_the_own_profile(api: Api, ada: Tokens) -> None:
    answer = await api.get(PROFILE, headers=ada.bearer)
    assert (answer.status, answer.json) == (200, profile(last_login=TIME))
    assert answer.headers["Cache-Control"] == "no-store"


async def test_an_employees_own_profile(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db, 7)
    answer = await api.get(PROFILE, headers=(await sign_in_employee(api)).bearer)
    known = {"id": 7, "email": "emil@example.com", "username": "emil", "first_name": "Emil", "last_name": "Berg"}
    assert (answer.status, answer.json) == (200, employee(**known, full_name="Emil Berg"))


@both_methods
async def test_everything_that_may_be_changed(api: Api, ada: Tokens, method: str) -> None:
    answer = await edit(api, ada, method, **SAID)
    changed = profile(last_login=TIME, full_name="Ada King Lovelace III", **SAID)
    assert (answer.status, answer.json) == (200, changed)
    assert (await api.get(PROFILE, headers=ada.bearer)).json == changed


@both_methods
async def test_an_employee_changes_himself(api: Api, db: asyncpg.Connection, method: str) -> None:
    user = await api.register(email=ADA)
    await add_employee(db, user["id"])
    tokens = await sign_in_employee(api)
    answer = await edit(api, tokens, method, **SAID)
    known = {"id": user["id"], "email": "emil@example.com", "full_name": "Ada King Lovelace III"}
    assert (answer.status, answer.json) == (200, employee(**known, **SAID))
    assert (await api.get(PROFILE, headers=(await api.sign_in(ADA)).bearer)).json["username"] == "ada"


@both_methods
async def test_what_is_left_out_stays(api: Api, ada: Tokens, method: str) -> None:
    await edit(api, ada, **SAID)
    answer = await edit(api, ada, method, first_name="Augusta")
    expected = {**SAID, "first_name": "Augusta", "full_name": "Augusta King Lovelace III"}
    assert answer.json == profile(last_login=TIME, **expected)


@pytest.mark.parametrize("empty", [None, ""])
@pytest.mark.parametrize("field", ["middle_name", "suffix", "phone_number", "department"])
async def test_what_may_be_nothing_is_cleared(api: Api, ada: Tokens, field: str, empty: object) -> None:
    await edit(api, ada, **SAID)
    assert (await edit(api, ada, **{field: empty})).json[field] is None


async def test_a_change_is_audited_by_the_names_of_its_fields(api: Api, ada: Tokens, db: asyncpg.Connection) -> None:
    await edit(api, ada, first_name="Augusta", username="countess")
    row = await db.fetchrow("SELECT * FROM audit ORDER BY seq DESC LIMIT 1")
    said = (row["event"], row["actor_id"], row["subject_id"], orjson.loads(row["details"]))
    assert said == ("profile_changed", ada.user["id"], ada.user["id"], {"fields": ["first_name", "username"]})


# --- what never changes here


@both_methods
async def test_read_only_fields_are_ignored(api: Api, ada: Tokens, db: asyncpg.Connection, method: str) -> None:
    privileged = {
        "id": 999,
        "status": "Approved",
        "company_id": "MA9998",
        "is_active": False,
        "is_staff": True,
        "is_superuser": True,
        "notified": True,
        "otp_enabled": True,
        "full_name": "Somebody Else",
        "password": "violet hammer orbit",
        "password_hash": "x",
        "date_joined": "1990-01-01T00:00:00Z",
        "last_login": None,
        "system_roles": [],
        "kind": "employee",
        "type": "employee",
        "email_canonical": "other@example.com",
        "username_canonical": "x",
        "picture": "0" * 64,
        "nonsense": {"a": 1},
    }
    async with unchanged(db):
        answer = await edit(api, ada, method, **privileged)
    assert (answer.status, answer.json) == (200, profile(last_login=TIME))


@both_methods
async def test_putting_back_what_get_gave_changes_nothing(
    api: Api, ada: Tokens, db: asyncpg.Connection, method: str
) -> None:
    await edit(api, ada, **SAID)
    got = (await api.get(PROFILE, headers=ada.bearer)).json
    async with unchanged(db):
        answer = await edit(api, ada, method, **got)
    assert (answer.status, answer.json) == (200, got)


@both_methods
async def test_putting_back_what_get_gave_is_fine(api: Api, ada: Tokens, method: str) -> None:
    await edit(api, ada, **SAID)
    got = (await api.get(PROFILE, headers=ada.bearer)).json
    answer = await edit(api, ada, method, **got)
    assert (answer.status, answer.json) == (200, got)


@both_methods
async def test_an_employee_may_put_back_what_he_got(api: Api, db: asyncpg.Connection, method: str) -> None:
    await add_employee(db)
    tokens = await sign_in_employee(api)
    got = (await api.get(PROFILE, headers=tokens.bearer)).json
    answer = await edit(api, tokens, method, **got)
    assert (answer.status, answer.json) == (200, {**got, "updated_at": TIME})


@both_methods
async def test_a_department_of_old_may_be_put_back(api: Api, ada: Tokens, db: asyncpg.Connection, method: str) -> None:
    await db.execute("UPDATE users SET department = 'Old Department'")
    answer = await edit(api, ada, method, department="Old Department", first_name="Ada")
    assert (answer.status, answer.json["department"]) == (200, "Old Department")
    answer = await edit(api, ada, method, department="Older Department")
    assert answer.json == {"department": ['"Older Department" is not a valid choice.']}


@both_methods
async def test_a_username_of_old_may_be_put_back(api: Api, ada: Tokens, db: asyncpg.Connection, method: str) -> None:
    await db.execute("UPDATE users SET username = 'ada of old', username_canonical = 'ada of old'")
    answer = await edit(api, ada, method, username="ada of old", first_name="Ada")
    assert (answer.status, answer.json.get("username")) == (200, "ada of old")


async def test_nothing_sent_changes_nothing(api: Api, ada: Tokens, db: asyncpg.Connection) -> None:
    async with unchanged(db):
        for kwargs in ({}, {"json": {}}, {"data": b""}):
            answer = await api.request("PATCH", PROFILE, headers=ada.bearer, **kwargs)
            assert (answer.status, answer.json) == (200, profile(last_login=TIME))


# --- refused


WRONG = [
    ("username", "ada@example.com", "Enter a valid username: letters, digits and . + - _ only."),
    ("username", "", "This field may not be blank."),
    ("username", None, "This field may not be null."),
    ("first_name", None, "This field may not be null."),
    ("first_name", "x" * 101, "Ensure this field has no more than 100 characters."),
    ("suffix", "Esq.", '"Esq." is not a valid choice.'),
    ("phone_number", "12", "Enter a valid phone number."),
    ("department", "None Such", '"None Such" is not a valid choice.'),
]


@both_methods
async def test_a_wrong_value_is_refused_and_nothing_changes(
    api: Api, ada: Tokens, db: asyncpg.Connection, method: str
) -> None:
    async with unchanged(db):
        for field, value, sentence in WRONG:
            answer = await edit(api, ada, method, **{"last_name": "Other", field: value})
            assert (answer.status, answer.json) == (400, {field: [sentence]})


@both_methods
async def test_what_is_no_text_is_refused(api: Api, ada: Tokens, method: str) -> None:
    for wrong in (7, True, ["x"], {"a": "b"}, "a\0"):
        answer = await edit(api, ada, method, **dict.fromkeys(SAID, wrong))
        assert (answer.status, answer.json) == (400, {key: ["Not a valid string."] for key in SAID})


@pytest.mark.parametrize("field, taken", [("username", "COUNTESS"), ("phone_number", "09171234567")])
async def test_what_another_has_is_refused(
    api: Api, ada: Tokens, db: asyncpg.Connection, field: str, taken: str
) -> None:
    await api.register(username="countess", phone_number="+639171234567")
    noun = field.replace("_", " ")
    async with unchanged(db):
        answer = await edit(api, ada, last_name="Other", **{field: taken})
    assert (answer.status, answer.json) == (400, {field: [f"A user with this {noun} already exists."]})


async def test_names_are_unique_within_a_kind_only(api: Api, db: asyncpg.Connection) -> None:
    await api.register(username="countess", phone_number="+639171234567")
    await add_employee(db)
    answer = await edit(api, await sign_in_employee(api), username="countess", phone_number="09171234567")
    assert (answer.status, answer.json["username"], answer.json["phone_number"]) == (200, "countess", "+639171234567")


async def test_the_case_of_the_own_username_may_change(api: Api, ada: Tokens) -> None:
    assert (await edit(api, ada, username="ADA")).json["username"] == "ADA"


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT"])
async def test_nobody_has_no_profile(api: Api, db: asyncpg.Connection, method: str) -> None:
    async with unchanged(db):
        answer = await api.request(method, PROFILE, json={"first_name": "x"})
    assert (answer.status, answer.json) == (401, NOT_AUTHENTICATED)


@both_methods
async def test_another_site_cannot_edit_by_cookie(api: Api, ada: Tokens, db: asyncpg.Connection, method: str) -> None:
    headers = {**cookies_of(ada), "Origin": "https://evil.example"}
    async with unchanged(db):
        answer = await api.request(method, PROFILE, json={"first_name": "x"}, headers=headers)
    assert (answer.status, answer.code) == (403, "permission_denied")
    assert "profile_changed" not in await events(db)


@both_methods
async def test_own_pages_can_edit_by_cookie(api: Api, ada: Tokens, method: str) -> None:
    headers = {**cookies_of(ada), "Origin": "http://auth.test"}
    answer = await api.request(method, PROFILE, data={"first_name": "Ada"}, headers=headers)
    assert (answer.status, answer.json["first_name"]) == (200, "Ada")
