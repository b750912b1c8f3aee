"""Captchas whose answer the test knows."""

import pytest

from authsvc.flows import captcha
from tests.client import Answer, Api
from tests.guard.kit import LOGIN, WRONG, knock

PATH = "/api/v1/users/captcha"
REQUIRED = f"{PATH}/required/"


class Answers:
    """What was asked, in order; nothing is drawn or spoken unless `really`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, really: bool = False) -> None:
        self.seen: list[str] = []
        real = captcha._render

        def noted(answer: str) -> tuple[str, str]:
            self.seen.append(answer)
            return real(answer) if really else ("aW1hZ2U=", "YXVkaW8=")

        monkeypatch.setattr(captcha, "_render", noted)

    async def ask(self, api: Api, purpose: str | None = None) -> tuple[str, str]:
        """A new challenge: its session and its answer."""
        made = await api.post(f"{PATH}/generate/", {"purpose": purpose})
        assert made.status == 200, made.text
        return made.json["session_id"], self.seen[-1]

    async def token(self, api: Api, purpose: str | None = None) -> str:
        """The token of one that was solved."""
        session_id, answer = await self.ask(api, purpose)
        return str((await respond(api, session_id, answer)).json["captcha_token"])


async def respond(api: Api, session_id: str, response: str) -> Answer:
    return await api.post(f"{PATH}/verify/", {"session_id": session_id, "response": response})


def wrong(answer: str) -> str:
    """Another answer of the same form."""
    return ("B" if answer[0] != "B" else "C") + answer[1:]


class Browser:
    """Sign-ins that keep the browser session's cookie, and nothing else."""

    def __init__(self, api: Api) -> None:
        self.api, self.cookie = api, ""

    async def knock(self, email: str, password: str, door: str = LOGIN, **more: str) -> Answer:
        answer = await knock(self.api, door, email, password, Cookie=self.cookie, **more)
        if "browser" in answer.cookies:
            self.cookie = f"browser={answer.cookies['browser'].value}"
        return answer

    async def fail(self, times: int, door: str = LOGIN) -> None:
        """So many wrong passwords, each for a name that nobody has."""
        for number in range(times):
            assert (await self.knock(f"unknown{number}@example.com", WRONG, door)).code == "invalid_credentials"

    async def required(self) -> tuple[bool, int]:
        answer = await self.api.get(REQUIRED, headers={"Cookie": self.cookie})
        assert answer.json.keys() == {"required", "email", "failed_attempts"}
        assert answer.json["email"] is None
        return answer.json["required"], answer.json["failed_attempts"]
