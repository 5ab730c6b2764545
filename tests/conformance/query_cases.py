"""The W3C's query evaluation tests: what is asked, of what data, what comes out."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import unquote, urlsplit

import pyoxigraph as ox

from tests.conformance.manifests import SUITES
from tests.solutions import Answer, Row, from_oxigraph, parse_result

_MF: Final = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
_QT: Final = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
_RS: Final = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
_DCT: Final = "http://purl.org/dc/terms/"
_SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_TEST: Final = "https://w3id.org/pytheas/ontology/test#"
_TYPE: Final = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_RESULT_SET: Final = ox.NamedNode(f"{_RS}ResultSet")
_KINDS: Final = {f"{_MF}QueryEvaluationTest", f"{_MF}CSVResultFormatTest"}
_FORMATS: Final = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".rdf": ox.RdfFormat.RDF_XML,
}

Expected: TypeAlias = Answer | bool | str | ox.Dataset
"""Solutions, a truth value, CSV text, or the graph that CONSTRUCT makes."""


@dataclass(frozen=True, slots=True)
class QueryCase:
    """A query evaluation test.

    Attributes:
        id: The folder of its manifest and its local name.
        query: The file with the query.
        data: The files of the default graph.
        graphs: The files of the named graphs, each named by its own IRI.
        result: The file with what must come out.
        is_lax: Whether duplicates may be removed (REDUCED).
        requirements: The requirements that it is a case of, where its manifest says so.
        tolerance: By how much of its value a double may be off.
        entails: Whether the graph is asked for what it entails by RDFS.
    """

    id: str
    query: Path
    data: tuple[Path, ...]
    graphs: tuple[Path, ...]
    result: Path
    is_lax: bool
    requirements: tuple[str, ...] = ()
    tolerance: float = 0.0
    entails: bool = False


@cache
def read_query_cases(suite: str | Path, pattern: str) -> dict[str, QueryCase]:
    """The query evaluation tests in the manifests that match, by id.

    Args:
        suite: A folder of the suites, or the whole path of a folder of ours.
        pattern: Which of the files below it are manifests.
    """
    root = SUITES / suite
    paths = sorted(root.glob(pattern))
    return {case.id: case for path in paths for case in _read(path, root)}


def read_graph(path: Path, *, rename_blank_nodes: bool = False) -> ox.Dataset:
    """The triples of a file, relative IRIs resolved against its place."""
    return ox.Dataset(
        ox.parse(
            path=path,
            format=_FORMATS[path.suffix],
            base_iri=path.as_uri(),
            rename_blank_nodes=rename_blank_nodes,
        )
    )


def read_expected(case: QueryCase) -> Expected:
    """What the query must give."""
    path = case.result
    if path.suffix == ".csv":
        return path.read_text("utf-8")
    if path.suffix not in _FORMATS:
        return parse_result(path.read_bytes(), path.suffix)
    graph = read_graph(path)
    if found := list(_subjects(graph, f"{_RS}boolean")):
        answer = object_of(graph, found[0], f"{_RS}boolean")
        return isinstance(answer, ox.Literal) and answer.value == "true"
    roots = (q.subject for q in graph if q.object == _RESULT_SET)
    root = next(roots, None)
    return graph if root is None else _result_set(graph, root)


def _read(manifest: Path, root: Path) -> Iterator[QueryCase]:
    graph = read_graph(manifest)
    folder = manifest.parent.relative_to(root).as_posix()
    for quad in graph.quads_for_predicate(_TYPE):
        kind, test = quad.object, quad.subject
        if not isinstance(kind, ox.NamedNode) or kind.value not in _KINDS:
            continue
        action = object_of(graph, test, f"{_MF}action")
        result = object_of(graph, test, f"{_MF}result")
        if not isinstance(test, ox.NamedNode) or result is None:
            continue
        cardinality = object_of(graph, test, f"{_MF}resultCardinality")
        yield QueryCase(
            id=f"{folder}#{test.value.rpartition('#')[2]}",
            query=file_of(object_of(graph, action, f"{_QT}query")),
            data=tuple(file_of(one) for one in objects_of(graph, action, f"{_QT}data")),
            graphs=tuple(
                file_of(one) for one in objects_of(graph, action, f"{_QT}graphData")
            ),
            result=file_of(result),
            is_lax=cardinality == ox.NamedNode(f"{_MF}LaxCardinality"),
            requirements=_iris(objects_of(graph, test, f"{_DCT}conformsTo")),
            tolerance=_number(object_of(graph, test, f"{_TEST}relativeTolerance")),
            entails=bool(objects_of(graph, action, f"{_SD}entailmentRegime")),
        )


def _iris(nodes: list[object]) -> tuple[str, ...]:
    return tuple(node.value for node in nodes if isinstance(node, ox.NamedNode))


def _number(node: object) -> float:
    return float(node.value) if isinstance(node, ox.Literal) else 0.0


def file_of(node: object) -> Path:
    """The file that a manifest names by its IRI."""
    if not isinstance(node, ox.NamedNode):
        raise TypeError(f"{node!r} names no file")
    return Path(unquote(urlsplit(node.value).path))


def objects_of(graph: ox.Dataset, subject: object, predicate: str) -> list[object]:
    """All that a manifest says of a subject by one predicate."""
    if not isinstance(subject, ox.NamedNode | ox.BlankNode):
        return []
    wanted = ox.NamedNode(predicate)
    quads = graph.quads_for_subject(subject)
    return sorted((q.object for q in quads if q.predicate == wanted), key=str)


def object_of(graph: ox.Dataset, subject: object, predicate: str) -> object:
    """What a manifest says of a subject, None where it says nothing."""
    return next(iter(objects_of(graph, subject, predicate)), None)


def _subjects(graph: ox.Dataset, predicate: str) -> Iterator[object]:
    for quad in graph.quads_for_predicate(ox.NamedNode(predicate)):
        yield quad.subject


def _result_set(graph: ox.Dataset, root: object) -> Answer:
    """A result set in the vocabulary of the SPARQL 1.0 tests, ordered by its index."""
    names = objects_of(graph, root, f"{_RS}resultVariable")
    variables = tuple(one.value for one in names if isinstance(one, ox.Literal))
    solutions = sorted(
        objects_of(graph, root, f"{_RS}solution"), key=lambda one: _index(graph, one)
    )
    return Answer(variables, tuple(_row(graph, one, variables) for one in solutions))


def _index(graph: ox.Dataset, solution: object) -> int:
    index = object_of(graph, solution, f"{_RS}index")
    return int(index.value) if isinstance(index, ox.Literal) else 0


def _row(graph: ox.Dataset, solution: object, variables: tuple[str, ...]) -> Row:
    row = {}
    for binding in objects_of(graph, solution, f"{_RS}binding"):
        name = object_of(graph, binding, f"{_RS}variable")
        if isinstance(name, ox.Literal):
            row[name.value] = from_oxigraph(object_of(graph, binding, f"{_RS}value"))
    return tuple(row.get(name) for name in variables)
