"""Forms in which no picture was chosen."""

import pytest

from tests.client import Api, Tokens
from tests.endpoints.kit import PROFILE
from tests.endpoints.profile.test_picture import NO_PICTURE, drawn, upload

NO_FILE = (
    b'--b\r\nContent-Disposition: form-data; name="first_name"\r\n\r\nAda\r\n'
    b'--b\r\nContent-Disposition: form-data; name="profile_picture"; filename=""\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n\r\n--b--\r\n"
)


@pytest.fixture
async def ada(api: Api) -> Tokens:
    return await api.sign_in()


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_a_form_in_which_no_file_was_chosen_leaves_it(api: Api, ada: Tokens, method: str) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b", **ada.bearer}
    for content in (None, drawn("PNG")):
        before = (await upload(api, ada, content)).json["profile_picture"] if content else None
        answer = await api.request(method, PROFILE, data=NO_FILE, headers=headers)
        assert (answer.status, answer.json["profile_picture"], answer.json["first_name"]) == (200, before, "Ada")


async def test_an_empty_file_with_a_name_is_no_picture(api: Api, ada: Tokens) -> None:
    answer = await upload(api, ada, b"")
    assert (answer.status, answer.json) == (400, {"profile_picture": [NO_PICTURE]})
