"""Uploaded pictures on disk, named by what they hold: DATA_DIR/media/<sha256>.webp."""

import hashlib
import os
import threading
from pathlib import Path


def store(data_dir: Path, content: bytes) -> str:
    """Write a picture unless it is there; its SHA-256 in hex. Nobody ever sees half a file."""
    digest = hashlib.sha256(content).hexdigest()
    final = path_of(data_dir, digest)
    if not final.exists():
        final.parent.mkdir(parents=True, exist_ok=True)
        part = final.with_name(f".{digest}.{os.getpid()}.{threading.get_ident()}")
        part.write_bytes(content)
        part.replace(final)
    return digest


def path_of(data_dir: Path, digest: str) -> Path:
    """Where the picture with this SHA-256 is, if it is."""
    return data_dir / "media" / f"{digest}.webp"
