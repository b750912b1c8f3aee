"""Forget what is over, now and then."""

import asyncio
import logging
from collections.abc import AsyncIterator

from aiohttp import web

from authsvc.errors import Unavailable
from authsvc.flows.purge import purge
from authsvc.jobs.background import running
from authsvc.keys import SERVICE
from authsvc.service import Service

_EVERY = 600.0  # seconds
log = logging.getLogger(__name__)


async def purge_now_and_then(app: web.Application) -> AsyncIterator[None]:
    """cleanup_ctx: sweep every ten minutes."""
    async with running(_forever(app[SERVICE])):
        yield


async def _forever(svc: Service) -> None:
    while True:
        await asyncio.sleep(_EVERY)
        try:
            await purge(svc)
        except Unavailable:
            continue  # the next sweep takes it all
        except Exception:
            log.exception("purge failed")
