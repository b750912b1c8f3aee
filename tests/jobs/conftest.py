"""A service without a web server, and a mail server that behaves as a test says."""

import asyncio
import contextlib
import dataclasses
import functools
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import asyncpg
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from authsvc import mails, service
from authsvc.core.person import Kind, Person
from authsvc.core.signing import KeySet
from authsvc.jobs.outbox import send_due, transport_of
from authsvc.queries.audit import Named
from authsvc.service import Service
from authsvc.settings import Settings
from tests.conftest import Addresses

StartService = Callable[..., Awaitable[Service]]


class Connection(SMTP):
    """One connection to a `MailServer`, which dawdles where the server says."""

    def __init__(self, mail_server: "MailServer", **kwargs: Any) -> None:
        super().__init__(mail_server, **kwargs)
        self._pause = mail_server.pause
        for command, answer in self._smtp_methods.items():
            self._smtp_methods[command] = functools.partial(self._late, command, answer)

    async def _handle_client(self) -> None:
        try:
            await self._pause("greeting")
        except asyncio.CancelledError:  # the client has left
            if self.transport:
                self.transport.close()
            raise
        await super()._handle_client()

    async def _late(self, command: str, answer: Callable[[str], Awaitable[None]], arg: str) -> None:
        await self._pause(command)
        await answer(arg)


class MailServer:
    """SMTP on loopback. What it answers to RCPT and DATA may be changed at any time."""

    def __init__(self) -> None:
        self.recipient_reply = self.data_reply = "250 OK"
        self.dawdles_at = ""  # a command, "greeting", or "mail": a whole one that it has not yet taken
        self.dawdling, self.goes_on = asyncio.Event(), asyncio.Event()
        self.drops = False  # the connection, once it has a mail but before it says so
        self.tls: ssl.SSLContext | None = None  # offered by STARTTLS
        self.wants_password: str | None = None
        self.received: list[EmailMessage] = []
        self.envelopes: list[list[str]] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._connections: list[Connection] = []

    async def start(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(self._protocol, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        self.drop()
        await asyncio.sleep(0)

    def drop(self) -> None:
        """Every connection, at once."""
        for connection in self._connections:
            if connection.transport:
                connection.transport.abort()

    async def pause(self, stage: str) -> None:
        """Dawdle here, until the test lets it go on or the client has left."""
        if stage == self.dawdles_at:
            self.dawdling.set()
            await self.goes_on.wait()

    async def is_left(self) -> None:
        """Wait until no client is connected any more."""
        async with asyncio.timeout(30):
            while any(connection.transport for connection in self._connections):
                await asyncio.sleep(0.001)

    @property
    def is_away(self) -> bool:
        return self._server is None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?starttls=0"

    @property
    def recipients(self) -> list[str]:
        return [address for envelope in self.envelopes for address in envelope]

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.recipient_reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient_reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await self.pause("mail")
        if self.data_reply.startswith("250"):
            self.envelopes.append(list(envelope.rcpt_tos))
            content = envelope.content or b""
            self.received.append(message_from_bytes(bytes(content), policy=policy.default))  # type: ignore[arg-type]
        if self.drops:
            server.transport.close()
        return self.data_reply

    def _protocol(self) -> SMTP:
        authenticator = None if self.wants_password is None else self._authenticate
        self._connections.append(
            Connection(self, authenticator=authenticator, auth_require_tls=False, tls_context=self.tls)
        )
        return self._connections[-1]

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        return AuthResult(success=data.password == str(self.wants_password).encode(), handled=False)


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    server = MailServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def start_service(
    db: asyncpg.Connection, database: Addresses, base_settings: Settings, signing_keys: KeySet
) -> AsyncIterator[StartService]:
    """`await start_service(**changed_settings)`: the parts of a service on the emptied database, without its jobs."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(**changes: object) -> Service:
            settings = dataclasses.replace(base_settings, **changes)  # type: ignore[arg-type]
            svc = service.build(settings, signing_keys, database.app)
            await svc.db.open()
            stack.callback(svc.db.terminate)
            stack.callback(svc.hasher.close)
            return svc

        yield start


@pytest.fixture
async def svc(start_service: StartService, mail_server: MailServer) -> Service:
    """A service that sends its mails to `mail_server`."""
    return await start_service(smtp_url=mail_server.url)


async def queue(
    svc: Service, template: str = "locked", to: str = "ada@example.com", number: int = 7, **says: str
) -> None:
    """Put a mail into the outbox."""
    async with svc.db.transaction() as tx:
        assert await mails.queue(svc, tx, template, Named(Person(Kind.STAFF, number), to), **says)


async def send(svc: Service) -> int:
    """What the job does every second."""
    return await send_due(svc, transport_of(svc.settings))


async def row(db: asyncpg.Connection) -> asyncpg.Record:
    """The one mail in the outbox."""
    [found] = await db.fetch(
        """SELECT attempts, sent_at IS NOT NULL AS sent, failed_at IS NOT NULL AS failed, sealed IS NOT NULL AS sealed,
                  last_error, next_try_at FROM outbox"""
    )
    return found


async def due_now(db: asyncpg.Connection) -> None:
    await db.execute("UPDATE outbox SET next_try_at = now() WHERE sent_at IS NULL")
