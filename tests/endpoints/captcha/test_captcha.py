"""Making captchas and answering them."""

import base64
import io
import wave

import asyncpg
import pytest
from PIL import Image

from authsvc.flows import captcha
from tests.client import Api
from tests.endpoints.captcha.kit import PATH, Answers, respond, wrong

GENERATE = f"{PATH}/generate/"


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    return Answers(monkeypatch)


async def test_a_captcha_is_a_png_and_a_wav(api: Api) -> None:
    answer = await api.post(GENERATE)
    assert answer.status == 200
    assert answer.json.keys() == {"session_id", "image", "audio", "expires_in"}
    assert answer.json["expires_in"] == 600
    kind, _, image = answer.json["image"].partition(",")
    with Image.open(io.BytesIO(base64.b64decode(image, validate=True))) as picture:
        picture.load()
        assert (kind, picture.format) == ("data:image/png;base64", "PNG")
    kind, _, audio = answer.json["audio"].partition(",")
    with wave.open(io.BytesIO(base64.b64decode(audio, validate=True))) as sound:
        assert (kind, sound.getnframes() > sound.getframerate()) == ("data:audio/wav;base64", True)


async def test_the_answer_is_nowhere_in_the_answer(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers(monkeypatch, really=True)
    made = await api.post(GENERATE)
    assert answers.seen[0] not in made.text.upper().partition("DATA:")[0]
    assert answers.seen[0].encode() not in base64.b64decode(made.json["image"].partition(",")[2])


async def test_six_characters_of_29(api: Api, answers: Answers) -> None:
    assert len(set(captcha.ALPHABET)) == 29
    for _ in range(20):
        await answers.ask(api)
    assert {len(answer) for answer in answers.seen} == {6}
    assert set("".join(answers.seen)) <= set(captcha.ALPHABET)
    assert len(set(answers.seen)) == 20


def test_no_two_characters_are_taken_for_one_another() -> None:
    for pair in ("0O", "1I", "1L", "5S", "IL"):
        assert not set(pair) <= set(captcha.ALPHABET)


async def test_sessions_differ(api: Api, answers: Answers) -> None:
    assert len({(await answers.ask(api))[0] for _ in range(10)}) == 10


async def test_a_purpose_may_be_given(api: Api, answers: Answers) -> None:
    for body in (None, {}, {"purpose": None}, {"purpose": ""}, {"purpose": "forgot"}):
        assert (await api.post(GENERATE, body)).status == 200


async def test_an_unknown_purpose_is_refused(api: Api, answers: Answers) -> None:
    for purpose in ("everything", "SIGN_IN", ["sign_in"], 1, True):
        answer = await api.post(GENERATE, {"purpose": purpose})
        assert (answer.status, list(answer.json)) == (400, ["purpose"])


async def test_captchas_are_not_made_by_links(api: Api) -> None:
    assert (await api.get(GENERATE)).status == 405


async def test_the_right_answer_gets_a_token(api: Api, answers: Answers) -> None:
    session_id, right = await answers.ask(api)
    answer = await respond(api, session_id, right)
    token = answer.json.pop("captcha_token")
    assert (answer.status, answer.json) == (200, {"valid": True, "session_id": session_id})
    assert len(token) == 43


async def test_form_posts_are_taken(api: Api, answers: Answers) -> None:
    session_id, right = await answers.ask(api)
    answer = await api.post(f"{PATH}/verify/", data={"session_id": session_id, "response": right})
    assert answer.json["valid"] is True


async def test_case_and_blanks_around_do_not_matter(api: Api, answers: Answers) -> None:
    for typed in (str.lower, str.swapcase, "  {}\n".format):
        session_id, right = await answers.ask(api)
        assert (await respond(api, session_id, typed(right))).json["valid"] is True


async def test_a_wrong_answer_spends_the_image(api: Api, answers: Answers) -> None:
    session_id, right = await answers.ask(api)
    for response in (wrong(right), right):
        answer = await respond(api, session_id, response)
        assert (answer.status, answer.json) == (200, {"valid": False, "session_id": session_id})


async def test_a_right_answer_spends_it_too(api: Api, answers: Answers) -> None:
    session_id, right = await answers.ask(api)
    assert [(await respond(api, session_id, right)).json["valid"] for _ in range(2)] == [True, False]


async def test_an_unknown_session_is_not_valid(api: Api) -> None:
    answer = await respond(api, "unknown", "ABCDEF")
    assert (answer.status, answer.json) == (200, {"valid": False, "session_id": "unknown"})


@pytest.mark.parametrize("age,valid", [("9 minutes 55 seconds", True), ("10 minutes", False)])
async def test_an_image_lives_ten_minutes(
    api: Api, db: asyncpg.Connection, answers: Answers, age: str, valid: bool
) -> None:
    session_id, right = await answers.ask(api)
    await db.execute(f"UPDATE captchas SET expires_at = expires_at - interval '{age}'")
    assert (await respond(api, session_id, right)).json["valid"] is valid


async def test_an_answer_belongs_to_its_image(api: Api, answers: Answers) -> None:
    (one, _), (_, others) = await answers.ask(api), await answers.ask(api)
    assert (await respond(api, one, others)).json["valid"] is False


@pytest.mark.parametrize(
    "body,fields",
    [
        ({}, ["response", "session_id"]),
        ({"session_id": "x", "response": ""}, ["response"]),
        ({"session_id": ["x"], "response": "ABCDEF"}, ["session_id"]),
        ({"session_id": "x", "response": {"a": 1}}, ["response"]),
        ({"session_id": "x\0", "response": "A" * 51}, ["response", "session_id"]),
    ],
)
async def test_fields_of_the_wrong_shape_are_named(api: Api, body: dict[str, object], fields: list[str]) -> None:
    answer = await api.post(f"{PATH}/verify/", body)
    assert (answer.status, sorted(answer.json)) == (400, fields)


async def test_making_captchas_is_rate_limited(serve: object, answers: Answers) -> None:
    api = await serve(limits=True)
    codes = [(await api.post(GENERATE)).code for _ in range(31)]
    assert codes == [None] * 30 + ["throttled"]
