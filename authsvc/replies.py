"""JSON answers: orjson bytes, UTC times with Z, never cached unless a handler says otherwise."""

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web
from multidict import CIMultiDict

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC
JSON = "application/json"


def dump(data: Any) -> bytes:
    """JSON bytes of anything the API says."""
    return orjson.dumps(data, option=_OPTIONS)


def reply(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON response."""
    return web.Response(body=dump(data), status=status, headers=CIMultiDict(headers or {}), content_type=JSON)
