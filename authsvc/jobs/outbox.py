"""Send queued mails: SMTP, or files under DATA_DIR/mail in development."""

import asyncio
import logging
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid, parseaddr
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import aiosmtplib
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined

from authsvc import mails, metrics
from authsvc.errors import Unavailable
from authsvc.jobs import smtp
from authsvc.jobs.background import running
from authsvc.keys import SERVICE
from authsvc.queries import outbox
from authsvc.service import Service
from authsvc.settings import Settings

_TEMPLATES = Path(__file__).resolve().parents[1] / "templates" / "mails"
_POLL = 1.0  # seconds between two looks at the outbox
SEND_TIME = 60.0  # seconds for one mail, from the claim to the server's yes; the claim lasts twice as long
_PERMANENT = 500  # SMTP replies from here on will not get better (RFC 5321 section 4.2.1)
log = logging.getLogger(__name__)

Transport = Callable[[EmailMessage], Awaitable[smtp.Leave | None]]  # returns when the mail is accepted


async def send_mails(app: web.Application) -> AsyncIterator[None]:
    """cleanup_ctx: look every second for mails that are due. Any number of processes may do so."""
    async with running(_forever(app[SERVICE])):
        yield


async def send_due(svc: Service, transport: Transport) -> int:
    """Send what is due now; how many were tried."""
    metrics.mails("expired", await outbox.expire(svc.db))
    loop, tried = asyncio.get_running_loop(), 0
    began = loop.time()  # before the claim, whose seconds are the database's: rather too early than too late
    while row := await outbox.claim(svc.db):
        tried += 1
        await _send_one(svc, transport, row, began + min(SEND_TIME, row["seconds_left"]))
        began = loop.time()
    return tried


async def _send_one(svc: Service, transport: Transport, row: Mapping[str, Any], deadline: float) -> None:
    try:
        async with asyncio.timeout_at(deadline):
            says = mails.opened(svc.settings.secret, row["sealed"])
            leave = await transport(compose(svc.settings, row["template"], row["recipient"], says))
    except ValueError as err:
        await _give_up(svc, row, str(err))
    except aiosmtplib.SMTPResponseException as err:
        # The server's words may repeat the mail: only its number is kept.
        if err.code >= _PERMANENT and isinstance(err, aiosmtplib.SMTPDataError | aiosmtplib.SMTPRecipientRefused):
            await _give_up(svc, row, f"SMTP {err.code}")
        else:
            await _try_later(svc, row, f"SMTP {err.code}")
    except aiosmtplib.SMTPRecipientsRefused as err:
        code = max((refused.code for refused in err.recipients), default=_PERMANENT)
        done = _give_up if code >= _PERMANENT else _try_later
        await done(svc, row, f"SMTP {code}")
    except (OSError, aiosmtplib.SMTPException) as err:
        await _try_later(svc, row, type(err).__name__)
    else:
        await _sent(svc, row, leave)
        return
    log.warning("mail not sent", extra={"fields": {"template": row["template"], "attempt": row["attempts"]}})


async def _sent(svc: Service, row: Mapping[str, Any], leave: smtp.Leave | None) -> None:
    """Accepted. That is noted first: a slow farewell must not cost a duplicate."""
    try:
        await outbox.mark_sent(svc.db, row["id"])
        metrics.mails("sent")
    finally:
        if leave is not None:
            await leave()


async def _give_up(svc: Service, row: Mapping[str, Any], why: str) -> None:
    await outbox.mark_failed(svc.db, row["id"], why)
    metrics.mails("failed")


async def _try_later(svc: Service, row: Mapping[str, Any], why: str) -> None:
    await outbox.note_error(svc.db, row["id"], why)
    metrics.mails("put_off")


def compose(settings: Settings, template: str, recipient: str, says: Mapping[str, str]) -> EmailMessage:
    """The mail as text and HTML. ValueError for a recipient that is no address."""
    if re.search(r"[\s,<>]", recipient) or "@" not in recipient:
        raise ValueError("not an address")
    text = _environment().get_template(f"{template}.txt").render(says)
    subject, *paragraphs = [part.strip() for part in text.split("\n\n") if part.strip()]
    subject = subject.removeprefix("Subject: ")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = settings.mail_from, recipient, subject
    mail["Date"] = format_datetime(localtime())
    mail["Message-ID"] = make_msgid(domain=parseaddr(settings.mail_from)[1].rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation replies, please
    mail.set_content("\n\n".join(paragraphs) + "\n")
    html = _environment(html=True).get_template("layout.html")
    mail.add_alternative(html.render(subject=subject, paragraphs=paragraphs, says=says), subtype="html")
    return mail


def transport_of(settings: Settings) -> Transport:
    """How mails leave: by SMTP, or as files where no server is set."""
    if settings.smtp_url is None:
        return lambda mail: _to_file(settings.data_dir / "mail", mail)
    return partial(smtp.deliver, settings.smtp_url)


async def _to_file(folder: Path, mail: EmailMessage) -> None:
    """One .eml per mail; its link or code also on the terminal."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - development only
    name = re.sub(r"[^A-Za-z0-9.-]", "", mail["Message-ID"])
    (folder / f"{name}.eml").write_bytes(mail.as_bytes())
    text = mail.get_body(("plain",))
    found = re.search(r"^(https?://\S+|[0-9]{6})$", text.get_content() if text else "", re.MULTILINE)
    line = f"mail to {mail['To']}: {mail['Subject']}" + (f" - {found[1]}" if found else "")
    sys.stderr.write(line + "\n")


@lru_cache(maxsize=2)
def _environment(*, html: bool = False) -> Environment:
    undefined: type[Undefined] = Undefined if html else StrictUndefined
    # Plain text is not escaped: there, a name with a < in it is just that.
    return Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=html, undefined=undefined)  # noqa: S701


async def _forever(svc: Service) -> None:
    transport = transport_of(svc.settings)
    while True:
        try:
            await send_due(svc, transport)
        except Unavailable:
            pass  # the database is away: so are the mails, for now
        except Exception:
            log.exception("the outbox job failed")
        await asyncio.sleep(_POLL)
