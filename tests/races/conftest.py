"""What all tests of races use."""

import pytest


@pytest.fixture(autouse=True)
def _quickly_drawn(drawn_once: None) -> None:
    """The answers' pictures do not matter here."""
