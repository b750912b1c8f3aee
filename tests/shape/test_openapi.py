"""The OpenAPI document: valid, complete, and as agreed."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from authsvc import openapi
from authsvc.errors import ApiError
from authsvc.routes import ROUTES
from authsvc.routing import Access, Route
from tests.client import CODES
from tests.shape.golden import same_as_golden
from tests.shape.test_routes import shown

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "openapi.json"
NAMES = [(row, path) for row in ROUTES for path in row.paths]
ANSWERS_BYTES = {"profile.picture", "meta.metrics"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi.document()


def operation(document: dict[str, Any], row: Route, path: str) -> dict[str, Any]:
    return document["paths"][shown(path)][row.method.lower()]


def errors(document: dict[str, Any], row: Route, path: str | None = None) -> dict[str, str]:
    """status → the name of its response, which holds its codes."""
    found = operation(document, row, path or row.path)["responses"]
    return {status: said["$ref"].rpartition("/")[2] for status, said in found.items() if "$ref" in said}


def everything(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for below in node.values():
            yield from everything(below)
    elif isinstance(node, list):
        for below in node:
            yield from everything(below)


def test_the_document_is_as_agreed() -> None:
    same_as_golden(GOLDEN, openapi.text())


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_it_has_every_name_of_every_row_and_no_more(document: dict[str, Any]) -> None:
    found = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert found == {(row.method, shown(path)) for row, path in NAMES}


def test_an_alias_is_the_same_operation(document: dict[str, Any]) -> None:
    for row, path in NAMES:
        first, alias = operation(document, row, row.path), operation(document, row, path)
        differing = {"operationId", "x-alias-of"} if path != row.path else set()
        assert first | {name: alias.get(name) for name in differing} == alias
        assert alias.get("x-alias-of") == (shown(row.path) if path != row.path else None)


def test_operation_ids_are_unique_identifiers(document: dict[str, Any]) -> None:
    ids = [operation(document, row, path)["operationId"] for row, path in NAMES]
    assert len(ids) == len(set(ids))
    assert [name for name in ids if not name.isidentifier()] == []


def test_every_part_of_a_path_is_described(document: dict[str, Any]) -> None:
    for row, path in NAMES:
        parameters = operation(document, row, path)["parameters"]
        parts = [one["name"] for one in parameters if one["in"] == "path"]
        assert parts == re.findall(r"\{(\w+)\}", shown(path))


def test_every_operation_says_what_it_does_and_answers(document: dict[str, Any]) -> None:
    silent = []
    for row in ROUTES:
        said = operation(document, row, row.path)
        assert said["summary"] == (row.handler.__doc__ or "").strip().splitlines()[0]
        contents = [answer.get("content", {}) for status, answer in said["responses"].items() if status[0] == "2"]
        silent += [row.name for content in contents for media in content.values() if media == {}]
    assert set(silent) <= ANSWERS_BYTES


def test_the_codes_are_the_closed_list(document: dict[str, Any]) -> None:
    assert document["components"]["schemas"]["Error"]["properties"]["code"]["enum"] == sorted(CODES)


def test_no_code_is_only_in_a_note(document: dict[str, Any]) -> None:
    named = {code for name in document["components"]["responses"] if name != "Error" for code in name.split(".")[1:]}
    assert named - {"invalid"} <= CODES
    assert {error.code for row in ROUTES for error in row.spec.errors} <= named


def test_errors_follow_from_the_row(document: dict[str, Any]) -> None:
    closed = {Access.SIGNED_IN, Access.EMPLOYEE, Access.ADMIN, Access.ADMIN_PAGE}
    for row in ROUTES:
        at, found = f"{row.method} {row.path}", errors(document, row)
        assert "unavailable" in found["503"], at
        assert ("throttled" in found.get("429", "")) == (row.limit is not None), at
        if row.access in closed and not row.settles_itself:
            assert "not_authenticated" in found["401"], at
            assert len(row.kinds) == 2 or "wrong_account_type" in found["403"], at
        if row.access in {Access.ADMIN, Access.ADMIN_PAGE} or row.method != "GET":
            assert "permission_denied" in found["403"], at
        if row.access is Access.INTERNAL or "{" in row.path:
            assert "not_found" in found["404"], at
        assert ("413" in found, "415" in found) == (row.spec.body is not None,) * 2, at
        assert ("400" in found) >= (row.spec.body is not None or row.spec.query is not None), at


def test_security_follows_from_the_row(document: dict[str, Any]) -> None:
    session = [{"cookie": []}, {"bearer": []}]
    expected = {
        "/api/v1/users/login/": [],
        "/api/me/": session,
        "/token/": [{"basic": []}, {"refreshCookie": []}],
        "/api/v1/token/refresh/": [{"refreshCookie": []}, {}],
        "/api/v1/users/token/refresh/": [{"refreshCookie": []}],
        "/api/v1/users/logout/": [*session, {"refreshCookie": []}, {}],
        "/api/v1/users/2fa/request-otp/": [{}, *session],
        "/api/v1/users/internal/{id}/": [{"serviceKey": []}, {}],
        "/api/v1/tts/round-robin/": [*session, {"serviceKey": []}],
    }
    for row in ROUTES:
        if shown(row.path) in expected and not (row.path == "/token/" and row.method == "POST"):
            assert operation(document, row, row.path)["security"] == expected.pop(shown(row.path))
    assert expected == {}


def test_forms_and_limits_are_those_of_the_row(document: dict[str, Any]) -> None:
    for row, path in NAMES:
        said = operation(document, row, path)
        kinds = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"]
        kinds = kinds[: 3 if row.spec.forms else 1] if row.spec.body else []
        assert list(said.get("requestBody", {}).get("content", [])) == kinds
        assert said.get("x-rate-limit") == (row.limit._asdict() if row.limit else None)
        assert said["x-access"] == row.access.value


def test_every_field_has_a_type(document: dict[str, Any]) -> None:
    """A field type that openapi_fields.py does not know would have none."""
    for name, schema in document["components"]["schemas"].items():
        for field, shape in schema.get("properties", {}).items():
            assert shape.keys() & {"type", "anyOf", "$ref", "const"}, (name, field)


def test_nothing_is_left_over(document: dict[str, Any]) -> None:
    refs = {node["$ref"] for node in everything(document) if "$ref" in node}
    made = {f"#/components/{kind}/{name}" for kind in ("schemas", "responses") for name in document["components"][kind]}
    assert refs == made


def test_an_error_is_described_once(document: dict[str, Any]) -> None:
    assert ApiError.__subclasses__()
    assert len(document["components"]["responses"]) < 40
