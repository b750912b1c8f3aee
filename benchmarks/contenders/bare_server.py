"""Bare aiohttp: what authsvc is built from, doing nothing that is not asked for.

python -m benchmarks.contenders.bare_server PORT DSN

GET  /constant             the same bytes for everybody
GET  /select/{id}          one SELECT by primary key; asyncpg's pool without its reset query
GET  /select-default/{id}  the same from a pool as asyncpg makes it by default
POST /refresh              the statement that rotates a refresh token, and nothing around it
"""

import asyncio
import datetime as dt
import signal
import sys
from typing import Any

import asyncpg
import orjson
import uvloop
from aiohttp import web

from authsvc.core import refresh_tokens
from authsvc.db.sqlfiles import load

SELECT = """SELECT id, email, username, first_name, last_name, full_name, company_id, is_active
              FROM users WHERE id = $1"""
ROTATE = load("sessions")["rotate"]
PERSON = {
    "valid": True,
    "user_id": 4242,
    "email": "person4242@bench.example",
    "username": "bench4242",
    "full_name": "First4242 Last4242",
    "company_id": "B4242",
    "date_joined": "2026-01-01T00:00:00Z",
    "system_roles": [
        {
            "id": 4242,
            "system_name": "Ticket Tracking System",
            "system_slug": "tts",
            "role_name": "Bench caller",
            "assigned_at": "2026-01-01T00:00:00Z",
            "last_logged_on": None,
            "is_active": True,
        }
    ],
}
CONSTANT = orjson.dumps(PERSON)
WEEK, GRACE = dt.timedelta(days=7), dt.timedelta(seconds=30)
QUICK: web.AppKey[asyncpg.Pool] = web.AppKey("quick", asyncpg.Pool)
DEFAULT: web.AppKey[asyncpg.Pool] = web.AppKey("default", asyncpg.Pool)


def _json(data: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(data), status=status, content_type="application/json")


async def constant(request: web.Request) -> web.Response:
    """No work at all."""
    return web.Response(body=CONSTANT, content_type="application/json")


async def select(request: web.Request) -> web.Response:
    """One row."""
    row = await request.app[QUICK].fetchrow(SELECT, int(request.match_info["id"]))
    return _json(dict(row))


async def select_default(request: web.Request) -> web.Response:
    """One row, from a pool that asks for a reset after each use."""
    row = await request.app[DEFAULT].fetchrow(SELECT, int(request.match_info["id"]))
    return _json(dict(row))


async def refresh(request: web.Request) -> web.Response:
    """One rotation."""
    presented = orjson.loads(await request.read())["refresh"]
    successor = refresh_tokens.new()
    row = await request.app[QUICK].fetchrow(
        ROTATE,
        refresh_tokens.digest(presented),
        refresh_tokens.digest(successor),
        refresh_tokens.seal(successor, presented),
        WEEK,
        GRACE,
        ["staff", "employee"],
    )
    if row is None or row["sealed_successor"] is None:
        return _json({"detail": "no such token"}, 401)
    return _json({"refresh": refresh_tokens.unseal(row["sealed_successor"], presented)})


async def _no_reset(connection: asyncpg.Connection) -> None:
    """Nothing is to be reset."""


async def main(port: int, dsn: str) -> None:
    """Serve until SIGTERM."""
    app = web.Application()
    app[QUICK] = await asyncpg.create_pool(dsn, min_size=10, max_size=10, reset=_no_reset)
    app[DEFAULT] = await asyncpg.create_pool(dsn, min_size=10, max_size=10)
    app.add_routes(
        [
            web.get("/constant", constant),
            web.get("/select/{id}", select),
            web.get("/select-default/{id}", select_default),
            web.post("/refresh", refresh),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    await runner.cleanup()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
