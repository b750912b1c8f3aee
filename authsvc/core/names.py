"""Canonical forms of the names people sign in with: one function each, used everywhere.

Uniqueness, sign-in, limits and lockouts all compare what these functions return. PostgreSQL is never
asked to fold case: it does it differently (U+0130, U+017F).
"""

import re
import unicodedata
from urllib.parse import urlsplit

import idna
from email_validator import EmailNotValidError, validate_email

_MAX_LOCAL_PART = 64  # RFC 5321 section 4.5.3.1.1
_COMPANY_ID = re.compile(r"MA[0-9]{4,6}")
_USERNAME = re.compile(r"[\w.+-]{1,150}")


def clean(text: str) -> str:
    """Text as it is stored: NFC, no blanks around."""
    return unicodedata.normalize("NFC", text).strip()


def fold(text: str) -> str:
    """What two spellings of one username, role or system name have in common (NFKC, case folded)."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def canonical_email(text: str) -> str:
    """The one form an e-mail address is looked up and counted by.

    Blanks around and case are dropped, an international domain becomes its A-label (RFC 5891).
    Never fails: what is no address comes back as a form that belongs to nobody.
    """
    text = clean(text)
    local, at, domain = text.rpartition("@")
    if not at:
        return text.lower()[:254]
    if not domain.isascii():
        try:
            domain = _a_label(domain)
        except idna.IDNAError:
            return text[:254]
    # Only ASCII case is folded, so that no other letter can become one of somebody's address.
    return f"{_ascii_lower(local)}@{_ascii_lower(domain)}"[:254]


def address(text: str) -> str:
    """An e-mail address that may be registered, its domain in ASCII lower case; ValueError if it may not.

    RFC 5321 addresses with an ASCII local part and a public-looking domain; no comments, no quotes.
    """
    try:
        _a_label(text.strip().rpartition("@")[2])
        found = validate_email(text.strip(), allow_smtputf8=False, check_deliverability=False, test_environment=False)
    except (EmailNotValidError, idna.IDNAError) as err:
        raise ValueError("Enter a valid email address.") from err
    if len(found.ascii_local_part or "") > _MAX_LOCAL_PART:
        raise ValueError("Enter a valid email address.")
    return f"{found.ascii_local_part}@{found.ascii_domain}"


def typed_address(text: str) -> str:
    """What somebody types as his address where nothing is registered: anything with an @ in it."""
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", text.strip()):
        raise ValueError("Enter a valid email address.")
    return text


def company_id(text: str) -> str:
    """A company id as it is stored: MA and four to six digits. ValueError for anything else."""
    wanted = text.upper()
    if not _COMPANY_ID.fullmatch(wanted):
        raise ValueError("Enter MA and four to six digits.")
    return wanted


def username(text: str) -> str:
    """A username that may be chosen; ValueError if it may not. It never looks like an e-mail address."""
    if not _USERNAME.fullmatch(text):
        raise ValueError("Enter a valid username: letters, digits and . + - _ only.")
    return text


def username_from(email: str) -> str:
    """The default username: the local part of the address, without letters a username cannot have."""
    return re.sub(r"[^\w.+-]", "", email.rpartition("@")[0])[:140] or "user"


def _a_label(domain: str) -> str:
    """A domain in ASCII (IDNA 2008). Only case is mapped: a letter that stands for another is an IDNAError."""
    return domain if domain.isascii() else idna.encode(domain.lower(), strict=True).decode()


def _ascii_lower(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


def label(text: str) -> str:
    """The name of a role or a system. ValueError for digits, which are an id, and for letters that nobody sees."""
    if text.isdigit():
        raise ValueError("A name cannot be a number.")
    if any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in text):
        raise ValueError("Control characters are not allowed.")
    return text


def company_id_form(text: str) -> str:
    """A company id as the database takes it: also those of before the MA numbers. ValueError."""
    wanted = text.upper()
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9-]{0,31}", wanted):
        raise ValueError("Enter letters, digits and hyphens.")
    return wanted


def slug(text: str) -> str:
    """A slug as it is stored; ValueError for letters it may not have."""
    lower = _ascii_lower(text)
    if not re.fullmatch(r"[a-z0-9-]{1,50}", lower) or lower.isdigit():
        raise ValueError("Enter a valid slug: letters, digits and hyphens only.")
    return lower


def slug_from(name: str) -> str:
    """The default slug of a name; ValueError when nothing of it can be one."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return slug(re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50])


def web_address(text: str) -> str:
    """An http(s) URL that may be linked to; ValueError for any other text."""
    try:
        url = urlsplit(text)
        odd = url.scheme not in ("http", "https") or not url.hostname or re.search(r"[\x00-\x20\x7f\s<>\"']", text)
    except ValueError:
        odd = True
    if odd:
        raise ValueError("Enter a valid URL.")
    return url.scheme + text[len(url.scheme) :]
