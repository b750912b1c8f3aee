"""Fields of the wrong JSON type, for every field of every schema: each is named, and nothing is changed."""

from typing import Any

import asyncpg
import pytest
from marshmallow import Schema, fields

from authsvc.routes import ROUTES
from authsvc.schemas.base import Flag, JsonObject, Password, Picture, Reference, Text, Token, Whole
from tests.client import Api, Tokens
from tests.endpoints.kit import unchanged
from tests.middleware.kit import WITH_BODY, Name, over

LIST: Any = ["a@example.com"]
ODD_TEXTS: list[Any] = [LIST, [], {"a": 1}, {}, True, False, 1, 0, 1.5, -1e300, "a\0b", "\0"]
ODD_FLAGS: list[Any] = [[True], [], {"a": True}, {}, "true", "on", "", 1, 0, 1.0, None]
ODD_FILES: list[Any] = [[], LIST, {}, {"content": "x"}, True, 1, "x", "file:///etc/passwd", "javascript:alert(1)"]
ODD_BY_TYPE: dict[type, list[Any]] = {
    Whole: [[], LIST, {"a": 1}, True, 1.5, "x", " 7 ", "٧", -1, 0, 2**31, None],
    Reference: [[], LIST, {"a": 1}, True, 1.5, "a\0b", "", None],
    JsonObject: [[], LIST, "x", 1, True, {"a": "\0"}, {"a": "x" * 20_000}, None],
    fields.Raw: [LIST, {"a": 1}, True, 1.5, "x", [True], [1.5], ["7"], [0], [2**31], [[1]]],
}
EMPTY_IS_NONE = {
    ("RegisterBody", "username"),
    ("EmployeeRegisterBody", "username"),
}  # an empty username is none, and so is null


def odd_values(schema: type[Schema], name: str, field: fields.Field[Any]) -> list[Any]:
    """What may not be accepted for a field."""
    if isinstance(field, Flag):
        return [odd for odd in ODD_FLAGS if odd is not None or not field.allow_none]
    if isinstance(field, Picture):
        return ODD_FILES
    if isinstance(field, Whole | Reference | JsonObject | fields.Raw) and not isinstance(field, Text | Password):
        return next(odd for kind, odd in ODD_BY_TYPE.items() if type(field) is kind)
    assert isinstance(field, Text | Password), f"say here what may not be accepted for {type(field).__name__}"
    none = [] if field.allow_none or (schema.__name__, name) in EMPTY_IS_NONE else [None]
    limit = field.limit if isinstance(field, Text) else 512
    if isinstance(field, Token):
        return [*ODD_TEXTS, *none]  # whatever its length, a text that is no token is 401 or 200
    return [*ODD_TEXTS, *none, "x" * (limit + 1), "é" * (limit + 1)]


def cases(schema: type[Schema]) -> list[tuple[str, Any]]:
    return [
        (name, value)
        for name, field in schema().fields.items()
        if not field.dump_only
        for value in odd_values(schema, name, field)
    ]


@over(
    [name for name in WITH_BODY if name.row.spec.body and name.row.spec.body().fields],
    alike=lambda row: (row.spec.body, row.spec.forms),
)
async def test_wrong_types_are_named(api: Api, ada: Tokens, db: asyncpg.Connection, name: Name) -> None:
    assert name.row.spec.body
    accepted = []
    async with unchanged(db):
        for field, value in name.of(cases(name.row.spec.body)):
            answer = await api.request(name.row.method, name.path, json={field: value}, headers=ada.bearer)
            if answer.status != 400 or not isinstance(answer.json.get(field), list):
                accepted.append((field, str(value)[:50], answer.status, answer.text))
    assert accepted == []


@pytest.mark.parametrize("field", ["email", "password"])
async def test_a_list_is_no_address(api: Api, ada: Tokens, field: str) -> None:
    """The hole of password resets elsewhere: [victim, attacker]."""
    body = {"email": "ada@example.com", "password": "x", field: ["ada@example.com", "eve@example.com"]}
    for name in WITH_BODY:
        if name.row.name in ("sessions.obtain", "sessions.login_api", "users.register"):
            answer = await api.post(name.path, body)
            assert (answer.status, answer.json[field]) == (400, ["Not a valid string."])


def test_every_text_has_an_end() -> None:
    bodies = {row.spec.body for row in ROUTES if row.spec.body}
    texts = [field for body in bodies for field in body().fields.values() if isinstance(field, fields.String)]
    assert texts == []  # base.Text and its kin have a limit; marshmallow's own String has none


@over([name for name in WITH_BODY if not name.row.name.startswith("managed_users.")])  # there some are fields
async def test_unknown_fields_are_ignored(api: Api, ada: Tokens, db: asyncpg.Connection, name: Name) -> None:
    """Among them the names of columns that exist."""
    odd = {"is_superuser": True, "is_staff": True, "status": "Approved", "id": 1, "password_hash": "x", "é\0": [[]]}
    odd |= {"company_id": "MA9999", "__class__": "x", "": 1, "self": 1, "_schema": 1, "non_field_errors": [1]}
    answer = await api.request(name.row.method, name.path, json=odd, headers=ada.bearer)
    assert answer.status in (200, 400, 401, 404), answer.text
    assert not set(answer.json) & set(odd) or answer.status == 200
    row = await db.fetchrow("SELECT is_superuser, is_staff, status FROM users")
    assert tuple(row) == (True, False, "Pending")  # as the fixture made her
