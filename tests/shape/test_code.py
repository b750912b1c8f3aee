"""The rules of the code base, as tests."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "authsvc"
MODULES = [*sorted(PACKAGE.rglob("*.py")), ROOT / "run.py"]
MAX_LINES, MAX_FUNCTION, MAX_MIDDLEWARE, MAX_HANDLER = 350, 40, 80, 30


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text("utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


@pytest.mark.parametrize("path", [*MODULES, *sorted((ROOT / "tests").rglob("*.py"))], ids=lambda p: p.name)
def test_a_module_fits_in_a_sitting(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.name)
def test_functions_are_short(path: Path) -> None:
    most = MAX_HANDLER if path.parent.name == "handlers" else MAX_FUNCTION
    exempt = {"load"} if path.name == "settings.py" else set()  # one line per setting
    assert [(f.name, length(f)) for f in functions(path) if length(f) > most and f.name not in exempt] == []


@pytest.mark.parametrize("path", sorted((PACKAGE / "middleware").glob("*.py")), ids=lambda p: p.name)
def test_middlewares_are_small(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MAX_MIDDLEWARE + 30


@pytest.mark.parametrize("path", [p for p in MODULES if p.name != "__init__.py"], ids=lambda p: p.name)
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


def test_there_is_no_drawer_for_everything() -> None:
    assert [p for p in MODULES if p.stem in {"utils", "util", "helpers", "misc", "common"}] == []
