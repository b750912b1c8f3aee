"""Request bodies, read strictly: what two parsers could read differently is refused.

aiohttp's own readers are not used: `request.json()` takes any content type and charset, passes NaN and
duplicate keys, and a body that drips a byte at a time is never cut.
"""

import asyncio
import json
import warnings
from collections.abc import Mapping
from typing import Any, TypeGuard
from urllib.parse import parse_qsl

import orjson
from aiohttp import BadContentDispositionHeader, BadContentDispositionParam, BodyPartReader, ClientError, web
from aiohttp.helpers import parse_mimetype
from aiohttp.http_exceptions import HttpProcessingError
from marshmallow import EXCLUDE, Schema, ValidationError, missing

from authsvc.errors import Invalid, Malformed, PayloadTooLarge, UnsupportedMedia
from authsvc.schemas.base import File, FormField

MAX_JSON = 1024 * 1024
MAX_MULTIPART = 4 * 1024 * 1024
_DEADLINE = 10.0  # seconds for the whole body
_MAX_PARTS = 50
_URLENCODED = "application/x-www-form-urlencoded"
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})
_PLAIN = frozenset({"7bit", "8bit", "binary"})
_FIELD_NAMES = {"_schema": "non_field_errors"}
_schemas: dict[type[Schema], Schema] = {}

# aiohttp only warns of a broken Content-Disposition, and every text that was warned of is remembered for ever.
for _odd in (BadContentDispositionHeader, BadContentDispositionParam):
    warnings.simplefilter("error", _odd)


def load(schema: type[Schema], data: Mapping[str, Any]) -> dict[str, Any]:
    """What the schema lets through (unknown fields are dropped); Invalid with a map of sentences otherwise."""
    ready = _instance(schema)
    try:
        loaded: dict[str, Any] = ready.load(data)
    except ValidationError as err:
        messages: dict[str, list[str]] = err.normalized_messages()  # type: ignore[no-untyped-call]
        raise Invalid({_FIELD_NAMES.get(name, name): found for name, found in messages.items()}) from err
    return loaded


def query(request: web.Request, schema: type[Schema]) -> dict[str, Any]:
    """The query string, whose values are text as in forms; of a parameter given twice the first one counts."""
    return _from_form(schema, dict(request.query))


async def read(request: web.Request, schema: type[Schema], *, forms: bool) -> dict[str, Any]:
    """The body as an object. Malformed (400), PayloadTooLarge (413) or UnsupportedMedia (415) when it is none."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("Compressed bodies are not accepted.")
    header = request.headers.get("Content-Type", "")
    mime = parse_mimetype(header)
    media = f"{mime.type}/{mime.subtype}".lower()
    try:
        if media == "multipart/form-data" and forms:
            async with asyncio.timeout(_DEADLINE):
                return _from_form(schema, await _multipart(request))
        raw = await _bytes(request)
    except TimeoutError as err:
        raise Malformed("The body took too long to arrive.") from err
    except (ConnectionError, ClientError, HttpProcessingError) as err:  # the client went away, or cannot count
        raise Malformed("The body could not be read to its end.") from err
    if not raw:
        return {}  # whatever the content type says: clients post nothing to refresh and to sign out
    if mime.parameters.get("charset", "utf-8").lower() not in _CHARSETS:
        raise UnsupportedMedia("Bodies are UTF-8.")
    if media == "application/json":
        return _json(raw)
    if media == _URLENCODED and forms:
        return _from_form(schema, _urlencoded(raw))
    raise UnsupportedMedia(f'Unsupported media type "{media[:100]}" in request.')


async def _bytes(request: web.Request) -> bytes:
    if (request.content_length or 0) > MAX_JSON:
        raise PayloadTooLarge
    if request.content.is_eof():  # it came with its head
        raw = request.content.read_nowait()
        if len(raw) > MAX_JSON:
            raise PayloadTooLarge
        return raw
    pieces = bytearray()
    async with asyncio.timeout(_DEADLINE):
        async for piece in request.content.iter_any():
            pieces += piece
            if len(pieces) > MAX_JSON:
                raise PayloadTooLarge
    return bytes(pieces)


def _json(raw: bytes) -> dict[str, Any]:
    """One object. orjson refuses bad UTF-8, lone surrogates, NaN and great depth; the second pass duplicate keys."""
    try:
        data = orjson.loads(raw)
        if not _is_plain_object(raw, data):
            data = json.loads(raw, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as err:
        raise Malformed("JSON parse error.") from err
    if not isinstance(data, dict):
        raise Malformed("Expected a JSON object.")
    return data


def _is_plain_object(raw: bytes, data: Any) -> bool:
    """Is this surely what the second pass would give? Each key that was written has a colon behind it."""
    return (
        type(data) is dict
        and raw.count(b"{") == 1
        and raw.count(b":") == len(data)
        and float not in map(type, data.values())  # what orjson makes of large integers
    )


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("duplicate keys")
    return data


def _urlencoded(raw: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=_MAX_PARTS, errors="strict")
        return _no_duplicates(pairs)
    except ValueError as err:
        raise Malformed("The form could not be read.") from err


async def _multipart(request: web.Request) -> dict[str, Any]:
    """Fields of a form: text for most, a File for parts with a file name. Duplicate fields are refused."""
    found: dict[str, Any] = {}
    _bound(request)
    try:
        async for part in await request.multipart():
            _bound(request)
            if not _is_plain_part(part) or part.name is None or part.name in found or len(found) == _MAX_PARTS:
                raise Malformed("The form could not be read.")
            raw = bytearray()
            while chunk := await part.read_chunk(65536):
                raw += chunk
                _bound(request)
            found[part.name] = _value(part.filename, bytes(raw))
    except (ValueError, AssertionError, RuntimeError, RuntimeWarning, HttpProcessingError) as err:
        raise Malformed("The form could not be read.") from err
    _bound(request)
    return found


def _value(filename: str | None, raw: bytes) -> Any:
    if filename is None:
        return raw.decode("utf-8")
    # A browser sends a field in which no file was chosen with an empty name and nothing in it.
    return File(raw) if filename or raw else missing


def _bound(request: web.Request) -> None:
    """All of a form counts: also the headers of its parts, and what stands before and between them."""
    if max(request.content_length or 0, request.content.total_bytes) > MAX_MULTIPART:
        raise PayloadTooLarge


def _is_plain_part(part: object) -> TypeGuard[BodyPartReader]:
    """A named part whose bytes are meant as they stand (RFC 7578): not nested, not encoded, UTF-8."""
    return (
        isinstance(part, BodyPartReader)
        and bool(part.name)
        and part.headers.get("Content-Transfer-Encoding", "binary").lower() in _PLAIN
        and "Content-Encoding" not in part.headers
        and part.get_charset("utf-8").lower() in _CHARSETS
    )


def _from_form(schema: type[Schema], form: dict[str, Any]) -> dict[str, Any]:
    """A form knows only text: fields of other types say how theirs is read, and what stands for nothing."""
    fields = _instance(schema).fields
    read = {
        name: fields[name].from_form(value) if isinstance(fields.get(name), FormField) else value  # type: ignore[attr-defined]
        for name, value in form.items()
    }
    return {name: value for name, value in read.items() if value is not missing}


def _instance(schema: type[Schema]) -> Schema:
    """Schemas are made once: making one costs five times as much as loading with it."""
    if schema not in _schemas:
        _schemas[schema] = schema(unknown=EXCLUDE)
    return _schemas[schema]
