"""Hear what was revoked."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from authsvc.keys import SERVICE


async def follow_revocations(app: web.Application) -> AsyncIterator[None]:
    """cleanup_ctx: without it nothing is remembered, and each request asks the database."""
    svc = app[SERVICE]
    if not svc.settings.identity_cache:
        yield
        return
    task = asyncio.create_task(svc.known.follow())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
