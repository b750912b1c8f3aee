"""Secrets that development makes for itself: once, in a file that only its owner reads."""

import os
import secrets
from pathlib import Path


def kept(path: Path, nbytes: int = 32) -> str:
    """The secret in this file, made at the first call (base64url of `nbytes` random bytes)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = secrets.token_urlsafe(nbytes)
    mine = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(made + "\n")
    try:
        os.link(mine, path)  # fails when it is there: two starters at once end with one secret
    except FileExistsError:
        pass
    finally:
        mine.unlink()
    return path.read_text().strip()
