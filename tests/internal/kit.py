"""What the tests of the internal paths share: peers of any loopback address, service keys, expected bodies."""

import ipaddress
from collections.abc import Iterable
from typing import Any

import aiohttp
import asyncpg
import orjson
from multidict import CIMultiDict
from yarl import URL

from authsvc.core import service_keys
from authsvc.queries import service_keys as statements
from tests.client import Answer, Api, check_safe
from tests.endpoints.kit import COMPANY_ID, TIME

USER = "/api/v1/users/internal/{}/"
EMPLOYEE = "/api/v1/hdts/employees/internal/{}/"
HELP_DESK = "/api/v1/hdts/users/{}/"
LOOKUPS = (USER, EMPLOYEE, HELP_DESK)
MISSING = 2**31 - 1
NOT_FOUND = {"detail": "Not found.", "code": "not_found"}

Headers = Iterable[tuple[str, str]]


def networks(*texts: str) -> tuple[Any, ...]:
    """Networks as settings hold them."""
    return tuple(ipaddress.ip_network(text) for text in texts)


LOOPBACK = networks("127.0.0.0/8")
INSIDE: dict[str, Any] = {"internal_networks": LOOPBACK}


async def ask(
    server: Api | URL,
    path: str,
    *,
    method: str = "GET",
    peer: str | None = None,
    headers: Headers | dict[str, str] = (),
    connector: aiohttp.BaseConnector | None = None,
    **more: Any,
) -> Answer:
    """One request on a connection of its own, from the address `peer`; a header may be there twice."""
    base = server.client.make_url("/") if isinstance(server, Api) else server
    if connector is None:
        connector = aiohttp.TCPConnector(local_addr=(peer, 0) if peer else None)
    async with (
        aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.request(
            method, base.join(URL(path)), headers=CIMultiDict(headers), allow_redirects=False, **more
        ) as response,
    ):
        raw = await response.read()
        is_json = "json" in response.content_type and raw
        data = orjson.loads(raw) if is_json else None
        answer = Answer(response.status, data, raw.decode(), response.headers, response.cookies)
    check_safe(answer)
    return answer


def forwarded(*values: str) -> Headers:
    """One X-Forwarded-For header for each value."""
    return [("X-Forwarded-For", value) for value in values]


def keyed(*keys: str) -> Headers:
    """One X-API-Key header for each key."""
    return [("X-API-Key", key) for key in keys]


async def add_key(db: asyncpg.Connection, name: str, *scopes: str) -> str:
    """A service key, made as an operator makes one."""
    key = service_keys.new()
    await statements.add(db, name, service_keys.digest(key), scopes)
    return key


def user(user_id: int, **known: Any) -> dict[str, Any]:
    """What other services get of a staff user."""
    return {
        "id": user_id,
        "email": "ada@example.com",
        "username": "ada",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "full_name": "Ada Lovelace",
        "company_id": COMPANY_ID,
        "is_active": True,
        **known,
    }


def employee(employee_id: int, **known: Any) -> dict[str, Any]:
    """What other services get of an employee."""
    return {
        "id": employee_id,
        "email": "emil@example.com",
        "username": "emil",
        "first_name": "Emil",
        "middle_name": None,
        "last_name": "Berg",
        "suffix": None,
        "full_name": "Emil Berg",
        "phone_number": None,
        "company_id": COMPANY_ID,
        "department": None,
        "status": "Approved",
        "profile_picture": None,
        "created_at": TIME,
        **known,
    }
