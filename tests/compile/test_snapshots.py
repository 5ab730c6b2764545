"""What a query becomes at every stage, compared with `cases/<name>/`.

`PYTHEAS_UPDATE_SNAPSHOTS=1 pytest tests/compile` rewrites the files.
"""

import os
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

from strabon_store.algebra.render import render_query
from strabon_store.algebra.terms import IRI, Term
from strabon_store.backends.duckdb import generate
from strabon_store.frontend import parse_query
from strabon_store.passes import run_passes
from strabon_store.relational.encoding import Tag, TermId
from strabon_store.relational.layout import PredicateStatistics
from strabon_store.relational.lower import lower_query
from strabon_store.relational.render import render_plan
from strabon_store.relational.stars import StarColumn, Stars, StarTable

CASES: Final = sorted(Path(__file__).with_name("cases").iterdir())
DEMO: Final = sorted(
    (Path(__file__).parents[2] / "api" / "demo" / "queries").rglob("*.rq")
)
IS_UPDATE: Final = os.environ.get("PYTHEAS_UPDATE_SNAPSHOTS") == "1"


class NumberedTerms:
    """A catalog that knows every term: ids by the order in which they are asked for.

    What else it knows stands in `tables.toml` beside the query.
    """

    def __init__(self, described: dict[str, Any]) -> None:
        self._ids: dict[Term, int] = {}
        self._planes = frozenset(described.get("planes", ()))
        tables = [self._table(each) for each in described.get("star", ())]
        loose = described.get("loose", {})
        self._stars = Stars(
            tuple(tables), {self.term_id(IRI(key)): n for key, n in loose.items()}
        )

    def _table(self, described: dict[str, Any]) -> StarTable:
        columns = [
            StarColumn(
                predicate=self.term_id(IRI(column["predicate"])),
                is_nullable=column.get("is_nullable", False),
                encoding=TermId(
                    frozenset(Tag[name] for name in column["tags"]),
                    column.get("datatype"),
                    planes=self._planes,
                ),
            )
            for column in described["columns"]
        ]
        by_predicate = {column.predicate: column for column in columns}
        return StarTable(described["number"], described["subjects"], by_predicate)

    def term_id(self, term: Term) -> int:
        return self._ids.setdefault(term, len(self._ids) + 1)

    def predicate(self, term_id: int) -> PredicateStatistics | None:
        columns = [
            (table, table.columns[term_id]) for table in self._stars.having(term_id)
        ]
        if not columns:
            return None
        statements = sum(table.subjects for table, _ in columns)
        encoding = columns[0][1].encoding
        return PredicateStatistics(statements, statements, statements, encoding)

    def links(self, predicate: int) -> None:
        del predicate

    def stars(self) -> Stars:
        return self._stars

    def planes(self) -> frozenset[str]:
        return self._planes

    def count_geometries(self, box: tuple[float, float, float, float]) -> None:
        del box

    def count_statements(self, predicate: int, value: int) -> None:
        del predicate, value


def _described(case: Path) -> dict[str, Any]:
    path = case / "tables.toml"
    return tomllib.loads(path.read_text("utf-8")) if path.exists() else {}


def _stages(text: str, described: dict[str, Any]) -> dict[str, str]:
    query = parse_query(text)
    optimized = run_passes(query)
    plan = lower_query(optimized, NumberedTerms(described))
    return {
        "algebra.sse": render_query(query),
        "optimized.sse": render_query(optimized),
        "plan.txt": render_plan(plan),
        "duckdb.sql": generate(plan).sql,
    }


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_every_stage_is_as_it_was(case: Path) -> None:
    text = (case / "query.rq").read_text("utf-8")
    for name, content in _stages(text, _described(case)).items():
        path = case / name
        if IS_UPDATE:
            path.write_text(content + "\n", "utf-8")
        assert path.read_text("utf-8") == content + "\n"


@pytest.mark.parametrize("path", [*DEMO, *CASES], ids=lambda path: path.name)
def test_the_same_query_gives_the_same_text(path: Path) -> None:
    file = path / "query.rq" if path.is_dir() else path
    text = file.read_text("utf-8")
    described = _described(path)
    assert _stages(text, described) == _stages(text, described)
