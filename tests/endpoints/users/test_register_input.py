"""POST /api/v1/users/register/: addresses, passwords, and what is no text at all."""

import asyncpg
import orjson
import pytest

from tests.client import PASSWORD, Answer, Api
from tests.endpoints.kit import MALFORMED_JSON, REGISTER, profile, unchanged

ADA = {"email": "ada@example.com", "password": PASSWORD}
TEXTS = ("email", "password", "password2", "password_confirm", "username", "first_name", "middle_name", "last_name")
TEXTS = (*TEXTS, "suffix", "phone_number", "department")
STRONG = "violet-Hammer_92 orbit"


async def register(api: Api, **fields: object) -> Answer:
    return await api.post(REGISTER, {**ADA, **fields})


# --- e-mail addresses


@pytest.mark.parametrize(
    "typed, stored",
    [
        ("  Ada@EXAMPLE.com ", "Ada@example.com"),
        ("ada@b\u00fccher.example", "ada@xn--bcher-kva.example"),
        ("ada@B\u00dcCHER.example", "ada@xn--bcher-kva.example"),
        ("ada+tag@example.com", "ada+tag@example.com"),
    ],
)
async def test_addresses_are_kept_in_one_form(api: Api, typed: str, stored: str) -> None:
    assert (await register(api, email=typed)).json["email"] == stored


@pytest.mark.parametrize(
    "first, second",
    [
        ("ada@example.com", "ADA@Example.COM"),
        ("ada@b\u00fccher.example", "Ada@xn--bcher-kva.EXAMPLE"),
    ],
)
async def test_two_spellings_of_one_address_are_one(api: Api, first: str, second: str) -> None:
    await register(api, email=first)
    answer = await register(api, email=second)
    assert (answer.status, answer.json) == (400, {"email": ["A user with this email already exists."]})


NO_ADDRESSES = [
    "ada",
    "@example.com",
    "ada@",
    "a@localhost",
    "ada@example.com.",
    "ada@[127.0.0.1]",
    '"a b"@example.com',
    "ada@example.com, bob@example.com",
    "ada@exa mple.com",
    "ada@example.com\nBcc: bob@example.com",
    "\uff41da@example.com",
    "ad\u0430@example.com",
    "\u017fam@example.com",
    "ada@exam\u00adple.com",
]


async def test_what_is_no_address_is_refused(api: Api) -> None:
    for wrong in NO_ADDRESSES:
        answer = await register(api, email=wrong)
        assert (answer.status, answer.json) == (400, {"email": ["Enter a valid email address."]}), wrong


@pytest.mark.parametrize("odd", ["ada@\uff45xample.com", "ada@example\u3002com", "ada@e\u017fample.com"])
async def test_odd_letters_in_a_domain_are_refused(api: Api, odd: str) -> None:
    answer = await register(api, email=odd)
    assert (answer.status, answer.json) == (400, {"email": ["Enter a valid email address."]})


async def test_an_address_has_at_most_254_characters(api: Api) -> None:
    answer = await register(api, email="a" * 243 + "@example.com")
    assert (answer.status, answer.json) == (400, {"email": ["Ensure this field has no more than 254 characters."]})


# --- passwords


@pytest.mark.parametrize("name", ["password2", "password_confirm"])
async def test_a_repeated_password_must_match(api: Api, name: str) -> None:
    answer = await register(api, **{name: PASSWORD + "x"})
    assert (answer.status, answer.json) == (400, {name: ["Passwords do not match."]})
    assert (await register(api, **{name: PASSWORD})).status == 201


COMMON = ["password1", "12345678", "qwertyuiop", "aaaaaaaa", "helpdesk", "iloveyou1"]


async def test_a_common_password_is_refused(api: Api) -> None:
    for weak in COMMON:
        answer = await register(api, password=weak)
        assert (answer.status, answer.json) == (400, {"password": ["Password is too easy to guess."]})


OWN_NAMES = ["lovelace", "LOVELACE", "\uff2c\uff4fvelace", "countess-of-bytes", "lord.byron@example.com"]


async def test_a_password_is_not_ones_own_name(api: Api) -> None:
    person = {"email": "lord.byron@example.com", "username": "countess-of-bytes", "last_name": "Lovelace"}
    for own in OWN_NAMES:
        answer = await register(api, **person, password=own)
        sentence = "Password must not be your name, username or email address."
        assert (answer.status, answer.json) == (400, {"password": [sentence]})


async def test_a_password_has_at_least_8_code_points(api: Api) -> None:
    answer = await register(api, password="\U0001f511" * 7)
    assert (answer.status, answer.json) == (400, {"password": ["Password must be at least 8 characters."]})


async def test_a_password_has_at_most_128_code_points(api: Api) -> None:
    longest = (STRONG * 7)[:128]
    answer = await register(api, password=longest + "x")
    assert (answer.status, answer.json) == (400, {"password": ["Password must be at most 128 characters."]})
    assert (await register(api, password=longest)).status == 201
    await api.sign_in("ada@example.com", longest)


async def test_a_very_long_password_is_refused_unhashed(api: Api) -> None:
    answer = await register(api, password="x" * 10_000)
    sentence = "Ensure this field has no more than 128 characters."
    assert (answer.status, answer.json) == (400, {"password": [sentence]})


async def test_code_points_count_and_not_bytes(api: Api) -> None:
    longest = "".join(chr(0x4E00 + 37 * n) for n in range(128))
    assert (await register(api, password=longest)).status == 201
    await api.sign_in("ada@example.com", longest)


async def test_a_password_is_nfkc_and_never_trimmed(api: Api) -> None:
    assert (await register(api, password=" \ufb01sh Zoe\u0308 orbit 92 ")).status == 201
    await api.sign_in("ada@example.com", " fish Zo\u00eb orbit 92 ")
    trimmed = {"email": "ada@example.com", "password": "fish Zo\u00eb orbit 92"}
    assert (await api.post("/api/v1/users/login/", trimmed)).status == 401


async def test_the_least_length_is_a_setting(serve) -> None:
    api = await serve(password_min_length=12)
    answer = await register(api, password="orbit-Vi92x")
    assert answer.json == {"password": ["Password must be at least 12 characters."]}


# --- what is no text


async def test_what_is_no_text_is_refused_in_every_field(api: Api) -> None:
    for wrong in [7, 1.5, True, ["ada@example.com"], {"a": "b"}, "a\0b"]:
        for field in TEXTS:
            answer = await register(api, **{field: wrong})
            assert (answer.status, answer.json) == (400, {field: ["Not a valid string."]})


async def test_nul_is_refused_in_forms(api: Api) -> None:
    for field in TEXTS:
        answer = await api.post(REGISTER, data={**ADA, field: "a\0b"})
        assert (answer.status, answer.json) == (400, {field: ["Not a valid string."]})


async def test_lone_surrogates_are_refused_in_every_field(api: Api) -> None:
    for field in TEXTS:
        body = orjson.dumps({**ADA, field: "HERE"}).replace(b"HERE", b"a\\ud800b")
        answer = await api.post(REGISTER, data=body, headers={"Content-Type": "application/json"})
        assert (answer.status, answer.json) == (400, MALFORMED_JSON), field


async def test_null_and_nothing_are_refused_where_something_is_needed(api: Api) -> None:
    for field in ["email", "password"]:
        assert (await register(api, **{field: None})).json == {field: ["This field may not be null."]}
        assert (await register(api, **{field: ""})).json == {field: ["This field may not be blank."]}


BROKEN_JSON = [
    b"{",
    b"\xff\xfe",
    b'{"email":NaN}',
    b'{"email":"a","email":"b"}',
    b'{"email":"\xed\xa0\x80"}',
    b"[" * 9999,
]


async def test_broken_json_is_malformed(api: Api) -> None:
    for raw in BROKEN_JSON:
        answer = await api.post(REGISTER, data=raw, headers={"Content-Type": "application/json"})
        assert (answer.status, answer.json) == (400, MALFORMED_JSON)


async def test_json_that_is_no_object_is_malformed(api: Api) -> None:
    for raw in [b"[]", b'"x"', b"7", b"null", b"true"]:
        answer = await api.post(REGISTER, data=raw, headers={"Content-Type": "application/json"})
        assert (answer.status, answer.json) == (400, {"detail": "Expected a JSON object.", "code": "malformed"})


async def test_bad_utf8_in_a_form_is_malformed(api: Api) -> None:
    form = b"email=ada%40example.com&password=%ED%A0%80%ff"
    answer = await api.post(REGISTER, data=form, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert (answer.status, answer.json) == (400, {"detail": "The form could not be read.", "code": "malformed"})


async def test_another_content_type_is_refused(api: Api, db: asyncpg.Connection) -> None:
    for mime in ["text/plain", "application/xml", "application/octet-stream"]:
        async with unchanged(db):
            answer = await api.post(REGISTER, data=b'{"email":"a"}', headers={"Content-Type": mime})
        detail = f'Unsupported media type "{mime}" in request.'
        assert (answer.status, answer.json) == (415, {"detail": detail, "code": "unsupported_media_type"})


async def test_nothing_at_all_is_an_empty_object(api: Api) -> None:
    answer = await api.post(REGISTER)
    assert (answer.status, answer.json) == (
        400,
        {"email": ["This field is required."], "password": ["This field is required."]},
    )


@pytest.mark.parametrize("field", ["first_name", "last_name", "username"])
async def test_markup_in_names_is_only_text(api: Api, field: str) -> None:
    answer = await register(api, **{field: "<script>"})
    if field == "username":
        assert answer.status == 400
    else:
        assert answer.json == profile(**{field: "<script>"}, full_name="<script>")
