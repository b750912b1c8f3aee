"""Credentials as requests carry them."""

import base64
from collections.abc import Sequence

from aiohttp import web

from authsvc.core import passwords
from authsvc.errors import Malformed

_NONE: Sequence[str] = ()


def bearer(request: web.Request) -> str | None:
    """The token of `Authorization: Bearer` (RFC 6750); None without one, Malformed for more than one."""
    values = request.headers.getall("Authorization", _NONE)
    if len(values) == 1 and values[0].startswith("Bearer "):  # as nearly everybody writes it
        return values[0][7:].strip() or None
    scheme, value = _authorization(values)
    return value if scheme == "bearer" and value else None


def bearer_of_anybody(request: web.Request) -> str | None:
    """The same where nobody is turned away for a credential that is garbage: also None for more than one."""
    try:
        return bearer(request)
    except Malformed:
        return None


def basic(request: web.Request) -> tuple[str, str] | None:
    """Name and password of `Authorization: Basic` (RFC 7617), the password normalised as in bodies.

    None without it, Malformed when it cannot be read.
    """
    scheme, value = _authorization(request.headers.getall("Authorization", _NONE))
    if scheme != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
    except ValueError as err:  # no base64, or no UTF-8 in it
        raise Malformed("The Basic credentials could not be read.") from err
    if not colon or "\0" in name + password:
        raise Malformed("The Basic credentials could not be read.")
    return name, passwords.normalise(password)


def _authorization(values: Sequence[str]) -> tuple[str, str]:
    if len(values) > 1:  # RFC 9110 allows one; two readers could take different ones
        raise Malformed("More than one Authorization header.")
    scheme, _, value = values[0].partition(" ") if values else ("", "", "")
    return scheme.lower(), value.strip()
