"""Bare aiohttp (bare_server.py), on authsvc's database."""

import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.contenders.base import Call, Contender, get, post
from benchmarks.database import Databases, Person
from benchmarks.processes import Server

NAME = "bare aiohttp"
ROOT = Path(__file__).resolve().parents[2]


def server(databases: Databases, database: str, port: int, core: int | None) -> Server:
    """Not yet started."""
    argv = [sys.executable, "-m", "benchmarks.contenders.bare_server", str(port)]
    dsn = databases.dsn(database, "authsvc_app")
    log = databases.folder / "bare.log"
    return Server([*argv, dsn], port, ready="/constant", cwd=ROOT, log=log, core=core)


def contender(running: Server, callers: Sequence[Person], for_chains: Sequence[Person]) -> Contender:
    """Its calls; `for_chains` are people whose refresh tokens nobody else uses."""
    shows = ["id", "email", "company_id"]
    calls = {
        "constant": Call([get("/constant")] * 2, ["valid", "email"]),
        "select": Call([get(f"/select/{person.id}") for person in callers], shows),
        "select-default": Call([get(f"/select-default/{person.id}") for person in callers], shows),
        "refresh": Call([post("/refresh", {"refresh": p.refresh}) for p in for_chains], ["refresh"], chain=True),
    }
    return Contender(NAME, running, calls)
