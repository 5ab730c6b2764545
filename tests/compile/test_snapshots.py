"""What a query becomes at every stage, compared with `cases/<name>/`.

`PYTHEAS_UPDATE_SNAPSHOTS=1 pytest tests/compile` rewrites the files.
"""

import os
from pathlib import Path
from typing import Final

import pytest

from strabon_store.algebra.render import render_query
from strabon_store.algebra.terms import Term
from strabon_store.backends.duckdb import generate
from strabon_store.frontend import parse_query
from strabon_store.passes import run_passes
from strabon_store.relational.layout import PredicateStatistics
from strabon_store.relational.lower import lower_query
from strabon_store.relational.render import render_plan
from strabon_store.relational.stars import NO_STARS, Stars

CASES: Final = sorted(Path(__file__).with_name("cases").iterdir())
DEMO: Final = sorted(
    (Path(__file__).parents[2] / "api" / "demo" / "queries").rglob("*.rq")
)
IS_UPDATE: Final = os.environ.get("PYTHEAS_UPDATE_SNAPSHOTS") == "1"


class NumberedTerms:
    """A catalog that knows every term: ids by the order in which they are asked for."""

    def __init__(self) -> None:
        self._ids: dict[Term, int] = {}

    def term_id(self, term: Term) -> int | None:
        return self._ids.setdefault(term, len(self._ids) + 1)

    def predicate(self, term_id: int) -> PredicateStatistics | None:
        del term_id
        return None

    def stars(self) -> Stars:
        return NO_STARS


def _stages(text: str) -> dict[str, str]:
    query = parse_query(text)
    optimized = run_passes(query)
    plan = lower_query(optimized, NumberedTerms())
    return {
        "algebra.sse": render_query(query),
        "optimized.sse": render_query(optimized),
        "plan.txt": render_plan(plan),
        "duckdb.sql": generate(plan).sql,
    }


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_every_stage_is_as_it_was(case: Path) -> None:
    text = (case / "query.rq").read_text("utf-8")
    for name, content in _stages(text).items():
        path = case / name
        if IS_UPDATE:
            path.write_text(content + "\n", "utf-8")
        assert path.read_text("utf-8") == content + "\n"


@pytest.mark.parametrize("path", [*DEMO, *CASES], ids=lambda path: path.name)
def test_the_same_query_gives_the_same_text(path: Path) -> None:
    file = path / "query.rq" if path.is_dir() else path
    text = file.read_text("utf-8")
    assert _stages(text) == _stages(text)
