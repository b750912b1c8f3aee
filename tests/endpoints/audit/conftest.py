"""Two systems and the people around them, fresh for each test."""

from tests.rights.conftest import world

__all__ = ["world"]
