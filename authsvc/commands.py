"""What the commands of run.py do, apart from options and exit codes."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from authsvc import key_files, local_database, secret_files
from authsvc import settings as settings_module
from authsvc.core.signing import KeySet, SigningKeyError
from authsvc.db import migrate as runner
from authsvc.db.migrate import MigrationError
from authsvc.errors import Invalid, Unavailable
from authsvc.flows import purge as purging
from authsvc.flows import readiness, service_keys
from authsvc.flows import seed as seeding
from authsvc.queries import meta
from authsvc.service import Service, build
from authsvc.settings import Settings, SettingsError

__all__ = ["MigrationError"]
_MAX_CLOCK_SKEW = 5.0  # seconds


async def migrate(dsn: str) -> list[str]:
    """Apply what is missing; the names applied."""
    conn = await asyncpg.connect(dsn, timeout=10)
    try:
        return await runner.apply(conn)
    finally:
        await conn.close(timeout=5)


async def pending(dsn: str) -> list[str]:
    """The names of what is missing; MigrationError when applied files were edited."""
    conn = await asyncpg.connect(dsn, timeout=10)
    try:
        return [path.name for path in await runner.pending(conn)]
    finally:
        await conn.close(timeout=5)


async def seed(config: Settings, keys: KeySet, dsn: str) -> bool:
    """Demo systems and people, once."""
    async with _service(config, keys, dsn) as svc:
        return await seeding.seed(svc, demo_password(config))


async def create_superuser(
    config: Settings, keys: KeySet, dsn: str, email: str, username: str | None, password: str
) -> None:
    """An account with all rights; Invalid when the address is taken or the password weak."""
    async with _service(config, keys, dsn) as svc:
        try:
            await seeding.create_superuser(svc, email, username, password)
        except asyncpg.UniqueViolationError as err:
            raise Invalid({"email": [f"{email} or its username is taken."]}) from err


async def purge(config: Settings, keys: KeySet, dsn: str) -> int:
    """One sweep of the purge job; how many rows went."""
    async with _service(config, keys, dsn) as svc:
        return await purging.purge(svc)


async def add_service_key(config: Settings, keys: KeySet, dsn: str, name: str, scopes: Collection[str]) -> str:
    """A new key of another service; Invalid for a wrong or taken name."""
    async with _service(config, keys, dsn) as svc:
        return await service_keys.add(svc, name, scopes)


async def service_key_rows(config: Settings, keys: KeySet, dsn: str) -> list[Mapping[str, Any]]:
    """Every key of another service."""
    async with _service(config, keys, dsn) as svc:
        return await service_keys.show(svc)


async def revoke_service_key(config: Settings, keys: KeySet, dsn: str, name: str) -> None:
    """End a key; Invalid when no live one has that name."""
    async with _service(config, keys, dsn) as svc:
        await service_keys.revoke(svc, name)


def demo_password(config: Settings) -> str:
    """The one password of all demo people: the setting's, else made once under DATA_DIR."""
    return config.demo_password or secret_files.kept(config.data_dir / "demo-password", 12)


def banner(config: Settings, note: str | None) -> str:
    """What a newcomer needs to know once the service listens."""
    lines = [f"authsvc serves on {config.public_url}"]
    if config.development:
        lines += [
            f"  sign in as   {seeding.SUPERUSER}, admin.tts@example.com, agent.one@example.com …",
            f"  password     {demo_password(config)}",
            f"  data         {config.data_dir}" + (f" ({note})" if note else ""),
            *(
                []
                if config.smtp_url
                else [f"  mails        {config.data_dir / 'mail'}, their link or code is printed here"]
            ),
            "  end with     Ctrl-C",
        ]
    return "\n".join(lines)


def examine() -> Iterator[tuple[str, str]]:
    """Each finding of the doctor: "ok", "warning" or "wrong", and a sentence that says what to do."""
    try:
        config = settings_module.load()
        yield "ok", "settings"
    except SettingsError as err:
        yield from (("wrong", problem) for problem in err.problems)
        return
    if not config.development and not config.is_https:
        yield (
            "warning",
            "AUTHSVC_PUBLIC_URL is not https: passwords travel in the clear.",
        )
    if not config.development and not config.internal_networks:
        yield "warning", "AUTHSVC_INTERNAL_NETWORKS is empty: the internal paths answer nobody."
    try:
        keys = key_files.load(config)
        yield "ok", f"keys: {keys.signer.kid} signs with {keys.signer.algorithm}, {len(keys.verifiers)} verify"
    except SigningKeyError as err:
        yield "wrong", f"keys: {err}"
        return
    try:
        with local_database.addresses(config) as where:
            yield from asyncio.run(_examine_database(config, keys, where.app))
    except SettingsError as err:
        yield from (("wrong", problem) for problem in err.problems)


async def _examine_database(config: Settings, keys: KeySet, dsn: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    async with _service(config, keys, dsn) as svc:
        try:
            row = await meta.whoami(svc.db) or {}
        except (Unavailable, asyncpg.PostgresError) as err:
            cause = err.__cause__ or err
            return [("wrong", f"database: {type(cause).__name__}: {cause}")]
        found.append(("ok", f"database: PostgreSQL {row['version']} as {row['role']}"))
        if row["login"] != row["role"]:
            found.append(("warning", f"database: connects as {row['login']}; give authsvc_app a login of its own."))
        if row["is_replica"]:
            found.append(("wrong", "database: this is a replica; AUTHSVC_DATABASE_URL must lead to the primary."))
        skew = abs(row["now"] - time.time())
        if skew > _MAX_CLOCK_SKEW:
            found.append(("warning", f"clock: {skew:.0f} s apart from the database's; synchronise both."))
        else:
            found.append(("ok", f"clock: {skew:.1f} s apart from the database's"))
        try:
            problem = await readiness.problem(svc)
            found.append(("wrong", f"schema: {problem}") if problem else ("ok", "schema: up to date"))
        except asyncpg.PostgresError:
            found.append(("wrong", "schema: there is none yet: run migrate."))
    return found


@asynccontextmanager
async def _service(config: Settings, keys: KeySet, dsn: str) -> AsyncIterator[Service]:
    svc = build(config, keys, dsn)
    await svc.db.open()
    try:
        yield svc
    finally:
        svc.hasher.close()
        svc.db.terminate()
