"""Forget what is over: sessions long ended, limits long free. Nothing depends on it: expiry is in each query."""

import datetime as dt

from authsvc.queries import captchas, guard, limits, links, outbox, revocations, second_factors, sessions
from authsvc.service import Service

_BATCH = 500  # rows per statement, so that each stays short
_KEEP_ENDED = dt.timedelta(days=30)  # a late reuse of a stolen token is still recognised


async def purge(svc: Service, heard: str | None = None) -> int:
    """One sweep; how many rows went. heard: below which transaction everybody has heard of all revocations."""
    gone = 0
    for noun in (limits, guard, captchas, second_factors, links, outbox):
        gone += await noun.purge(svc.db)
    if heard is not None:
        gone += await revocations.purge(svc.db, heard)
    while batch := await sessions.purge(svc.db, _KEEP_ENDED, _BATCH):
        gone += batch
    return gone
