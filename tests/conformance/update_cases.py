"""The W3C's update evaluation tests: a store before, a request, the store after."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tests.conformance.manifests import SUITES
from tests.conformance.query_cases import file_of, objects_of, read_graph

_MF: Final = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
_UT: Final = "http://www.w3.org/2009/sparql/tests/test-update#"
_LABEL: Final = "http://www.w3.org/2000/01/rdf-schema#label"
_TYPE: Final = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_KIND: Final = ox.NamedNode(f"{_MF}UpdateEvaluationTest")


@dataclass(frozen=True, slots=True)
class Graphs:
    """The files of a dataset: those of the default graph, and those of named ones."""

    default: tuple[Path, ...]
    named: tuple[tuple[str, Path], ...]

    def read(self) -> ox.Dataset:
        """What the files say."""
        return ox.Dataset(self._quads())

    def _quads(self) -> Iterator[ox.Quad]:
        for path in self.default:
            yield from read_graph(path, rename_blank_nodes=True)
        for name, path in self.named:
            graph = ox.NamedNode(name)
            for quad in read_graph(path, rename_blank_nodes=True):
                yield ox.Quad(quad.subject, quad.predicate, quad.object, graph)


@dataclass(frozen=True, slots=True)
class UpdateCase:
    """An update evaluation test.

    Attributes:
        id: The folder of its manifest and its local name.
        request: The file with the update.
        before: What the store holds.
        after: What it holds when the update is done.
    """

    id: str
    request: Path
    before: Graphs
    after: Graphs


@cache
def read_update_cases(suite: str, pattern: str) -> dict[str, UpdateCase]:
    """The update evaluation tests in the manifests that match, by id."""
    root = SUITES / suite
    paths = sorted(root.glob(pattern))
    cases = [case for path in paths for case in _read(path, root)]
    return {case.id: case for case in sorted(cases, key=lambda case: case.id)}


def _read(manifest: Path, root: Path) -> Iterator[UpdateCase]:
    graph = read_graph(manifest)
    folder = manifest.parent.relative_to(root).as_posix()
    for quad in graph.quads_for_object(_KIND):
        test = quad.subject
        if quad.predicate != _TYPE or not isinstance(test, ox.NamedNode):
            continue
        (action,) = objects_of(graph, test, f"{_MF}action")
        (result,) = objects_of(graph, test, f"{_MF}result")
        (request,) = objects_of(graph, action, f"{_UT}request")
        yield UpdateCase(
            id=f"{folder}#{test.value.rpartition('#')[2]}",
            request=file_of(request),
            before=_graphs(graph, action),
            after=_graphs(graph, result),
        )


def _graphs(manifest: ox.Dataset, node: object) -> Graphs:
    named = []
    for entry in objects_of(manifest, node, f"{_UT}graphData"):
        (file,) = objects_of(manifest, entry, f"{_UT}graph")
        (label,) = objects_of(manifest, entry, _LABEL)
        assert isinstance(label, ox.Literal)
        named.append((label.value, file_of(file)))
    default = map(file_of, objects_of(manifest, node, f"{_UT}data"))
    return Graphs(tuple(default), tuple(named))
