"""The limits that no linter checks: how long a module and a function may be."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "ontologies",
    "engines",
    "geotriples",
    "strabon_store",
    "federation",
    "ml",
    "api",
    "tests",
)
MODULE_LIMIT = 500
FUNCTION_LIMIT = 50
VAGUE_NAMES = {"utils", "util", "helpers", "common", "misc", "core", "manager"}

MODULES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    documented = ast.get_docstring(function) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_and_functions_are_short(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= MODULE_LIMIT
    lengths = {f"{f.name}:{f.lineno}": _length(f) for f in _functions(ast.parse(text))}
    assert {k: v for k, v in lengths.items() if v > FUNCTION_LIMIT} == {}


def test_half_of_all_functions_are_under_ten_lines() -> None:
    trees = [ast.parse(p.read_text()) for p in MODULES if "tests" not in p.parts]
    lengths = sorted(_length(f) for tree in trees for f in _functions(tree))
    assert lengths[len(lengths) // 2] < 10


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [p for p in MODULES if p.stem in VAGUE_NAMES] == []
