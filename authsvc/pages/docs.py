"""The API browser: the OpenAPI document as a page for people, made when somebody first asks for it."""

import asyncio
from functools import cache
from pathlib import Path

import orjson
from aiohttp import web
from marshmallow import fields

from authsvc.pages.api_document import Reader
from authsvc.pages.render import rendered_once
from authsvc.replies import CSS, HTML, Published, cacheable, etag_of
from authsvc.routing import SCHEMA, api

_STYLE = Path(__file__).resolve().parents[1] / "static" / "docs.css"
_TEXT = fields.Str(metadata={"description": "A style sheet."})


class Docs:
    """The page of one document; its bytes are all that is kept."""

    def __init__(self) -> None:
        self._made: Published | None = None
        self._one_at_a_time = asyncio.Lock()

    async def page(self, document: bytes) -> Published:
        """The page; making it takes a tenth of a second, in a thread, once for all who wait."""
        async with self._one_at_a_time:
            if self._made is None:
                self._made = await asyncio.to_thread(made, document)
        return self._made


DOCS: web.AppKey[Docs] = web.AppKey("docs", Docs)


@api(media=HTML, or_status=(304,))
async def browse(request: web.Request) -> web.Response:
    """This API as a page for people."""
    return cacheable(request, await request.app[DOCS].page(request.app[SCHEMA].body))


@api(media=CSS, reply=_TEXT, or_status=(304,))
async def style(request: web.Request) -> web.Response:
    """How that page looks."""
    return cacheable(request, _style())


def made(document: bytes) -> Published:
    """The page of an OpenAPI document."""
    body = rendered_once("docs.html", **Reader(orjson.loads(document)).view()).encode()
    return Published(body, etag_of(body), HTML)


@cache
def _style() -> Published:
    body = _STYLE.read_bytes()
    return Published(body, etag_of(body), CSS)
