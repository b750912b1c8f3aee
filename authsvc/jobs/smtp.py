"""One mail to the mail server, on a connection of its own."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from functools import partial
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

_ASK_TIMEOUT = 5.0
_QUIT_TIME = 2.0  # seconds for the server's farewell
_AT_ONCE = struct.pack("ii", 1, 0)  # struct linger: what was not acknowledged is dropped

Leave = Callable[[], Awaitable[None]]  # end the connection


async def deliver(smtp_url: str, mail: EmailMessage) -> Leave:
    """Return when the server has accepted the mail; gives the way to leave it. The time limit is the caller's.

    OSError or SMTPException when it did not, ValueError for addresses that cannot be sent. When this fails or is
    cancelled, nothing more of the mail reaches the server.
    """
    client = aiosmtplib.SMTP(timeout=None, **_server(smtp_url))
    try:
        await client.connect()
        await client.send_message(mail)
    except (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused):
        await _leave(client)
        raise
    except BaseException:
        _hang_up(client)
        raise
    return partial(_leave, client)


async def ask_server(smtp_url: str) -> None:
    """Connect to the mail server, sign in where there is a password, and leave. OSError or SMTPException if not."""
    client = aiosmtplib.SMTP(timeout=_ASK_TIMEOUT, **_server(smtp_url))
    async with client:
        await client.noop()


async def _leave(client: aiosmtplib.SMTP) -> None:
    """QUIT. Whatever comes of it, the mail's fate is settled."""
    try:
        async with asyncio.timeout(_QUIT_TIME):
            await client.quit()
    except (OSError, aiosmtplib.SMTPException):
        pass
    finally:
        _hang_up(client)


def _hang_up(client: aiosmtplib.SMTP) -> None:
    """End the connection at once. The kernel would offer the rest of a mail for minutes after a mere close."""
    transport = cast("asyncio.WriteTransport | None", client.transport)
    if transport is not None and not transport.is_closing():
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        transport.abort()
    client.close()


def _server(smtp_url: str) -> dict[str, Any]:
    """An SMTP URL as aiosmtplib takes it."""
    url = urlsplit(smtp_url)
    asked = parse_qs(url.query).get("starttls", [""])[0]
    return {
        "hostname": url.hostname,
        "port": url.port,
        "username": unquote(url.username) if url.username else None,
        "password": unquote(url.password) if url.password else None,
        "use_tls": url.scheme == "smtps",
        # Left out: used when offered, but demanded where a password would go in the clear.
        "start_tls": {"1": True, "0": False}.get(asked, True if url.password and url.scheme == "smtp" else None),
    }
