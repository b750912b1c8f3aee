"""What a running service has, in one object that handlers pass to flows."""

import dataclasses

from authsvc.core.access_tokens import AccessTokens
from authsvc.core.clock import Clock, system_clock
from authsvc.core.signing import KeySet
from authsvc.db.pool import Database
from authsvc.hasher import Hasher
from authsvc.known import Known
from authsvc.settings import Settings


@dataclasses.dataclass(frozen=True, slots=True)
class Service:
    """Settings and the parts made from them; no aiohttp in here."""

    settings: Settings
    db: Database
    known: Known
    hasher: Hasher
    tokens: AccessTokens
    clock: Clock


def build(settings: Settings, keys: KeySet, dsn: str, clock: Clock = system_clock) -> Service:
    """Make the parts; opens no connection. `dsn`: the database that the service uses."""
    db = Database(
        dsn,
        size=settings.db_pool_size,
        acquire_timeout=settings.db_acquire_timeout,
        statement_timeout=settings.db_statement_timeout,
        require_second_factor=settings.require_2fa_for_admins,
    )
    return Service(
        settings=settings,
        db=db,
        known=Known(settings.listen_database_url or dsn, settings.public_url),
        hasher=Hasher(threads=settings.hash_threads, queue=settings.hash_queue, cost=settings.bcrypt_cost),
        tokens=AccessTokens(keys, issuer=settings.jwt_issuer, lifetime=settings.access_ttl, clock=clock),
        clock=clock,
    )
