"""Work beside the requests, from the start of the application to its end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any

_AGAIN = 1.0  # seconds until work that does not end is cancelled once more


@contextlib.asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run the work meanwhile; at the end it is cancelled and waited for."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        while not task.done():  # asyncio.wait_for of Python 3.11, for one, may swallow what cancels it
            task.cancel()
            await asyncio.wait([task], timeout=_AGAIN)
        with contextlib.suppress(asyncio.CancelledError):
            task.result()
