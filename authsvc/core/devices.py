"""A browser that signed in before: a long-lived cookie, signed, that names nobody.

It holds a random device id and, for each person who signed in there, a tag that only the service can
make. It is no credential: it only gives its device a count of failures of its own, so that a stranger
cannot lock the owner out.
"""

import base64
import hmac
import re
import secrets
from typing import NamedTuple

from authsvc.core.person import Person
from authsvc.core.sealing import keyed_hash

MAX_AGE = 365 * 24 * 3600  # seconds
_MAX_PEOPLE = 8
_FORM = re.compile(r"[A-Za-z0-9_-]{22}(\.[A-Za-z0-9_-]{22}){0,8}")


class Device(NamedTuple):
    """The cookie, read."""

    id: str
    tags: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join((self.id, *self.tags))


def read(cookie: str | None) -> Device | None:
    """The device of a cookie; None without one or for garbage."""
    if not cookie or not _FORM.fullmatch(cookie):
        return None
    device_id, *tags = cookie.split(".")
    return Device(device_id, tuple(tags))


def knows(device: Device | None, person: Person, secret: str) -> bool:
    """Did this person sign in on this device before?"""
    if device is None:
        return False
    tag = _tag(device.id, person, secret)
    return any(hmac.compare_digest(tag, held) for held in device.tags)


def remember(device: Device | None, person: Person, secret: str) -> Device:
    """The device that also knows this person; the eight latest are kept."""
    device_id = device.id if device else secrets.token_urlsafe(16)
    tag = _tag(device_id, person, secret)
    others = [held for held in (device.tags if device else ()) if held != tag]
    return Device(device_id, (*others[-_MAX_PEOPLE + 1 :], tag))


def _tag(device_id: str, person: Person, secret: str) -> str:
    return base64.urlsafe_b64encode(keyed_hash(secret, "device", device_id, str(person))[:16]).rstrip(b"=").decode()
