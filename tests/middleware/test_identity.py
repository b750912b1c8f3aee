"""Which credential counts, over every name of every row that needs one, and how long it does."""

import asyncio

import asyncpg
import pytest

from authsvc.errors import NotAuthenticated, TokenNotValid
from authsvc.routes import ROUTES
from authsvc.routing import Access
from tests.client import Answer, Api, Tokens, cookie_header
from tests.endpoints.kit import add_employee, basic, sign_in_employee
from tests.middleware.kit import CLOSED, VALID, Name, filled, names, over, raw, status_of

INVALID = 'Bearer realm="authsvc", error="invalid_token"'
GARBAGE = [
    "null", "undefined", "x", "a.b.c", "..", "eyJhbGciOiJub25lIn0.e30.", "\xff", "a" * 7000, "rt_" + "A" * 43,
    "null null", '"', "é", "🙂", "%00", "Bearer x",
]  # fmt: skip
SESSIONS = (Access.SIGNED_IN, Access.EMPLOYEE)
PUBLIC_GETS = names(lambda row: row.access is Access.PUBLIC and row.method == "GET")


async def ask(api: Api, name: Name, *headers: dict[str, str]) -> Answer:
    """A request that would be answered with 200 (or 404 for an object that is not there) if its caller is known."""
    sent = {key: value for one in headers for key, value in one.items()}
    body = None if name.row.method == "GET" else VALID.get(name.row.name, {})
    return await api.request(name.row.method, name.path, json=body, headers=sent)


def known(answer: Answer) -> bool:
    """The caller got as far as his request was looked at: what is wrong with it then is another matter."""
    return answer.status in (200, 201, 204, 400, 404, 409)


def refused(answer: Answer, error: type[NotAuthenticated | TokenNotValid]) -> bool:
    return (answer.status, answer.json, answer.headers["WWW-Authenticate"]) == (401, error().body(), error.scheme)


def cookie(token: str) -> dict[str, str]:
    return cookie_header(access_token=token)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@over(CLOSED)
async def test_nothing_is_not_authenticated(api: Api, ada: Tokens, name: Name) -> None:
    answer = await ask(api, name)
    assert refused(answer, NotAuthenticated)
    assert "error=" not in answer.headers["WWW-Authenticate"]
    assert refused(await ask(api, name, cookie_header(other=ada.access, refresh_token=ada.refresh)), NotAuthenticated)


@over(CLOSED)
async def test_garbage_is_no_valid_token(api: Api, ada: Tokens, name: Name) -> None:
    for garbage in name.of(GARBAGE):
        assert refused(await ask(api, name, bearer(garbage)), TokenNotValid), garbage
        assert refused(await ask(api, name, cookie(garbage)), TokenNotValid), garbage
        assert refused(await ask(api, name, bearer(garbage), cookie(garbage)), TokenNotValid), garbage
    for odd in name.of(("Bearer", "Bearer ", "", "Token x", ada.access, basic("ada@example.com")["Authorization"])):
        answer = await ask(api, name, {"Authorization": odd})
        assert refused(answer, TokenNotValid), odd
        assert answer.headers["WWW-Authenticate"] == INVALID


@over(CLOSED)
async def test_a_good_bearer_beside_a_bad_cookie(api: Api, ada: Tokens, name: Name) -> None:
    for garbage in name.of(GARBAGE):
        assert known(await ask(api, name, ada.bearer, cookie(garbage))), garbage


@over(CLOSED)
async def test_a_good_cookie_beside_a_bad_header(api: Api, ada: Tokens, name: Name) -> None:
    for garbage in name.of(GARBAGE):
        assert known(await ask(api, name, bearer(garbage), cookie(ada.access))), garbage
    for odd in name.of(("Bearer", "", "Token x", basic("ada@example.com")["Authorization"], "Basic !!", "Basic é")):
        assert known(await ask(api, name, {"Authorization": odd}, cookie(ada.access))), odd


@over(CLOSED)
async def test_the_scheme_is_read_in_any_case(api: Api, ada: Tokens, name: Name) -> None:
    for scheme in name.of(("bearer", "BEARER", "BeArEr", "Bearer  ")):
        assert known(await ask(api, name, {"Authorization": f"{scheme} {ada.access}"}))


async def test_of_two_good_ones_the_bearer_counts(api: Api, ada: Tokens) -> None:
    bob = await api.sign_in()
    for path in ("/api/me/", "/api/v1/users/profile/", "/api/v1/users/token/validate/"):
        for one, other in ((ada, bob), (bob, ada)):
            answer = await api.get(path, headers={**one.bearer, **cookie(other.access)})
            assert answer.json.get("data", answer.json)["email"] == one.user["email"]
    headers = {**bob.bearer, **cookie(ada.access)}
    for method in ("PATCH", "PUT"):
        answer = await api.request(method, "/api/v1/users/profile/", json={"first_name": method}, headers=headers)
        assert (answer.json["email"], answer.json["first_name"]) == (bob.user["email"], method)
    assert (await api.get("/api/me/", headers=ada.bearer)).json["data"]["first_name"] == ""


@over(CLOSED)
async def test_two_authorization_headers_are_400(api: Api, ada: Tokens, name: Name) -> None:
    body = b"{}"
    head = (
        f"{name.row.method} {name.path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n"
    )
    for first, second in ((ada.access, ada.access), (ada.access, "x"), ("x", ada.access)):
        for scheme in ("Bearer", "Basic"):
            two = f"Authorization: Bearer {first}\r\nauthorization: {scheme} {second}\r\nContent-Length: 2\r\n\r\n"
            answer = await raw(api, head.encode() + two.encode() + body)
            assert status_of(answer) == 400
            assert answer.endswith(b'{"detail":"More than one Authorization header.","code":"malformed"}')


async def test_of_two_access_cookies_one_is_taken_by_a_fixed_rule(api: Api, ada: Tokens) -> None:
    """The last one, also of two headers (of which HTTP/2 knows many): never both, never by content."""
    good, bad = f"access_token={ada.access}", "access_token=x"
    for header, status in ((f"{bad}; {good}", 200), (f"{good}; {bad}", 401)):
        assert (await api.get("/api/me/", headers={"Cookie": header})).status == status
    for first, second, status in ((good, bad, 401), (bad, good, 200)):
        sent = f"GET /api/me/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: {first}\r\nCookie: {second}\r\n\r\n"
        assert status_of(await raw(api, sent.encode())) == status


async def test_cookies_in_several_headers_are_those_of_one(api: Api, ada: Tokens) -> None:
    good = f"access_token={ada.access}"
    for first, second in ((good, "theme=dark"), ("theme=dark", good), ("a=b; c=d", f"{good}; e=f")):
        sent = f"GET /api/me/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: {first}\r\nCookie: {second}\r\n\r\n"
        assert status_of(await raw(api, sent.encode())) == 200


@pytest.mark.parametrize(
    "odd", ["=", ";", "access_token", "access_token=", "a=b=c;;", "\xff=\xff", "=" * 5000, "[]={}"]
)
async def test_odd_cookie_headers(api: Api, ada: Tokens, odd: str) -> None:
    assert (await api.get("/api/me/", headers={"Cookie": odd})).status == 401
    assert (await api.get("/api/me/", headers={"Cookie": odd, **ada.bearer})).status == 200
    assert (await api.get("/api/v1/", headers={"Cookie": odd})).status == 200


@over(PUBLIC_GETS)
async def test_public_rows_never_mind_a_stale_credential(api: Api, ada: Tokens, name: Name) -> None:
    expected = (await api.get(name.path)).status
    await api.post("/api/v1/users/logout/", headers=ada.bearer)
    for token in (ada.access, *name.of(GARBAGE)):
        answer = await api.get(name.path, headers={**bearer(token), **cookie(token)})
        assert answer.status == expected, token


@pytest.mark.parametrize("row", ["sessions.obtain", "sessions.login_api", "users.register"])
async def test_a_stale_credential_keeps_nobody_from_signing_in(api: Api, ada: Tokens, row: str) -> None:
    await api.post("/api/v1/users/logout/", headers=ada.bearer)
    for number, path in enumerate(path for known_row in ROUTES if known_row.name == row for path in known_row.paths):
        for token in (ada.access, "null"):
            body = dict(VALID[row])
            if row == "users.register":
                body["email"] = f"new{number}{token[:3]}@example.com"
            answer = await api.post(path, body, headers={**bearer(token), **cookie(token)})
            assert answer.status in (200, 201), answer.text


ENDINGS = {
    "ended": "UPDATE sessions SET ended_at = now(), end_reason = 'logout'",
    "expired": "UPDATE sessions SET expires_at = now()",
    "deactivated": "UPDATE {people} SET is_active = false WHERE email LIKE 'ada%'",
    "rejected": "UPDATE {people} SET status = 'Rejected' WHERE email LIKE 'ada%'",
    "forgotten": "DELETE FROM sessions",
}


@over(CLOSED)
async def test_what_ends_by_sql_ends_at_the_next_request(
    api: Api, ada: Tokens, db: asyncpg.Connection, name: Name
) -> None:
    await db.execute("UPDATE users SET is_active = true, is_superuser = true WHERE email = 'root@example.com'")
    people = "employees" if name.for_employees else "users"
    for statement in ENDINGS.values():
        await db.execute(f"UPDATE {people} SET is_active = true, status = 'Approved' WHERE email = 'ada@example.com'")
        tokens = await name.sign_in(api)
        assert known(await ask(api, name, tokens.bearer))
        await db.execute(statement.format(people=people))
        assert refused(await ask(api, name, tokens.bearer), TokenNotValid), statement
        assert refused(await ask(api, name, cookie(tokens.access)), TokenNotValid), statement


async def test_one_ended_session_ends_no_other(api: Api, ada: Tokens, db: asyncpg.Connection) -> None:
    other = await api.session_of("ada@example.com")
    await db.execute(f"{ENDINGS['ended']} WHERE id = (SELECT min(id) FROM sessions)")
    assert (await api.get("/api/me/", headers=ada.bearer)).status == 401
    assert (await api.get("/api/me/", headers={**ada.bearer, **cookie(other.access)})).status == 200


@pytest.mark.parametrize("change", ["is_active = false", "status = 'Rejected'", "status = 'Pending'"])
async def test_an_employee_who_may_not_is_refused_at_once(api: Api, db: asyncpg.Connection, change: str) -> None:
    await add_employee(db)
    tokens = await sign_in_employee(api)
    assert (await api.get("/api/me/", headers=tokens.bearer)).status == 200
    await db.execute(f"UPDATE employees SET {change}")
    assert refused(await api.get("/api/me/", headers=tokens.bearer), TokenNotValid)


async def test_user_7_is_not_employee_7(api: Api, db: asyncpg.Connection) -> None:
    """Ending the one's rights leaves the other's alone."""
    ada = await api.sign_in()
    await add_employee(db, ada.user["id"])
    emil = await sign_in_employee(api)
    await db.execute("UPDATE employees SET is_active = false")
    answers = await asyncio.gather(*(api.get("/api/me/", headers=who.bearer) for who in (ada, emil)))
    assert [answer.status for answer in answers] == [200, 401]


@pytest.mark.parametrize("text", ["é", "!!", "YQ=", "/w==", "YQ==", "YTpi\xff", "YTpi YTpi", "AGE6Yg=="])
async def test_basic_credentials_that_cannot_be_read(api: Api, text: str) -> None:
    answer = await api.get("/token/", headers={"Authorization": f"Basic {text}"})
    assert (answer.status, answer.code) == (400, "malformed")


async def test_every_closed_row_is_in_these_tests() -> None:
    paths = {filled(path) for row in ROUTES if row.access in SESSIONS and not row.settles_itself for path in row.paths}
    wanted = [name for name in names() if name.closed and name.row.access in SESSIONS]
    assert paths == {name.path for name in wanted}
