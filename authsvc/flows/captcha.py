"""Captchas: an image and a sound, one try each, and a token for one use."""

import base64
import secrets
from functools import lru_cache
from typing import Any, NamedTuple

from authsvc import guard
from authsvc.core import names, sealing
from authsvc.core.devices import Device
from authsvc.core.person import Kind, Origin, Person
from authsvc.people import PEOPLE
from authsvc.queries import captchas
from authsvc.queries import guard as counts
from authsvc.service import Service

ALPHABET = "ABCDEFGHJKMNPQRTUVWXY23456789"  # 29 that are not taken for one another
LENGTH = 6
LIFE = 600  # seconds


class Challenge(NamedTuple):
    """What a client shows: data URIs of a PNG and a WAV."""

    session_id: str
    image: str
    audio: str


async def generate(svc: Service, purpose: str | None) -> Challenge:
    """A new challenge, for ten minutes."""
    answer = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    session_id = sealing.random_token()
    image, audio = await svc.hasher.run(lambda: _render(answer))  # half a second of CPU, as a password is
    await captchas.add(svc.db, sealing.token_hash(session_id), _answer_hash(svc, session_id, answer), purpose)
    return Challenge(session_id, f"data:image/png;base64,{image}", f"data:audio/wav;base64,{audio}")


async def verify(svc: Service, session_id: str, response: str, origin: Origin) -> str | None:
    """A token for one use if the answer is right; whatever it is, the challenge is spent."""
    token = sealing.random_token()
    given = _answer_hash(svc, session_id, response.strip().upper())
    right = await guard.check(
        svc,
        guard.Attempt(None, "captcha_fail", origin),
        lambda: captchas.answer(svc.db, sealing.token_hash(session_id), given, sealing.token_hash(token)),
    )
    return token if right else None


async def failures_of(svc: Service, email: str, device: Device | None) -> int:
    """Failed sign-ins of an account name, whether somebody has it or not; on a known device those of the device.

    Of a staff user and an employee with the same address the higher number: who asks does not say which he is.
    """
    return max([await _failures(svc, kind, email, device) for kind in Kind])


async def _failures(svc: Service, kind: Kind, email: str, device: Device | None) -> int:
    account = await PEOPLE[kind].by_email(svc.db, names.canonical_email(email))
    person = Person(kind, account["id"]) if account else None
    state = await counts.state(svc.db, guard.sign_in_key(svc, kind, email, person, device), None)
    return int(state["failures"])


async def network_needs_one(svc: Service, origin: Origin) -> bool:
    """Did this network register or forget passwords so often that the next needs a captcha?"""
    if not svc.settings.limits:
        return False
    return await counts.uses(svc.db, guard.use_key(origin)) >= guard.FREE_USES


def _answer_hash(svc: Service, session_id: str, answer: str) -> bytes:
    return sealing.keyed_hash(svc.settings.secret, "captcha", session_id, answer)


def _render(answer: str) -> tuple[str, str]:
    from captcha.image import ImageCaptcha  # noqa: PLC0415 - with Pillow 4 MB, which few processes need

    image = ImageCaptcha(width=220, height=80).generate(answer).getvalue()
    audio = bytes(_voice().generate(answer))
    return base64.b64encode(image).decode(), base64.b64encode(audio).decode()


@lru_cache(maxsize=1)
def _voice() -> Any:
    from captcha.audio import AudioCaptcha  # noqa: PLC0415

    return AudioCaptcha()
