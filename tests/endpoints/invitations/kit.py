"""What the tests of invitations share."""

from tests.client import Answer
from tests.endpoints.kit import paths_of
from tests.mailbox import Mailbox
from tests.rights.world import World

SEND = paths_of("invitations.send")
LIST = "/api/v1/users/invitations/"
ACCEPT = "/api/v1/users/invitations/accept/"
PAGE = "/invitations/accept/"
NEW = "new@example.com"
NEW_PASSWORD = "a stallion with nine staples"
DEAD = {"token": ["Invalid or expired invitation."]}


async def invite(world: World, who: str = "admin_a", path: str = SEND[0], **body: object) -> Answer:
    """One invitation, of NEW to the role Technician of alpha unless the test says otherwise."""
    sent = {"email": NEW, "system": "alpha", "role": "Technician", **body}
    return await world.api.post(path, sent, headers=await world.as_(who))


async def link(world: World, mailbox: Mailbox, email: str = NEW) -> str:
    """The token of the newest invitation to an address."""
    return await mailbox.link(world.api, email, "invited")


async def accept(world: World, token: str, **body: object) -> Answer:
    return await world.api.post(ACCEPT, {"token": token, "password": NEW_PASSWORD, **body})


async def is_open(world: World, token: str) -> bool:
    """Does the page of a link say that it works?"""
    answer = await world.api.get(f"{PAGE}?token={token}", headers={"Accept": "application/json"})
    assert answer.status == 200
    return bool(answer.json["valid"])


async def assert_dead_link(world: World, token: str) -> None:
    assert not await is_open(world, token)
    answer = await accept(world, token)
    assert (answer.status, answer.json) == (400, DEAD)
    form = {"token": token, "password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    page = await world.api.request("POST", PAGE, data=form)
    assert (page.status, "does not work" in page.text) == (400, True)
