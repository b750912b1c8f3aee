"""The rule for new passwords: length and guessability, nobody's own name."""

import sys
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from authsvc.core import passwords

GOOD = "correct horse battery"
EASY = "Password is too easy to guess."
OWN = "Password must not be your name, username or email address."


def problem(password: str, *personal: str | None, min_length: int = 8) -> str | None:
    return passwords.problem(passwords.normalise(password), min_length=min_length, personal=personal)


def test_normalise_is_nfkc_and_never_trims() -> None:
    assert passwords.normalise("  e\u0301\ufb01\uff11 ") == "  \xe9fi1 "
    assert passwords.normalise(passwords.normalise("\ufdfa")) == passwords.normalise("\ufdfa")


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "xK9$mQ2!vL7",
        "  spaces around it  ",
        "\u5bc6\u7801\u662f\u4e00\u53e5\u957f\u957f\u7684\u8bdd",
        "\U0001f600\U0001f40d\U0001f951\U0001f3a9\U0001f680\U0001f9f2\U0001f9c2\U0001f343",
    ],
)
def test_good_ones(password: str) -> None:
    assert problem(password) is None


@pytest.mark.parametrize("length, fits", [(7, False), (8, True), (128, True), (129, False)])
def test_lengths_are_counted_in_code_points(length: int, fits: bool) -> None:
    password = ("k\u017ez\u4f8bQ7!m" + GOOD * 10)[:length]
    found = problem(password)
    assert (found is None) == fits
    assert fits or found in ("Password must be at least 8 characters.", "Password must be at most 128 characters.")


def test_the_minimum_is_a_setting() -> None:
    assert problem(GOOD, min_length=64) == "Password must be at least 64 characters."


def test_length_is_counted_after_normalising() -> None:
    assert len("\ufdfa" * 10) == 10
    assert problem("\ufdfa" * 10) == "Password must be at most 128 characters."


@pytest.mark.parametrize(
    "password",
    ["password", "Password1", "P@ssw0rd", "12345678", "qwertyuiop", "aaaaaaaa", "abcdefgh", "iloveyou", "19801231",
     "        ", "helpdesk", "ticket12", "authsvc1", "a" * 128, "ab" * 64, "\xe9" * 30, "\u0663" * 20],
)  # fmt: skip
def test_easy_ones(password: str) -> None:
    assert problem(password) == EASY


@pytest.mark.parametrize(
    "password",
    ["ada.lovelace@example.com", "ADA.LOVELACE@EXAMPLE.COM", "ada.lovelace", "lovelace", "LoveLace",
     "\uff4cove\uff4cace", "Augusta Ada", "countess-of", "example.com"],
)  # fmt: skip
def test_ones_own_names(password: str) -> None:
    personal = ("ada.lovelace@example.com", "countess-of", None, "", "Augusta Ada", "Lovelace", "example.com")
    assert problem(password, *personal) == OWN


@pytest.mark.parametrize("password", ["lovelace1", "Lovelace12", "ecalevol"])
def test_nearly_ones_own_name_is_easy(password: str) -> None:
    assert problem(password, "ada@example.com", "Lovelace") == EASY


def test_two_at_once_do_not_mix_up_their_names() -> None:
    people = {"zorblaxqui12": "Zorblaxqui", "vemthrupoj12": "Vemthrupoj"}
    assert problem("zorblaxqui12", "Vemthrupoj") is None
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(problem, list(people) * 200, list(people.values()) * 200))
    finally:
        sys.setswitchinterval(interval)
    assert set(found) == {EASY}


def test_short_names_forbid_nothing() -> None:
    assert problem("xK9$mQ2!vLi", "Li", "x@y.z") is None


@pytest.mark.parametrize(
    "password",
    ["p4ssw0rd" * 16, "@4$0" * 32, "qwerty" * 21, "1234567890" * 12, "12/12/2012" * 12, "8(0l1@" * 21,
     "\u0662\u0660\u0662\u0664" * 30, "\xb2" * 100, "\U0001d7d8" * 100, "\U00010400" * 100, "1.1.1" * 25,
     "zxcvbn" * 21, "abc123" * 21, "\0" * 100, "\ud7ff" * 100, "\u0301" * 100],
    ids=lambda text: ascii(text)[:20],
)  # fmt: skip
def test_nothing_takes_long_or_fails(password: str) -> None:
    began = time.monotonic()
    found: Any = problem(password, "x" * 254, "y" * 150, *(["z " * 50] * 5))
    assert found is None or isinstance(found, str)
    assert time.monotonic() - began < 5


def test_a_reason_never_repeats_the_password() -> None:
    for password in ("canary1", "canarycanary" * 20, "canaryca", "canary-lovelace"):
        assert "canary" not in (problem(password, "canary-lovelace") or "")


def test_equivalent_spellings_are_one_password() -> None:
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert passwords.normalise(unicodedata.normalize(form, "Zo\xeb hammer \u212b")) == "Zo\xeb hammer \xc5"
