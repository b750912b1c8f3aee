"""The commands of run.py: what they print, and their exit codes."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from click.testing import CliRunner

from authsvc import key_files
from authsvc.db.embedded import programs
from authsvc.routes import ROUTES
from run import cli
from tests.commands.kit import data_dir, free_port, run


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with data_dir() as path:
        yield path


@pytest.fixture(scope="module")
def migrated(folder: Path) -> Path:
    run(folder, "migrate", "--dev")
    return folder


def test_migrate_says_what_is_missing_then_applies_it(folder: Path) -> None:
    before = run(folder, "migrate", "--check", "--dev")
    assert before.returncode == 1
    assert before.stdout.startswith("0001_roles.sql\n")
    assert run(folder, "migrate", "--dev").returncode == 0
    after = run(folder, "migrate", "--check", "--dev")
    assert (after.returncode, after.stdout) == (0, "The schema is up to date.\n")


def test_seed_is_done_once(migrated: Path) -> None:
    assert run(migrated, "seed", "--dev").stdout == "Demo systems and people were made.\n"
    assert run(migrated, "seed", "--dev").stdout == "Demo systems and people are there already.\n"


def test_seed_is_refused_in_production(folder: Path) -> None:
    refused = run(folder, "seed", **_production(folder))
    assert refused.returncode == 2
    assert "no demo people in production" in refused.stderr


def test_dsn_leads_psql_to_the_database(migrated: Path) -> None:
    from authsvc.db.embedded import Embedded

    address = run(migrated, "dsn", "--dev", "--role", "lookup").stdout.strip()
    server = Embedded(migrated)
    server.start()
    try:
        asked = subprocess.run(
            [programs() / "psql", address, "-XAtc", "SELECT current_user, count(*) >= 0 FROM lookup.users"],
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        server.stop()
    assert asked.stdout == "authsvc_lookup|t\n"


def test_routes_prints_every_name() -> None:
    printed = run(Path(), "routes").stdout
    assert len(printed.splitlines()) == sum(len(row.paths) for row in ROUTES)
    rows = json.loads(CliRunner().invoke(cli, ["routes", "--json"]).stdout)
    assert rows[0].keys() == {"method", "path", "name", "access", "limit", "aliases"}
    assert len(rows) == len(ROUTES)


def test_openapi_prints_the_document_without_any_setting() -> None:
    printed = run(Path(), "openapi")
    assert (printed.returncode, printed.stderr) == (0, "")
    golden = Path(__file__).resolve().parents[1] / "golden" / "openapi.json"
    assert printed.stdout == golden.read_text("utf-8")


def test_doctor_finds_nothing_wrong_in_development(migrated: Path) -> None:
    found = run(migrated, "doctor", "--dev")
    assert found.returncode == 0, found.stdout
    assert "schema: up to date" in found.stdout


def test_doctor_says_what_is_wrong(folder: Path) -> None:
    found = run(folder, "doctor", **{**_production(folder), "AUTHSVC_DATABASE_URL": "postgresql://x@127.0.0.1:1/x"})
    assert found.returncode == 1
    assert "wrong" in found.stdout
    assert "database" in found.stdout


def test_doctor_asks_the_mail_server(folder: Path) -> None:
    run(folder, "migrate", "--dev")
    assert "ok      mail: files in" in run(folder, "doctor", "--dev").stdout
    port = free_port()
    server = Controller(Sink(), hostname="127.0.0.1", port=port)
    server.start()
    try:
        found = run(folder, "doctor", "--dev", AUTHSVC_SMTP_URL=f"smtp://127.0.0.1:{port}")
    finally:
        server.stop()
    assert (found.returncode, f"ok      mail: 127.0.0.1:{port} answers" in found.stdout) == (0, True), found.stdout
    missed = run(folder, "doctor", "--dev", AUTHSVC_SMTP_URL=f"smtp://somebody:secret@127.0.0.1:{port}")
    assert missed.returncode == 1
    assert f"wrong   mail: 127.0.0.1:{port}: SMTPConnectError; check AUTHSVC_SMTP_URL" in missed.stdout
    assert "secret" not in missed.stdout + missed.stderr


def test_wrong_settings_are_all_named_before_anything_starts(tmp_path: Path) -> None:
    wrong = {"PORT": "0", "SECRET": "short", "LIMITS": "off", "LOG_LEVEL": "loud", "LOG_FORMAT": "xml"}
    refused = run(tmp_path, "serve", **{f"AUTHSVC_{name}": value for name, value in wrong.items()})
    assert refused.returncode == 2
    for name in (*wrong, "PUBLIC_URL", "DATABASE_URL", "JWT_KEYS_DIR", "DEMO_PASSWORD"):
        assert f"AUTHSVC_{name}:" in refused.stderr
    assert "short" not in refused.stderr.replace("too short", "")


def test_wrong_usage_exits_with_2() -> None:
    assert run(Path(), "nonsense").returncode == 2
    assert CliRunner().invoke(cli, ["createsuperuser"]).exit_code == 2


def test_keys_are_made_for_production(tmp_path: Path) -> None:
    made = run(tmp_path, "keys", "generate")
    assert made.returncode == 0, made.stderr
    listed = run(tmp_path, "keys", "list", **_settings(tmp_path))
    assert listed.stdout == f"{made.stdout.strip()} ES256 signs made 0.0 h ago\n"


def test_a_weak_superuser_password_is_refused(migrated: Path) -> None:
    refused = run(
        migrated, "createsuperuser", "--dev", "--email", "r@example.com", "--password-stdin", stdin="12345678\n"
    )
    assert (refused.returncode, refused.stderr) == (1, "password: Password is too easy to guess.\n")


def _production(folder: Path) -> dict[str, str]:
    key_files.generate(folder / "keys", "ES256")
    return _settings(folder)


def _settings(folder: Path) -> dict[str, str]:
    return {
        "AUTHSVC_PUBLIC_URL": "https://login.example.com",
        "AUTHSVC_SECRET": "x" * 32,
        "AUTHSVC_DATABASE_URL": "postgresql://authsvc_app@127.0.0.1:1/authsvc",
        "AUTHSVC_BCRYPT_COST": "10",
        "AUTHSVC_SMTP_URL": "smtp://mail.example.com:25",
        "AUTHSVC_MAIL_FROM": "no-reply@example.com",
        "AUTHSVC_DEMO_PASSWORD": "",
    }
