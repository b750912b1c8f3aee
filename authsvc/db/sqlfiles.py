"""Read named statements from sql/queries/<noun>.sql.

A file holds blocks that start with `-- name: <name>`; the comment lines that follow say what the
statement is for; the rest, up to the next `-- name:`, is the statement. Placeholders are asyncpg's
own `$1`, nothing is rewritten.
"""

import re
from pathlib import Path

QUERIES_DIR = Path(__file__).resolve().parents[2] / "sql" / "queries"
_HEADER = re.compile(r"^-- name: (\w+)[ \t]*\n((?:--.*\n)*)", re.MULTILINE)


def load(noun: str) -> dict[str, str]:
    """All statements of one file, by name; ValueError for a name given twice or without a comment."""
    _, *blocks = _HEADER.split((QUERIES_DIR / f"{noun}.sql").read_text("utf-8"))
    found: dict[str, str] = {}
    for name, comment, body in zip(blocks[0::3], blocks[1::3], blocks[2::3], strict=True):
        if name in found:
            raise ValueError(f"{noun}.sql names {name!r} twice")
        if not comment:
            raise ValueError(f"{noun}.sql: {name!r} has no comment saying what it is for")
        found[name] = body.strip().rstrip(";")
    return found
