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
        await asyncio.sleep(0)
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


def body(mail: EmailMessage) -> str:
    """The text part."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())
