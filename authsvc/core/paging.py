"""Keyset pages: a page begins after the last row of the one before, so page 1,000 costs what page 1 costs."""

import base64
import binascii
from typing import Any

import orjson


def cursor(key: Any) -> str:
    """Where the page after the row with this key begins; opaque."""
    return base64.urlsafe_b64encode(orjson.dumps(key)).rstrip(b"=").decode()


def read_cursor(text: str) -> Any:
    """The key in a cursor: a number or a text. ValueError for anything that was not made by `cursor`."""
    try:
        key = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as err:
        raise ValueError("not a cursor") from err
    if type(key) not in (int, str) or cursor(key) != text or (type(key) is int and not 0 <= key < 2**31):
        raise ValueError("not a cursor")
    return key
