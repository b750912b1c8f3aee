"""GET /api/schema/: the OpenAPI document, and that answers are what it says."""

import re
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import asyncpg
import orjson
import pytest
from jsonschema import Draft202012Validator

from authsvc import openapi
from authsvc.routes import ROUTES
from authsvc.routing import Access, Route
from tests.client import PASSWORD, Answer, Api
from tests.endpoints.kit import Like, basic
from tests.rights.world import World, add_system, hold, make_world
from tests.shape.test_routes import shown

SCHEMA = "/api/schema/"
CLOSED = {"type": "object", "additionalProperties": False}
# Where a GET needs more than a session: what is appended to the path.
QUERIES = {
    "tts.round_robin": "?system=alpha&role=Agent",
    "captcha.required": "?email=ada@example.com",
    "links.reset_page": "?token=x",
    "links.confirm_page": "?token=x",
    "links.invitation_page": "?token=x",
}
NO_JSON = {
    "profile.picture", "meta.home", "meta.metrics", "docs.browse", "styles.docs", "styles.pages",
    "sign_in.leave", "forgotten.show", "tokens.obtain_basic",
}  # fmt: skip
GETS = [row for row in ROUTES if row.method == "GET" and row.name not in NO_JSON and row.access is not Access.INTERNAL]


def strict(node: Any) -> Any:
    """The document, with every object closed: what an answer says beside its schema is found too."""
    if isinstance(node, list):
        return [strict(below) for below in node]
    if not isinstance(node, dict):
        return node
    made = {name: strict(below) for name, below in node.items()}
    return {**CLOSED, **made} if isinstance(made.get("properties"), dict) and made.get("type") == "object" else made


DOCUMENT = strict(openapi.document())


def check(row: Route, path: str, answer: Answer) -> None:
    """Fail unless the document has this status for the row, and the body is as it says."""
    said = DOCUMENT["paths"][shown(path)][row.method.lower()]["responses"]
    response = said[str(answer.status)]
    if "$ref" in response:
        response = DOCUMENT["components"]["responses"][response["$ref"].rpartition("/")[2]]
    shape = response["content"]["application/json"]["schema"]
    validator = Draft202012Validator({**shape, "components": DOCUMENT["components"]})
    found = [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(answer.json)]
    assert found == [], (row.name, answer.text[:500])


@pytest.fixture
async def world(api: Api, db: asyncpg.Connection) -> World:
    made = await make_world(api, db)
    await add_system(db, "hdts", ("Admin", "Employee"))
    await hold(db, made.people["root"], "hdts", "Admin")
    await made.invitation("alpha", "new@example.com", "admin_a")
    return made


async def ids(world: World, row: Route) -> dict[str, str]:
    """What stands in the paths: things of system alpha."""
    person = str(world.people["agent_a"])
    company_id = await world.db.fetchval("SELECT company_id FROM users WHERE id = $1", world.people["agent_a"])
    of_noun = {
        "systems": str(world.systems["alpha"]),
        "roles": str(await world.role("alpha", "Agent")),
        "assignments": str(await world.held("agent_a", "alpha")),
    }
    noun = row.name.partition(".")[0]
    return {"id": of_noun.get(noun, person), "user_id": person, "slug": "alpha", "company_id": company_id}


async def test_it_is_the_document(api: Api) -> None:
    answer = await api.get(SCHEMA)
    assert (answer.status, answer.json) == (200, orjson.loads(openapi.text()))
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["ETag"] == Like('"[0-9a-f]{32}"')


async def test_who_has_it_gets_304(api: Api) -> None:
    etag = (await api.get(SCHEMA)).headers["ETag"]
    answer = await api.get(SCHEMA, headers={"If-None-Match": etag})
    assert (answer.status, answer.text, answer.headers["ETag"]) == (304, "", etag)
    assert (await api.get(SCHEMA, headers={"If-None-Match": '"other"'})).status == 200


async def test_any_credential_changes_nothing(api: Api) -> None:
    stale = await api.get(SCHEMA, headers={"Authorization": "Bearer stale"})
    assert (stale.status, stale.text) == (200, (await api.get(SCHEMA)).text)


@pytest.mark.parametrize(
    ("who", "at_least"), [("root", 31), ("admin_a", 31), ("agent_a", 27), ("employee", 12), ("nobody", 12)]
)
async def test_every_get_answers_as_described(world: World, who: str, at_least: int) -> None:
    full = set()
    for row in GETS:
        values = await ids(world, row)
        path = re.sub(r"\{(\w+)\}", lambda part: values[part[1]], shown(row.path))  # noqa: B023 - used at once
        headers = {**await world.as_(who), "Accept": "application/json"}
        answer = await world.api.get(path + QUERIES.get(row.name, ""), headers=headers)
        check(row, row.path, answer)
        if answer.status == 200 and answer.json not in ([], {}):
            full.add(row.name)
    assert len(full) >= at_least, sorted(full)


async def test_lookups_of_other_services_are_as_described(serve: Callable[..., Any], db: asyncpg.Connection) -> None:
    api = await serve(internal_networks=(ip_network("127.0.0.0/8"),))
    world = await make_world(api, db)
    await add_system(db, "hdts", ("Admin", "Employee"))
    await hold(db, world.people["agent_a"], "hdts", "Employee")
    asked = [row for row in ROUTES if row.access is Access.INTERNAL and row.name not in NO_JSON]
    for row in asked:
        for number in (world.people["agent_a"], 2**31 - 1):
            answer = await api.get(re.sub(r"\{\w+\}", str(number), shown(row.path)))
            assert answer.status == (404 if number == 2**31 - 1 else 200)
            check(row, row.path, answer)
    assert asked


async def test_a_token_for_basic_credentials_is_as_described(world: World) -> None:
    row = next(row for row in ROUTES if row.name == "tokens.obtain_basic")
    for headers in (basic("agent@alpha.example.com"), basic("agent@alpha.example.com", "wrong horse"), {}):
        check(row, row.path, await world.api.get(row.path, headers=headers))


async def test_an_answer_that_says_more_or_less_is_found(world: World) -> None:
    row = next(row for row in ROUTES if row.name == "assignments.index")
    answer = await world.api.get(row.path, headers=await world.as_("root"))
    check(row, row.path, answer)
    more = [{**answer.json[0], "password_hash": "x"}]
    less = [{name: value for name, value in answer.json[0].items() if name != "role"}]
    for wrong in (more, less, answer.json[0], [{**answer.json[0], "id": "1"}]):
        with pytest.raises(AssertionError):
            check(row, row.path, answer._replace(json=wrong))


async def test_what_signing_in_says_is_as_described(world: World) -> None:
    email = "agent@alpha.example.com"
    for row in ROUTES:
        for body in ({"email": email, "password": PASSWORD}, {"email": email, "password": "wrong horse"}, {}):
            if row.name in {"sessions.obtain", "sessions.login_api", "sessions.login_employee"}:
                check(row, row.path, await world.api.post(row.path, body))


async def test_the_second_step_is_as_described(world: World) -> None:
    await world.db.execute("UPDATE users SET otp_enabled = true WHERE username = 'agent_a'")
    for row in ROUTES:
        if row.name in {"sessions.obtain", "sessions.login_api"}:
            answer = await world.api.post(row.path, {"email": "agent@alpha.example.com", "password": PASSWORD})
            assert answer.json["temporary_token"]
            check(row, row.path, answer)


async def test_an_old_callers_forms_are_as_described(world: World) -> None:
    row = next(row for row in ROUTES if row.name == "tts.round_robin")
    headers = await world.as_("root")
    for query in ("?system=alpha&role_name=Agent", "?system=alpha&role_name=nothing"):
        check(row, row.path, await world.api.get(row.path + query, headers=headers))
    row = next(row for row in ROUTES if row.name == "tts.users_info")
    people = [world.people["agent_a"], world.people["agent_b"], 2**31 - 1]
    for who in ("root", "agent_a"):
        for body in ({"user_ids": people}, {"employee_cookie_ids": people}):
            check(row, row.path, await world.api.post(row.path, body, headers=await world.as_(who)))


async def test_what_is_made_is_as_described(world: World) -> None:
    person = world.people["plain"]
    bodies: dict[str, Any] = {
        "users.register": {"email": "eve@example.com", "password": PASSWORD},
        "users.register_employee": {"email": "eve@example.com", "password": PASSWORD},
        "managed_users.create": {"email": "eva@example.com"},
        "systems.create": {"name": "Gamma"},
        "roles.create": {"system": "alpha", "name": "New"},
        "assignments.create": {"user": person, "system": "alpha", "role": "Agent"},
        "tts.assign_agent": {"user_id": person, "system_slug": "alpha", "role": "Spare"},
        "tts.create_role": {"system": "alpha", "name": "Newer"},
        "invitations.send": {"email": "iris@example.com", "system": "alpha", "role": "Agent"},
    }
    for row in ROUTES:
        if row.name in bodies:
            answer = await world.api.post(row.path, bodies.pop(row.name), headers=await world.as_("root"))
            assert answer.status == 201, answer.text
            check(row, row.path, answer)
    assert bodies == {}
    row = next(row for row in ROUTES if row.name == "invitations.send")
    known = {"user_id": world.people["agent_b"], "system": "alpha", "role": "Agent"}
    answer = await world.api.post(row.path, known, headers=await world.as_("root"))
    assert answer.json["assignment"]
    check(row, row.path, answer)
