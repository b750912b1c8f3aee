"""The one rule for every place where a password is set (NIST SP 800-63B: length and guessability, no composition)."""

import re
import threading
import unicodedata
from collections.abc import Iterable

MAX_LENGTH = 128
_ZXCVBN_MAX = 72  # zxcvbn's time grows fast with length; what is strong after 72 letters stays strong
_ONE_AT_A_TIME = threading.Lock()  # zxcvbn keeps the words of the password that it looks at in a global
COMPANY_WORDS = ("authsvc", "ticket", "helpdesk", "hdts", "tts", "ams", "bms")


def normalise(password: str) -> str:
    """The form that is hashed: NFKC, never trimmed."""
    return unicodedata.normalize("NFKC", password)


def problem(password: str, *, min_length: int, personal: Iterable[str | None]) -> str | None:
    """Why this password may not be set; None when it may.

    password: already normalised; its length is counted in code points.
    personal: what is known of the person (e-mail, username, names …) and must not be the password.
    Takes some milliseconds: call it beside the event loop.
    """
    if len(password) < min_length:
        return f"Password must be at least {min_length} characters."
    if len(password) > MAX_LENGTH:
        return f"Password must be at most {MAX_LENGTH} characters."
    words = _words(personal)
    folded = password.casefold()
    if folded in words:
        return "Password must not be your name, username or email address."
    if _score(password[:_ZXCVBN_MAX], [*words, *COMPANY_WORDS]) < 2:
        return "Password is too easy to guess."
    return None


def _score(password: str, words: list[str]) -> int:
    # Imported when a password is first chosen: its dictionaries take 12 MB and 20 ms.
    from zxcvbn import zxcvbn  # noqa: PLC0415

    with _ONE_AT_A_TIME:
        return int(zxcvbn(password, user_inputs=words, max_length=_ZXCVBN_MAX)["score"])


def _words(personal: Iterable[str | None]) -> set[str]:
    words: set[str] = set()
    for text in personal:
        if not text:
            continue
        folded = unicodedata.normalize("NFKC", text).casefold()
        words.add(folded)
        parts = [folded.partition("@")[0], *re.split(r"[\s@._+-]+", folded)]
        words.update(part for part in parts if len(part) >= 4)
    return words
