#!/usr/bin/env python3
"""authsvc's command line: python run.py COMMAND --help."""

import asyncio
import json
import os
import sys
from typing import Any

import asyncpg
import click

from authsvc import commands, key_files, local_database, log, settings
from authsvc.core.service_keys import SCOPES
from authsvc.core.signing import SigningKeyError
from authsvc.errors import Invalid, Unavailable


def _environment(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """An option is another way to write its setting; processes started later see it too."""
    if value is not None and value is not False:
        os.environ[f"AUTHSVC_{'ENV' if param.name == 'dev' else str(param.name).upper()}"] = (
            "development" if param.name == "dev" else str(value)
        )
    return value


dev = click.option("--dev", is_flag=True, expose_value=False, callback=_environment, help="AUTHSVC_ENV=development")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """One service that signs a company's people in."""


@cli.command("serve")
@dev
@click.option("--host", expose_value=False, callback=_environment, help="address to listen on")
@click.option("--port", type=int, expose_value=False, callback=_environment, help="port to listen on")
@click.option("--workers", type=int, expose_value=False, callback=_environment, help="processes")
@click.option("--parent", type=int, help="process whose end ends the service; default: the one that started it")
def serve_command(parent: int | None) -> None:
    """Serve until Ctrl-C, SIGTERM, SIGHUP or the death of the parent."""
    # Asked now: after migrations and seed the parent may be gone, and whoever adopted us would be taken for it.
    parent = parent or os.getppid()
    from authsvc import serve  # here, for the other commands need no web server, and start in half the time

    config = settings.load()
    with serve.only_one(config), local_database.addresses(config) as where:
        keys = key_files.load(config)
        if config.development:
            asyncio.run(commands.migrate(where.owner))
            asyncio.run(commands.seed(config, keys, where.app))
        try:
            watch = serve.Watch(parent, where.keep_alive)
            serve.serve(config, where.app, watch, lambda: click.echo(commands.banner(config, where.note)))
        except OSError as err:
            ports = f"{config.port}" + (f" and {config.internal_port}" if config.internal_port else "")
            raise click.ClickException(f"cannot listen on {config.host}:{ports}: {err.strerror}") from err


@cli.command()
@dev
@click.option("--check", is_flag=True, help="only say what is missing or edited; exit 1 then")
def migrate(check: bool) -> None:
    """Bring the database's schema up to date."""
    with local_database.addresses(settings.load()) as where:
        names = asyncio.run(commands.pending(where.owner) if check else commands.migrate(where.owner))
    click.echo("\n".join(names) if names else "The schema is up to date.")
    if check and names:
        raise click.exceptions.Exit(1)


@cli.command()
@dev
@click.option("--email", required=True)
@click.option("--username", help="default: the address's local part")
@click.option("--password-stdin", is_flag=True, help="read the password from standard input")
def createsuperuser(email: str, username: str | None, password_stdin: bool) -> None:
    """Make an account with all rights."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    config = settings.load()
    with local_database.addresses(config) as where:
        keys = key_files.load(config)
        asyncio.run(commands.create_superuser(config, keys, where.app, email, username, password))
    click.echo(f"{email} is a superuser now.")


@cli.command()
@dev
def seed() -> None:
    """Make demo systems and people (development only)."""
    config = settings.load()
    if not config.development:
        raise click.UsageError("There are no demo people in production.")
    with local_database.addresses(config) as where:
        made = asyncio.run(commands.seed(config, key_files.load(config), where.app))
    click.echo("Demo systems and people were made." if made else "Demo systems and people are there already.")


@cli.command()
@dev
@click.option("--json", "as_json", is_flag=True, help="as an array of objects")
def routes(as_json: bool) -> None:
    """Print every endpoint."""
    from authsvc import table

    rows = table.route_rows()
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        for path in (row["path"], *row["aliases"]):
            click.echo(f"{row['method']:6} {path:62} {row['access']:15} {row['limit'] or '-':18} {row['name']}")


@cli.command("openapi")
@dev
def openapi_command() -> None:
    """Print the OpenAPI 3.1 document of all endpoints."""
    from authsvc import table

    click.echo(table.openapi_text(), nl=False)


@cli.command()
@dev
def doctor() -> None:
    """Check settings, mail, keys, database, schema and clock; say what to do."""
    from authsvc.doctor import examine  # here, for no other command needs a mail client

    worst = 0
    for state, what in examine():
        worst = max(worst, state == "wrong")
        click.echo(f"{state:8}{what}")
    raise click.exceptions.Exit(int(worst))


@cli.command()
@dev
def purge() -> None:
    """Forget sessions and limits that are long over."""
    config = settings.load()
    with local_database.addresses(config) as where:
        gone = asyncio.run(commands.purge(config, key_files.load(config), where.app))
    click.echo(f"{gone} rows were removed.")


@cli.command()
@dev
@click.option("--role", type=click.Choice(list(local_database.ROLES)), default="app", show_default=True)
def dsn(role: str) -> None:
    """Print the address of the database in use, for psql."""
    config = settings.load()
    with local_database.addresses(config) as where:
        address = where.of_role(role)
    if address is None:
        raise click.ClickException(f"no address is configured for the role {role}")
    click.echo(address)


@cli.group()
def keys() -> None:
    """Keys that sign access tokens."""


@keys.command("list")
@dev
def keys_list() -> None:
    """Print kid, algorithm and state of each key: signs or verifies."""
    config = settings.load()
    loaded = key_files.load(config)
    ages = {pair.kid: pair.age for pair in key_files.held(config.jwt_keys_dir)}
    for kid, (algorithm, _) in loaded.verifiers.items():
        age = f" made {ages[kid] / 3600:.1f} h ago" if kid in ages else ""
        click.echo(f"{kid} {algorithm} {'signs' if kid == loaded.signer.kid else 'verifies'}{age}")


@keys.command("generate")
@dev
def keys_generate() -> None:
    """Announce a new key pair for JWT_ALGORITHM in JWT_KEYS_DIR; the first one signs."""
    folder, algorithm = settings.keys_place()
    click.echo(key_files.generate(folder, algorithm))


@keys.command("activate")
@dev
@click.option("--force", is_flag=True, help="although verifiers may not know the key yet")
@click.argument("kid")
def keys_activate(kid: str, force: bool) -> None:
    """Let an announced key sign; running services follow within seconds."""
    key_files.activate(settings.load(), kid, force=force)
    click.echo(f"{kid} signs now.")


@keys.command("retire")
@dev
@click.option("--force", is_flag=True, help="although tokens signed by the key may live")
@click.argument("kid")
def keys_retire(kid: str, force: bool) -> None:
    """Remove a key that signs no more."""
    key_files.retire(settings.load(), kid, force=force)
    click.echo(f"{kid} is gone.")


@cli.group("service-keys")
def service_keys() -> None:
    """Keys by which other services name themselves at internal paths."""


@service_keys.command("add")
@dev
@click.option("--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="what it is for; default: all")
@click.argument("name")
def service_keys_add(name: str, scopes: tuple[str, ...]) -> None:
    """Make a key and print it, this once."""
    config = settings.load()
    with local_database.addresses(config) as where:
        loaded = key_files.load(config)
        click.echo(asyncio.run(commands.add_service_key(config, loaded, where.app, name, scopes or SCOPES)))


@service_keys.command("list")
@dev
def service_keys_list() -> None:
    """Print every key: name, scopes, last use, and whether it is revoked."""
    config = settings.load()
    with local_database.addresses(config) as where:
        rows = asyncio.run(commands.service_key_rows(config, key_files.load(config), where.app))
    for row in rows:
        used = f"last used {row['last_used_at']:%Y-%m-%d %H:%M}" if row["last_used_at"] else "never used"
        ended = f" revoked {row['revoked_at']:%Y-%m-%d %H:%M}" if row["revoked_at"] else ""
        click.echo(f"{row['name']:24} {','.join(row['scopes']):32} {used}{ended}")


@service_keys.command("revoke")
@dev
@click.argument("name")
def service_keys_revoke(name: str) -> None:
    """Refuse a key from now on."""
    config = settings.load()
    with local_database.addresses(config) as where:
        asyncio.run(commands.revoke_service_key(config, key_files.load(config), where.app, name))
    click.echo(f"{name} is revoked.")


def main() -> None:
    """Run a command; what is wrong with settings or database is one message, not a traceback."""
    try:
        log.configure(os.environ.get("AUTHSVC_LOG_FORMAT"), os.environ.get("AUTHSVC_LOG_LEVEL") or "info")
        cli(standalone_mode=True)
    except settings.SettingsError as err:
        _exit(2, str(err))
    except SigningKeyError as err:
        _exit(2, f"Wrong settings:\n  AUTHSVC_JWT_KEYS_DIR: {err}")
    except Invalid as err:
        _exit(1, "\n".join(f"{field}: {' '.join(sentences)}" for field, sentences in err.fields.items()))
    except key_files.TooEarlyError as err:
        _exit(1, str(err))
    except (Unavailable, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, commands.MigrationError) as err:
        _exit(1, f"{type(err).__name__}: {err}")


def _exit(code: int, message: str) -> None:
    click.echo(message, err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
