"""What people type into a search field, as a PostgreSQL tsquery."""

import re
import unicodedata

_MAX_WORDS = 8


def prefix_query(text: str) -> str | None:
    """Each word must be the beginning of a word of the row; letters and digits only, so nothing is an operator.

    None when there is no word in the text: then nothing is searched for.
    """
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text).lower())[:_MAX_WORDS]
    return " & ".join(f"'{word}':*" for word in words) or None
