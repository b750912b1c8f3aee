"""The mails that the service sends, caught before they leave."""

import asyncio
import re
from email.message import EmailMessage

from authsvc.jobs import outbox
from authsvc.keys import SERVICE
from tests.client import Api


class Mailbox:
    """All mails of a test, in the order in which they were sent."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def transport(self, mail: EmailMessage) -> None:
        self.mails.append(mail)

    async def to(self, api: Api, address: str, subject: str = "") -> list[EmailMessage]:
        """Those to an address whose subject holds a text, all that are due sent first."""
        await outbox.send_due(api.client.server.app[SERVICE], self.transport)
        await _all_sent(api)
        return [mail for mail in self.mails if mail["To"] == address and subject in mail["Subject"]]

    async def link(self, api: Api, address: str, subject: str = "") -> str:
        """The token of the link in the newest of them."""
        return re.findall(r"token=([\w-]+)", body(await self.newest(api, address, subject)))[0]

    async def code(self, api: Api, address: str) -> str:
        """The code in the newest mail with one."""
        return re.findall(r"^(\d{6})$", body(await self.newest(api, address, "code")), re.MULTILINE)[0]

    async def newest(self, api: Api, address: str, subject: str = "") -> EmailMessage:
        found = await self.to(api, address, subject)
        assert found, (address, subject, [(m["To"], m["Subject"]) for m in self.mails])
        return found[-1]


async def _all_sent(api: Api) -> None:
    """Wait until the service's own job is done with the mails that it has in hand."""
    in_hand = """SELECT EXISTS (SELECT FROM outbox
                                 WHERE sent_at IS NULL AND failed_at IS NULL AND attempts > 0 AND last_error IS NULL)"""
    async with asyncio.timeout(10):
        while await api.client.server.app[SERVICE].db.fetchval(in_hand):
            await asyncio.sleep(0.01)


def body(mail: EmailMessage) -> str:
    """The text part."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())
