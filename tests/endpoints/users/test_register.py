"""POST /api/v1/users/register/: what a new staff user is, and what may not be one."""

import asyncpg
import pytest

from tests.client import PASSWORD, Answer, Api
from tests.endpoints.kit import COMPANY_ID, REGISTER, events, profile, unchanged

ADA = {"email": "ada@example.com", "password": PASSWORD}


async def register(api: Api, **fields: object) -> Answer:
    return await api.post(REGISTER, {**ADA, **fields})


async def test_the_answer_is_the_profile_with_its_defaults(api: Api) -> None:
    answer = await register(api)
    assert (answer.status, answer.json) == (201, profile())
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


async def test_everything_that_may_be_said_is_kept(api: Api) -> None:
    said = {
        "username": "countess",
        "first_name": "Ada",
        "middle_name": "King",
        "last_name": "Lovelace",
        "suffix": "III",
        "phone_number": "+639171234567",
        "department": "IT Department",
    }
    answer = await register(api, **said)
    assert (answer.status, answer.json) == (201, profile(**said, full_name="Ada King Lovelace III"))


async def test_a_registration_is_audited(api: Api, db: asyncpg.Connection) -> None:
    new = (await register(api)).json
    row = dict(await db.fetchrow("SELECT * FROM audit"))
    assert (row["event"], row["subject_type"], row["subject_id"]) == ("user_registered", "user", new["id"])
    assert (row["actor_id"], row["subject_name"], str(row["ip"])) == (new["id"], "ada@example.com", "127.0.0.1")


async def test_the_password_is_stored_as_a_hash_only(api: Api, db: asyncpg.Connection) -> None:
    await register(api)
    stored = await db.fetchval("SELECT password_hash FROM users")
    assert stored.startswith("bcrypt_sha256$$2b$04$")
    assert PASSWORD not in str(await db.fetch("SELECT u::text, a::text FROM users u, audit a"))


async def test_texts_are_trimmed_and_nfc(api: Api) -> None:
    answer = await register(api, first_name="  Zoe\u0308 ", last_name="\tB ")
    assert answer.json == profile(first_name="Zo\u00eb", last_name="B", full_name="Zo\u00eb B")


async def test_a_form_is_as_good_as_json(api: Api) -> None:
    answer = await api.post(REGISTER, data={**ADA, "first_name": "Ada", "suffix": ""})
    assert (answer.status, answer.json) == (201, profile(first_name="Ada", full_name="Ada"))


async def test_a_multipart_form_is_as_good_as_json(api: Api) -> None:
    from aiohttp import FormData

    form = FormData({**ADA, "first_name": "Ada"}, default_to_multipart=True)
    answer = await api.post(REGISTER, data=form)
    assert (answer.status, answer.json) == (201, profile(first_name="Ada", full_name="Ada"))


async def test_unknown_and_read_only_fields_are_ignored(api: Api) -> None:
    more = {
        "id": 77,
        "is_superuser": True,
        "is_staff": True,
        "is_active": False,
        "status": "Approved",
        "company_id": "MA9998",
        "system_roles": [{"role_name": "Admin"}],
        "otp_enabled": True,
        "notified": True,
        "password_hash": "x",
        "date_joined": "1990-01-01T00:00:00Z",
        "nonsense": {"a": [1]},
    }
    answer = await register(api, **more)
    assert (answer.status, answer.json) == (201, profile())
    assert answer.json["id"] != 77
    assert answer.json["company_id"] != "MA9998"


# --- username


async def test_a_default_username_is_made_unique(api: Api) -> None:
    await register(api)
    second = await register(api, email="ada@example.org")
    assert second.status == 201
    assert second.json["username"].startswith("ada-")


async def test_an_empty_username_is_none_chosen(api: Api) -> None:
    assert (await register(api, username="")).json["username"] == "ada"


async def test_the_default_username_has_only_letters_that_usernames_have(api: Api) -> None:
    assert (await register(api, email="o'brien@example.com")).json["username"] == "obrien"


async def test_a_chosen_username_that_is_taken_is_refused(api: Api) -> None:
    await register(api)
    for taken in ["ada", "ADA", "\uff21da"]:
        answer = await register(api, email="other@example.com", username=taken)
        assert (answer.status, answer.json) == (400, {"username": ["A user with this username already exists."]})


async def test_a_username_never_looks_like_an_address_or_markup(api: Api) -> None:
    for wrong in ["ada@example.com", "two words", "a/b", "<b>", "a\u200bb"]:
        answer = await register(api, username=wrong)
        sentence = "Enter a valid username: letters, digits and . + - _ only."
        assert (answer.status, answer.json) == (400, {"username": [sentence]})


# --- names, suffix, department, phone


async def test_a_name_has_at_most_100_characters(api: Api) -> None:
    names = ("first_name", "middle_name", "last_name")
    assert (await register(api, **dict.fromkeys(names, "x" * 100))).status == 201
    answer = await register(api, email="other@example.com", **dict.fromkeys(names, "x" * 101))
    sentences = ["Ensure this field has no more than 100 characters."]
    assert (answer.status, answer.json) == (400, dict.fromkeys(names, sentences))


async def test_the_known_suffixes(api: Api) -> None:
    for suffix in ("Jr.", "Sr.", "II", "III", "IV", "V"):
        assert (await api.register(suffix=suffix))["suffix"] == suffix


async def test_another_suffix_is_refused(api: Api) -> None:
    answer = await register(api, suffix="Esq.")
    assert (answer.status, answer.json) == (400, {"suffix": ['"Esq." is not a valid choice.']})


async def test_the_departments_of_the_settings(api: Api) -> None:
    for department in ("IT Department", "Asset Department", "Budget Department"):
        assert (await api.register(department=department))["department"] == department


async def test_another_department_is_refused(api: Api) -> None:
    answer = await register(api, department="it department")
    assert (answer.status, answer.json) == (400, {"department": ['"it department" is not a valid choice.']})


async def test_phone_numbers_become_e164(api: Api) -> None:
    for typed in ("09171234560", "0917 123 4561", "+63 917 123-4562", "+639171234563"):
        assert (await api.register(phone_number=typed))["phone_number"] == f"+63917123456{typed[-1]}"


NO_NUMBERS = ["12", "abc", "+999123456789", "\uff10\uff19171234567", "0917-123-4567 x5"]


async def test_what_is_no_phone_number_is_refused(api: Api) -> None:
    for wrong in NO_NUMBERS:
        answer = await register(api, phone_number=wrong)
        assert (answer.status, answer.json) == (400, {"phone_number": ["Enter a valid phone number."]})


@pytest.mark.parametrize("odd", ["+4912", "+4915112345678901"])
async def test_a_number_too_short_or_long_for_e164_is_refused(api: Api, odd: str) -> None:
    answer = await register(api, phone_number=odd)
    assert (answer.status, answer.json) == (400, {"phone_number": ["Enter a valid phone number."]})


async def test_a_number_without_its_area_code_is_refused(api: Api) -> None:
    answer = await register(api, phone_number="1234567")
    assert (answer.status, answer.json) == (400, {"phone_number": ["Enter a valid phone number."]})


async def test_a_taken_phone_number_is_refused_in_any_spelling(api: Api) -> None:
    await register(api, phone_number="09171234567")
    answer = await register(api, email="other@example.com", phone_number="+63 917 123 4567")
    assert answer.json == {"phone_number": ["A user with this phone number already exists."]}


async def test_an_empty_phone_number_is_none(api: Api) -> None:
    for email in ("ada@example.com", "bob@example.com"):
        assert (await register(api, email=email, phone_number="")).json["phone_number"] is None


# --- company ids


async def test_company_ids_count_on_past_9999(api: Api, db: asyncpg.Connection) -> None:
    before = await db.fetchval("SELECT last_value FROM company_id_numbers")
    try:
        await db.execute("SELECT setval('company_id_numbers', 9998)")
        given = [(await register(api, email=f"{n}@example.com"))[1]["company_id"] for n in "abc"]
    finally:
        await db.execute("SELECT setval('company_id_numbers', $1)", before)
    assert given == ["MA9999", "MA10000", "MA10001"]


async def test_a_company_id_that_is_taken_already_is_stepped_over(api: Api, db: asyncpg.Connection) -> None:
    last = await db.fetchval("SELECT last_value FROM company_id_numbers")
    taken = f"MA{last + 1:04}"
    await db.execute("INSERT INTO company_ids (company_id, kind) VALUES ($1, 'employee')", taken)
    given = (await register(api)).json["company_id"]
    assert given == COMPANY_ID
    assert given == f"MA{last + 2:04}"


# --- nothing changes


REFUSED = [
    {"email": "ADA@example.com"},
    {"email": "new@example.com", "username": "ada"},
    {"email": "new@example.com", "phone_number": "+639171234567"},
    {"email": "new@example.com", "password": "short"},
    {"email": "new@example.com", "department": "None Such"},
    {"email": "no address"},
    {"email": None},
]


async def test_a_refused_registration_changes_nothing(api: Api, db: asyncpg.Connection) -> None:
    await register(api, phone_number="+639171234567")
    for more in REFUSED:
        async with unchanged(db):
            assert (await register(api, **more)).status == 400
        assert await events(db) == ["user_registered"]


async def test_all_that_is_wrong_is_said_at_once(api: Api) -> None:
    answer = await api.post(REGISTER, {"suffix": "x", "first_name": 7})
    assert (answer.status, answer.json) == (
        400,
        {
            "email": ["This field is required."],
            "password": ["This field is required."],
            "suffix": ['"x" is not a valid choice.'],
            "first_name": ["Not a valid string."],
        },
    )
