"""Hold the row's `limit`: one statement per attempt, shared by all processes, counted over all names of the row.

GCRA (generic cell rate algorithm): a bucket of `calls` that refills evenly over `seconds`. A key that
was refused is refused again from memory until its time has come, so an attack on one key costs the
database nothing.
"""

import math
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from authsvc.addresses import network_of
from authsvc.errors import Throttled
from authsvc.keys import CALLER, ORIGIN, REPLY_HEADERS
from authsvc.queries import limits as statements
from authsvc.routing import Limit, Route
from authsvc.service import Service

REFUSED: web.AppKey[dict[str, float]] = web.AppKey("refused", dict)
_MAX_REMEMBERED = 10_000


def gate(row: Route, svc: Service, refused: dict[str, float]) -> Callable[[web.Request], Awaitable[None]]:
    """429 with Retry-After; RateLimit headers (IETF draft-ietf-httpapi-ratelimit-headers) on every answer.

    refused: until when each key is refused, by time.monotonic().
    """
    limit = row.limit or Limit(0, 1)
    interval, window = limit.seconds / max(1, limit.calls), float(limit.seconds)
    policy = f'"{row.name}";q={limit.calls};w={limit.seconds}'

    async def count(request: web.Request) -> None:
        said = request[REPLY_HEADERS] = {"RateLimit-Policy": policy}
        key = f"{row.method} {row.path} {_who(request, limit)}"
        wait = refused.get(key, 0.0) - time.monotonic()
        if wait <= 0:
            free_in = await statements.take(svc.db, key, interval, window)
            if free_in is not None:
                remaining = int((limit.seconds - free_in) / interval)
                said["RateLimit"] = f'"{row.name}";r={remaining};t={math.ceil(free_in)}'
                return
            wait = await statements.wait(svc.db, key, interval, window)
            if len(refused) >= _MAX_REMEMBERED:
                refused.clear()
            refused[key] = time.monotonic() + wait
        said["RateLimit"] = f'"{row.name}";r=0;t={math.ceil(wait)}'
        raise Throttled(retry_after=max(1, math.ceil(wait)))

    return count


def _who(request: web.Request, limit: Limit) -> str:
    caller = request[CALLER]
    return str(caller.person) if limit.per == "person" and caller else network_of(request[ORIGIN].ip)
