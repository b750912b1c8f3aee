"""What may be left out may also be empty in a form, and null in JSON: it is as if it was left out."""

from typing import Any

import pytest

from tests.client import PASSWORD, Answer, Api, Tokens

LOGIN, REGISTER, PROFILE = "/api/v1/users/login/", "/api/v1/users/register/", "/api/v1/users/profile/"
CHANGE = "/api/v1/users/password/change/"
NEW = "ten sleepy badgers"


async def sent(api: Api, how: str, path: str, fields: dict[str, Any], blank: str, **more: Any) -> Answer:
    """The fields and a blank one, each way."""
    if how == "null":
        return await api.post(path, {**fields, blank: None}, **more)
    return await api.post(path, data={**fields, blank: ""}, **more)


both_ways = pytest.mark.parametrize("how", ["null", "form"])


@both_ways
async def test_remember_me(api: Api, how: str) -> None:
    user = await api.register()
    answer = await sent(api, how, LOGIN, {"email": user["email"], "password": PASSWORD}, "remember_me")
    assert answer.status == 200, answer.text
    assert answer.cookies["access_token"]["max-age"] == "900"  # as when nothing was said


async def test_an_empty_text_is_no_json_boolean(api: Api) -> None:
    user = await api.register()
    answer = await api.post(LOGIN, {"email": user["email"], "password": PASSWORD, "remember_me": ""})
    assert (answer.status, answer.json) == (400, {"remember_me": ["Must be a valid boolean."]})


@both_ways
@pytest.mark.parametrize("blank", ["password2", "password_confirm"])
async def test_the_password_again_at_registration(api: Api, how: str, blank: str) -> None:
    answer = await sent(api, how, REGISTER, {"email": "ada@example.com", "password": PASSWORD}, blank)
    assert answer.status == 201, answer.text
    again = {"email": "bob@example.com", "password": PASSWORD, blank: "x"}
    assert (await api.post(REGISTER, again)).json == {blank: ["Passwords do not match."]}


@both_ways
async def test_the_password_itself_is_needed(api: Api, how: str) -> None:
    for path in (LOGIN, REGISTER):
        answer = await sent(api, how, path, {"email": "ada@example.com"}, "password")
        assert (answer.status, list(answer.json)) == (400, ["password"])


@pytest.fixture
async def ada(api: Api) -> Tokens:
    return await api.sign_in()


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@both_ways
async def test_the_current_password_beside_other_fields(api: Api, ada: Tokens, how: str, method: str) -> None:
    fields = {"first_name": "Ada", "current_password": None if how == "null" else ""}
    shown: dict[str, Any] = {"json": fields} if how == "null" else {"data": fields}
    answer = await api.request(method, PROFILE, headers=ada.bearer, **shown)
    assert (answer.status, answer.json["first_name"]) == (200, "Ada")
    fields["email"] = "new@example.com"
    answer = await api.request(method, PROFILE, headers=ada.bearer, **shown)
    assert (answer.status, answer.json) == (400, {"current_password": ["This field is required."]})


@both_ways
@pytest.mark.parametrize("blank", ["new_password_confirm", "confirm_password"])
async def test_the_new_password_again(api: Api, ada: Tokens, how: str, blank: str) -> None:
    fields = {"current_password": PASSWORD, "new_password": NEW}
    answer = await sent(api, how, CHANGE, fields, blank, headers=ada.bearer)
    assert answer.status == 200, answer.text
