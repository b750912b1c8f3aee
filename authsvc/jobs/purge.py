"""Forget what is over: sessions long ended, limits long free. Nothing depends on it: expiry is in each query."""

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import AsyncIterator

from aiohttp import web

from authsvc.errors import Unavailable
from authsvc.keys import SERVICE
from authsvc.queries import captchas, guard, limits, links, outbox, revocations, second_factors, sessions
from authsvc.service import Service

_EVERY = 600.0  # seconds
_BATCH = 500  # rows per statement, so that each stays short
_KEEP_ENDED = dt.timedelta(days=30)  # a late reuse of a stolen token is still recognised
log = logging.getLogger(__name__)


async def purge(svc: Service) -> int:
    """One sweep; how many rows went."""
    gone = 0
    for noun in (limits, guard, captchas, second_factors, links, outbox, revocations):
        gone += await noun.purge(svc.db)
    while batch := await sessions.purge(svc.db, _KEEP_ENDED, _BATCH):
        gone += batch
    return gone


async def purge_now_and_then(app: web.Application) -> AsyncIterator[None]:
    """cleanup_ctx: sweep every ten minutes."""
    task = asyncio.create_task(_forever(app[SERVICE]))
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _forever(svc: Service) -> None:
    while True:
        await asyncio.sleep(_EVERY)
        try:
            await purge(svc)
        except Unavailable:
            continue  # the next sweep takes it all
        except Exception:
            log.exception("purge failed")
