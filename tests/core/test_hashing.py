"""Password hashes of all formats, and rows that are no hash at all."""

import base64
import hashlib
import time

import argon2.low_level
import bcrypt
import pytest

from authsvc.core import hashing

PASSWORD = "Zoë hammer orbit"
COST = 4


def pbkdf2(digest: str = "sha256", rounds: int | str = 1000, salt: str = "NaCl", password: str = PASSWORD) -> str:
    made = hashlib.pbkdf2_hmac(digest, password.encode(), salt.encode(), int(rounds))
    return f"pbkdf2_{digest}${rounds}${salt}${base64.b64encode(made).decode()}"


def argon(kind: str = "ID", kib: int = 64, passes: int = 1, lanes: int = 1, version: int = 19) -> str:
    made = argon2.low_level.hash_secret(
        PASSWORD.encode(), b"saltsaltsalt", passes, kib, lanes, 16, argon2.Type[kind], version
    )
    return "argon2" + made.decode()


def plain_bcrypt(secret: bytes = PASSWORD.encode(), prefix: bytes = b"2b") -> str:
    return "bcrypt$" + bcrypt.hashpw(secret, bcrypt.gensalt(COST, b"2b")).replace(b"$2b", b"$" + prefix, 1).decode()


GOOD = {
    "ours": hashing.encode(PASSWORD, COST),
    "bcrypt": plain_bcrypt(),
    "bcrypt 2a": plain_bcrypt(prefix=b"2a"),
    "bcrypt 2y": plain_bcrypt(prefix=b"2y"),
    "pbkdf2_sha256": pbkdf2(),
    "pbkdf2_sha1": pbkdf2("sha1"),
    "argon2id": argon(),
    "argon2i": argon("I"),
    "argon2d": argon("D"),
    "argon2 with many lanes": argon(kib=128, lanes=8),
}
# As Django 5.2 wrote them, for the password "correct horse battery".
DJANGO = {
    "pbkdf2": "pbkdf2_sha256$1000$seasalt$" + base64.b64encode(
        hashlib.pbkdf2_hmac("sha256", b"correct horse battery", b"seasalt", 1000)
    ).decode(),
    "bcrypt_sha256": "bcrypt_sha256$" + bcrypt.hashpw(
        hashlib.sha256(b"correct horse battery").hexdigest().encode(), b"$2b$04$abcdefghijklmnopqrstuu"
    ).decode(),
}  # fmt: skip


@pytest.mark.parametrize("kind", GOOD)
def test_every_format(kind: str) -> None:
    assert hashing.verify(PASSWORD, GOOD[kind])
    for wrong in ("", PASSWORD + " ", PASSWORD[:-1], PASSWORD.lower(), "\0", "é" * 100, "x" * 5000):
        assert not hashing.verify(wrong, GOOD[kind])


@pytest.mark.parametrize("kind", DJANGO)
def test_djangos_rows(kind: str) -> None:
    assert hashing.verify("correct horse battery", DJANGO[kind])
    assert not hashing.verify("correct horse", DJANGO[kind])


def test_ours_is_djangos_format_and_salted() -> None:
    one, other = hashing.encode(PASSWORD, COST), hashing.encode(PASSWORD, COST)
    assert one.startswith("bcrypt_sha256$$2b$04$")
    assert len(one) == len("bcrypt_sha256$") + 60
    assert one != other


@pytest.mark.parametrize("length", [0, 1, 71, 72, 73, 74, 128, 512, 4096])
def test_no_length_is_cut_off(length: int) -> None:
    password = "x" * length
    stored = hashing.encode(password, COST)
    assert hashing.verify(password, stored)
    assert not hashing.verify(password + "x", stored)
    assert not hashing.verify(password + "y", stored)
    assert length == 0 or not hashing.verify(password[:-1] + "y", stored)


@pytest.mark.parametrize("secret", ["x" * 80, "é" * 50, "x" * 71 + "é"])
def test_plain_bcrypt_takes_72_bytes_as_its_writer_did(secret: str) -> None:
    stored = plain_bcrypt(secret.encode()[:72])
    assert hashing.verify(secret, stored)
    assert not hashing.verify("y" + secret[1:], stored)


def test_is_current() -> None:
    assert hashing.is_current(hashing.encode(PASSWORD, COST), COST)
    assert not hashing.is_current(hashing.encode(PASSWORD, COST), 12)
    assert [kind for kind, stored in GOOD.items() if hashing.is_current(stored, COST)] == ["ours"]
    assert not hashing.is_current("", COST)


# --- the decoy


@pytest.mark.parametrize("cost", [4, 5, 10, 12])
def test_the_decoy_is_well_formed(cost: int) -> None:
    stored = hashing.decoy(cost)
    assert len(stored) == len(hashing.encode("x", COST))
    assert hashing.is_current(stored, cost)


def test_bcrypt_itself_accepts_the_decoy() -> None:
    """Else checking it would raise at once, and unknown names would be told by their speed."""
    assert bcrypt.checkpw(b"x", hashing.decoy(COST).removeprefix("bcrypt_sha256$").encode()) is False


def test_the_decoy_costs_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[int, bytes]] = []
    check = bcrypt.checkpw

    def counted(secret: bytes, stored: bytes) -> bool:
        calls.append((len(secret), stored[:7]))
        return check(secret, stored)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    assert hashing.verify(PASSWORD, hashing.encode(PASSWORD, COST))
    assert not hashing.verify("wrong", hashing.encode(PASSWORD, COST))
    assert not hashing.verify(PASSWORD, hashing.decoy(COST))
    assert calls == [(64, b"$2b$04$")] * 3


def test_no_password_has_the_decoy() -> None:
    assert not any(hashing.verify(str(n), hashing.decoy(COST)) for n in range(50))


# --- what is stored and no hash

OURS = GOOD["ours"]
MALFORMED = [
    "", "$", "$$$$", "x", "!", "!unusable", "bcrypt", "bcrypt$", "bcrypt_sha256$", "bcrypt_sha256$$", PASSWORD,
    OURS[:-1], OURS + "x", OURS + "\n", OURS.replace("$2b$", "$2x$"), OURS.replace("$04$", "$00$"),
    OURS.replace("$04$", "$03$"), OURS.replace("$04$", "$4$"), OURS.replace("$04$", "$31$"),
    OURS.replace("$04$", "$99$"),
    OURS.replace("$04$", "$٠٤$"), OURS[:-10] + "!" * 10, OURS[:-3] + "é" * 3, OURS[:40] + "\0" + OURS[41:],
    OURS.removeprefix("bcrypt_sha256$"), "BCRYPT_SHA256" + OURS[13:], "md5$salt$" + "0" * 32, "sha1$a$" + "0" * 40,
    "plain$$" + PASSWORD, "unsalted_md5$" + "0" * 32, "scrypt$a$1$1$1$x",
    "pbkdf2_sha256", "pbkdf2_sha256$", "pbkdf2_sha256$1000", "pbkdf2_sha256$1000$salt", "pbkdf2_sha256$1000$salt$",
    "pbkdf2_sha256$x$salt$x", "pbkdf2_sha256$-1$salt$x", "pbkdf2_sha256$0$salt$x", "pbkdf2_sha256$1.5$salt$x",
    "pbkdf2_sha256$" + "9" * 5000 + "$salt$x", "pbkdf2_sha256$1000$salt$x$y", "pbkdf2_sha256$1000$s$é",
    "pbkdf2_md5$1$s$x",
    pbkdf2()[:-2], pbkdf2() + "=", pbkdf2() + "\n",
    "argon2", "argon2$", "argon2$argon2id", "argon2$argon2id$v=19$m=64,t=1,p=1", "argon2$argon2id$v=19$m=64,t=1,p=1$",
    "argon2$argon2id$v=19$m=64,t=1,p=1$$", "argon2$argon2id$v=19$m=64,t=1,p=1$!!$!!", argon()[:-1], argon() + "x",
    argon().replace("argon2id", "argon2x"), argon().replace("v=19", "v=18"), argon().replace("t=1", "t=0"),
    argon().replace("p=1", "p=0"), argon().replace("m=64", "m=0"), argon().replace("m=64", "m=7"), argon(version=16),
    argon().replace("m=64,t=1,p=1", "t=1,m=64,p=1"), argon().replace("p=1$", "p=1,keyid=AAAA$"),
]  # fmt: skip


@pytest.mark.parametrize("stored", MALFORMED, ids=range(len(MALFORMED)))
def test_what_is_no_hash_is_nobodys(stored: str) -> None:
    for password in (PASSWORD, "", "x" * 200):
        assert hashing.verify(password, stored) is False


@pytest.mark.parametrize(
    "stored",
    [
        OURS.replace("$04$", "$16$"),
        GOOD["bcrypt"].replace("$04$", "$31$"),
        "pbkdf2_sha256$5000001$salt$" + "A" * 43 + "=",
        "pbkdf2_sha256$99999999999$salt$" + "A" * 43 + "=",
        argon().replace("m=64", "m=262145"),
        argon().replace("m=64", "m=9999999"),
        argon().replace("m=64", "m=99999999"),
        argon().replace("t=1", "t=11"),
        argon().replace("p=1", "p=17"),
    ],
    ids=lambda text: str(text)[:8],
)
def test_out_of_bounds_is_refused_without_the_work(stored: str) -> None:
    began = time.monotonic()
    assert hashing.verify(PASSWORD, stored) is False
    assert time.monotonic() - began < 1


def test_a_password_that_cannot_be_encoded_is_wrong() -> None:
    for stored in GOOD.values():
        assert hashing.verify("\ud800", stored) is False
