"""How today's callers write their requests, byte by byte."""

import io

import asyncpg
import pytest
from PIL import Image

from authsvc.routes import ROUTES
from authsvc.settings import load
from tests.client import PASSWORD, Api, Tokens
from tests.compat.kit import (
    FORM,
    JSON,
    MULTIPART,
    ORIGIN,
    as_json,
    cookie_line,
    multipart,
    send,
    urlencoded,
    values_of,
)
from tests.endpoints.kit import (
    ACCESS,
    NOT_AUTHENTICATED,
    NUMBER,
    PROFILE,
    REFRESH,
    TIME,
    Like,
    add_employee,
    assert_cookies,
    employee,
    paths_of,
    profile,
    set_cookies,
    sign_in_employee,
    unchanged,
)
from tests.middleware.kit import filled
from tests.rights.world import World, make_world

EMPLOYEES = "/api/v1/hdts/employees/api/token/refresh/"
BY_COOKIE = paths_of("tokens.rotate_cookie", without=[EMPLOYEES])
INVITE = paths_of("invitations.send")
REFRESHED = {"message": "Token refreshed", "access": ACCESS, "expires_in": 900, "user_type": "staff"}
# Axios, fetch and requests post nothing in each of these ways.
NOTHING: list[tuple[tuple[str, ...], bytes | None]] = [
    ((), b""),
    ((), None),
    ((JSON,), b""),
    ((JSON,), b"{}"),
    ((FORM,), b""),
    (("Content-Type: application/json; charset=utf-8",), b"{}"),
    (("Content-Type: text/plain;charset=UTF-8",), b""),
]


@pytest.fixture
async def ada(api: Api) -> Tokens:
    await api.register(email="ada@example.com")
    return await api.sign_in("ada@example.com")


@pytest.fixture
async def world(api: Api, db: asyncpg.Connection) -> World:
    return await make_world(api, db)


async def test_nothing_is_posted_to_refresh_by_cookie(api: Api, ada: Tokens) -> None:
    token = ada.refresh
    for path in BY_COOKIE:
        for headers, body in NOTHING:
            answer = await send(api, "POST", path, ORIGIN, f"Cookie: refresh_token={token}", *headers, body=body)
            assert (answer.status, answer.json) == (200, REFRESHED), (path, headers, body)
            new = values_of(answer)["refresh_token"]
            assert (new, new == token) == (REFRESH, False)
            assert_cookies(answer, answer.json["access"], new)
            token = new


async def test_nothing_is_posted_to_refresh_by_the_cookie_or_the_body(api: Api, ada: Tokens) -> None:
    token, path = ada.refresh, "/api/v1/token/refresh/"
    for headers, body in NOTHING:
        answer = await send(api, "POST", path, f"Cookie: refresh_token={token}", *headers, body=body)
        assert (answer.status, answer.json) == (200, {"access": ACCESS, "refresh": REFRESH, "expires_in": 900})
        assert_cookies(answer, answer.json["access"], answer.json["refresh"])
        token = answer.json["refresh"]
    for headers, body in ((JSON, as_json(refresh=token)), (FORM, urlencoded(refresh="{}"))):
        sent = body.replace(b"%7B%7D", token.encode())
        answer = await send(api, "POST", path, headers, body=sent)
        assert (answer.status, set_cookies(answer)) == (200, {})
        token = answer.json["refresh"]


async def test_nothing_is_posted_to_refresh_an_employee(api: Api, db: asyncpg.Connection) -> None:
    await add_employee(db)
    token = (await sign_in_employee(api)).refresh
    for path in (EMPLOYEES, *BY_COOKIE):
        answer = await send(api, "POST", path, f"Cookie: refresh_token={token}", body=b"")
        assert (answer.status, answer.json) == (200, {**REFRESHED, "user_type": "employee"})
        token = values_of(answer)["refresh_token"]


async def test_nothing_is_posted_to_refresh_nobody(api: Api) -> None:
    for path in paths_of("tokens.rotate", "tokens.rotate_cookie"):
        answer = await send(api, "POST", path, body=b"")
        assert (answer.status, answer.json) == (401, NOT_AUTHENTICATED)


@pytest.mark.parametrize("path", INVITE)
async def test_a_front_end_without_a_token_invites_by_cookie(world: World, path: str) -> None:
    """It writes `Bearer null` beside its cookies, and a form with every field it has."""
    await world.as_("admin_a")
    role, system = await world.role("alpha", "Technician"), world.systems["alpha"]
    fields = {"email": "new@example.com", "system_id": str(system), "role_id": str(role), "first_name": "Neo"}
    empty = dict.fromkeys(("middle_name", "last_name", "suffix", "phone_number", "department"), "")
    headers = [ORIGIN, "Authorization: Bearer null", cookie_line(world.tokens["admin_a"]), MULTIPART]
    body = multipart(*fields.items(), *empty.items(), ("csrfmiddlewaretoken", "x"))
    answer = await send(world.api, "POST", path, *headers, body=body)
    assert (answer.status, answer.json) == (
        201,
        {
            "message": "An invitation was mailed to new@example.com.",
            "invitation": {"id": NUMBER, "email": "new@example.com", "status": "pending", "expires_at": TIME},
            "user": "new@example.com",
            "role": "Technician",
            "system": "alpha",
        },
    )


async def test_bearer_null_spoils_no_cookie_and_helps_nobody(world: World) -> None:
    await world.as_("admin_a")
    for scheme in ("Bearer null", "Bearer undefined", "Bearer", "bearer null", "Token x"):
        line = f"Authorization: {scheme}"
        answer = await send(world.api, "GET", "/api/me/", line, cookie_line(world.tokens["admin_a"]))
        assert (answer.status, answer.json["data"]["id"]) == (200, world.people["admin_a"])
        assert (await send(world.api, "GET", "/api/me/", line)).status == 401
    stale = "Cookie: access_token=stale; refresh_token=stale"
    good = f"Authorization: Bearer {world.tokens['admin_a'].access}"
    assert (await send(world.api, "GET", "/api/me/", stale, good)).status == 200


@pytest.mark.parametrize("file_type", [None, "image/png", "application/octet-stream"])
async def test_a_picture_part_needs_no_content_type(api: Api, ada: Tokens, file_type: str | None) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (8, 6), "red").save(drawn, "PNG")
    body = multipart(("first_name", "Ada"), ("profile_picture", drawn.getvalue()), file_type=file_type)
    for method in ("PATCH", "PUT"):
        answer = await send(api, method, PROFILE, ORIGIN, cookie_line(ada), MULTIPART, body=body)
        url = Like(r"http://auth\.test/media/[0-9a-f]{64}\.webp")
        expected = profile(first_name="Ada", full_name="Ada", profile_picture=url, last_login=TIME)
        assert (answer.status, answer.json) == (200, expected)


async def test_forms_sign_in_and_register(api: Api) -> None:
    fields = {"email": "ada@example.com", "password": PASSWORD, "password2": PASSWORD, "first_name": "Ada Ångström"}
    answer = await send(api, "POST", "/api/v1/users/register/", FORM, body=urlencoded(**fields))
    assert (answer.status, answer.json) == (201, profile(first_name="Ada Ångström", full_name="Ada Ångström"))
    body = urlencoded(email="ada@example.com", password=PASSWORD)
    for path in paths_of("sessions.obtain", "sessions.login_api"):
        for kind, sent in (
            (FORM, body),
            ("Content-Type: application/x-www-form-urlencoded; charset=UTF-8", body),
            (MULTIPART, multipart(("email", "ada@example.com"), ("password", PASSWORD))),
        ):
            answer = await send(api, "POST", path, kind, body=sent)
            assert answer.status == 200, answer.text
            assert_cookies(answer, answer.json["access"], answer.json["refresh"])


async def test_forms_sign_in_and_register_employees(api: Api, db: asyncpg.Connection) -> None:
    at = "/api/v1/hdts/employees/api"
    body = urlencoded(email="emil@example.com", password=PASSWORD, first_name="Emil", last_name="Berg")
    answer = await send(api, "POST", f"{at}/register/", FORM, body=body)
    roles = [{**employee()["system_roles"][0], "last_logged_on": None}]
    assert (answer.status, answer.json) == (
        201,
        employee(
            status="Pending",
            first_name="Emil",
            last_name="Berg",
            email="emil@example.com",
            username="emil",
            full_name="Emil Berg",
            last_login=None,
            system_roles=roles,
        ),
    )
    await db.execute("UPDATE employees SET status = 'Approved'")
    answer = await send(api, "POST", f"{at}/login/", FORM, body=body)
    assert answer.status == 200
    assert_cookies(answer, answer.json["access"], answer.json["refresh"])


@pytest.mark.parametrize("method, path", [("POST", "/api/v1/users/login"), ("POST", "/token"), ("POST", "/logout")])
async def test_a_forgotten_slash_keeps_method_and_body(api: Api, ada: Tokens, method: str, path: str) -> None:
    body = as_json(email="ada@example.com", password=PASSWORD)
    answer = await send(api, method, f"{path}?next=%2Fa%26b", JSON, body=body)
    assert (answer.status, answer.headers["Location"]) == (308, f"{path}/?next=%2Fa%26b")
    assert (await send(api, method, answer.headers["Location"], JSON, body=body)).status == 200


async def test_every_unsafe_path_without_its_slash_is_308(api: Api, db: asyncpg.Connection) -> None:
    async with unchanged(db):
        for row in ROUTES:
            for path in row.paths if row.method != "GET" else ():
                there = filled(path)
                answer = await api.request(row.method, there[:-1], json={})
                assert (answer.status, answer.headers["Location"]) == (308, there), there


async def test_the_whole_profile_is_put_back(api: Api, ada: Tokens, db: asyncpg.Connection) -> None:
    got = await api.get(PROFILE, headers=ada.bearer)
    kept = dict(await db.fetchrow("SELECT * FROM users"))
    answer = await send(api, "PUT", PROFILE, ORIGIN, cookie_line(ada), JSON, body=as_json(**got.json))
    assert (answer.status, answer.json) == (200, got.json)
    answer = await send(api, "PUT", PROFILE, cookie_line(ada), JSON, body=as_json(**{**got.json, "first_name": "Ada"}))
    assert answer.json == {**got.json, "first_name": "Ada", "full_name": "Ada"}
    changed = {name for name, value in (await db.fetchrow("SELECT * FROM users")).items() if value != kept[name]}
    assert changed - {"updated_at", "search"} == {"first_name", "full_name"}


async def test_preflights_of_every_origin_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, serve, base_settings
) -> None:
    """Where tests/middleware/test_cors.py does not look: pages, unknown and unslashed paths; origins read as set."""
    origins = ["https://tts.example.com", "https://hdts.example.com", "http://localhost:3000"]
    monkeypatch.setenv("AUTHSVC_DATA_DIR", str(base_settings.data_dir))
    monkeypatch.setenv("AUTHSVC_CORS_ORIGINS", ", ".join(origins))
    api = await serve(cors_origins=load().cors_origins)
    asked = ("Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,content-type")
    for path in ("/logout/", "/token", "/api/v1/nowhere/", "/password/reset/", "/", "/api/v1/users/login/"):
        for origin in origins:
            answer = await send(api, "OPTIONS", path, f"Origin: {origin}", *asked, "Sec-Fetch-Mode: cors")
            assert (answer.status, answer.text) == (204, "")
            assert answer.headers.getall("Access-Control-Allow-Origin") == [origin]
            assert answer.headers.getall("Access-Control-Allow-Credentials") == ["true"]
            assert "POST" in answer.headers["Access-Control-Allow-Methods"]
            assert {"authorization", "content-type"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))
        for origin in ("https://evil.example", "http://localhost:3001", "https://localhost:3000", "null"):
            answer = await send(api, "OPTIONS", path, f"Origin: {origin}", *asked)
            assert "Access-Control-Allow-Origin" not in answer.headers
            assert "Access-Control-Allow-Credentials" not in answer.headers
