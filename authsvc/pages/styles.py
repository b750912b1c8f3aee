"""The style sheets of the pages: a page has no style inside."""

from functools import cache
from pathlib import Path

from aiohttp import web
from marshmallow import fields

from authsvc.replies import CSS, Published, cacheable, etag_of
from authsvc.routing import api

_STATIC = Path(__file__).resolve().parents[1] / "static"
_TEXT = fields.Str(metadata={"description": "A style sheet."})


@api(media=CSS, reply=_TEXT, or_status=(304,))
async def docs(request: web.Request) -> web.Response:
    """How the API browser looks."""
    return cacheable(request, _sheet("docs.css"))


@api(media=CSS, reply=_TEXT, or_status=(304,))
async def pages(request: web.Request) -> web.Response:
    """How all other pages look."""
    return cacheable(request, _sheet("pages.css"))


@cache
def _sheet(name: str) -> Published:
    body = (_STATIC / name).read_bytes()
    return Published(body, etag_of(body), CSS)
