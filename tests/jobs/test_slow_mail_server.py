"""A mail server that dawdles gets each mail once, and none after its life."""

import asyncio
import socket
import ssl
from email.message import EmailMessage

import asyncpg
import pytest

from authsvc.jobs import outbox, smtp
from authsvc.jobs.outbox import send_due
from authsvc.service import Service
from tests.jobs.conftest import MailServer, StartService, due_now, queue, row, send

SHORT = 0.2  # seconds
LONG = 30.0  # seconds, after which something hangs


async def test_a_slow_server_is_waited_for(svc: Service, mail_server: MailServer, db: asyncpg.Connection) -> None:
    mail_server.dawdles_at = "mail"
    await queue(svc)
    sending = asyncio.create_task(send(svc))
    await mail_server.dawdling.wait()
    assert not (await row(db))["sent"]
    mail_server.goes_on.set()
    await sending
    assert (await row(db))["sent"]
    assert len(mail_server.received) == 1


async def test_a_claim_lasts_twice_as_long_as_a_send(svc: Service, db: asyncpg.Connection) -> None:
    ends = []

    async def transport(mail: EmailMessage) -> None:
        ends.append((await row(db))["next_try_at"])

    await queue(svc)
    began = await db.fetchval("SELECT now()")
    await send_due(svc, transport)
    assert (ends[0] - began).total_seconds() >= 2 * outbox.SEND_TIME > LONG


@pytest.mark.parametrize("stage", ["greeting", "handshake", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "mail"])
async def test_a_server_that_takes_too_long_is_left_and_tried_later(
    start_service: StartService,
    mail_server: MailServer,
    db: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
) -> None:
    url = {
        "handshake": f"smtps://127.0.0.1:{mail_server.port}",  # where no TLS is spoken
        "STARTTLS": f"smtp://127.0.0.1:{mail_server.port}",
        "AUTH": f"smtp://authsvc:right@127.0.0.1:{mail_server.port}?starttls=0",
    }.get(stage, mail_server.url)
    svc = await start_service(smtp_url=url)
    mail_server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if stage == "STARTTLS" else None
    mail_server.wants_password = "right" if stage == "AUTH" else None
    mail_server.dawdles_at = "greeting" if stage == "handshake" else stage
    await queue(svc)
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "SEND_TIME", SHORT)
        async with asyncio.timeout(LONG):
            assert await send(svc) == 1
    found = await row(db)
    assert (found["sent"], found["failed"], found["sealed"]) == (False, False, True)
    assert (found["attempts"], found["last_error"]) == (1, "TimeoutError")
    await mail_server.is_left()
    mail_server.goes_on.set()
    mail_server.tls = None
    assert mail_server.received == []
    await due_now(db)
    assert await send(await start_service(smtp_url=url.replace("smtps", "smtp"))) == 1
    assert (await row(db))["sent"]
    assert len(mail_server.received) == 1


async def test_a_code_whose_life_ends_while_the_server_dawdles_does_not_arrive(
    svc: Service, mail_server: MailServer, db: asyncpg.Connection
) -> None:
    mail_server.dawdles_at = "mail"
    await queue(svc, "code", code="123456")
    await db.execute("UPDATE outbox SET not_after = now() + interval '1 second'")
    async with asyncio.timeout(LONG):
        assert await send(svc) == 1
        await mail_server.is_left()
    mail_server.goes_on.set()
    while not await db.fetchval("SELECT now() >= not_after FROM outbox"):  # it is hung up on rather too early
        await asyncio.sleep(0.001)
    assert await send(svc) == 0
    found = await row(db)
    assert (found["sent"], found["failed"], found["sealed"], found["last_error"]) == (
        False,
        True,
        False,
        "TimeoutError",
    )
    assert mail_server.received == []


async def test_every_transport_is_held_to_the_life_of_a_mail(svc: Service, db: asyncpg.Connection) -> None:
    async def stuck(mail: EmailMessage) -> None:
        await asyncio.Event().wait()

    await queue(svc, "code", code="123456")
    await db.execute("UPDATE outbox SET not_after = now() + interval '1 second'")
    async with asyncio.timeout(LONG):
        assert await send_due(svc, stuck) == 1
    assert (await row(db))["last_error"] == "TimeoutError"


async def test_what_is_on_its_way_when_the_time_is_over_is_not_sent_any_more() -> None:
    """A server, or a network, that takes in nothing more: the kernel would go on offering it for minutes."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        mail = EmailMessage()
        mail["From"], mail["To"] = "authsvc@localhost", "ada@example.com"
        mail.set_content("a line of words\n" * 1500)
        url = f"smtp://127.0.0.1:{listening.getsockname()[1]}?starttls=0"
        sending = asyncio.create_task(smtp.deliver(url, mail))
        loop = asyncio.get_running_loop()
        server, _ = await loop.sock_accept(listening)
        with server:
            server.setblocking(False)
            await loop.sock_sendall(server, b"220 here\r\n")
            for reply in (b"250 here", b"250 OK", b"250 OK", b"354 go on"):
                await loop.sock_recv(server, 1000)
                await loop.sock_sendall(server, reply + b"\r\n")
            arrived = await loop.sock_recv(server, 100)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            arrived += await _all_that_comes(server)
    assert arrived.startswith(b"From: authsvc@localhost")
    assert not arrived.endswith(b"\r\n.\r\n")


async def _all_that_comes(server: socket.socket) -> bytes:
    arrived = b""
    try:
        while part := await asyncio.get_running_loop().sock_recv(server, 65536):
            arrived += part
    except ConnectionResetError:
        pass
    return arrived


@pytest.mark.parametrize("farewell", ["slow", "dropped"])
async def test_what_the_server_has_taken_is_sent_whatever_it_says_to_quit(
    svc: Service, mail_server: MailServer, db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, farewell: str
) -> None:
    monkeypatch.setattr(smtp, "_QUIT_TIME", SHORT if farewell == "slow" else 60.0)
    mail_server.dawdles_at = "QUIT"
    await queue(svc)
    sending = asyncio.create_task(send(svc))
    await mail_server.dawdling.wait()
    if farewell == "dropped":
        mail_server.drop()
    async with asyncio.timeout(LONG):
        assert await sending == 1
    await mail_server.is_left()
    found = await row(db)
    assert (found["sent"], found["attempts"], found["last_error"]) == (True, 1, None)
    assert len(mail_server.received) == 1


async def test_a_sender_that_dies_at_quit_has_sent_its_mail(
    svc: Service, mail_server: MailServer, db: asyncpg.Connection
) -> None:
    mail_server.dawdles_at = "QUIT"
    await queue(svc)
    sending = asyncio.create_task(send(svc))
    await mail_server.dawdling.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert (await row(db))["sent"]
    await mail_server.is_left()
    await due_now(db)
    assert await send(svc) == 0
    assert len(mail_server.received) == 1
