"""What the endpoint tests share: people made beside the API, expected bodies, tokens made by hand."""

import base64
import contextlib
import re
from collections.abc import AsyncIterator, Iterable
from typing import Any, NamedTuple

import asyncpg
import jwt
import orjson

from authsvc.core import names
from authsvc.core.person import Kind, Origin
from authsvc.core.registration import NewPerson
from authsvc.queries import employees
from authsvc.routes import ROUTES
from authsvc.service import Service
from tests import people
from tests.client import PASSWORD, Answer, Api, Tokens
from tests.people import PASSWORD_HASH

REGISTER = "/api/v1/users/register/"
PROFILE = "/api/v1/users/profile/"
ISSUER = "http://auth.test"


class Like(str):
    """Equal to every text that matches it as a regular expression, whole."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and re.fullmatch(str(self), other) is not None

    def __ne__(self, other: object) -> bool:
        return not self == other


class _Number:
    """Equal to every positive whole number (`True` is none)."""

    def __eq__(self, other: object) -> bool:
        return type(other) is int and other > 0

    __hash__ = object.__hash__


TIME = Like(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
COMPANY_ID = Like(r"MA\d{4,6}")
ACCESS = Like(r"[\w-]+\.[\w-]+\.[\w-]+")
REFRESH = Like(r"rt_[\w-]{43}")
NUMBER: Any = _Number()

NOT_AUTHENTICATED = {"detail": "Authentication credentials were not provided.", "code": "not_authenticated"}
TOKEN_NOT_VALID = {"detail": "Given token not valid for any token type.", "code": "token_not_valid"}
INVALID_CREDENTIALS = {
    "detail": "No active account found with the given credentials.",
    "code": "invalid_credentials",
}
WRONG_ACCOUNT_TYPE = {"detail": "This endpoint is not for your kind of account.", "code": "wrong_account_type"}
MALFORMED_JSON = {"detail": "JSON parse error.", "code": "malformed"}


def profile(**known: Any) -> dict[str, Any]:
    """The PROFILE of somebody who has just registered, but for what the test knows better."""
    return {
        "id": NUMBER,
        "email": "ada@example.com",
        "username": "ada",
        "first_name": "",
        "middle_name": None,
        "last_name": "",
        "full_name": "",
        "suffix": None,
        "phone_number": None,
        "company_id": COMPANY_ID,
        "department": None,
        "status": "Pending",
        "notified": False,
        "is_active": True,
        "profile_picture": None,
        "date_joined": TIME,
        "last_login": None,
        "otp_enabled": False,
        "is_staff": False,
        "is_superuser": False,
        "system_roles": [],
        **known,
    }


def employee(**known: Any) -> dict[str, Any]:
    """The EMPLOYEE that `add_employee` makes, but for what the test knows better."""
    held = {
        "id": NUMBER,
        "system_name": "Help Desk and Ticketing System",
        "system_slug": "hdts",
        "role_name": "Employee",
        "assigned_at": TIME,
        "last_logged_on": TIME,
        "is_active": True,
    }
    shared = profile(status="Approved", last_login=TIME, system_roles=[held])
    del shared["is_staff"], shared["is_superuser"]
    return {**shared, "type": "employee", "created_at": TIME, "updated_at": TIME, **known}


def paths_of(*row_names: str, without: Iterable[str] = (), kind: Kind = Kind.STAFF) -> list[str]:
    """All names of the rows for this kind whose handlers are `<noun>.<function>`, from the route table itself."""
    rows = [row for row in ROUTES if row.name in row_names and kind in row.kinds]
    found = [path for row in rows for path in row.paths if path not in without]
    assert found, row_names
    return found


def service_of(api: Api) -> Service:
    """The parts of the server behind a client."""
    return api.service


async def add_employee(
    db: asyncpg.Connection, employee_id: int | None = None, email: str = "emil@example.com", status: str = "Approved"
) -> int:
    """An employee with PASSWORD, made beside the API; his id, the wanted one if one is named."""
    local = email.partition("@")[0]
    columns = {"email": email, "email_canonical": names.canonical_email(email), "username": local}
    columns |= {"username_canonical": local, "password_hash": PASSWORD_HASH, "first_name": "Emil", "last_name": "Berg"}
    made = await employees.insert(db, NewPerson._make(columns.get(name) for name in NewPerson._fields))
    await employees.set_status(db, made, status, None)
    if employee_id is None:
        return made
    await db.execute("UPDATE employees SET id = $2 WHERE id = $1", made, employee_id)
    await count_past(db, "employees", employee_id)
    return employee_id


async def count_past(db: asyncpg.Connection, table: str, number: int) -> None:
    """Let nobody who comes later be given a number that was taken out of turn."""
    sequence = f"{table}_id_seq"
    await db.execute(
        f"SELECT setval('{sequence}', $1) FROM {sequence} WHERE $1 - last_value BETWEEN 0 AND 1000", number
    )


async def sign_in_employee(api: Api, email: str = "emil@example.com") -> Tokens:
    """A session of an employee, opened beside the API."""
    found = await people.open_session(api.service, email, Kind.EMPLOYEE, Origin("127.0.0.1", "tests"))
    return Tokens(found.access, found.refresh, dict(found.profile))


class Sevens(NamedTuple):
    """The sessions of a user and an employee of one number."""

    user: Tokens
    employee: Tokens


async def sevens_of(api: Api, db: asyncpg.Connection, email: str = "emil@example.com") -> Sevens:
    """User 7, ada@example.com, and employee 7, signed in."""
    user = await api.register(email="ada@example.com")
    await db.execute("DELETE FROM links")
    await db.execute("UPDATE users SET id = 7 WHERE id = $1", user["id"])
    await count_past(db, "users", 7)
    await add_employee(db, 7, email)
    return Sevens(await api.sign_in("ada@example.com"), await sign_in_employee(api, email))


async def add_role(db: asyncpg.Connection, user_id: int, slug: str, role: str, *, is_active: bool = True) -> int:
    """Give a user a role, making the system and the role where they are missing; the assignment's id."""
    system_id = await db.fetchval(
        """INSERT INTO systems (name, name_canonical, slug) VALUES ($1, lower($1), $2)
           ON CONFLICT (slug) DO UPDATE SET slug = excluded.slug RETURNING id""",
        f"System {slug}",
        slug,
    )
    role_id = await db.fetchval(
        """INSERT INTO roles (system_id, name, name_canonical) VALUES ($1, $2, lower($2))
           ON CONFLICT ON CONSTRAINT roles_name_key DO UPDATE SET name = excluded.name RETURNING id""",
        system_id,
        role,
    )
    return int(
        await db.fetchval(
            """INSERT INTO assignments (user_id, system_id, role_id, is_active)
               VALUES ($1, $2, $3, $4) RETURNING id""",
            user_id,
            system_id,
            role_id,
            is_active,
        )
    )


async def contents(db: asyncpg.Connection) -> dict[str, str]:
    """A hash of what is in each table."""
    tables = await db.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL ($1) ORDER BY 1", BESIDE
    )
    hashes = ", ".join(
        f"(SELECT md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) FROM {row[0]} t) AS {row[0]}"
        for row in tables
    )
    return dict(await db.fetchrow(f"SELECT {hashes}"))


@contextlib.asynccontextmanager
async def unchanged(db: asyncpg.Connection, *but: str) -> AsyncIterator[None]:
    """What happens inside leaves every table as it was, but for those named."""
    before = await contents(db)
    yield
    after = await contents(db)
    assert [name for name in after if after[name] != before.get(name) and name not in but] == []


async def events(db: asyncpg.Connection) -> list[str]:
    """The names of all audit rows, oldest first."""
    return [row["event"] for row in await db.fetch("SELECT event FROM audit ORDER BY seq")]


def set_cookies(answer: Answer) -> dict[str, tuple[str, dict[str, str]]]:
    """The session's Set-Cookie headers as name → (value, attributes), attribute names in lower case."""
    cookies = all_cookies(answer)
    cookies.pop("device", None)
    return cookies


def all_cookies(answer: Answer) -> dict[str, tuple[str, dict[str, str]]]:
    """Every Set-Cookie header, that of the known device too."""
    found = {}
    for line in answer.headers.getall("Set-Cookie", []):
        (name, _, value), *attributes = [part.strip().partition("=") for part in line.split(";")]
        assert name not in found, f"{name} is set twice"
        found[name] = (value.strip('"'), {key.lower(): text for key, _, text in attributes})
    return found


BESIDE = ["outbox", "request_limits"]  # what jobs and limits change on their own
COOKIE = {"path": "/", "httponly": "", "samesite": "Lax"}
CLEARED = {**COOKIE, "max-age": "0", "expires": "Thu, 01 Jan 1970 00:00:00 GMT"}


def assert_cookies(answer: Answer, access: str, refresh: str, **attributes: str) -> None:
    """Both cookies are set to these values, with exactly the usual attributes and those given."""
    lives = {"access_token": "900", "refresh_token": "604800"}
    expected = {
        name: (value, {**COOKIE, **attributes, "max-age": lives[name]})
        for name, value in (("access_token", access), ("refresh_token", refresh))
    }
    assert set_cookies(answer) == expected


def assert_cleared(answer: Answer) -> None:
    """Both cookies are deleted, with the attributes that they were set with."""
    assert set_cookies(answer) == {"access_token": ("", CLEARED), "refresh_token": ("", CLEARED)}


async def published_keys(api: Api) -> dict[str, Any]:
    """kid → verifying key, from the published JWK Set."""
    keys = (await api.get("/.well-known/jwks.json")).json["keys"]
    return {key["kid"]: jwt.PyJWK(key).key for key in keys}


async def claims_of(api: Api, access: str) -> dict[str, Any]:
    """The claims of an access token, verified with the published keys as other programs do it."""
    header = jwt.get_unverified_header(access)
    key = (await published_keys(api))[header["kid"]]
    return dict(jwt.decode(access, key, algorithms=[header["alg"]], issuer=ISSUER))


def b64(data: bytes | dict[str, Any]) -> str:
    """Unpadded base64url, of JSON for a dict."""
    raw = orjson.dumps(data) if isinstance(data, dict) else data
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def cookies_of(tokens: Tokens) -> dict[str, str]:
    """The Cookie header of a browser that holds both tokens."""
    return {"Cookie": f"access_token={tokens.access}; refresh_token={tokens.refresh}"}


def refresh_cookie(token: str) -> dict[str, str]:
    """The Cookie header of a browser whose access cookie is gone."""
    return {"Cookie": f"refresh_token={token}"}


def basic(name: str, password: str = PASSWORD) -> dict[str, str]:
    """HTTP Basic credentials."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


async def assert_dead(api: Api, tokens: Tokens) -> None:
    """Neither the access nor the refresh token of a session opens anything."""
    answer = await api.get("/api/me/", headers=tokens.bearer)
    assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)
    for token in (tokens.access, tokens.refresh):
        assert (await api.post("/api/v1/token/verify/", {"token": token})).json == TOKEN_NOT_VALID
    answer = await api.post("/api/v1/token/refresh/", {"refresh": tokens.refresh})
    assert (answer.status, answer.json) == (401, TOKEN_NOT_VALID)


async def assert_alive(api: Api, tokens: Tokens) -> None:
    """The session still lives; nothing is used up by looking."""
    for token in (tokens.access, tokens.refresh):
        answer = await api.post("/api/v1/token/verify/", {"token": token})
        assert (answer.status, answer.json) == (200, {})


def looks(answer: Answer) -> tuple[int, str, list[tuple[str, str]]]:
    """All that a client can see of an answer, but for the time, the request's id and what is encrypted."""
    varying = ("date", "x-request-id", "set-cookie")
    headers = [(k, v) for k, v in answer.headers.items() if k.lower() not in varying]
    return answer.status, answer.text, sorted(headers)
