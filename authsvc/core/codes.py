"""One-time codes: mailed digits, authenticator apps (RFC 6238), recovery codes."""

import base64
import re
import secrets
from urllib.parse import quote

import pyotp

STEP = 30  # seconds of an authenticator's time step
_DIGITS = re.compile(r"[0-9]{6}")  # ASCII only: pyotp would take full-width digits
_RECOVERY = re.compile(r"[a-z2-7]{5}-[a-z2-7]{5}")
RECOVERY_COUNT = 10
ISSUER = "authsvc"


def new_code() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(1_000_000):06}"


def is_digits(text: str) -> bool:
    """Could this be a mailed or an authenticator's code?"""
    return _DIGITS.fullmatch(text) is not None


def new_recovery_codes() -> list[str]:
    """Ten codes of 50 random bits, written as `abcde-fghij`."""
    texts = (base64.b32encode(secrets.token_bytes(7)).decode().lower()[:10] for _ in range(RECOVERY_COUNT))
    return [f"{text[:5]}-{text[5:]}" for text in texts]


def recovery_form(text: str) -> str | None:
    """A recovery code as it is stored, however it was typed; None for what is none."""
    letters = re.sub(r"[\s-]", "", text.lower())
    code = f"{letters[:5]}-{letters[5:]}"
    return code if _RECOVERY.fullmatch(code) else None


def new_totp_secret() -> str:
    """A base32 secret of 160 bits, as RFC 4226 recommends."""
    return pyotp.random_base32(32)


def otpauth_uri(secret: str, account: str) -> str:
    """What an authenticator app scans."""
    return f"otpauth://totp/{ISSUER}:{quote(account)}?secret={secret}&issuer={ISSUER}"


def totp_step(secret: str, code: str, now: float) -> int | None:
    """The time step whose code this is: the present one or a neighbour (clocks differ); None for a wrong code."""
    totp = pyotp.TOTP(secret)
    present = int(now) // STEP
    for step in (present, present - 1, present + 1):
        if secrets.compare_digest(totp.generate_otp(step), code):
            return step
    return None
