"""authsvc, started as its users start it: `python run.py serve`."""

import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from authsvc import key_files, service, settings
from authsvc.core import person as people
from authsvc.core.profiles import claims_about
from benchmarks.contenders.base import Call, Contender, bearer, get, post
from benchmarks.database import PASSWORD, Databases, Person, fill, sign_in
from benchmarks.database import connect as connect_to
from benchmarks.processes import Server

ROOT = Path(__file__).resolve().parents[2]
NAME = "authsvc"
ACCESS_TTL = 14_400  # the tokens must outlive the run
SERVE = [sys.executable, str(ROOT / "run.py"), "serve"]
CHAINS = 16


def environment(folder: Path, port: int, **more: str) -> dict[str, str]:
    """Development, because throttling cannot be off in production; all else as there, the log of requests too."""
    return {
        "AUTHSVC_ENV": "development",
        "AUTHSVC_LIMITS": "off",
        "AUTHSVC_LOG_FORMAT": "json",
        "AUTHSVC_ACCESS_TTL": str(ACCESS_TTL),
        "AUTHSVC_DEMO_PASSWORD": PASSWORD,
        "AUTHSVC_DATA_DIR": str(folder),
        "AUTHSVC_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "AUTHSVC_PORT": str(port),
        **{f"AUTHSVC_{name}": value for name, value in more.items()},
    }


class Instance:
    """One process of the service on a database of the rig."""

    def __init__(self, databases: Databases, name: str, port: int, core: int | None, **more: str) -> None:
        self.database = more.pop("database", name.replace("-", "_"))
        self._dsn = databases.dsn(self.database)
        addresses = {
            "DATABASE_URL": databases.dsn(self.database, "authsvc_app"),
            "MIGRATE_DATABASE_URL": databases.dsn(self.database, "authsvc_owner"),
        }
        folder = databases.folder / f"{name}-data"
        self._env = environment(folder, port, **addresses, **more)
        self.server = Server(
            SERVE, port, ready="/healthz", env=self._env, cwd=ROOT, log=databases.folder / f"{name}.log", core=core
        )

    async def fill(self, size: int) -> list[Person]:
        """Put people into its database; it has to be running, since its start migrates and seeds."""
        return await fill(self._dsn, size)

    async def more_sessions(self, count: int) -> list[str]:
        """Access tokens of so many more live sessions, of as many people as there are."""
        connection = await connect_to(self._dsn)
        rows = await connection.fetch("SELECT id FROM users WHERE username LIKE 'bench%' ORDER BY id LIMIT $1", count)
        ids = [row["id"] for row in rows]
        found: list[str] = []
        while len(found) < count:
            signed_in = await sign_in(connection, ids[: min(len(ids), count - len(found), 10_000)])
            ids = ids[len(signed_in) :] + [person.id for person in signed_in]
            found += self.tokens(signed_in)
        await connection.close()
        return found

    def tokens(self, signed_in: Sequence[Person]) -> list[str]:
        """Access tokens, signed as the service signs them."""
        kept = dict(os.environ)
        os.environ.update(self._env)
        try:
            config = settings.load()
            made = service.build(config, key_files.load(config), self._env["AUTHSVC_DATABASE_URL"]).tokens
        finally:
            os.environ.clear()
            os.environ.update(kept)
        return [
            made.issue(claims_about(people.Person(people.Kind.STAFF, p.id), p.profile), p.session_id) for p in signed_in
        ]

    def contender(self, name: str, callers: Sequence[Person], cost: int = 12) -> Contender:
        """With all calls, made by these people."""
        return Contender(name, self.server, calls(callers, self.tokens(callers), cost))


def calls(callers: Sequence[Person], tokens: Sequence[str], cost: int) -> dict[str, Call]:
    """What is asked of the service; one request of each kind per caller."""
    v1, who = "/api/v1", [bearer(token) for token in tokens]
    ids = [person.id for person in callers]
    hundreds = [[ids[(start + step) % len(ids)] for step in range(100)] for start in range(0, len(ids), 10)]
    can_sign_in = [person for person in callers if person.cost == cost][:64]
    return {
        "validate": Call([get(f"{v1}/users/token/validate/", h) for h in who], ["valid", "session_id", "email"]),
        "me": Call([get("/api/me/", h) for h in who], ["type", "data", "email"]),
        "profile": Call([get(f"{v1}/users/profile/", h) for h in who], ["email", "system_roles"]),
        "verify": Call([post(f"{v1}/token/verify/", {"token": token}) for token in tokens], []),
        "lookup": Call([get(f"{v1}/users/internal/{i}/") for i in ids], ["id", "email", "company_id"]),
        "round-robin": Call(
            [get(f"{v1}/tts/round-robin/?system=tts&role=Bench%20turn", h) for h in who], ["user_ids", "next_user_id"]
        ),
        "users-info": Call(
            [
                post(f"{v1}/tts/users-info/", {"user_ids": hundred}, h)
                for hundred, h in zip(hundreds, who, strict=False)
            ],
            ["users", "not_found", "system_roles"],
        ),
        "refresh": Call(
            [post(f"{v1}/token/refresh/", {"refresh": p.refresh}) for p in callers[: CHAINS + 1]],
            ["access", "refresh"],
            chain=True,
        ),
        "sign-in": Call(
            [post(f"{v1}/users/login/", {"email": p.email, "password": PASSWORD}) for p in can_sign_in],
            ["access", "refresh", "user"],
        ),
    }


def own_database(folder: Path, port: int, log: Path, core: int | None) -> Server:
    """The service with a PostgreSQL of its own, as `make run` starts it."""
    env = environment(folder, port)
    return Server([*SERVE, "--dev"], port, ready="/healthz", env=env, cwd=ROOT, log=log, core=core)


def in_production(databases: Databases, database: str, port: int, core: int | None) -> Server:
    """The service as a real installation starts it, on a database that is there."""
    folder = databases.folder / "production-data"
    env = environment(folder, port, DATABASE_URL=databases.dsn(database, "authsvc_app")) | {
        "AUTHSVC_ENV": "production",
        "AUTHSVC_LIMITS": "on",
        "AUTHSVC_SECRET": secrets.token_hex(32),
        "AUTHSVC_SMTP_URL": "smtp://127.0.0.1:9",
        "AUTHSVC_MAIL_FROM": "bench@example.com",
        "AUTHSVC_PUBLIC_URL": "https://auth.example.com",
    }
    del env["AUTHSVC_DEMO_PASSWORD"]
    keys = folder / "keys"
    if not list(keys.glob("*.pem")):
        key_files.generate(keys, "ES256")
    return Server(SERVE, port, ready="/readyz", env=env, cwd=ROOT, log=databases.folder / "production.log", core=core)
