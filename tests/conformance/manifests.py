"""The manifests of the W3C SPARQL suites, read where they lie: cases and files."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import pyoxigraph as ox

_ROOT: Final = Path(__file__).resolve().parent.parent.parent
SUITES: Final = Path(
    os.environ.get("PYTHEAS_SUITES", _ROOT.parent / "shared" / "suites")
)

_MF: Final = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
_QT: Final = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
_RDF_TYPE: Final = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_ACTION: Final = ox.NamedNode(f"{_MF}action")
_QUERY: Final = ox.NamedNode(f"{_QT}query")


@dataclass(frozen=True, slots=True)
class Case:
    """One test of a manifest.

    Attributes:
        id: The IRI of the test, with the suite's folder for the manifest's.
        kind: The local name of its type, e.g. `PositiveSyntaxTest11`.
        query: The file with the query.
    """

    id: str
    kind: str
    query: Path


@cache
def read_cases(suite: str, pattern: str) -> dict[str, Case]:
    """The cases with a query in the manifests of `suite` that match `pattern`, by id.

    Empty where the suites are absent; the fixture `suites` tells why.
    """
    root = SUITES / suite
    cases = [case for path in sorted(root.glob(pattern)) for case in _read(path, root)]
    # A data set has no order, and parallel test workers must agree on one.
    return {case.id: case for case in sorted(cases, key=lambda case: case.id)}


def _read(manifest: Path, root: Path) -> Iterator[Case]:
    graph = ox.Dataset(
        ox.parse(path=manifest, format=ox.RdfFormat.TURTLE, base_iri=manifest.as_uri())
    )
    folder = manifest.parent.relative_to(root).as_posix()
    for quad in graph:
        if quad.predicate != _RDF_TYPE or not isinstance(quad.subject, ox.NamedNode):
            continue
        query = _query(graph, quad.subject)
        if query is not None and isinstance(quad.object, ox.NamedNode):
            kind = quad.object.value.rpartition("#")[2]
            name = quad.subject.value.rpartition("#")[2]
            yield Case(f"{folder}#{name}", kind, query)


def _query(graph: ox.Dataset, test: ox.NamedNode) -> Path | None:
    """The query of a test: its action, or what a blank node there gives as one."""
    action = _object(graph, test, _ACTION)
    if isinstance(action, ox.BlankNode):
        action = _object(graph, action, _QUERY)
    if not isinstance(action, ox.NamedNode):
        return None
    return Path(unquote(urlsplit(action.value).path))


def _object(
    graph: ox.Dataset, subject: ox.NamedNode | ox.BlankNode, predicate: ox.NamedNode
) -> object:
    quads = graph.quads_for_subject(subject)
    return next((quad.object for quad in quads if quad.predicate == predicate), None)
