"""Mails from the outbox to a mail server that may be slow, full, broken or away."""

import asyncio
import datetime as dt
from email.message import EmailMessage

import asyncpg
import pytest

from authsvc.jobs.outbox import send_due
from authsvc.service import Service
from tests.jobs.conftest import MailServer, StartService, due_now, queue, row, send


async def test_a_mail_as_it_arrives(svc: Service, mail_server: MailServer) -> None:
    await queue(svc, "reset_password", link="http://auth.test/password/reset/?token=abc")
    assert await send(svc) == 1
    [mail] = mail_server.received
    assert mail_server.envelopes == [["ada@example.com"]]
    assert {name: mail[name] for name in ("From", "To", "Subject", "Auto-Submitted", "MIME-Version")} == {
        "From": "authsvc@localhost",
        "To": "ada@example.com",
        "Subject": "Set a new password",
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
    }
    assert abs(mail["Date"].datetime - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    assert mail["Message-ID"].endswith("@localhost>")
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


async def test_a_sent_mail_is_sent_once_and_wiped(
    svc: Service, mail_server: MailServer, db: asyncpg.Connection
) -> None:
    await queue(svc, "code", code="123456")
    assert [await send(svc), await send(svc)] == [1, 0]
    assert len(mail_server.received) == 1
    found = await row(db)
    assert (found["sent"], found["failed"], found["sealed"], found["last_error"]) == (True, False, False, None)


async def test_a_waiting_mail_is_unreadable_in_the_database(svc: Service, db: asyncpg.Connection) -> None:
    await queue(svc, "code", code="123456")
    assert b"123456" not in await db.fetchval("SELECT sealed FROM outbox")


WAITS = [5, 30, 120, 600, 3600, 3600, 3600]  # seconds


@pytest.mark.parametrize("slot", ["recipient_reply", "data_reply"])
@pytest.mark.parametrize("reply", ["451 try again", "421 too busy"])
async def test_what_the_server_puts_off_is_tried_again_less_and_less_often(
    svc: Service, mail_server: MailServer, db: asyncpg.Connection, slot: str, reply: str
) -> None:
    setattr(mail_server, slot, reply)
    await queue(svc)
    for attempt, wait in enumerate(WAITS, start=1):
        began = await db.fetchval("SELECT now()")
        assert await send(svc) == 1
        found, ended = await row(db), await db.fetchval("SELECT now()")
        assert (found["attempts"], found["failed"], found["last_error"]) == (attempt, False, f"SMTP {reply[:3]}")
        assert began <= found["next_try_at"] - dt.timedelta(seconds=wait) <= ended
        assert await send(svc) == 0
        await due_now(db)
    setattr(mail_server, slot, "250 OK")
    await send(svc)
    assert (await row(db))["sent"]
    assert len(mail_server.received) == 1


@pytest.mark.parametrize("slot", ["recipient_reply", "data_reply"])
async def test_what_the_server_refuses_for_good_is_given_up(
    svc: Service, mail_server: MailServer, db: asyncpg.Connection, slot: str
) -> None:
    setattr(mail_server, slot, "550 no such user ada@example.com secret words")
    await queue(svc)
    assert await send(svc) == 1
    found = await row(db)
    assert (found["sent"], found["failed"], found["sealed"], found["last_error"]) == (False, True, False, "SMTP 550")
    await due_now(db)
    assert await send(svc) == 0


async def test_a_refused_mail_holds_up_no_other(svc: Service, mail_server: MailServer) -> None:
    await queue(svc, to="not an address", number=1)
    await queue(svc, to="bob@example.com", number=2)
    assert await send(svc) == 2
    assert mail_server.recipients == ["bob@example.com"]


async def test_a_server_that_is_away_loses_no_mail(
    svc: Service, mail_server: MailServer, db: asyncpg.Connection
) -> None:
    await mail_server.stop()
    await queue(svc)
    await send(svc)
    found = await row(db)
    assert (found["failed"], found["last_error"]) == (False, "SMTPConnectError")
    await mail_server.start()
    await due_now(db)
    await send(svc)
    assert len(mail_server.received) == 1
    assert (await row(db))["sent"]


async def test_a_connection_dropped_after_data_costs_one_duplicate_at_most(
    svc: Service, mail_server: MailServer, db: asyncpg.Connection
) -> None:
    mail_server.drops = True
    await queue(svc)
    await send(svc)
    found = await row(db)
    assert (found["sent"], found["failed"], found["last_error"]) == (False, False, "SMTPServerDisconnected")
    mail_server.drops = False
    for _ in range(3):
        await due_now(db)
        await send(svc)
    assert 1 <= len(mail_server.received) <= 2


async def test_a_wrong_smtp_password_loses_no_mail(
    start_service: StartService, mail_server: MailServer, db: asyncpg.Connection
) -> None:
    mail_server.wants_password = "right"
    url = f"smtp://authsvc:{{}}@127.0.0.1:{mail_server.port}?starttls=0"
    wrong = await start_service(smtp_url=url.format("wrong"))
    await queue(wrong)
    await send(wrong)
    assert not (await row(db))["failed"]
    await due_now(db)
    await send(await start_service(smtp_url=url.format("right")))
    assert len(mail_server.received) == 1


async def test_a_password_for_the_server_is_used(start_service: StartService, mail_server: MailServer) -> None:
    mail_server.wants_password = "right"
    svc = await start_service(smtp_url=f"smtp://authsvc:right@127.0.0.1:{mail_server.port}?starttls=0")
    await queue(svc)
    await send(svc)
    assert len(mail_server.received) == 1


async def test_a_mail_too_late_is_never_sent(svc: Service, mail_server: MailServer, db: asyncpg.Connection) -> None:
    await queue(svc, "code", code="123456")
    assert await db.fetchval("SELECT not_after - created_at FROM outbox") == dt.timedelta(minutes=5)
    await db.execute("UPDATE outbox SET not_after = now()")
    assert await send(svc) == 0
    found = await row(db)
    assert (found["failed"], found["sealed"], found["last_error"]) == (True, False, "expired")
    assert mail_server.received == []


async def test_what_went_wrong_is_kept_when_a_mail_expires(
    svc: Service, mail_server: MailServer, db: asyncpg.Connection
) -> None:
    mail_server.data_reply = "451 try again"
    await queue(svc)
    await send(svc)
    await db.execute("UPDATE outbox SET not_after = now()")
    await send(svc)
    assert (await row(db))["last_error"] == "SMTP 451"


async def test_two_senders_send_each_mail_once(
    start_service: StartService, mail_server: MailServer, db: asyncpg.Connection
) -> None:
    senders = [await start_service(smtp_url=mail_server.url) for _ in range(2)]
    addresses = [f"person{i}@example.com" for i in range(40)]
    for number, address in enumerate(addresses):
        await queue(senders[0], to=address, number=number)
    tried = await asyncio.gather(*(send(svc) for svc in senders))
    assert sum(tried) == 40
    assert min(tried) > 0
    assert sorted(mail_server.recipients) == sorted(addresses)
    assert await db.fetchval("SELECT count(*) FROM outbox WHERE sent_at IS NULL OR attempts <> 1") == 0


async def test_a_mail_under_way_is_not_sent_by_another(
    svc: Service, mail_server: MailServer, db: asyncpg.Connection
) -> None:
    """A server that takes six seconds; what passes here is the mail's time, not the test's."""
    mail_server.dawdles_at = "mail"
    await queue(svc)
    first = asyncio.create_task(send(svc))
    await mail_server.dawdling.wait()
    await db.execute("UPDATE outbox SET next_try_at = next_try_at - interval '6 seconds'")
    assert await send(svc) == 0
    mail_server.goes_on.set()
    assert await first == 1
    assert len(mail_server.received) == 1


async def test_a_sender_that_dies_delays_its_mail_and_loses_none(
    svc: Service, mail_server: MailServer, db: asyncpg.Connection
) -> None:
    reached = asyncio.Event()

    async def stuck(mail: EmailMessage) -> None:
        reached.set()
        await asyncio.sleep(60)

    await queue(svc)
    task = asyncio.create_task(send_due(svc, stuck))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    found = await row(db)
    assert (found["sent"], found["failed"], found["sealed"]) == (False, False, True)
    assert await send(svc) == 0
    await due_now(db)
    assert await send(svc) == 1
    assert len(mail_server.received) == 1


async def test_another_secret_gives_up_cleanly(
    svc: Service, start_service: StartService, mail_server: MailServer, db: asyncpg.Connection
) -> None:
    await queue(svc)
    other = await start_service(smtp_url=mail_server.url, secret="another secret of thirty-two bytes")
    assert await send(other) == 1
    found = await row(db)
    assert (found["failed"], found["last_error"]) == (True, "sealed with another AUTHSVC_SECRET")
    assert mail_server.received == []
