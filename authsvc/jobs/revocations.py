"""Hear what was revoked."""

from collections.abc import AsyncIterator

from aiohttp import web

from authsvc.jobs.background import running
from authsvc.keys import SERVICE


async def follow_revocations(app: web.Application) -> AsyncIterator[None]:
    """cleanup_ctx: without it nothing is remembered, and each request asks the database."""
    svc = app[SERVICE]
    if not svc.settings.identity_cache:
        yield
        return
    async with running(svc.known.follow()):
        yield
