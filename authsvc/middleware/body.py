"""Innermost: read and load the body and the query with the handler's schemas."""

import time
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web
from marshmallow import Schema

from authsvc import bodies
from authsvc.errors import ApiError
from authsvc.keys import BODY, CALLER, QUERY, SERVICE_KEY, UNREADABLE
from authsvc.routing import Spec

_PROMPT = 0.1  # seconds; a body usually comes with its head


def gate(
    spec: Spec, again: Iterable[Callable[[web.Request], Awaitable[None] | None]]
) -> Callable[[web.Request], Awaitable[None] | None]:
    """request[BODY] and request[QUERY] hold what the schemas let through; anything else is 400, 413 or 415.

    A row that forgives takes a body that cannot be read for an empty one.

    again: the gates that who is known, a signed-in caller or a service, passes once more when the body came late.
    """

    def load(request: web.Request) -> Awaitable[None] | None:
        if spec.query is not None:
            request[QUERY] = bodies.load(spec.query, bodies.query(request, spec.query))
        return read(request, spec.body) if spec.body is not None else None

    async def read(request: web.Request, schema: type[Schema]) -> None:
        began = time.monotonic()
        try:
            request[BODY] = bodies.load(schema, await bodies.read(request, schema, forms=spec.forms))
        except ApiError as err:
            if not spec.forgives:
                raise
            request[BODY], request[UNREADABLE] = {}, err
        is_known = request[CALLER] is not None or request.get(SERVICE_KEY) is not None
        if is_known and time.monotonic() - began > _PROMPT:
            # Somebody who keeps a request open must not act by a right that he lost meanwhile.
            for gate in again:
                if (waits := gate(request)) is not None:
                    await waits

    return load
