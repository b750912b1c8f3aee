"""POST …/register/: an employee registers himself and then waits."""

import asyncpg
import pytest

from tests.client import PASSWORD, Answer, Api
from tests.endpoints.employees.kit import EMIL, LOGIN, REGISTER, registered
from tests.endpoints.kit import all_cookies, unchanged
from tests.mailbox import Mailbox

CONFIRM = "/api/v1/users/email/confirm/"


async def register(api: Api, email: str = EMIL, **fields: object) -> Answer:
    return await api.post(REGISTER, {"email": email, "password": PASSWORD, **fields})


async def test_the_whole_answer(api: Api, db: asyncpg.Connection) -> None:
    sent = {"first_name": "Emil", "middle_name": "von", "last_name": "Berg", "suffix": "Jr."}
    sent |= {"phone_number": "09171234567", "department": "IT Department"}
    answer = await register(api, password2=PASSWORD, password_confirm=PASSWORD, **sent)
    expected = {**sent, "full_name": "Emil von Berg Jr.", "phone_number": "+639171234567"}
    assert (answer.status, answer.json) == (201, registered(**expected))
    assert all_cookies(answer) == {}
    (row,) = await db.fetch("SELECT event, actor_type, actor_id, subject_type, subject_id FROM audit")
    own = answer.json["id"]
    assert tuple(row) == ("user_registered", "employee", own, "employee", own)
    assert await db.fetchval("SELECT count(*) FROM users") == 0


async def test_a_form_will_do(api: Api) -> None:
    answer = await api.post(REGISTER, data={"email": EMIL, "password": PASSWORD})
    assert (answer.status, answer.json) == (201, registered())


async def test_the_address_is_proven_by_the_mailed_link(api: Api, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    await register(api)
    token = await mailbox.link(api, EMIL, "Confirm your address")
    answer = await api.post(CONFIRM, {"token": token})
    assert (answer.status, answer.json) == (200, {"message": "The address was confirmed.", "email": EMIL})
    assert await db.fetchval("SELECT email_verified_at IS NOT NULL FROM employees")
    assert (await api.post(LOGIN, {"email": EMIL, "password": PASSWORD})).code == "pending_approval"


@pytest.mark.parametrize("given, kept", [("MA4321", "MA4321"), ("ma432100", "MA432100"), (" MA0777 ", "MA0777")])
async def test_a_company_id_may_be_brought(api: Api, given: str, kept: str) -> None:
    assert (await register(api, company_id=given)).json == registered(company_id=kept)


@pytest.mark.parametrize("nothing", [None, "", "  "])
async def test_no_company_id_is_one_from_the_sequence(api: Api, nothing: str | None) -> None:
    answer = await register(api, company_id=nothing)
    assert (answer.status, answer.json) == (201, registered())


@pytest.mark.parametrize("given", ["MA123", "MA1234567", "MB1234", "1234", "MA 1234", "MA12a4", "MA１２３４"])
async def test_other_company_ids_are_refused(api: Api, db: asyncpg.Connection, given: str) -> None:
    async with unchanged(db):
        answer = await register(api, company_id=given)
        assert (answer.status, answer.json) == (400, {"company_id": ["Enter MA and four to six digits."]})


async def test_a_company_id_belongs_to_one_person_of_both_kinds(api: Api, db: asyncpg.Connection) -> None:
    user = await api.register()
    await register(api, company_id="MA5555")
    for taken in (user["company_id"], "ma5555"):
        async with unchanged(db):
            answer = await register(api, "new@example.com", company_id=taken)
            assert (answer.status, answer.json) == (400, {"company_id": ["This company id is taken."]})


async def test_the_sequence_goes_round_what_was_brought(api: Api) -> None:
    number = int((await register(api)).json["company_id"][2:])
    brought = f"MA{number + 2:04}"  # one number goes to the registration itself, in vain or not
    assert (await register(api, "b@example.com", company_id=brought)).status == 201
    later = [(await register(api, f"{name}@example.com")).json["company_id"] for name in "cde"]
    assert len({*later, brought}) == 4


async def test_a_person_may_be_both(api: Api, db: asyncpg.Connection) -> None:
    same = {"email": EMIL, "username": "emil", "phone_number": "+639171234567"}
    user = await api.register(**same)
    answer = await register(api, **{k: v for k, v in same.items() if k != "email"})
    assert (answer.status, answer.json) == (201, registered(**same))
    assert answer.json["company_id"] != user["company_id"]


@pytest.mark.parametrize(
    "field, first, second",
    [
        ("email", EMIL, "EMIL@Example.com"),
        ("username", "emil", "Emil"),
        ("phone_number", "+639171234567", "0917 123 4567"),
    ],
)
async def test_taken_among_employees(api: Api, db: asyncpg.Connection, field: str, first: str, second: str) -> None:
    assert (await register(api, **{field: first})).status == 201
    async with unchanged(db):
        answer = await register(api, **{"email": "new@example.com", field: second})
        noun = field.replace("_", " ")
        assert (answer.status, answer.json) == (400, {field: [f"An employee with this {noun} already exists."]})


async def test_a_username_that_nobody_chose_is_made_free(api: Api) -> None:
    await register(api)
    answer = await register(api, "emil@other.example.com")
    assert answer.status == 201
    assert answer.json["username"].startswith("emil-")


async def test_nobody_registers_more_than_he_may(api: Api, db: asyncpg.Connection) -> None:
    smuggled = {"id": 77, "status": "Approved", "is_active": False, "is_staff": True, "is_superuser": True}
    smuggled |= {"notified": True, "otp_enabled": True, "email_verified_at": "2020-01-01T00:00:00Z", "type": "user"}
    answer = await register(api, **smuggled)
    assert (answer.status, answer.json) == (201, registered())
    assert answer.json["id"] != 77
    assert await db.fetchval("SELECT email_verified_at IS NULL AND status_by IS NULL FROM employees")


async def test_bad_fields_are_named(api: Api, db: asyncpg.Connection) -> None:
    async with unchanged(db):
        assert (await api.post(REGISTER, {})).json == {
            "email": ["This field is required."],
            "password": ["This field is required."],
        }
        answer = await register(api, password="password", password2="other")
        assert (answer.status, list(answer.json)) == (400, ["password2"])
        answer = await api.post(REGISTER, {"email": EMIL, "password": "password1"})
        assert (answer.status, list(answer.json)) == (400, ["password"])


async def test_a_taken_address_may_be_concealed(serve, db: asyncpg.Connection, mailbox: Mailbox) -> None:
    api = await serve(register_conceals=True)
    first, second = await register(api), await register(api, username="other")
    assert (
        (first.status, first.text) == (second.status, second.text) == (201, '{"message":"Check your mail to go on."}')
    )
    assert await db.fetchval("SELECT count(*) FROM employees") == 1
    assert len(await mailbox.to(api, EMIL, "")) == 2
