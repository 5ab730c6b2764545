"""Whether two results are the same: as multisets, by value, up to blank nodes.

SPARQL 1.1 says which solutions there are, not how their numbers are spelled nor how
their blank nodes are labelled, so neither is compared.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, TypeAlias

import pyoxigraph as ox

from strabon_store.algebra.terms import IRI, BlankNode, Literal, Term
from strabon_store.results.graphs import Graph
from strabon_store.results.media_types import GRAPH_FORMATS
from strabon_store.results.solutions import Solutions
from tests.isomorphism import Labelled, is_isomorphic

Row: TypeAlias = tuple[Term | None, ...]
Key: TypeAlias = tuple[object, ...]

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_INEXACT: Final = {f"{_XSD}{name}" for name in ("decimal", "float", "double")}
_INTEGERS: Final = {
    f"{_XSD}{name}" for name in ("integer", "int", "long", "short", "byte")
}
_DIGITS: Final = 12
"""Significant digits that two engines' decimals and doubles must share."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A SELECT result that is read to its end."""

    variables: tuple[str, ...]
    rows: tuple[Row, ...]

    def column(self, name: str) -> list[Key | None]:
        """The values of a variable in their order."""
        position = self.variables.index(name)
        return [_key(row[position]) for row in self.rows]


def read_all(result: Solutions | Graph) -> Answer:
    """Our own result; a graph as the solutions that its triples are."""
    with result:
        solutions = result.solutions if isinstance(result, Graph) else result
        return Answer(solutions.variables, tuple(solutions))


def read_oxigraph(result: ox.QuerySolutions) -> Answer:
    """A result of pyoxigraph, or one that it parsed."""
    variables = tuple(variable.value for variable in result.variables)
    return Answer(
        variables,
        tuple(
            tuple(from_oxigraph(solution[v]) for v in variables) for solution in result
        ),
    )


def from_oxigraph(term: object) -> Term | None:
    """A term of pyoxigraph's as one of ours."""
    match term:
        case None:
            return None
        case ox.NamedNode():
            return IRI(term.value)
        case ox.BlankNode():
            return BlankNode(term.value)
        case ox.Literal():
            if term.language is not None:
                return Literal(term.value, language=term.language)
            return Literal(term.value, term.datatype.value)
        case _:
            raise TypeError(f"{term!r} is no RDF 1.1 term")


def assert_same_solutions(actual: Answer, expected: Answer) -> None:
    """Fail with the rows that one side alone has."""
    assert set(actual.variables) == set(expected.variables)
    ours = _aligned(actual, expected.variables)
    shapes = Counter(_shape(row) for row in ours)
    wanted = Counter(_shape(row) for row in expected.rows)
    assert (shapes - wanted, wanted - shapes) == (Counter(), Counter())
    assert is_isomorphic(*map(_labelled, (ours, expected.rows))), (
        "blank nodes are joined differently"
    )


def assert_same_graph(
    actual: Graph, expected: Iterable[ox.Triple | ox.Quad], format_name: str = "turtle"
) -> None:
    """Fail with the triples that one side alone has, by way of one of our formats."""
    graph_format = GRAPH_FORMATS[format_name]
    with actual:
        written = b"".join(graph_format.serialize(actual))
    rdf_format = ox.RdfFormat.from_media_type(graph_format.media_type)
    ours = _canonical(ox.parse(written, format=rdf_format))
    wanted = _canonical(expected)
    assert (ours - wanted, wanted - ours) == (set(), set())


def _canonical(triples: Iterable[ox.Triple | ox.Quad]) -> set[str]:
    graph = ox.Dataset(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    graph.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return {str(quad) for quad in graph}


def assert_same_sequence(
    actual: Answer, expected: Answer, variables: Iterable[str]
) -> None:
    """Fail where a sort key has other values, or the same in another order."""
    for name in variables:
        assert actual.column(name) == expected.column(name)


def _aligned(answer: Answer, variables: Sequence[str]) -> tuple[Row, ...]:
    order = [answer.variables.index(name) for name in variables]
    return tuple(tuple(row[i] for i in order) for row in answer.rows)


def _shape(row: Row) -> tuple[Key | None, ...]:
    """The row without the labels of blank nodes, repeated ones marked."""
    seen: dict[str, int] = {}
    return tuple(
        ("blank", seen.setdefault(term.label, len(seen)))
        if isinstance(term, BlankNode)
        else _key(term)
        for term in row
    )


def _key(term: Term | None) -> Key | None:
    match term:
        case None:
            return None
        case IRI(value):
            return ("iri", value)
        case BlankNode():
            return ("blank",)
        case Literal(lexical, datatype, language):
            tag = None if language is None else language.lower()
            return (_value(lexical, datatype), datatype, tag)


def _value(lexical: str, datatype: str) -> object:
    if datatype in _INTEGERS | _INEXACT:
        return _number(lexical, is_exact=datatype in _INTEGERS)
    if datatype == f"{_XSD}boolean":
        return {"1": "true", "0": "false"}.get(lexical, lexical)
    if datatype == f"{_XSD}dateTime":
        return _moment(lexical)
    return lexical


def _number(lexical: str, *, is_exact: bool) -> object:
    try:
        number = Decimal(lexical.replace("INF", "Infinity"))
    except InvalidOperation:
        return lexical
    if number.is_nan():
        return "NaN"
    if is_exact or not number.is_finite() or number == 0:
        return number
    return f"{number:.{_DIGITS - 1}e}"


def _moment(lexical: str) -> str:
    """Without trailing zeros of the second, and with Z for +00:00."""
    zone = next((z for z in ("Z", "+00:00", "-00:00") if lexical.endswith(z)), "")
    local = lexical[: len(lexical) - len(zone)]
    if "." in local:
        local = local.rstrip("0").rstrip(".")
    return local + ("Z" if zone else "")


def _labelled(rows: Iterable[Row]) -> list[Labelled]:
    return [(_shape(row), _labels(row)) for row in rows]


def _labels(row: Row) -> tuple[str, ...]:
    return tuple(term.label for term in row if isinstance(term, BlankNode))


def parse_result(text: bytes, suffix: str) -> Answer | bool:
    """A file of expected results, by its suffix: srx, srj or tsv."""
    formats: Mapping[str, ox.QueryResultsFormat] = {
        ".srx": ox.QueryResultsFormat.XML,
        ".srj": ox.QueryResultsFormat.JSON,
        ".tsv": ox.QueryResultsFormat.TSV,
    }
    parsed = ox.parse_query_results(text, formats[suffix])
    if isinstance(parsed, ox.QueryBoolean):
        return bool(parsed)
    return read_oxigraph(parsed)
