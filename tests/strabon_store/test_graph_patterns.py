"""GRAPH and datasets, where Oxigraph answers otherwise than the standard says."""

from collections.abc import Iterator

import pytest

from strabon_store.algebra.terms import IRI, Literal
from strabon_store.store import Store
from tests.solutions import read_all

E = "http://e/"
COUNT = "SELECT (COUNT(*) AS ?n)"
DATA = """
<{0}a> <{0}p> <{0}b> <{0}g> .
<{0}a> <{0}p> <{0}b> <{0}h> .
<{0}a> <{0}q> <{0}a> <{0}h> .
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("graphs")
    (folder / "data.nq").write_text(DATA.format(E))
    with Store.open(folder / "store") as opened:
        opened.load([folder / "data.nq"])
        yield opened


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        # One group in each graph, also of no solutions (18.2.4.1, 18.6).
        (
            "SELECT ?g ?n { GRAPH ?g { SELECT (COUNT(*) AS ?n) { ?x :r ?y } } }",
            "g 0, h 0",
        ),
        (
            "SELECT ?g ?n { GRAPH ?g { SELECT (COUNT(*) AS ?n) { ?x :q ?y } } }",
            "g 0, h 1",
        ),
        # The default graph is a merge: a triple of two graphs is one (13.2.1).
        ("SELECT ?x ?y FROM :g FROM :h { ?x :p ?y }", "a b"),
        ("SELECT ?x ?y FROM :g FROM :h { ?x :p+ ?y }", "a b"),
        ("SELECT ?x ?y FROM :g FROM :h { ?x !:q ?y }", "a b"),
    ],
)
def test_solutions(store: Store, query: str, expected: str) -> None:
    result = store.query(f"PREFIX : <{E}> {query}")
    assert not isinstance(result, bool)
    rows = sorted(" ".join(map(_short, row)) for row in read_all(result).rows)
    assert ", ".join(rows) == expected


def _short(term: object) -> str:
    match term:
        case IRI(value):
            return value.removeprefix(E)
        case Literal(lexical):
            return lexical
        case _:
            raise AssertionError(term)
