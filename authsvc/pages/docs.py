"""The API browser: the OpenAPI document as a page for people, made when somebody first asks for it."""

import asyncio

import orjson
from aiohttp import web

from authsvc.pages.api_document import Reader
from authsvc.pages.render import rendered_once
from authsvc.replies import HTML, Published, cacheable, etag_of
from authsvc.routing import SCHEMA, api


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


def made(document: bytes) -> Published:
    """The page of an OpenAPI document."""
    body = rendered_once("docs.html", **Reader(orjson.loads(document)).view()).encode()
    return Published(body, etag_of(body), HTML)
