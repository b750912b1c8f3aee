"""The connection pool: every wait has an end, every connection is authsvc_app.

A `Database` and a connection inside `async with database.transaction() as tx` have the same four
methods; query functions take either as their first argument `db`.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any, Protocol

import asyncpg
import orjson

from authsvc.db.lending import Lender, is_closed
from authsvc.errors import Unavailable

APP_ROLE = "authsvc_app"

# Every way in which a database is away, frozen, busy, or has become a replica. To the client all are 503:
# the request changed nothing, or, when a COMMIT was lost, may be repeated.
_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
log = logging.getLogger(__name__)


class Db(Protocol):
    """What a query function needs: something that runs a statement."""

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]: ...
    async def fetchrow(self, query: str, *args: Any) -> asyncpg.Record | None: ...
    async def fetchval(self, query: str, *args: Any) -> Any: ...
    async def execute(self, query: str, *args: Any) -> str: ...


class Database:
    """A pool whose acquire, statements and locks time out.

    size: connections at most; acquire_timeout, statement_timeout: seconds; require_second_factor: who has none
    has no administrator's rights. Connections are opened
    when first needed, so that the service starts, and says 503, while the database is away.
    """

    def __init__(
        self,
        dsn: str,
        *,
        size: int,
        acquire_timeout: float,
        statement_timeout: float,
        require_second_factor: bool = False,
    ) -> None:
        self.size = size
        self._require_second_factor = require_second_factor
        self._statement_timeout = statement_timeout
        self._pool = asyncpg.create_pool(
            dsn,
            min_size=0,
            max_size=size,
            max_inactive_connection_lifetime=0,
            timeout=acquire_timeout,
            # The server's own limit comes first; this one catches a server that is frozen.
            command_timeout=statement_timeout + 0.5,
            init=self._prepare_connection,
            reset=_no_reset,
        )
        self._lender = Lender(self._pool, size, acquire_timeout)

    async def open(self) -> None:
        """Make the pool usable; connects to nothing yet."""
        await self._pool

    @property
    def opened(self) -> int:
        """How many connections are open."""
        return int(self._pool.get_size())

    @property
    def in_use(self) -> int:
        """How many of them somebody holds."""
        return int(self._pool.get_size() - self._pool.get_idle_size() - self._lender.idle)

    def terminate(self) -> None:
        """Drop all connections at once (close() would hang on a frozen server)."""
        self._lender.close()
        self._pool.terminate()

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """All rows of a statement."""
        return await self._run("fetch", query, args)

    async def fetchrow(self, query: str, *args: Any) -> asyncpg.Record | None:
        """The first row of a statement, or None."""
        return await self._run("fetchrow", query, args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        """The first column of the first row, or None."""
        return await self._run("fetchval", query, args)

    async def execute(self, query: str, *args: Any) -> str:
        """Run a statement; the command tag, such as `DELETE 3`."""
        return await self._run("execute", query, args)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Db]:
        """One transaction on one connection: committed at the end, rolled back by any exception."""
        conn = await self._take()
        try:
            async with conn.transaction():
                yield conn
        except BaseException as err:
            _told(err, conn)
            raise
        finally:
            if not is_closed(conn) and conn.is_in_transaction():  # its end was not waited for
                conn.terminate()
            self._lender.give_back(conn)

    async def _run(self, method: str, query: str, args: tuple[Any, ...]) -> Any:
        conn = await self._take()
        try:
            return await getattr(conn, method)(query, *args)
        except BaseException as err:
            _told(err, conn)
            raise
        finally:
            self._lender.give_back(conn)

    async def _take(self) -> asyncpg.Connection:
        try:
            return await self._lender.take()
        except Exception as err:
            _told(err, None)
            raise

    async def _prepare_connection(self, conn: asyncpg.Connection) -> None:
        for kind in ("json", "jsonb"):
            await conn.set_type_codec(kind, encoder=_dump_json, decoder=orjson.loads, schema="pg_catalog")
        # Here and not as startup parameters, which PgBouncer refuses. Whoever connects, authsvc_app acts.
        await conn.execute(
            """SELECT set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false),
                      set_config('idle_in_transaction_session_timeout', '5s', false),
                      set_config('authsvc.require_second_factor', $4, false),
                      CASE WHEN current_user <> $3 THEN set_config('role', $3, false) END""",
            f"{int(self._statement_timeout * 1000)}ms",
            f"{int(self._statement_timeout * 500)}ms",
            APP_ROLE,
            "on" if self._require_second_factor else "off",
        )


def _told(err: BaseException, conn: asyncpg.Connection | None) -> None:
    """Unavailable, where the database is. A connection whose answer nobody waits for any more is no use to others."""
    if conn is not None and isinstance(err, TimeoutError | asyncio.CancelledError) and not is_closed(conn):
        conn.terminate()
    # A ValueError is not: asyncpg's own DataError is an InterfaceError, but the fault of an argument.
    if isinstance(err, _AWAY) and not isinstance(err, ValueError):
        log.warning("database unavailable: %s", type(err).__name__)
        raise Unavailable from err


async def _no_reset(conn: asyncpg.Connection) -> None:
    """Nothing sets session state here, so asyncpg's reset query would be a wasted round trip per request."""


def _dump_json(value: Any) -> str:
    return orjson.dumps(value).decode()
