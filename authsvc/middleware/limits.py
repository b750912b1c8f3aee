"""Hold the row's `limit`: one statement per attempt, shared by all processes, counted over all names of the row.

GCRA (generic cell rate algorithm): a bucket of `calls` that refills evenly over `seconds`. A key that
was refused is refused again from memory until its time has come, so an attack on one key costs the
database nothing.
"""

import math
import time

from aiohttp import web

from authsvc.addresses import network_of
from authsvc.errors import Throttled
from authsvc.keys import CALLER, ORIGIN, REPLY_HEADERS, SERVICE
from authsvc.queries import limits as statements
from authsvc.routing import Handler, Limit, Route, row_of

REFUSED: web.AppKey[dict[str, float]] = web.AppKey("refused", dict)
_MAX_REMEMBERED = 10_000


@web.middleware
async def limits(request: web.Request, handler: Handler) -> web.StreamResponse:
    """429 with Retry-After; RateLimit headers (IETF draft-ietf-httpapi-ratelimit-headers) on every answer."""
    row = row_of(request)
    if row is not None and row.limit is not None and request.app[SERVICE].settings.limits:
        await _count(request, row, row.limit)
    return await handler(request)


async def _count(request: web.Request, row: Route, limit: Limit) -> None:
    svc, refused = request.app[SERVICE], request.app[REFUSED]
    request[REPLY_HEADERS] = {}
    key = f"{row.method} {row.path} {_who(request, limit)}"
    request[REPLY_HEADERS]["RateLimit-Policy"] = f'"{row.name}";q={limit.calls};w={limit.seconds}'
    wait = refused.get(key, 0.0) - time.monotonic()
    if wait <= 0:
        interval = limit.seconds / limit.calls
        free_in = await statements.take(svc.db, key, interval, float(limit.seconds))
        if free_in is not None:
            remaining = int((limit.seconds - free_in) / interval)
            request[REPLY_HEADERS]["RateLimit"] = f'"{row.name}";r={remaining};t={math.ceil(free_in)}'
            return
        wait = await statements.wait(svc.db, key, interval, float(limit.seconds))
        if len(refused) >= _MAX_REMEMBERED:
            refused.clear()
        refused[key] = time.monotonic() + wait
    request[REPLY_HEADERS]["RateLimit"] = f'"{row.name}";r=0;t={math.ceil(wait)}'
    raise Throttled(retry_after=max(1, math.ceil(wait)))


def _who(request: web.Request, limit: Limit) -> str:
    caller = request[CALLER]
    return str(caller.person) if limit.per == "person" and caller else network_of(request[ORIGIN].ip)
