"""Each kind of token is useless in every other's place: all kinds, all places."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from tests.client import PASSWORD, Api, cookie_header
from tests.endpoints.captcha.kit import Answers, respond
from tests.endpoints.otp.kit import ADA, LOGIN, TWO, USERS, VERIFY, challenge, with_factor
from tests.guard.kit import fail
from tests.mailbox import Mailbox

CAROL = "carol@example.com"  # her next sign-in needs a captcha
NEW = "another horse battery"


class World:
    """One token of each kind, and what else a place needs."""

    def __init__(self, api: Api, tokens: dict[str, str], recovery: list[str], captcha_answer: str) -> None:
        self.api, self.tokens, self.recovery, self.captcha_answer = api, tokens, recovery, captcha_answer

    def code(self) -> str:
        return self.recovery.pop()


async def reset_link(db: asyncpg.Connection) -> str:
    token = "r" * 43
    await db.execute(
        """INSERT INTO links (user_id, token_hash, purpose, email, expires_at)
           SELECT id, sha256($1), 'reset', email, now() + interval '1 hour' FROM users WHERE email = $2""",
        token.encode(),
        ADA,
    )
    return token


@pytest.fixture
async def world(api: Api, db: asyncpg.Connection, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> World:
    answers = Answers(monkeypatch)
    owner = await with_factor(api, mailbox)
    await api.register(email=CAROL)
    await fail(api, db, CAROL, 3)
    waiting = await challenge(api)
    signed_in = await api.post(VERIFY, {"temporary_token": await challenge(api), "otp_code": owner.recovery.pop()})
    session_id, captcha_answer = await answers.ask(api)
    tokens = {
        "access": owner.tokens.access,
        "refresh": owner.tokens.refresh,
        "challenge": waiting,
        "reset link": await reset_link(db),
        "address link": await mailbox.link(api, ADA, "Confirm your address"),
        "captcha session": session_id,
        "captcha token": await answers.token(api),
        "device cookie": signed_in.cookies["device"].value,
        "browser cookie": (await api.post(LOGIN, {"email": "x", "password": "x"})).cookies["browser"].value,
        "recovery code": owner.recovery.pop(),
    }
    return World(api, tokens, owner.recovery, captcha_answer)


async def as_bearer(w: World, token: str) -> bool:
    return (await w.api.get("/api/me/", headers={"Authorization": f"Bearer {token}"})).status == 200


async def as_access_cookie(w: World, token: str) -> bool:
    return (await w.api.get("/api/me/", headers=cookie_header(access_token=token))).status == 200


async def as_refresh_token(w: World, token: str) -> bool:
    return (await w.api.post("/api/v1/token/refresh/", {"refresh": token})).status == 200


async def as_refresh_cookie(w: World, token: str) -> bool:
    return (await w.api.post(f"{USERS}/token/refresh/", headers=cookie_header(refresh_token=token))).status == 200


async def as_refresh_cookie_for_an_access_token(w: World, token: str) -> bool:
    return (await w.api.get("/token/", headers=cookie_header(refresh_token=token))).status == 200


async def as_token_to_verify(w: World, token: str) -> bool:
    return (await w.api.post("/api/v1/token/verify/", {"token": token})).status == 200


async def as_challenge(w: World, token: str) -> bool:
    answer = await w.api.post(VERIFY, {"temporary_token": token, "otp_code": w.recovery[0]})
    return answer.status == 200


async def as_challenge_for_a_code(w: World, token: str) -> bool:
    return (await w.api.post(f"{TWO}/request-otp/", {"temporary_token": token})).status == 200


async def as_reset_link(w: World, token: str) -> bool:
    body = {"token": token, "password": NEW, "password_confirm": NEW}
    return (await w.api.post(f"{USERS}/password/reset/", body)).status == 200


async def on_reset_page(w: World, token: str) -> bool:
    answer = await w.api.get("/password/reset/", params={"token": token}, headers={"Accept": "application/json"})
    return answer.json == {"valid": True}


async def as_address_link(w: World, token: str) -> bool:
    return (await w.api.post(f"{USERS}/email/confirm/", {"token": token})).status == 200


async def as_captcha_token(w: World, token: str) -> bool:
    answer = await w.api.post(LOGIN, {"email": CAROL, "password": PASSWORD, "captcha_token": token})
    return answer.status == 200


async def as_captcha_session(w: World, token: str) -> bool:
    answer = await respond(w.api, token, w.captcha_answer)
    return answer.status == 200 and bool(answer.json["valid"])


async def as_code(w: World, token: str) -> bool:
    answer = await w.api.post(LOGIN, {"email": ADA, "password": PASSWORD, "otp_code": token})
    return answer.status == 200


PLACES: dict[Callable[[Any, str], Awaitable[bool]], set[str]] = {
    as_bearer: {"access"},
    as_access_cookie: {"access"},
    as_refresh_token: {"refresh"},
    as_refresh_cookie: {"refresh"},
    as_refresh_cookie_for_an_access_token: {"refresh"},
    as_token_to_verify: {"access", "refresh"},
    as_challenge: {"challenge"},
    as_challenge_for_a_code: {"challenge"},
    as_reset_link: {"reset link"},
    on_reset_page: {"reset link"},
    as_address_link: {"address link"},
    as_captcha_token: {"captcha token"},
    as_captcha_session: {"captcha session"},
    as_code: {"recovery code"},
}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
async def test_only_its_own_kind_is_taken(world: World, place: Callable[[Any, str], Awaitable[bool]]) -> None:
    # Those that belong there come last: they would spend what the others are tried with.
    kinds = sorted(world.tokens, key=lambda kind: kind in PLACES[place])
    taken = {kind for kind in kinds if await place(world, world.tokens[kind])}
    assert taken == PLACES[place]


def test_every_kind_has_a_place() -> None:
    assert set().union(*PLACES.values()) == {
        "access", "refresh", "challenge", "reset link", "address link", "captcha session", "captcha token",
        "recovery code",
    }  # fmt: skip
