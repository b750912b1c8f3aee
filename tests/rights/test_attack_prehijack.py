"""Somebody registers another's address first, with a password of his own, and waits for an invitation."""

import pytest

from tests.client import PASSWORD
from tests.endpoints.invitations.kit import NEW, NEW_PASSWORD, accept, invite, link
from tests.mailbox import Mailbox
from tests.rights.world import World

REGISTER, CONFIRM, LOGIN = "/api/v1/users/register/", "/api/v1/users/email/confirm/", "/api/v1/users/login/"


@pytest.mark.parametrize("invited_first", [True, False])
async def test_who_accepts_an_invitation_has_the_account_for_himself(
    world: World, mailbox: Mailbox, *, invited_first: bool
) -> None:
    """The owner of the address follows both links that he was mailed: the proof of the address, then the invitation."""
    api = world.api

    async def register() -> None:
        assert (await api.post(REGISTER, {"email": NEW, "password": PASSWORD})).status == 201

    if invited_first:
        await invite(world)
        await register()
    else:
        await register()
        await invite(world)
    strangers = await api.sign_in(NEW, PASSWORD)
    answer = await api.post(CONFIRM, {"token": await mailbox.link(api, NEW, "Confirm")})
    assert answer.status == 200, answer.text
    assert (await accept(world, await link(world, mailbox))).status == 200

    theirs = await api.post(LOGIN, {"email": NEW, "password": NEW_PASSWORD})
    his = await api.post(LOGIN, {"email": NEW, "password": PASSWORD})
    still = await api.get("/api/me/", headers=strangers.bearer)
    assert (theirs.status, his.status, still.status) == (200, 401, 401)
