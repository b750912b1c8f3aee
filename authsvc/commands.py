"""What the commands of run.py do, apart from options and exit codes."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from authsvc import secret_files
from authsvc.core.signing import KeySet
from authsvc.db import migrate as runner
from authsvc.db.migrate import MigrationError
from authsvc.errors import Invalid
from authsvc.flows import purge as purging
from authsvc.flows import seed as seeding
from authsvc.flows import service_keys
from authsvc.service import Service, build
from authsvc.settings import Settings

__all__ = ["MigrationError"]


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
    async with service(config, keys, dsn) as svc:
        return await seeding.seed(svc, demo_password(config))


async def create_superuser(
    config: Settings, keys: KeySet, dsn: str, email: str, username: str | None, password: str
) -> None:
    """An account with all rights; Invalid when the address is taken or the password weak."""
    async with service(config, keys, dsn) as svc:
        try:
            await seeding.create_superuser(svc, email, username, password)
        except asyncpg.UniqueViolationError as err:
            raise Invalid({"email": [f"{email} or its username is taken."]}) from err


async def purge(config: Settings, keys: KeySet, dsn: str) -> int:
    """One sweep of the purge job; how many rows went."""
    async with service(config, keys, dsn) as svc:
        return await purging.purge(svc)


async def add_service_key(config: Settings, keys: KeySet, dsn: str, name: str, scopes: Collection[str]) -> str:
    """A new key of another service; Invalid for a wrong or taken name."""
    async with service(config, keys, dsn) as svc:
        return await service_keys.add(svc, name, scopes)


async def service_key_rows(config: Settings, keys: KeySet, dsn: str) -> list[Mapping[str, Any]]:
    """Every key of another service."""
    async with service(config, keys, dsn) as svc:
        return await service_keys.show(svc)


async def revoke_service_key(config: Settings, keys: KeySet, dsn: str, name: str) -> None:
    """End a key; Invalid when no live one has that name."""
    async with service(config, keys, dsn) as svc:
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


@asynccontextmanager
async def service(config: Settings, keys: KeySet, dsn: str) -> AsyncIterator[Service]:
    """What a running service has, with an open database, for one command."""
    svc = build(config, keys, dsn)
    await svc.db.open()
    try:
        yield svc
    finally:
        svc.hasher.close()
        svc.db.terminate()
