"""Keys of other services: made, listed and revoked at the command line."""

import getpass
from collections.abc import Collection, Mapping
from typing import Any

import asyncpg

from authsvc import errors
from authsvc.core import service_keys
from authsvc.queries import audit
from authsvc.queries import service_keys as statements
from authsvc.service import Service


async def add(svc: Service, name: str, scopes: Collection[str]) -> str:
    """A new key, which is shown this once. Invalid for a name that is no name, or that a live key has."""
    key = service_keys.new()
    try:
        async with svc.db.transaction() as tx:
            await statements.add(tx, name, service_keys.digest(key), sorted(scopes))
            await _note(tx, "service_key_added", name, scopes=sorted(scopes))
    except asyncpg.UniqueViolationError as err:
        raise errors.Invalid({"name": [f"There is a live key named {name}."]}) from err
    except asyncpg.CheckViolationError as err:
        raise errors.Invalid({"name": ["Use small letters, digits, dots and dashes."]}) from err
    return key


async def show(svc: Service) -> list[Mapping[str, Any]]:
    """Every key without its secret."""
    return list(await statements.all(svc.db))


async def revoke(svc: Service, name: str) -> None:
    """The key is refused from now on. Invalid when no live key has that name."""
    async with svc.db.transaction() as tx:
        if not await statements.revoke(tx, name):
            raise errors.Invalid({"name": [f"There is no live key named {name}."]})
        await _note(tx, "service_key_revoked", name)


async def _note(tx: Any, event: str, name: str, **details: Any) -> None:
    operator = audit.Operator(getpass.getuser())
    await audit.add(tx, event, actor=operator, subject=None, details={"name": name, **details})
