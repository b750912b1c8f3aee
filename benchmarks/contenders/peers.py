"""The peers: installed with pinned versions under benchmarks/.peers, each on its own database in the same server."""

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.contenders.base import Call, Contender, NotThere, bearer, get, post
from benchmarks.database import CALLERS, PASSWORD, Databases
from benchmarks.processes import Server, own_environment

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent / ".peers"
SIGN_IN_PEOPLE = 64
Words = list[str | Path]
Seed = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Peer:
    """How to install, seed, start and ask one peer."""

    name: str
    folder: str  # of its code; its database is named so too
    versions: Sequence[str]  # packages that the report names
    ready: str
    seed: Callable[[Path], Words]
    serve: Callable[[Path, int], Words]
    calls: Callable[[Seed], dict[str, Call]]

    @property
    def code(self) -> Path:
        """Where its programs are run."""
        return CACHE / self.folder if (HERE / self.folder / "package.json").exists() else HERE / self.folder

    @property
    def home(self) -> Path:
        """Where it is installed."""
        return CACHE / self.folder

    def install(self) -> None:
        """Once per version; NotThere where that does not work."""
        source = HERE / self.folder
        is_node = (source / "package.json").exists()
        wanted = (source / ("package-lock.json" if is_node else "requirements.txt")).read_bytes() + sys.version.encode()
        stamp, state = self.home / "installed", hashlib.sha256(wanted).hexdigest()
        if not (stamp.exists() and stamp.read_text() == state):
            shutil.rmtree(self.home, ignore_errors=True)
            self.home.mkdir(parents=True)
            (_install_node if is_node else _install_python)(self.name, source, self.home)
            stamp.write_text(state)
        if is_node:
            for file in source.glob("*.mjs"):
                shutil.copy(file, self.home)

    def environment(self, databases: Databases, port: int) -> dict[str, str]:
        """What its programs read."""
        dsn = f"postgresql://postgres@/{self.folder}?host={databases.socket_folder}"
        return {
            "PEER_DATABASE": self.folder,
            "PEER_SOCKETS": databases.socket_folder,
            "PEER_DSN": dsn.replace("://", "+asyncpg://") if self.folder == "fastapi_peer" else dsn,
            "PEER_PORT": str(port),
            "DJANGO_SETTINGS_MODULE": "settings",
            "NODE_ENV": "production",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    async def contender(self, databases: Databases, port: int, core: int | None) -> Contender:
        """Installed, seeded, not yet started."""
        self.install()
        await databases.create(self.folder)
        env = self.environment(databases, port)
        seed = self._seed({**own_environment(), **env})
        log = databases.folder / f"{self.folder}.log"
        server = Server(self.serve(self.home, port), port, ready=self.ready, env=env, cwd=self.code, log=log, core=core)
        return Contender(self.name, server, self.calls(seed))

    def _seed(self, env: dict[str, str]) -> Seed:
        command = [*self.seed(self.home), str(CALLERS), PASSWORD]
        done = subprocess.run(command, cwd=self.code, env=env, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            raise RuntimeError(f"{self.name} could not be seeded:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
        found: Seed = json.loads(done.stdout.strip().splitlines()[-1])
        return found

    def version(self) -> str:
        """What is installed, in words."""
        if self.code != HERE / self.folder:
            found = json.loads((self.home / "package-lock.json").read_text())["packages"]
            return ", ".join(f"{name} {found[f'node_modules/{name}']['version']}" for name in self.versions)
        pinned = dict(line.split("==") for line in (self.code / "requirements.txt").read_text().split())
        return ", ".join(f"{name} {pinned[name]}" for name in self.versions)


def _install_python(name: str, source: Path, home: Path) -> None:
    _do(name, [sys.executable, "-m", "venv", home])
    pip: Words = [home / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _do(name, [*pip, "-r", source / "requirements.txt"])


def _install_node(name: str, source: Path, home: Path) -> None:
    if not (shutil.which("node") and shutil.which("npm")):
        raise NotThere("Node.js is not there")
    for file in ("package.json", "package-lock.json"):
        shutil.copy(source / file, home)
    _do(name, ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], home)


def _do(name: str, command: Words, cwd: Path | None = None) -> None:
    print(f"installing {name} …", flush=True)
    done = subprocess.run(
        command, cwd=cwd, env=dict(os.environ), capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode:
        why = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
        raise NotThere(f"It could not be installed: {why}")


def _django_calls(seed: Seed) -> dict[str, Call]:
    people = seed["people"]
    return {
        "me": Call([get("/me/", bearer(p["access"])) for p in people], ["id", "email", "is_active"]),
        "verify": Call([post("/token/verify/", {"token": p["access"]}) for p in people], []),
        "lookup": Call([get(f"/users/{p['id']}/") for p in people], ["id", "email", "is_active"]),
        "refresh": Call(
            [post("/token/refresh/", {"refresh": token}) for token in seed["refresh"]],
            ["access", "refresh"],
            chain=True,
        ),
        "sign-in": Call(
            [post("/token/", {"username": p["name"], "password": PASSWORD}) for p in people[:SIGN_IN_PEOPLE]],
            ["access", "refresh"],
        ),
    }


def _fastapi_calls(seed: Seed) -> dict[str, Call]:
    people = seed["people"]
    return {
        "me": Call([get("/users/me", bearer(p["access"])) for p in people], ["id", "email", "is_active"]),
        "sign-in": Call(
            [
                post("/auth/jwt/login", urlencode({"username": p["name"], "password": PASSWORD}))
                for p in people[:SIGN_IN_PEOPLE]
            ],
            ["access_token"],
        ),
    }


def _better_auth_calls(seed: Seed) -> dict[str, Call]:
    people, base = seed["people"], "/api/auth"
    cookies = [{"Cookie": f"better-auth.session_token={p['access']}"} for p in people]
    return {
        "me": Call([get(f"{base}/get-session", cookie) for cookie in cookies], ["session", "user", "email"]),
        "sign-in": Call(
            [
                post(f"{base}/sign-in/email", {"email": p["name"], "password": PASSWORD})
                for p in people[:SIGN_IN_PEOPLE]
            ],
            ["token", "user"],
        ),
    }


def _gunicorn(home: Path, port: int) -> Words:
    """One worker; threads, because gunicorn's sync worker knows no keep-alive."""
    words = f"--bind 127.0.0.1:{port} --workers 1 --worker-class gthread --threads 4 --keep-alive 75".split()
    return [home / "bin" / "gunicorn", *words, "django.core.wsgi:get_wsgi_application()"]


def _uvicorn(home: Path, port: int) -> Words:
    words = f"--port {port} --workers 1 --loop uvloop --http httptools --no-access-log --timeout-keep-alive 75".split()
    return [home / "bin" / "uvicorn", *words, "app:app"]


PEERS = (
    Peer(
        "Django + DRF + SimpleJWT",
        "django_peer",
        ("Django", "djangorestframework", "djangorestframework_simplejwt", "gunicorn", "psycopg"),
        "/users/1/",
        lambda home: [home / "bin" / "python", "seed.py"],
        _gunicorn,
        _django_calls,
    ),
    Peer(
        "fastapi-users",
        "fastapi_peer",
        ("fastapi-users", "fastapi", "SQLAlchemy", "asyncpg", "uvicorn"),
        "/users/me",
        lambda home: [home / "bin" / "python", "seed.py"],
        _uvicorn,
        _fastapi_calls,
    ),
    Peer(
        "better-auth",
        "better_auth_peer",
        ("better-auth", "pg", "bcrypt"),
        "/api/auth/ok",
        lambda home: ["node", "seed.mjs"],
        lambda home, port: ["node", "server.mjs"],
        _better_auth_calls,
    ),
)
DJANGO, FASTAPI, BETTER_AUTH = (peer.name for peer in PEERS)
