"""The service's clock, a parameter of whoever needs it.

Expiry in the database is decided by the database's clock alone; this one signs tokens and reads them.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

Clock = Callable[[], float]

system_clock: Clock = time.time


@contextlib.asynccontextmanager
async def no_sooner_than(seconds: float) -> AsyncIterator[None]:
    """Let the block take at least so long, however it ends: how long it really took tells nobody anything."""
    started = time.monotonic()
    try:
        yield
    finally:
        await asyncio.sleep(started + seconds - time.monotonic())
