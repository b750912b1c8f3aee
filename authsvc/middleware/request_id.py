"""What a request is called, in its answer and in the log."""

import itertools
import os
import secrets

_numbers = itertools.count(1)
_process = ""


def _name_process() -> None:
    global _process  # noqa: PLW0603 - one name per process
    _process = secrets.token_hex(3)


_name_process()
os.register_at_fork(after_in_child=_name_process)  # workers must not give the same ids


def new_id() -> str:
    """One more id, unlike those of all other processes."""
    return f"{_process}-{next(_numbers)}"
