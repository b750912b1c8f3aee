"""The errors of an endpoint, as OpenAPI responses: one schema, one closed list of codes."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from apispec import APISpec

from authsvc import errors as e
from authsvc.core.person import Kind
from authsvc.openapi_fields import documented
from authsvc.replies import JSON
from authsvc.routing import Access, Route

_PROBLEM = "application/problem+json"
_SAFE = frozenset({"GET", "HEAD"})
_FLOW_DECIDES = frozenset({Access.PUBLIC, Access.PUBLIC_PAGE, Access.REFRESH, Access.BASIC, Access.INTERNAL})
_ADMINS = frozenset({Access.ADMIN, Access.ADMIN_PAGE})
_TEXT = {"type": "string"}
_SENTENCES = {"type": "array", "items": _TEXT, "minItems": 1}
_RETRY_AFTER = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
_CHALLENGE = {"description": "RFC 9110 section 11.6.1.", "schema": _TEXT}
# What some errors say beside code and sentence.
_MORE = {
    "captcha_token": {**_SENTENCES, "description": "With captcha_required."},
    "temporary_token": {**_TEXT, "description": "With otp_required: send it with the code."},
    "expires_in": {"type": "integer", "description": "With otp_required: seconds that the token lives."},
    "methods": {"type": "array", "items": _TEXT, "description": "With otp_required: how a code can be had."},
    "verified": {"type": "boolean", "description": "False, where a password was asked about."},
    "success": {"type": "boolean", "description": "False, where the endpoint's answers say so."},
}


def codes() -> list[str]:
    """The closed list; `invalid` is the code of a map of fields, said in problem details only."""
    return sorted({error.code for error in _all(e.ApiError)} - {e.Invalid.code})


def add(spec: APISpec) -> None:
    """The schemas of errors, and the answer to whatever has no status of its own."""
    code = {"type": "string", "enum": codes()}
    one = {"type": "object", "required": ["detail", "code"], "properties": {"detail": _TEXT, "code": code, **_MORE}}
    spec.components.schema("Error", {"description": "A sentence for people and a code for programs.", **one})
    fields = {"type": "object", "minProperties": 1, "additionalProperties": _SENTENCES}
    about = "What is wrong with which field; `non_field_errors` is about several at once."
    spec.components.schema("FieldErrors", {"description": about, **fields})
    problem = {
        "type": {"const": "about:blank"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "code": {"type": "string", "enum": sorted([*codes(), e.Invalid.code])},
        "errors": {"$ref": "#/components/schemas/FieldErrors"},
    }
    needed = ["type", "title", "status", "detail", "code"]
    about = f"RFC 9457, for who accepts {_PROBLEM}."
    spec.components.schema(
        "Problem", {"description": about, "type": "object", "required": needed, "properties": problem}
    )
    spec.components.response("Error", {"description": "Any other error.", "content": _content(["Error"])})


def of(spec: APISpec, row: Route) -> dict[str, Any]:
    """Each status that is an error, and which codes it comes with; equal ones are written once."""
    by_status: dict[int, list[type[e.ApiError]]] = {}
    for error in sorted(set(_of_row(row)), key=lambda known: (known.status, known.code)):
        by_status.setdefault(error.status, []).append(error)
    return {**{str(status): _shared(spec, status, found) for status, found in by_status.items()}, "default": "Error"}


def _of_row(row: Route) -> Iterable[type[e.ApiError]]:
    """What the middlewares refuse for what the row says, and what the handler's note adds."""
    yield from row.spec.errors
    yield e.Unavailable
    if row.access is Access.INTERNAL or row.scope:
        yield from (e.NotAuthenticated, e.TokenNotValid, e.PermissionDenied)
    if row.access is Access.INTERNAL or "{" in row.path:
        yield e.NotFound
    if row.access not in _FLOW_DECIDES and not row.settles_itself:
        yield from (e.NotAuthenticated, e.TokenNotValid)
        if row.kinds != frozenset(Kind):
            yield e.WrongAccountType
    if row.access in _ADMINS or row.method not in _SAFE:  # a cross-site request is refused to anybody
        yield e.PermissionDenied
    if row.limit is not None:
        yield e.Throttled
    if row.spec.body is not None:
        yield from (e.Malformed, e.Invalid, e.PayloadTooLarge, e.UnsupportedMedia)
    if row.spec.query is not None:
        yield e.Invalid


def _shared(spec: APISpec, status: int, found: list[type[e.ApiError]]) -> str:
    """The name of the response of these errors, made when first asked for."""
    name = ".".join([str(status), *dict.fromkeys(error.code for error in found)])
    if name in spec.components.responses:
        return name
    shapes = ["FieldErrors"] if e.Invalid in found else []
    if any(error is not e.Invalid for error in found):
        shapes.insert(0, "Error")
    lines = [f"- `{error.code}`: {documented(error)}" for error in found if error is not e.Invalid]
    lines += ["- a map of fields"] if e.Invalid in found else []
    made: dict[str, Any] = {"description": "\n".join(lines), "content": _content(shapes)}
    if status == HTTPStatus.UNAUTHORIZED:
        made["headers"] = {"WWW-Authenticate": _CHALLENGE}
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        made["headers"] = {"Retry-After": _RETRY_AFTER}
    spec.components.response(name, made)
    return name


def _content(shapes: list[str]) -> dict[str, Any]:
    refs = [{"$ref": f"#/components/schemas/{name}"} for name in shapes]
    shape = refs[0] if len(refs) == 1 else {"anyOf": refs}
    return {JSON: {"schema": shape}, _PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _all(of_class: type[e.ApiError]) -> Iterable[type[e.ApiError]]:
    yield of_class
    for below in of_class.__subclasses__():
        yield from _all(below)
