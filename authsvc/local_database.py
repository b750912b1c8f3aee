"""The addresses of the database in use: the configured one, or in development the embedded one."""

import contextlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from authsvc.db.embedded import Embedded, EmbeddedError
from authsvc.settings import Settings, SettingsError

ROLES = {"app": "authsvc_app", "ops": "authsvc_ops", "lookup": "authsvc_lookup", "owner": "authsvc_owner"}


class Addresses(NamedTuple):
    """Where to connect: as the service, as the owner, as any of ROLES (embedded only)."""

    app: str
    owner: str
    of_role: Callable[[str], str | None]
    keep_alive: Callable[[], bool]  # call every half second: starts an embedded server that died, says if it did
    note: str | None  # what a person should know of where the embedded data is


@contextlib.contextmanager
def addresses(settings: Settings) -> Iterator[Addresses]:
    """The database, running. The embedded one is started if need be, and ended if it was started here."""
    if settings.database_url:
        app, owner = settings.database_url, settings.migrate_database_url or settings.database_url
        yield Addresses(app, owner, {"app": app, "owner": owner}.get, lambda: False, None)
        return
    try:
        server = Embedded(settings.data_dir)
        server.start()
    except EmbeddedError as err:
        raise SettingsError([f"AUTHSVC_DATA_DIR: the embedded PostgreSQL: {err}"]) from err
    outside = None if settings.data_dir in server.home.parents else f"the database is kept in {server.home}"
    try:
        yield Addresses(
            server.dsn(),
            server.dsn(ROLES["owner"]),
            lambda role: server.dsn(ROLES[role]),
            server.ensure,
            outside,
        )
    finally:
        server.stop()
