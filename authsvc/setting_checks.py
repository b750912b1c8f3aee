"""What the values of settings must be; each check raises a sentence."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from email.utils import parseaddr
from urllib.parse import SplitResult, parse_qs, urlsplit

import phonenumbers
from marshmallow import ValidationError, validate

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_MIN_SECRET = 32  # bytes


def one_of(*choices: str) -> validate.OneOf:
    """One of a few words."""
    return validate.OneOf(choices, error="must be one of {choices}.")


def between(low: float, high: float) -> validate.Range:
    """A number within bounds."""
    return validate.Range(low, high, error="must be from {min} to {max}.")


def each(check: Callable[[str], None]) -> Callable[[list[str]], None]:
    """Every item of a list passes."""

    def all_of(items: list[str]) -> None:
        for item in texts(items):
            check(item)

    return all_of


def texts(items: list[str] | None) -> tuple[str, ...]:
    """The items of a list, blanks gone."""
    return tuple(stripped for item in items or () if (stripped := item.strip()))


def networks(items: list[str] | None) -> tuple[Network, ...]:
    """The networks of a list that passed its check."""
    try:
        return tuple(ipaddress.ip_network(item) for item in texts(items))
    except ValueError:
        return ()  # named by the field's own check already


def long_enough(text: str) -> None:
    """A secret of at least 32 bytes."""
    if len(text.encode()) < _MIN_SECRET:
        raise ValidationError(f"must have at least {_MIN_SECRET} bytes.")


def region(text: str) -> None:
    """A region that phone numbers can be of."""
    if text not in phonenumbers.SUPPORTED_REGIONS:
        raise ValidationError("must be a region like PH, in two capital letters.")


def url(text: str) -> None:
    """An http(s) URL without credentials, query and fragment."""
    parts = _parts(text)
    if parts is None or parts.query or parts.fragment:
        raise ValidationError("must be a URL like https://login.example.com.")


def origin(text: str) -> None:
    """A web origin as browsers write it (RFC 6454)."""
    parts = _parts(text)
    if parts is None or "*" in text or text != f"{parts.scheme}://{parts.netloc}" or text != browser_form(text):
        raise ValidationError(f"{text!r} is no origin like https://tts.example.com (no path, no *).")


def system_urls(pairs: Mapping[str, str]) -> None:
    """Slugs and where they are."""
    for slug, address in pairs.items():
        if not re.fullmatch(r"[a-z0-9-]{1,50}", slug):
            raise ValidationError(f"{slug!r} is no slug.")
        url(address)


def browser_form(text: str) -> str:
    """A URL with its host in small letters and without its scheme's own port, as browsers write an origin."""
    parts = urlsplit(text)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path}".rstrip("/")


def _parts(text: str) -> SplitResult | None:
    """The parts of a URL with a host and nothing odd in it."""
    try:
        parts = urlsplit(text)
        odd = parts.port == 0 or "@" in parts.netloc or re.search(r"[\s\\<>\"]", text)
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname and not odd else None


def postgres_url(text: str) -> None:
    """A libpq URL."""
    try:
        scheme = urlsplit(text).scheme
    except ValueError:
        scheme = ""
    if scheme not in ("postgresql", "postgres"):
        raise ValidationError("must be a URL like postgresql://authsvc_app:password@host/authsvc.")


def smtp_url(text: str) -> None:
    """smtp:// or smtps:// with a host."""
    try:
        parts = urlsplit(text)
        wrong = parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.port == 0
        twice = parts.scheme == "smtps" and parse_qs(parts.query).get("starttls", [""])[0] == "1"
    except ValueError:
        wrong, twice = True, False
    if twice:
        raise ValidationError("smtps:// is TLS from the start: leave starttls=1 out.")
    if wrong:
        raise ValidationError("must be a URL like smtp://user:password@host:587?starttls=1 or smtps://host.")


def mail_address(text: str) -> None:
    """An address, with or without a name."""
    _, address = parseaddr(text)
    if "@" not in address or "\n" in text:
        raise ValidationError("must be an address like Sign-in <no-reply@example.com>.")


def network(text: str) -> None:
    """A network in CIDR notation."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise ValidationError(f"{text!r} is no network like 10.0.0.0/8.") from None
