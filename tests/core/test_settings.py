"""Settings: everything that is wrong is said at once, without repeating secrets."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from authsvc.settings import Settings, SettingsError, keys_place, load

CANARY = "canary-3b77"
SECRET = "s" * 32
Set = Callable[..., Settings]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Set:
    """`given(NAME="value", …)`: the settings of a development service with these variables and no others."""

    def set_and_load(**variables: str) -> Settings:
        for name in [name for name in os.environ if name.startswith("AUTHSVC_")]:
            monkeypatch.delenv(name)
        for name, value in {"ENV": "development", "DATA_DIR": str(tmp_path / "data"), **variables}.items():
            monkeypatch.setenv(f"AUTHSVC_{name}", value)
        return load()

    return set_and_load


@pytest.fixture
def produced(given: Set, tmp_path: Path) -> Set:
    """The same for a production service that lacks nothing."""
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "one.pem").touch()

    def set_and_load(**variables: str) -> Settings:
        usual = {"ENV": "production", "PUBLIC_URL": "https://login.example.com", "SECRET": SECRET}
        usual |= {"DATABASE_URL": "postgresql://u:p@db/authsvc", "JWT_KEYS_DIR": str(keys)}
        usual |= {"SMTP_URL": "smtp://mail.example.com:25", "MAIL_FROM": "no-reply@example.com"}
        return given(**{name: value for name, value in (usual | variables).items() if value != "-"})

    return set_and_load


def problems(load_them: Set, **variables: str) -> list[str]:
    with pytest.raises(SettingsError) as found:
        load_them(**variables)
    assert str(found.value) == "Wrong settings:\n" + "\n".join(f"  {line}" for line in found.value.problems)
    return found.value.problems


def named(load_them: Set, **variables: str) -> list[str]:
    return sorted(line.partition(":")[0].removeprefix("AUTHSVC_") for line in problems(load_them, **variables))


def test_development_needs_nothing(given: Set) -> None:
    found = given()
    assert found.development
    assert found.public_url == found.jwt_issuer == "http://127.0.0.1:8000"
    assert len(found.secret) >= 32
    assert (found.limits, found.workers, found.bcrypt_cost, found.database_url) == (True, 1, 12, None)
    assert found.own_origins == {"http://127.0.0.1:8000", "http://localhost:8000"}
    assert given().secret == found.secret  # made once


def test_production_with_all_it_needs(produced: Set) -> None:
    found = produced()
    assert (found.development, found.secure_cookies) == (False, True)
    assert found.own_origins == {"https://login.example.com"}
    assert (found.system_urls, found.demo_password, found.migrate_database_url) == ({}, None, found.database_url)


def test_production_is_the_default(given: Set, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError):
        given(ENV="production")
    monkeypatch.delenv("AUTHSVC_ENV")
    with pytest.raises(SettingsError, match="AUTHSVC_SECRET"):
        load()


WRONG = {
    "ENV": ["prod", "", "Development"],
    "PORT": ["0", "65536", "-1", "x", "", "8000.5", "8000/tcp", "9" * 5000],
    "WORKERS": ["0", "65", "two"],
    "PUBLIC_URL": ["x", "ftp://x", "//x", "https://", "https://a/?q", "https://a/#f", "https://u:p@a", "javascript:x"],
    "DATABASE_URL": ["x", "mysql://u@h/d", "", "/var/run", "host=db"],
    "MIGRATE_DATABASE_URL": ["x", "http://h/d"],
    "DB_POOL_SIZE": ["0", "201", "x"],
    "DB_ACQUIRE_TIMEOUT": ["0", "61", "nan", "inf", "-1", "x"],
    "DB_STATEMENT_TIMEOUT": ["0", "61", "nan"],
    "SECRET": ["", "short", "x" * 31],
    "JWT_ALGORITHM": ["none", "", "es256", "HS512", "RS512"],
    "ACCESS_TTL": ["0", "-1", "86401", "900s", "1.5"],
    "REFRESH_TTL": ["0", "31536001"],
    "SESSION_MAX_AGE": ["0", "31536001"],
    "REFRESH_GRACE": ["-1", "301"],
    "BCRYPT_COST": ["3", "16", "31"],
    "HASH_THREADS": ["0", "257"],
    "HASH_QUEUE": ["-1", "10001"],
    "PASSWORD_MIN_LENGTH": ["7", "65"],
    "PHONE_REGION": ["", "ph", "PHL", "P1", "PH\n"],
    "CORS_ORIGINS": ["*", "null", "x", "https://a/", "https://a/b", "https://a,*", "ftp://a", "//a"],
    "TRUSTED_PROXIES": ["x", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/8,x", "*", "::/129"],
    "INTERNAL_NETWORKS": ["x", "10.0.0.1/8", "10.0.0.0/8,x", "*"],
    "INTERNAL_PORT": ["0", "65536", "x"],
    "JWT_OLD_SECRETS": ["short", "x" * 31, f"{'x' * 32},short"],
    "LIMITS": ["", "maybe", "0", "false", "OFF"],
    "SMTP_URL": ["x", "http://mail.example.com", "smtp://", "smtps://mail.example.com?starttls=1"],
    "LOG_FORMAT": ["xml", ""],
    "LOG_LEVEL": ["loud", "INFO", ""],
    "DEFAULT_SYSTEM_URL": ["x", "javascript:alert(1)", "//a"],
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_named(given: Set, name: str) -> None:
    unnamed = []
    for value in WRONG[name]:
        try:
            given(**{name: value})
        except SettingsError as err:
            if any(line.startswith(f"AUTHSVC_{name}: ") for line in err.problems):
                continue
        unnamed.append(value)
    assert unnamed == []


def test_all_that_is_wrong_is_said_at_once(given: Set) -> None:
    wrong = {name: values[-1] for name, values in WRONG.items() if name not in ("ENV", "MIGRATE_DATABASE_URL")}
    wrong["CORS_ORIGINS"] = "*"
    assert named(given, **wrong) == sorted(wrong)


@pytest.mark.parametrize(
    "change, name",
    [
        ({"DATABASE_URL": "-"}, "DATABASE_URL"),
        ({"SECRET": "-"}, "SECRET"),
        ({"SECRET": "short"}, "SECRET"),
        ({"PUBLIC_URL": "-"}, "PUBLIC_URL"),
        ({"LIMITS": "off"}, "LIMITS"),
        ({"DEMO_PASSWORD": "x" * 20}, "DEMO_PASSWORD"),
        ({"JWT_KEYS_DIR": "/nonexistent"}, "JWT_KEYS_DIR"),
        ({"JWT_ALGORITHM": "HS256"}, "JWT_SECRET"),
        ({"JWT_ALGORITHM": "HS256", "JWT_SECRET": "x" * 31}, "JWT_SECRET"),
        ({"BCRYPT_COST": "9"}, "BCRYPT_COST"),
    ],
)
def test_production_refuses(produced: Set, change: dict[str, str], name: str) -> None:
    assert named(produced, **change) == [name]


def test_production_with_a_shared_secret_needs_no_key_pair(produced: Set) -> None:
    found = produced(JWT_ALGORITHM="HS256", JWT_SECRET="é" * 16, JWT_KEYS_DIR="/nonexistent")
    assert found.jwt_secret == "é" * 16  # 32 bytes


@pytest.mark.parametrize("name", ["SECRET", "JWT_SECRET", "DATABASE_URL", "MIGRATE_DATABASE_URL", "DEMO_PASSWORD"])
def test_secrets_are_never_repeated(produced: Set, name: str) -> None:
    for value in (CANARY, f"mysql://u:{CANARY}@h/d", f"postgresql+x://{CANARY}@h"):
        with pytest.raises(SettingsError) as found:
            produced(JWT_ALGORITHM="HS256", PORT="x", **{"JWT_SECRET": "-", name: value[:31]})
        assert CANARY not in str(found.value)
        assert CANARY not in repr(found.value)


def test_a_file_can_hold_a_value(given: Set, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(CANARY + "x" * 32)
    assert given(SECRET_FILE=str(file)).secret == CANARY + "x" * 32
    file.write_text("9000\n")
    assert given(PORT_FILE=str(file)).port == 9000
    assert given(PORT_FILE=str(file), PORT="9001").port == 9000


def test_a_short_secret_in_a_file_is_named_and_not_repeated(given: Set, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(CANARY)
    assert problems(given, SECRET_FILE=str(file)) == ["AUTHSVC_SECRET: must have at least 32 bytes."]


def test_lists_are_trimmed(given: Set) -> None:
    found = given(CORS_ORIGINS=" https://a.example , https://b.example,, ", TRUSTED_PROXIES="10.0.0.0/8, fd00::/8")
    assert found.cors_origins == {"https://a.example", "https://b.example"}
    assert [str(network) for network in found.trusted_proxies] == ["10.0.0.0/8", "fd00::/8"]
    assert given(DEPARTMENTS="A, B ,").departments == ("A", "B")


@pytest.mark.parametrize(
    "public, origin, secure",
    [
        ("https://login.example.com/", "https://login.example.com", True),
        ("https://example.com:8443/auth", "https://example.com:8443", True),
        ("http://login.example.com", "http://login.example.com", False),
        ("https://[2001:db8::1]", "https://[2001:db8::1]", True),
    ],
)
def test_what_the_public_url_decides(given: Set, public: str, origin: str, secure: bool) -> None:
    found = given(PUBLIC_URL=public)
    assert (found.own_origins, found.secure_cookies) == ({origin}, secure)
    assert not found.public_url.endswith("/")


def test_keys_place_needs_little(given: Set, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given()
    for name in ("AUTHSVC_ENV", "AUTHSVC_DATA_DIR"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AUTHSVC_JWT_KEYS_DIR", str(tmp_path))
    assert keys_place() == (tmp_path, "ES256")
    monkeypatch.setenv("AUTHSVC_JWT_ALGORITHM", "none")
    with pytest.raises(SettingsError, match="AUTHSVC_JWT_ALGORITHM"):
        keys_place()


# --- known to be wrong


@pytest.mark.parametrize("name", ["PUBLIC_URL", "CORS_ORIGINS", "DATABASE_URL", "DEFAULT_SYSTEM_URL"])
def test_a_broken_bracket_is_a_wrong_setting(given: Set, name: str) -> None:
    assert named(given, **{name: "postgresql://[" if name == "DATABASE_URL" else "https://["}) == [name]


@pytest.mark.parametrize("content", [None, b"\xff" * 40])
def test_a_file_that_cannot_be_read_is_a_wrong_setting(given: Set, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    assert named(given, SECRET_FILE=str(file)) == ["SECRET"]


@pytest.mark.parametrize(
    "name, value", [("JWT_SECRET", "s" * 32), ("DATABASE_URL", "postgresql://u@h/d"), ("LIMITS", "on")]
)
def test_the_newline_at_the_end_of_a_file_is_no_part_of_the_value(
    given: Set, tmp_path: Path, name: str, value: str
) -> None:
    file = tmp_path / "value"
    file.write_text(value + "\n")
    found = given(**{"JWT_ALGORITHM": "HS256", "JWT_SECRET": SECRET, f"{name}_FILE": str(file)})
    assert getattr(found, name.lower()) in (value, True)


def test_a_data_dir_that_cannot_be_made_is_a_wrong_setting(given: Set) -> None:
    assert named(given, DATA_DIR="/dev/null/x") == ["DATA_DIR"]


@pytest.mark.parametrize("value", ["tts", "tts=javascript:alert(1)", "tts=x", "=https://a", "tts=//evil.example"])
def test_system_urls_are_checked(given: Set, value: str) -> None:
    assert named(given, SYSTEM_URLS=value) == ["SYSTEM_URLS"]


@pytest.mark.parametrize(
    "name, value",
    [
        ("PUBLIC_URL", "https://x:99999"),
        ("PUBLIC_URL", "https://x:abc"),
        ("PUBLIC_URL", "https://:p@x"),
        ("PUBLIC_URL", "https://x\n"),
        ("PUBLIC_URL", "https://a b"),
        ("CORS_ORIGINS", "https://u@x"),
        ("CORS_ORIGINS", "https://*.example.com"),
    ],
)
def test_urls_that_no_browser_would_have(given: Set, name: str, value: str) -> None:
    assert named(given, **{name: value}) == [name]


@pytest.mark.parametrize("public", ["https://Login.Example.com", "https://login.example.com:443"])
def test_our_own_origin_is_what_a_browser_says(given: Set, public: str) -> None:
    assert "https://login.example.com" in given(PUBLIC_URL=public).own_origins


def test_cookies_are_secure_in_production_whatever_the_url(produced: Set) -> None:
    assert produced(PUBLIC_URL="http://login.example.com").secure_cookies


def test_a_region_that_does_not_exist(given: Set) -> None:
    assert named(given, PHONE_REGION="XX") == ["PHONE_REGION"]


def test_the_internal_port_is_another_one(given: Set) -> None:
    assert problems(given, PORT="8000", INTERNAL_PORT="8000") == ["AUTHSVC_INTERNAL_PORT: is the public port too."]


def test_in_production_nobody_is_internal_until_said(produced: Set) -> None:
    assert produced().internal_networks == ()
    assert [str(network) for network in produced(INTERNAL_NETWORKS="10.0.0.0/8").internal_networks] == ["10.0.0.0/8"]
