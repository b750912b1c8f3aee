"""The route table: complete, closed by default, as agreed."""

import re
from pathlib import Path

from authsvc.routes import ROUTES
from authsvc.routing import Access
from tests.client import Api
from tests.shape.golden import same_as_golden

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "routes.txt"
NAMES = [(row, path) for row in ROUTES for path in row.paths]
CLOSED = [(row, path) for row, path in NAMES if row.access not in {Access.PUBLIC, Access.PUBLIC_PAGE}]


def shown(path: str) -> str:
    """A path as people write it: without the patterns of its parts."""
    return re.sub(r"\{(\w+):(?:[^{}]|\{[^}]*\})*\}", r"{\1}", path)


def test_the_table_is_as_agreed() -> None:
    lines = sorted(f"{shown(path):55} {row.method:6} {row.access.value:15} {row.name}\n" for row, path in NAMES)
    same_as_golden(GOLDEN, "".join(lines))


def test_no_name_twice() -> None:
    names = [(row.method, path) for row, path in NAMES]
    assert len(names) == len(set(names))


def test_every_path_ends_with_a_slash_or_is_a_file() -> None:
    assert [
        p for _, p in NAMES if not p.endswith("/") and p not in {"/healthz", "/readyz", "/metrics"} and "." not in p
    ] == []


def test_parts_of_paths_have_a_pattern() -> None:
    assert [path for _, path in NAMES if re.search(r"\{[a-z_]+\}|\\d", path)] == []


def test_what_writes_has_a_limit() -> None:
    assert [row.name for row in ROUTES if row.method != "GET" and row.limit is None] == []


def test_every_handler_says_what_it_does() -> None:
    assert [row.name for row in ROUTES if not (row.handler.__doc__ or "").strip()] == []


async def test_every_closed_row_refuses_a_stranger(api: Api) -> None:
    for row, path in CLOSED:
        answer = await api.request(row.method, re.sub(r"\{\w+\}", "1", shown(path)))
        refusal = (404, "not_found") if row.access is Access.INTERNAL else (401, "not_authenticated")
        assert (answer.status, answer.code) == refusal, f"{row.method} {path}"
