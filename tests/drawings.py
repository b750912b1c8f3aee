"""Captchas and QR codes drawn once: each takes long, and sweeps over all endpoints ask for hundreds."""

import functools
from typing import Any

import pytest

from authsvc.flows import captcha, own_second_factor

_real_captcha, _real_code = captcha._render, own_second_factor.segno.make


def draw_once(patch: pytest.MonkeyPatch) -> None:
    """Every captcha looks and sounds like the first one, and every QR code is the same."""
    patch.setattr(captcha, "_render", lambda answer: _captcha())
    patch.setattr(own_second_factor.segno, "make", lambda content, **options: _code(**options))


@functools.cache
def _captcha() -> tuple[str, str]:
    return _real_captcha("ABCDEF")


@functools.cache
def _code(**options: Any) -> Any:
    return _real_code("otpauth://totp/", **options)
