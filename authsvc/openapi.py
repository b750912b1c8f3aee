"""The route table as an OpenAPI 3.1 document: what each row and its handler's note say, and nothing of its own."""

import functools
import re
import sys
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
from apispec import APISpec

from authsvc import __version__, openapi_errors
from authsvc.core.jsons import kept
from authsvc.openapi_fields import Plugin, documented
from authsvc.replies import HTML, JSON, Published, etag_of
from authsvc.routes import ROUTES
from authsvc.routing import Access, Route

_ABOUT = """Sign-in, sessions, roles and people of internal systems.

Collections are bare arrays, ordered by id; `?limit=` and `?cursor=` page them, and the `Link` header (RFC 8288)
leads to the next page. Times are UTC in ISO 8601. Unknown members of a body are ignored. HEAD answers wherever GET
does. `x-access` says who may call, `x-rate-limit` how often: all paths of an endpoint share rights and counters, and
`x-alias-of` names the first of them."""
_TAGGED = re.compile(r"\{(\w+):((?:[^{}]|\{[^}]*\})*)\}")
_IDS = "[1-9][0-9]{0,9}"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_SCHEMES = {
    "cookie": {"type": "apiKey", "in": "cookie", "name": "access_token"},
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "basic": {"type": "http", "scheme": "basic"},
    "refreshCookie": {"type": "apiKey", "in": "cookie", "name": "refresh_token"},
    "serviceKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A service on our network."},
}
_ANYBODY: dict[str, list[str]] = {}
_LINK = {"description": 'The next page, if there is one: `<…>; rel="next"`.', "schema": {"type": "string"}}
_LOCATION = {"description": "Where to go.", "schema": {"type": "string"}}


class _Named(NamedTuple):
    """One operation: a method of a row by one of its names."""

    row: Route
    path: str
    name: str  # operationId


def document() -> dict[str, Any]:
    """The whole document."""
    plugin = Plugin()
    info = {"description": _ABOUT}
    spec = APISpec("authsvc", __version__, "3.1.0", info=info, plugins=[plugin], servers=[{"url": "/"}])
    for name, scheme in _SCHEMES.items():
        spec.components.security_scheme(name, scheme)
    openapi_errors.add(spec)
    for noun, about in _nouns():
        spec.tag({"name": noun, "description": about})
    for operation in _operations():
        spec.path(shown(operation.path), operations={operation.row.method.lower(): _described(spec, plugin, operation)})
    return spec.to_dict()


def text() -> str:
    """For people: indented, in the order of the table."""
    return orjson.dumps(document(), option=orjson.OPT_INDENT_2).decode() + "\n"


@functools.cache
def published() -> Published:
    """For programs: the same without blanks."""
    body = kept(document())
    return Published(body, etag_of(body))


def shown(path: str) -> str:
    """A path without the patterns of its parts."""
    return _TAGGED.sub(r"{\1}", path)


def _operations() -> Iterable[_Named]:
    """The first row of a handler has its name; others, and aliases, add method and path to be told apart."""
    taken = set()
    for row in ROUTES:
        for path in row.paths:
            name = row.name.replace(".", "_")
            if name in taken:
                name += f"__{row.method.lower()}_" + "_".join(re.findall(r"\w+", shown(path)))
            taken.add(name)
            yield _Named(row, path, name)


def _nouns() -> Iterable[tuple[str, str]]:
    """The handlers' modules and what their first lines say."""
    modules = dict.fromkeys(row.handler.__module__ for row in ROUTES)
    return [(name.rpartition(".")[2], _first_line(sys.modules[name])) for name in modules]


def _described(spec: APISpec, plugin: Plugin, operation: _Named) -> dict[str, Any]:
    row, path = operation.row, operation.path
    made: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [row.name.partition(".")[0]],
        "summary": _first_line(row.handler),
        "x-access": row.access.value,
        "security": _security(row),
        "parameters": [*_parts_of(path), *_query(row)],
        "responses": {**_replies(plugin, row), **openapi_errors.of(spec, row)},
    }
    if row.path != path:
        made["x-alias-of"] = shown(row.path)
    if row.limit is not None:
        made["x-rate-limit"] = row.limit._asdict()
    if row.spec.body is not None:
        kinds = (JSON, *_FORMS) if row.spec.forms else (JSON,)
        shape = plugin.shape(row.spec.body)
        is_needed = any(field.required for field in row.spec.body._declared_fields.values())
        made["requestBody"] = {"required": is_needed, "content": {kind: {"schema": shape} for kind in kinds}}
    return made


def _first_line(what: Callable[..., Any] | Any) -> str:
    return documented(what).partition("\n")[0]


def _parts_of(path: str) -> list[dict[str, Any]]:
    found = []
    for name, pattern in _TAGGED.findall(path):
        shape: dict[str, Any] = {"type": "string", "pattern": f"^{pattern}$"}
        if pattern == _IDS:
            shape = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
        found.append({"in": "path", "name": name, "required": True, "schema": shape})
    return found


def _query(row: Route) -> list[dict[str, Any]]:
    return [] if row.spec.query is None else [{"in": "query", "schema": row.spec.query}]


def _security(row: Route) -> list[dict[str, list[str]]]:
    """Any one of these is enough."""
    session: list[dict[str, list[str]]] = [{"cookie": []}, {"bearer": []}]
    refresh: dict[str, list[str]] = {"refreshCookie": []}
    by_body = row.spec.body is not None and "refresh" in row.spec.body._declared_fields
    if row.settles_itself:
        found = [*session, refresh, _ANYBODY]
    elif row.access is Access.INTERNAL:
        found = [{"serviceKey": []}, _ANYBODY]
    elif row.access is Access.REFRESH:
        found = [refresh, _ANYBODY] if by_body else [refresh]
    elif row.access is Access.BASIC:
        found = [{"basic": []}, refresh]
    elif row.access in (Access.PUBLIC, Access.PUBLIC_PAGE):
        found = [_ANYBODY, *session] if row.knows_caller else []
    else:
        found = session
    return [*found, {"serviceKey": []}] if row.scope and row.access is not Access.INTERNAL else found


def _replies(plugin: Plugin, row: Route) -> dict[str, Any]:
    """Each status that is no error."""
    return {str(status): _reply(plugin, row, status) for status in (row.spec.status, *row.spec.or_status)}


def _reply(plugin: Plugin, row: Route, status: int) -> dict[str, Any]:
    spec, made = row.spec, {"description": HTTPStatus(status).phrase}
    if status // 100 == HTTPStatus.MULTIPLE_CHOICES // 100 or status == HTTPStatus.NO_CONTENT:
        return {**made, "headers": {"Location": _LOCATION}} if status == HTTPStatus.SEE_OTHER else made
    is_page = row.access is Access.PUBLIC_PAGE or spec.media == HTML
    content: dict[str, Any] = {HTML: {"schema": {"type": "string"}}} if is_page else {}
    if spec.reply is not None:
        shape = plugin.shape(spec.reply)
        content[spec.media] = {"schema": {"type": "array", "items": shape} if spec.many else shape}
    elif not is_page:
        content[spec.media] = {}
    headers = {"headers": {"Link": _LINK}} if spec.query and "cursor" in spec.query._declared_fields else {}
    return {**made, **headers, "content": content}
