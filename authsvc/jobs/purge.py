"""Forget what is over, now and then."""

import asyncio
import logging
from collections.abc import AsyncIterator

from aiohttp import web

from authsvc.errors import Unavailable
from authsvc.flows.purge import purge
from authsvc.jobs.background import running
from authsvc.keys import SERVICE
from authsvc.queries import revocations
from authsvc.service import Service

_EVERY = 600.0  # seconds; so long revocations stay: who asks less often forgets everything (known.LONGEST_GAP)
log = logging.getLogger(__name__)


async def purge_now_and_then(app: web.Application) -> AsyncIterator[None]:
    """cleanup_ctx: sweep every ten minutes."""
    async with running(_forever(app[SERVICE])):
        yield


async def _forever(svc: Service) -> None:
    heard: str | None = None
    while True:
        await asyncio.sleep(_EVERY)
        try:
            await purge(svc, heard)
            heard = await revocations.now(svc.db)  # by the next sweep; not by age, for a revocation is as old as it
            # was when it was made, however late its transaction was committed
        except Unavailable:
            continue  # the next sweep takes it all
        except Exception:
            log.exception("purge failed")
