"""Answers that the standard decides and pyoxigraph gives otherwise."""

from collections.abc import Iterator
from typing import Final

import pytest

from strabon_store.algebra.terms import IRI, BlankNode, Literal, Term
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store
from tests.differential.cases import PROLOGUE
from tests.solutions import read_all

DATA: Final = """
@prefix : <http://example.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:n :size "007"^^xsd:integer ; :kind "5"^^xsd:int ; :flag "1"^^xsd:boolean ;
    :huge 123456789012345678901234567890 ; :word "ja"@de ; :none "NaN"^^xsd:double ;
    :rate "1.50"^^xsd:decimal ; :no false .
:m :p :m ; :q :m ; :r :m .
:g1 { :a :p 1 , 2 . } :g2 { :a :p 3 . }
"""


@pytest.fixture(scope="module")
def spellings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("spellings")
    (folder / "data.trig").write_text(DATA, "utf-8")
    with Store.open(folder / "store") as store:
        store.load([folder / "data.trig"])
        yield store


def _text(term: Term | None) -> str | None:
    match term:
        case IRI(value):
            return value.rpartition("/")[2]
        case Literal(lexical):
            return lexical
        case BlankNode() | None:
            return None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        # 18.4: a constant end of a path of no length is there, be it in no graph.
        ("SELECT ?x { ?x (:no)* :nowhere }", [("nowhere",)]),
        # So it is where it stands in another graph, with `?` and with longer steps.
        ("SELECT ?z { :g1 :p* ?z }", [("g1",)]),
        ("SELECT ?z { :nowhere :no? ?z }", [("nowhere",)]),
        (
            "SELECT ?z { :nowhere (:p/:no)* ?z . :nowhere :no* :nowhere }",
            [("nowhere",)],
        ),
        # 18.4: a triple of each predicate that is none of the set.
        ("SELECT ?s { ?s :p ?o . ?s !:p ?o }", [("m",), ("m",)]),
        # 18.6: a group is evaluated in each named graph.
        (
            "SELECT ?g ?n { GRAPH ?g { SELECT (COUNT(*) AS ?n) { ?s ?p ?o } } }",
            [("g1", "2"), ("g2", "1")],
        ),
        # 18.6: within GRAPH its variable is bound when the group is done, not before.
        (
            "SELECT ?g ?o { GRAPH ?g { :a :p ?o FILTER EXISTS { :a :p ?g } } }",
            [("g1", "1"), ("g1", "2"), ("g2", "3")],
        ),
        # 18.5.1.3 and 18.5.1.4: the sum and the mean of nothing are an integer.
        (
            "SELECT (SUM(?o) AS ?s) (AVG(?o) AS ?m) { :n :rate ?o FILTER (?o > 2) }",
            [("0", "0")],
        ),
        (
            "SELECT (DATATYPE(SUM(?o)) AS ?t) { :n :rate ?o FILTER (?o > 2) }",
            [("XMLSchema#integer",)],
        ),
        # A type that is known makes no value of what is unbound.
        (
            "SELECT (DATATYPE(?o) AS ?d) { OPTIONAL { :n :rate ?o FILTER (?o > 2) } }",
            [(None,)],
        ),
        # 17.2.2: a plain literal with a language tag has an effective boolean value.
        ("SELECT ?o { :n :word ?o FILTER (?o) }", [("ja",)]),
        # 17.3: NaN is not greater than anything, and that is no error.
        ("SELECT ?o { :n :none ?o FILTER (!(?o > 5)) }", [("NaN",)]),
        # 17.3: false is less than true.
        ("SELECT ?o { :n :no ?o FILTER (?o < true) }", [("false",)]),
        # RDF 1.1 Concepts 3.3: a literal is its lexical form, compared by value.
        ("SELECT ?o { :n :size ?o FILTER (?o = 7) }", [("007",)]),
        ("SELECT ?o { :n :flag ?o FILTER (?o = true) }", [("1",)]),
        ("SELECT ?o { :n :kind ?o FILTER (?o = 5.0) }", [("5",)]),
        ("SELECT ?o { :n :rate ?o FILTER (?o = 1.5) }", [("1.50",)]),
        ("SELECT ?p { :n ?p 7 }", []),
        (
            "SELECT ?o { :n :huge ?o FILTER (isNumeric(?o)) }",
            [("123456789012345678901234567890",)],
        ),
    ],
)
def test_the_standard_decides(
    spellings: Store, query: str, expected: list[tuple[str, ...]]
) -> None:
    result = spellings.query(PROLOGUE + query)
    assert isinstance(result, Solutions)
    rows = read_all(result).rows
    assert sorted(tuple(map(_text, row)) for row in rows) == expected
