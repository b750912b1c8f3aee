"""The rules of the code base, as tests."""

import ast
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "authsvc"
MODULES = [*sorted(PACKAGE.rglob("*.py")), ROOT / "run.py"]
MAX_LINES, MAX_FUNCTION, MAX_MIDDLEWARE, MAX_HANDLER = 350, 40, 80, 30


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text("utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def longer_than(most: int, paths: Iterable[Path]) -> list[str]:
    return [str(path) for path in paths if len(path.read_text("utf-8").splitlines()) > most]


def test_a_module_fits_in_a_sitting() -> None:
    assert longer_than(MAX_LINES, [*MODULES, *(ROOT / "tests").rglob("*.py")]) == []


def test_functions_are_short() -> None:
    too_long = []
    for path in MODULES:
        most = MAX_HANDLER if path.parent.name == "handlers" else MAX_FUNCTION
        exempt = {"load"} if path.name == "settings.py" else set()  # one line per setting
        too_long += [(path, f.name, length(f)) for f in functions(path) if length(f) > most and f.name not in exempt]
    assert too_long == []


def test_middlewares_are_small() -> None:
    assert longer_than(MAX_MIDDLEWARE + 30, (PACKAGE / "middleware").glob("*.py")) == []


def test_every_module_says_what_it_is() -> None:
    wanted = [path for path in MODULES if path.name != "__init__.py"]
    assert [path for path in wanted if not ast.get_docstring(ast.parse(path.read_text("utf-8")))] == []


def test_there_is_no_drawer_for_everything() -> None:
    assert [p for p in MODULES if p.stem in {"utils", "util", "helpers", "misc", "common"}] == []
