"""Files that record what was agreed; GOLDEN=write rewrites them, and the diff is for a person to read."""

import os
from pathlib import Path


def same_as_golden(path: Path, text: str) -> None:
    """Fail when the file says something else than `text`."""
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    recorded = path.read_text("utf-8") if path.exists() else ""
    assert text == recorded, f"{path.name} differs: run GOLDEN=write make test and read the diff"
