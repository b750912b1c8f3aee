"""JSON answers: orjson bytes, UTC times with Z, never cached unless a handler says otherwise."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from aiohttp import hdrs, web

from authsvc.core import paging
from authsvc.core.jsons import dump
from authsvc.errors import ApiError, Unauthorized
from authsvc.keys import SERVICE
from authsvc.usual_headers import OF_JSON

JSON, HTML, CSS = "application/json", "text/html", "text/css"


class Published(NamedTuple):
    """Bytes that stay the same while the process lives, and their entity tag (RFC 9110 section 8.8.3)."""

    body: bytes
    etag: str
    media: str = JSON


def etag_of(body: bytes) -> str:
    """A strong entity tag, the same in every process."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def reply(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON response."""
    return raw(dump(data), status, headers)


def raw(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A response of JSON that is bytes already."""
    return web.Response(body=body, status=status, headers={**OF_JSON, **headers} if headers else OF_JSON)


def hinting(response: web.Response, err: ApiError) -> web.Response:
    """An error's answer, with the headers that tell a client how to go on."""
    if isinstance(err, Unauthorized):
        response.headers["WWW-Authenticate"] = err.scheme
    if err.retry_after is not None:
        response.headers["Retry-After"] = str(err.retry_after)
    return response


def cacheable(request: web.Request, what: Published) -> web.Response:
    """What anybody may keep for five minutes; 304 for who has it already."""
    headers = {"Cache-Control": "public, max-age=300", "ETag": what.etag}
    if _is_current(request, what.etag):
        return web.Response(status=304, headers=headers)
    if what.media == JSON:
        return raw(what.body, headers=headers)
    return web.Response(body=what.body, content_type=what.media, charset="utf-8", headers=headers)


def _is_current(request: web.Request, etag: str) -> bool:
    """Does the client have it already? Compared weakly, as If-None-Match wants it (RFC 9110 section 13.1.2)."""
    if request.headers.get(hdrs.IF_NONE_MATCH, "").strip() == "*":
        return True
    return any(f'"{held.value}"' == etag for held in request.if_none_match or ())


def page(request: web.Request, rows: Sequence[Any], limit: int, key: Callable[[Any], Any]) -> web.Response:
    """A bare array of at most `limit` rows; one row more says that there is a next page, which Link names (RFC 8288).

    key: what a cursor holds of a row.
    """
    shown = rows[:limit]
    headers = {}
    if len(rows) > limit:
        after = paging.cursor(key(shown[-1]))
        path = request.rel_url.update_query(cursor=after)
        headers["Link"] = f'<{request.app[SERVICE].settings.public_url}{path}>; rel="next"'
    return reply(list(shown), headers=headers)
