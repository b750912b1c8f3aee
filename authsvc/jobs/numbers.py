"""Once a second: what the metrics need to know of this process."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from authsvc import metrics
from authsvc.jobs.background import running
from authsvc.keys import SERVICE
from authsvc.service import Service

_EVERY = 1.0  # seconds


async def keep_numbers(app: web.Application) -> AsyncIterator[None]:
    """cleanup_ctx: another process may be the one that is asked, so each puts its numbers where all can read them."""
    async with running(_forever(app[SERVICE])):
        yield
    metrics.flush()


async def _forever(svc: Service) -> None:
    while True:
        metrics.sample(svc)
        metrics.flush()
        await asyncio.sleep(_EVERY)
