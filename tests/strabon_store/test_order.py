"""The order of numbers that are one as doubles (SPARQL 1.1 section 15.1)."""

from collections.abc import Iterator
from typing import Final

import pytest

from strabon_store.algebra.terms import Literal
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store
from tests.solutions import read_all

ASCENDING: Final = (
    ("-100000000000000000001",),
    ("-1E20",),
    ("5", "5.0e0", "5.00"),
    ("99999999999999999999",),
    ("1E20", "1e20", "1.0E20", "100000000000000000000"),
    ("100000000000000000001",),
    ("1E21", "10.0e20"),
    ("1E40", "10000000000000000000000000000000000000000"),
    ("INF",),
)
"""Numbers that are equal, in the order of the tuples."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("order") / "store") as opened:
        texts = [text for equal in ASCENDING for text in equal]
        rows = (
            f"<urn:{n}> <urn:p> {_term(text)} ; <urn:r> {n * 7 % len(texts)} ."
            for n, text in enumerate(texts)
        )
        opened.update(f"INSERT DATA {{ {' '.join(rows)} }}")
        yield opened


def _term(text: str) -> str:
    kind = "double" if set(text) & set("eEI") else "decimal" if "." in text else ""
    xsd = "http://www.w3.org/2001/XMLSchema#"
    return f'"{text}"^^<{xsd}{kind or "integer"}>'


@pytest.mark.parametrize("filters", ["", "FILTER(isNumeric(?v))", 'BIND("x" AS ?x)'])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_numbers_sort_by_value_and_what_is_equal_by_what_comes_next(
    store: Store, filters: str, direction: str
) -> None:
    text = (
        f"SELECT ?v ?r {{ ?s <urn:p> ?v ; <urn:r> ?r {filters} }} "
        f"ORDER BY {direction}(?v) ?r"
    )
    result = store.query(text)
    assert isinstance(result, Solutions)
    rows = [[_lexical(term) for term in row] for row in read_all(result).rows]
    groups = ASCENDING if direction == "ASC" else ASCENDING[::-1]
    for equal in groups:
        found, rows = rows[: len(equal)], rows[len(equal) :]
        assert {value for value, _ in found} == set(equal)
        ranks = [int(rank) for _, rank in found]
        assert ranks == sorted(ranks)


def _lexical(term: object) -> str:
    assert isinstance(term, Literal)
    return term.lexical
