"""Innermost: read and load the body and the query with the handler's schemas."""

import time

from aiohttp import web

from authsvc import bodies
from authsvc.keys import BODY, CALLER, QUERY, SERVICE
from authsvc.middleware import access, identity
from authsvc.routing import Handler, row_of

_PROMPT = 0.1  # seconds; a body usually comes with its head


@web.middleware
async def body(request: web.Request, handler: Handler) -> web.StreamResponse:
    """request[BODY] and request[QUERY] hold what the schemas let through; anything else is 400, 413 or 415."""
    row = row_of(request)
    if row is not None:
        spec = row.spec
        if spec.query is not None:
            request[QUERY] = bodies.load(spec.query, bodies.query(request, spec.query))
        if spec.body is not None:
            began = time.monotonic()
            request[BODY] = bodies.load(spec.body, await bodies.read(request, spec.body, forms=spec.forms))
            if request[CALLER] is not None and time.monotonic() - began > _PROMPT:
                # Somebody who keeps a request open must not act by a right that he lost meanwhile.
                await identity.resolve(request, request.app[SERVICE])
                await access.check(request)
    return await handler(request)
