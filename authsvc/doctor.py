"""The doctor: what is wrong with an installation, and what to do about it."""

import asyncio
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import aiosmtplib
import asyncpg

from authsvc import commands, key_files, local_database, settings
from authsvc.core.signing import KeySet, SigningKeyError
from authsvc.errors import Unavailable
from authsvc.flows import readiness
from authsvc.jobs import smtp
from authsvc.queries import meta
from authsvc.settings import Settings, SettingsError

_MAX_CLOCK_SKEW = 5.0  # seconds


def examine() -> Iterator[tuple[str, str]]:
    """Each finding of the doctor: "ok", "warning" or "wrong", and a sentence that says what to do."""
    try:
        config = settings.load()
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
    yield _examine_mail(config)
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


def _examine_mail(config: Settings) -> tuple[str, str]:
    if not config.smtp_url:
        return "ok", f"mail: files in {config.data_dir / 'mail'}"
    # Not what the server says of it: that may repeat name or password.
    server = urlsplit(config.smtp_url).netloc.rpartition("@")[2]
    try:
        asyncio.run(smtp.ask_server(config.smtp_url))
    except (OSError, aiosmtplib.SMTPException) as err:
        return "wrong", f"mail: {server}: {type(err).__name__}; check AUTHSVC_SMTP_URL and that the server runs"
    return "ok", f"mail: {server} answers"


async def _examine_database(config: Settings, keys: KeySet, dsn: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    async with commands.service(config, keys, dsn) as svc:
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
