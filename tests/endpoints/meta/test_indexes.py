"""The indexes: which parts there are."""

import pytest

from authsvc.routes import ROUTES
from tests.client import Api

INDEXES = ["/api/", "/api/v1/", "/api/v1/token/"]


async def test_version_1_has_exactly_these_parts_in_this_order(api: Api) -> None:
    answer = await api.get("/api/v1/")
    assert answer.status == 200
    assert list(answer.json.items()) == [
        ("users", "/api/v1/users/"),
        ("roles", "/api/v1/roles/"),
        ("systems", "/api/v1/systems/"),
        ("system-roles", "/api/v1/system-roles/"),
        ("tts", "/api/v1/tts/"),
        ("hdts", "/api/v1/hdts/"),
    ]


async def test_the_api_has_these_parts_in_this_order(api: Api) -> None:
    answer = await api.get("/api/")
    assert answer.status == 200
    assert list(answer.json.items()) == [
        ("v1", "/api/v1/"),
        ("me", "/api/me/"),
        ("token", "/api/v1/token/"),
        ("schema", "/api/schema/"),
        ("docs", "/api/docs/"),
    ]


async def test_who_is_signed_in_can_open_every_part_of_the_api(api: Api) -> None:
    bearer = (await api.sign_in()).bearer
    for link in (await api.get("/api/")).json.values():
        assert (await api.get(link, headers=bearer)).status == 200, link


async def test_the_token_index_names_every_token_path(api: Api) -> None:
    below = {path for row in ROUTES for path in row.paths if path.startswith("/api/v1/token/")} - {"/api/v1/token/"}
    answer = await api.get("/api/v1/token/")
    assert answer.status == 200
    assert set(answer.json.values()) == below
    assert all(path == f"/api/v1/token/{name}/" for name, path in answer.json.items())


@pytest.mark.parametrize("path", ["/api/", "/api/v1/token/"])
async def test_every_link_leads_somewhere(api: Api, path: str) -> None:
    for link in (await api.get(path)).json.values():
        assert (await api.get(link)).status in (200, 401, 405), link


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer stale"}, {"Cookie": "access_token=stale"}])
async def test_a_stale_credential_is_nobody(api: Api, headers: dict) -> None:
    for path in INDEXES:
        assert (await api.get(path, headers=headers)).text == (await api.get(path)).text


async def test_without_the_last_slash_there_is_a_308(api: Api) -> None:
    for path in INDEXES:
        answer = await api.get(path.rstrip("/") + "?a=1")
        assert (answer.status, answer.headers["Location"]) == (308, path + "?a=1")


async def test_nothing_is_posted_to_an_index(api: Api) -> None:
    for path in INDEXES:
        answer = await api.post(path, {})
        assert (answer.status, answer.json) == (405, {"detail": "Method not allowed.", "code": "method_not_allowed"})
        assert set(answer.headers["Allow"].split(",")) == {"GET", "HEAD"}


async def test_an_unknown_path_of_the_api_is_json_and_any_other_a_page(api: Api) -> None:
    for path in ("/api/nothing/", "/api/v1/nothing/", "/api/v1/users/token/"):
        answer = await api.get(path, headers={"Accept": "text/html"})
        assert (answer.status, answer.json) == (404, {"detail": "Not found.", "code": "not_found"})
    answer = await api.get("/nothing/")
    assert (answer.status, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
