"""Take up what changed in the folder of signing keys, so that a rotation needs no restart."""

import asyncio
import logging
from collections.abc import AsyncIterator

from aiohttp import web

from authsvc import key_files
from authsvc.core.signing import SigningKeyError
from authsvc.jobs.background import running
from authsvc.keys import SERVICE
from authsvc.service import Service

_EVERY = 5.0  # seconds
log = logging.getLogger(__name__)


async def follow_key_files(app: web.Application) -> AsyncIterator[None]:
    """cleanup_ctx: look at the folder now and then."""
    async with running(_forever(app[SERVICE])):
        yield


async def _forever(svc: Service) -> None:
    seen = None  # of what was loaded at the start nobody knows how old it is by now
    while True:
        await asyncio.sleep(_EVERY)
        try:
            now = key_files.fingerprint(svc.settings.jwt_keys_dir)
            if now != seen:
                keys = await asyncio.to_thread(key_files.load, svc.settings)
                seen = now
                if not keys.is_as(svc.tokens.keys):
                    svc.tokens.keys = keys
                    log.info("signing keys changed", extra={"fields": {"signs": keys.signer.kid}})
        except (SigningKeyError, OSError) as err:
            log.warning("signing keys stay as they were: %s", err)
        except Exception:
            log.exception("signing keys stay as they were")
