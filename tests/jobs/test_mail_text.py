"""What mails say, to whom, and that nobody can put more into them."""

import dataclasses
import re
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiosmtplib
import asyncpg
import pytest

from authsvc import mails
from authsvc.jobs.outbox import compose, send_due, transport_of
from authsvc.service import Service
from authsvc.settings import Settings
from tests.jobs.conftest import MailServer, StartService, queue

TEMPLATES = Path(__file__).resolve().parents[2] / "authsvc" / "templates" / "mails"
MARKUP = "<b>&\"'</b>"
ESCAPED = "&lt;b&gt;&amp;&#34;&#39;&lt;/b&gt;"
LINK = "http://auth.test/email/confirm/?token=abc"


def names_in(template: str) -> set[str]:
    """The values that a template asks for."""
    return set(re.findall(r"{{ (\w+) }}", (TEMPLATES / f"{template}.txt").read_text("utf-8")))


def parts(mail: EmailMessage) -> tuple[str, str]:
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    return str(text.get_content()), str(html.get_content())


def test_every_kind_has_a_template_and_every_template_a_kind() -> None:
    assert {path.stem for path in TEMPLATES.glob("*.txt")} == set(mails.KINDS)


@pytest.mark.parametrize("template", mails.KINDS)
def test_every_mail_says_the_same_in_text_and_html(base_settings: Settings, template: str) -> None:
    says = {name: f"{MARKUP}{name}" for name in names_in(template)}
    mail = compose(base_settings, template, "ada@example.com", says)
    text, html = parts(mail)
    assert mail["Subject"]
    assert "{{" not in text + html
    assert MARKUP not in html
    for value in says.values():
        assert value in text
        assert value.replace(MARKUP, ESCAPED) in html
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
    assert all(word.replace(MARKUP, ESCAPED) in words for word in text.split())


@pytest.mark.parametrize("template", [name for name in mails.KINDS if "link" in names_in(name)])
def test_a_link_stands_alone_in_text_and_can_be_clicked_in_html(base_settings: Settings, template: str) -> None:
    says = dict.fromkeys(names_in(template), "x") | {"link": LINK}
    text, html = parts(compose(base_settings, template, "ada@example.com", says))
    assert LINK in text.splitlines()
    assert html.count(f'<a href="{LINK}">{LINK}</a>') == 1


def test_only_the_services_own_link_can_be_clicked(base_settings: Settings) -> None:
    says = {"ip": "192.0.2.1", "browser": "https://evil.example/"}
    assert "<a " not in parts(compose(base_settings, "new_device", "ada@example.com", says))[1]


def test_a_missing_value_is_an_error_and_no_half_mail(base_settings: Settings) -> None:
    with pytest.raises(Exception, match="'link' is undefined"):
        compose(base_settings, "reset_password", "ada@example.com", {})


NO_ADDRESSES = [
    "ada@example.com\r\nBcc: evil@example.com",
    "ada@example.com\nBcc: evil@example.com",
    "ada@example.com, evil@example.com",
    "Ada <evil@example.com>",
    "ada@example.com evil@example.com",
    "ada",
    "",
]


@pytest.mark.parametrize("recipient", NO_ADDRESSES, ids=repr)
async def test_what_is_no_address_is_sent_nothing(
    svc: Service, mail_server: MailServer, db: asyncpg.Connection, recipient: str
) -> None:
    await queue(svc, to=recipient)
    await send_due(svc, transport_of(svc.settings))
    assert mail_server.envelopes == []
    assert await db.fetchval("SELECT last_error FROM outbox WHERE failed_at IS NOT NULL") == "not an address"


async def test_nothing_that_a_mail_says_becomes_a_header(svc: Service, mail_server: MailServer) -> None:
    evil = "x\r\nBcc: evil@example.com\r\n\r\nSubject: y\n\n.\r\nRCPT TO:<evil@example.com>"
    await queue(svc, "invitation", system=evil, role=evil, link=evil)
    await send_due(svc, transport_of(svc.settings))
    [mail] = mail_server.received
    assert mail_server.envelopes == [["ada@example.com"]]
    known = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"}
    assert set(mail.keys()) == known
    assert mail["Subject"] == "You are invited"


@pytest.mark.parametrize("sender", ["Sign-in <no-reply@example.com>", "Zugang für alle <no-reply@example.com>"])
async def test_the_sender_is_the_one_that_is_set(
    start_service: StartService, mail_server: MailServer, sender: str
) -> None:
    svc = await start_service(smtp_url=mail_server.url, mail_from=sender)
    await queue(svc)
    await send_due(svc, transport_of(svc.settings))
    [mail] = mail_server.received
    assert mail["From"] == sender
    assert mail["Message-ID"].endswith("@example.com>")


OPTIONS = [
    ("smtp://mail.test:25", {"hostname": "mail.test", "port": 25, "use_tls": False, "start_tls": None}),
    ("smtp://mail.test:587?starttls=1", {"port": 587, "use_tls": False, "start_tls": True}),
    ("smtp://mail.test:25?starttls=0", {"use_tls": False, "start_tls": False}),
    ("smtps://mail.test", {"port": None, "use_tls": True, "start_tls": None}),
    ("smtps://mail.test:465", {"port": 465, "use_tls": True}),
    ("smtp://mail.test", {"username": None, "password": None}),
    ("smtp://u%40x:p%3Aw%2F%40@mail.test", {"hostname": "mail.test", "username": "u@x", "password": "p:w/@"}),
]


@pytest.mark.parametrize("url,expected", OPTIONS)
async def test_the_options_of_the_url(
    base_settings: Settings, monkeypatch: pytest.MonkeyPatch, url: str, expected: dict[str, Any]
) -> None:
    given: dict[str, Any] = {}

    def note(**options: Any) -> None:
        given.update(options)
        raise ConnectionRefusedError

    monkeypatch.setattr(aiosmtplib, "SMTP", note)
    with pytest.raises(ConnectionRefusedError):
        await transport_of(dataclasses.replace(base_settings, smtp_url=url))(EmailMessage())
    assert {name: given[name] for name in expected} == expected


async def test_starttls_that_is_asked_for_and_missing_sends_nothing_in_clear(
    start_service: StartService, mail_server: MailServer, db: asyncpg.Connection
) -> None:
    svc = await start_service(smtp_url=f"smtp://127.0.0.1:{mail_server.port}?starttls=1")
    await queue(svc)
    await send_due(svc, transport_of(svc.settings))
    assert mail_server.envelopes == []
    assert await db.fetchval("SELECT failed_at IS NULL AND last_error IS NOT NULL FROM outbox")


@pytest.mark.parametrize("template,says,shown", [
    ("reset_password", {"link": LINK}, f" - {LINK}"),
    ("code", {"code": "123456"}, " - 123456"),
    ("locked", {}, ""),
])  # fmt: skip
async def test_without_a_server_mails_are_files_and_lines_on_the_terminal(
    start_service: StartService,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    template: str,
    says: dict[str, str],
    shown: str,
) -> None:
    svc = await start_service(smtp_url=None, data_dir=tmp_path)
    await queue(svc, template, **says)
    await send_due(svc, transport_of(svc.settings))
    [file] = (tmp_path / "mail").iterdir()
    assert file.suffix == ".eml"
    content = file.read_text("utf-8")
    subject = re.search(r"^Subject: (.+)$", content, re.MULTILINE)
    assert subject is not None
    assert "To: ada@example.com" in content
    assert capsys.readouterr().err == f"mail to ada@example.com: {subject[1]}{shown}\n"
