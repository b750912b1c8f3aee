"""Canonical names: one form for all spellings, no spelling for two people."""

import time
import unicodedata

import pytest

from authsvc.core import names

INVALID = "Enter a valid email address."


@pytest.mark.parametrize(
    "text, clean",
    [("  a b ", "a b"), ("e\u0301", "\xe9"), ("\xa0x\u2003", "x"), ("\t\n", ""), ("a\u200bb", "a\u200bb")],
)
def test_clean_trims_and_composes(text: str, clean: str) -> None:
    assert names.clean(text) == clean


@pytest.mark.parametrize(
    "spellings",
    [
        ["ada", "ADA", "Ada", " ada ", "\uff21da", "\U0001d4d0da"],
        ["stra\xdfe", "STRASSE", "Stra\u1e9ee", "strasse"],
        ["help desk", "Help  Desk", "help\xa0desk", "\thelp\u3000desk\n"],
        ["\xe9", "e\u0301", "\xc9", "E\u0301"],
        ["\u212a", "K", "k"],
        ["\u017f", "s", "S"],
        ["\ufb01", "fi", "FI"],
        ["\u0130", "i\u0307", "I\u0307"],
    ],
)
def test_fold_gives_one_form(spellings: list[str]) -> None:
    assert len({names.fold(spelling) for spelling in spellings}) == 1


def test_fold_keeps_what_differs() -> None:
    different = ["i", "\u0131", "e", "\xe9", "ss s", "a b", "ab", "\u0430", "a"]
    assert len({names.fold(text) for text in different}) == len(different)


def test_fold_is_final_for_every_letter() -> None:
    letters = [chr(code) for code in range(0x30000) if not 0xD800 <= code < 0xE000]
    assert [c for c in letters if names.fold(folded := names.fold(c)) != folded] == []


# --- e-mail addresses


@pytest.mark.parametrize(
    "spellings, canonical",
    [
        (["ada@example.com", "ADA@EXAMPLE.COM", "  Ada@Example.com\n", "\xa0ada@example.com"], "ada@example.com"),
        (
            ["ada@b\xfccher.de", "ADA@B\xdcCHER.DE", "ada@xn--bcher-kva.de", "Ada@XN--BCHER-KVA.DE"],
            "ada@xn--bcher-kva.de",
        ),
        (["ada+x@example.com", "ADA+X@example.com"], "ada+x@example.com"),
        (["a.d.a@example.com"], "a.d.a@example.com"),
    ],
)
def test_one_canonical_form(spellings: list[str], canonical: str) -> None:
    assert {names.canonical_email(spelling) for spelling in spellings} == {canonical}


@pytest.mark.parametrize(
    "odd",
    [
        "\u017fam@example.com", "\u0130da@example.com", "\uff41da@example.com",
        "ada@\uff45xample.com", "ada@e\u017fample.com", "ada@example\u3002com",
        "ada\uff20example.com", "ada@exam\xadple.com", "ada@ex\u200bample.com", "ada@\u2460.com", "ada@example.com.",
        "ada@examp\u217ce.com",
    ],
)  # fmt: skip
def test_odd_letters_never_become_somebodys_address(odd: str) -> None:
    canonical = names.canonical_email(odd)
    assert not canonical.isascii() or "xn--" in canonical or canonical.endswith(".")
    with pytest.raises(ValueError, match=INVALID):
        names.address(odd)


@pytest.mark.parametrize(
    "text",
    ["", "@", "@@", "a@", "@b", "a", "\0", "a@b@c", "a@..", "a@\xfc" + "x" * 70, "a@" + "\xfc." * 200, "\ud800@x",
     "a@\ud800", "a" * 10_000, "a@" + "b" * 10_000, "a@" + "\xfc" * 10_000, "a@\u0301x.com", "a@-\xfc-.com",
     "a@\u05d0b.com"],
    ids=lambda text: repr(text)[:20],
)  # fmt: skip
def test_canonical_email_never_fails_and_ends(text: str) -> None:
    began = time.monotonic()
    assert len(names.canonical_email(text)) <= 254
    assert time.monotonic() - began < 2


ADDRESSES = [
    "ada@example.com", "Ada.Lovelace+x@Mail.Example.COM", "a@b.co", "o'hara@example.com", "x_y-z@example.co.uk",
    "ada@b\xfccher.de", "ada@stra\xdfe.de", "ada@\u4f8b\u3048.jp", "ada@xn--bcher-kva.de", "1@example.com",
    "a" * 64 + "@example.com",
]  # fmt: skip


@pytest.mark.parametrize("text", ADDRESSES)
def test_what_may_be_registered_has_one_canonical_form(text: str) -> None:
    """Stored, typed and typed in capitals are the same: else two accounts, or none that can sign in."""
    stored = names.address(text)
    assert stored.isascii()
    forms = {names.canonical_email(one) for one in (text, stored, stored.upper(), f" {stored} ")}
    assert forms == {names.canonical_email(stored)}
    assert names.address(stored) == stored


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "a@b", "ada@localhost", "ada@127.0.0.1", "ada@[127.0.0.1]", "ada@example", "@example.com", "a@@b.com",
        "a b@example.com", '"a b"@example.com', "a(c)@example.com", "Ada <ada@example.com>",
        "a@example.com, b@example.com", "a@example.com\r\nBcc: x@example.com", "a\0@example.com", "\xe9@example.com",
        "a@-example.com", "a" * 65 + "@example.com",
        "a@exa_mple.com", "a..b@example.com", ".a@example.com", "a.@example.com", "a@" + "b" * 64 + ".com",
        "a@example.com\u202e", "a@\u202eexample.com", "a@example..com",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=INVALID):
        names.address(text)


# --- usernames


@pytest.mark.parametrize("text", ["ada", "Ada.Lovelace", "a+b-c_d", "\xe9milie", "\u738b", "1", "x" * 150])
def test_usernames_that_may_be_chosen(text: str) -> None:
    assert names.username(text) == text


@pytest.mark.parametrize(
    "text", ["", "a b", "a@b", "a/b", "<b>", "a\n", "a\0", "x" * 151, "a\u200bb", "a\u202eb", "a'", "\U0001f600", "a,b"]
)
def test_usernames_that_may_not(text: str) -> None:
    with pytest.raises(ValueError, match="Enter a valid username"):
        names.username(text)


@pytest.mark.parametrize(
    "email, username",
    [
        ("ada@example.com", "ada"),
        ("a.b+c@example.com", "a.b+c"),
        ("o'hara@example.com", "ohara"),
        ("!#$@example.com", "user"),
    ],
)
def test_default_usernames(email: str, username: str) -> None:
    assert names.username_from(email) == username
    assert names.username(username) == username


def test_a_default_username_leaves_room_for_a_number() -> None:
    assert len(names.username_from("x" * 200 + "@example.com")) <= 140


def test_python_and_postgresql_would_fold_differently() -> None:
    """Why all of this is done here: the letters that made holes elsewhere."""
    assert "\u0130".lower() != "i"
    assert "\u017f".upper() == "S"
    assert unicodedata.normalize("NFKC", "\u212a") == "K"
