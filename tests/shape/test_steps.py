"""What lets a sweep try one name for many: all names of a row are one, and the steps know little of the row."""

import ast
from pathlib import Path

from authsvc.pipeline import answering
from authsvc.routes import ROUTES
from authsvc.routing import ROWS
from tests.client import Api
from tests.middleware.kit import steps_of

PACKAGE = Path(answering.__code__.co_filename).parent
BEFORE_HANDLERS = [
    *sorted((PACKAGE / "middleware").glob("*.py")),
    *(PACKAGE / f"{m}.py" for m in ("bodies", "internal", "pipeline")),
]
WEIGHED = {"access", "kinds", "limit", "knows_caller", "may_revoke", "settles_itself", "scope", "spec"}  # by `steps_of`
SHOWN = {"method", "path", "name"}  # in keys of limits, in metrics and in the log
PASSED_ON = {"handler"}
OF_PATHS = {"path", "raw_path", "path_qs", "rel_url", "url"}
UNMATCHED = {"errors.py: response_to", "errors.py: _of_aiohttp"}  # in the log, and for requests that no row answers


def attributes(path: Path, of: str) -> set[tuple[str, str]]:
    """What is read of a variable of this name: (function, attribute)."""
    functions = [
        n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.AsyncFunctionDef | ast.FunctionDef)
    ]
    return {
        (function.name, node.attr)
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == of
    }


async def test_all_names_of_a_row_lead_to_one_chain(api: Api) -> None:
    rows = api.client.server.runner.app[ROWS]
    answering = {row: {route.handler for route, known in rows.items() if known is row} for row in ROUTES}
    assert {len(found) for found in answering.values()} == {1}


def test_steps_go_by_what_the_sweeps_tell_apart() -> None:
    found = {name for path in BEFORE_HANDLERS for _, name in attributes(path, "row")}
    assert found == WEIGHED | SHOWN | PASSED_ON
    assert len({steps_of(row) for row in ROUTES}) > 20


def test_steps_do_not_look_at_paths() -> None:
    found = {
        f"{path.name}: {function}"
        for path in BEFORE_HANDLERS
        for function, name in attributes(path, "request")
        if name in OF_PATHS
    }
    assert found == UNMATCHED
