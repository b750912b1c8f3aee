"""The service about itself: indexes, health, keys, metrics, and the API's own description."""

import asyncio

from aiohttp import web

from authsvc import metrics as numbers
from authsvc.core.person import Kind
from authsvc.errors import NotFound, Unavailable
from authsvc.flows import landing
from authsvc.flows.readiness import problem
from authsvc.keys import SERVICE
from authsvc.replies import Published, cacheable, etag_of, reply
from authsvc.routing import ROWS, SCHEMA, api
from authsvc.schemas.meta import DOCUMENT, LINKS, Health, KeySet

V1 = {
    "users": "/api/v1/users/",
    "roles": "/api/v1/roles/",
    "systems": "/api/v1/systems/",
    "system-roles": "/api/v1/system-roles/",
    "tts": "/api/v1/tts/",
    "hdts": "/api/v1/hdts/",
}
API = {
    "v1": "/api/v1/",
    "me": "/api/me/",
    "token": "/api/v1/token/",
    "schema": "/api/schema/",
    "docs": "/api/docs/",
}


@api(reply=LINKS)
async def v1_index(request: web.Request) -> web.Response:
    """The parts of version 1."""
    return reply(V1)


@api(reply=LINKS)
async def api_index(request: web.Request) -> web.Response:
    """The parts of the API that anybody or any signed-in person can open."""
    return reply(API)


@api(reply=LINKS)
async def section_index(request: web.Request) -> web.Response:
    """The endpoints below this path, each by its name."""
    below = request.path
    paths = {path for row in request.app[ROWS].values() for path in row.paths if path.startswith(below)}
    return reply({p.removeprefix(below).strip("/"): p for p in sorted(paths) if p != below and "{" not in p})


@api(status=303)
async def home(request: web.Request) -> web.Response:
    """Go to the sign-in page of the staff."""
    return web.Response(status=303, headers={"Location": landing.SIGN_IN_PAGES[Kind.STAFF]})


@api(reply=Health)
async def alive(request: web.Request) -> web.Response:
    """The process answers; says nothing of the database."""
    return reply({"status": "ok"})


@api(reply=Health, errors=(Unavailable,))
async def ready(request: web.Request) -> web.Response:
    """Database reachable and schema of this version: 200, else 503 with the reason."""
    reason = await problem(request.app[SERVICE])
    if reason is not None:
        raise Unavailable(reason)
    return reply({"status": "ready"})


@api(reply=KeySet, or_status=(304,))
async def jwks(request: web.Request) -> web.Response:
    """The public keys of access tokens as a JWK Set (RFC 7517)."""
    body = request.app[SERVICE].tokens.keys.jwks
    return cacheable(request, Published(body, etag_of(body)))


@api(reply=DOCUMENT, or_status=(304,))
async def schema(request: web.Request) -> web.Response:
    """This API as an OpenAPI 3.1 document."""
    return cacheable(request, request.app[SCHEMA])


@api(media="text/plain", errors=(NotFound,))
async def metrics(request: web.Request) -> web.Response:
    """What Prometheus asks: counters of all processes."""
    numbers.sample(request.app[SERVICE])
    numbers.flush()
    return web.Response(body=await asyncio.to_thread(numbers.text), headers={"Content-Type": numbers.CONTENT_TYPE})
