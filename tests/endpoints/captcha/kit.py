"""Captchas whose answer the test knows."""

import pytest

from authsvc.flows import captcha
from tests.client import Answer, Api

PATH = "/api/v1/users/captcha"


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
