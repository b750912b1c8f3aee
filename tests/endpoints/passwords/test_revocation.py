"""What ends what: every way to end something, times everything that may have to be dead at the next request."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import asyncpg
import pyotp
import pytest

from tests.client import PASSWORD, Api, Tokens
from tests.conftest import FakeClock
from tests.endpoints.passwords import kit
from tests.endpoints.passwords.kit import NEW_PASSWORD
from tests.mailbox import Mailbox


class World(NamedTuple):
    """A person with a second factor, two sessions, a sign-in under way and a link in the mail."""

    api: Api
    db: asyncpg.Connection
    mailbox: Mailbox
    clock: FakeClock
    this: Tokens
    other: Tokens
    challenge: dict[str, str]
    link: str

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = await self.api.post(path, body, headers=self.this.bearer)
        assert answer.status == 200, answer.text
        return answer.json

    async def code(self) -> str:
        await self.post("/api/v1/users/2fa/request-otp-authenticated/")
        return await self.mailbox.code(self.api, self.this.user["email"])


async def logout(world: World) -> None:
    await world.post("/api/v1/users/logout/")


async def logout_all(world: World) -> None:
    await world.post("/api/v1/users/logout-all/")


async def change_password(world: World) -> None:
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    await world.post("/api/v1/users/password/change/", body)


async def reset(world: World) -> None:
    assert (await kit.reset(world.api, world.link)).status == 200


async def second_factor_on(world: World) -> None:
    """One more: an app beside the mailed codes."""
    secret = (await world.post("/api/v1/users/2fa/totp/setup/"))["secret"]
    await world.post("/api/v1/users/2fa/totp/confirm/", {"otp_code": pyotp.TOTP(secret).at(world.clock.now)})


async def second_factor_off(world: World) -> None:
    await world.post("/api/v1/users/2fa/disable/", {"password": PASSWORD, "otp_code": await world.code()})


async def deactivate(world: World) -> None:
    await world.db.execute("UPDATE users SET is_active = false WHERE id = $1", world.this.user["id"])


async def reject(world: World) -> None:
    await world.db.execute("UPDATE users SET status = 'Rejected' WHERE id = $1", world.this.user["id"])


async def delete(world: World) -> None:
    await world.db.execute("DELETE FROM users WHERE id = $1", world.this.user["id"])


async def this_access(world: World) -> bool:
    return await kit.is_access_live(world.api, world.this.access)


async def this_refresh(world: World) -> bool:
    return await kit.is_refresh_live(world.api, world.this.refresh)


async def other_access(world: World) -> bool:
    return await kit.is_access_live(world.api, world.other.access)


async def other_refresh(world: World) -> bool:
    return await kit.is_refresh_live(world.api, world.other.refresh)


async def challenge(world: World) -> bool:
    answer = await world.api.post("/api/v1/users/login/verify-otp/", world.challenge)
    assert answer.status == 200 or answer.code == "otp_invalid", answer.text
    return answer.status == 200


async def reset_link(world: World) -> bool:
    answer = await kit.reset(world.api, world.link)
    assert answer.status == 200 or answer.json == kit.DEAD_TOKEN, answer.text
    return answer.status == 200


LIVES, DEAD = True, False
THINGS = (this_access, this_refresh, other_access, other_refresh, challenge, reset_link)
# fmt: off
TABLE = {
    logout:            (DEAD,  DEAD,  LIVES, LIVES, LIVES, LIVES),
    logout_all:        (DEAD,  DEAD,  DEAD,  DEAD,  LIVES, LIVES),
    change_password:   (LIVES, LIVES, DEAD,  DEAD,  DEAD,  DEAD),
    reset:             (DEAD,  DEAD,  DEAD,  DEAD,  DEAD,  DEAD),
    second_factor_on:  (LIVES, LIVES, DEAD,  DEAD,  DEAD,  LIVES),
    second_factor_off: (LIVES, LIVES, DEAD,  DEAD,  DEAD,  LIVES),
    deactivate:        (DEAD,  DEAD,  DEAD,  DEAD,  DEAD,  DEAD),
    reject:            (DEAD,  DEAD,  DEAD,  DEAD,  DEAD,  DEAD),
    delete:            (DEAD,  DEAD,  DEAD,  DEAD,  DEAD,  DEAD),
}
# fmt: on


async def make_world(api: Api, db: asyncpg.Connection, mailbox: Mailbox, clock: FakeClock) -> World:
    this = await api.sign_in()
    email = this.user["email"]
    other = await api.sign_in(email)
    await db.execute("UPDATE users SET otp_enabled = true WHERE id = $1", this.user["id"])
    asked = await api.post("/api/v1/users/login/", {"email": email, "password": PASSWORD})
    code = await mailbox.code(api, email)
    answer = {"temporary_token": asked.json["temporary_token"], "otp_code": code}
    return World(api, db, mailbox, clock, this, other, answer, await kit.reset_token(api, mailbox, email))


@pytest.mark.parametrize("event", TABLE, ids=lambda event: event.__name__)
async def test_what_must_be_dead_is_dead_and_the_rest_lives(
    api: Api,
    db: asyncpg.Connection,
    mailbox: Mailbox,
    clock: FakeClock,
    event: Callable[[World], Awaitable[None]],
) -> None:
    world = await make_world(api, db, mailbox, clock)
    await event(world)
    found = {thing.__name__: await thing(world) for thing in THINGS}
    assert found == {thing.__name__: lives for thing, lives in zip(THINGS, TABLE[event], strict=True)}


async def test_before_any_of_it_all_live(api: Api, db: asyncpg.Connection, mailbox: Mailbox, clock: FakeClock) -> None:
    world = await make_world(api, db, mailbox, clock)
    assert [await thing(world) for thing in THINGS] == [LIVES] * len(THINGS)
