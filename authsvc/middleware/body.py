"""Innermost: read and load the body and the query with the handler's schemas."""

from aiohttp import web

from authsvc import bodies
from authsvc.keys import BODY, QUERY
from authsvc.routing import Handler, row_of


@web.middleware
async def body(request: web.Request, handler: Handler) -> web.StreamResponse:
    """request[BODY] and request[QUERY] hold what the schemas let through; anything else is 400, 413 or 415."""
    row = row_of(request)
    if row is not None:
        spec = row.spec
        if spec.query is not None:
            request[QUERY] = bodies.load(spec.query, bodies.query(request, spec.query))
        if spec.body is not None:
            request[BODY] = bodies.load(spec.body, await bodies.read(request, spec.body, forms=spec.forms))
    return await handler(request)
