"""The W3C's RDF 1.1 tests of parsers, by their manifests, as a load reads files."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pyoxigraph as ox
import pytest

from strabon_store.errors import LoadError
from strabon_store.storage.sources import open_source
from tests.conformance.manifests import SUITES
from tests.conformance.query_cases import file_of, object_of, read_graph
from tests.expected_failures import assert_all_known, load, parametrize

SUITE: Final = "w3c-rdf-tests/rdf/rdf11"
_MF: Final = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
_TYPE: Final = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
EXPECTED: Final = load(
    Path(__file__).with_name("rdf_parsers_expected_failures.toml"), [LoadError]
)


@dataclass(frozen=True, slots=True)
class ParserCase:
    """A test of a parser.

    Attributes:
        id: The folder of its manifest and its local name.
        is_positive: Whether the file is well-formed.
        file: What to parse.
        result: The file with the triples that must come out, where it is said.
        base: The IRI that the suite takes for the folder of the file.
    """

    id: str
    is_positive: bool
    file: Path
    result: Path | None
    base: str | None


@cache
def read_parser_cases() -> dict[str, ParserCase]:
    """The cases of all formats, by id."""
    root = SUITES / SUITE
    manifests = sorted(root.glob("*/manifest.ttl"))
    return {case.id: case for path in manifests for case in _read(path, root)}


def _read(manifest: Path, root: Path) -> Iterator[ParserCase]:
    graph = read_graph(manifest)
    folder = manifest.parent.relative_to(root).as_posix()
    base = object_of(graph, ox.NamedNode(manifest.as_uri()), f"{_MF}assumedTestBase")
    for quad in graph.quads_for_predicate(_TYPE):
        kind, test = quad.object, quad.subject
        if not isinstance(kind, ox.NamedNode) or not isinstance(test, ox.NamedNode):
            continue
        if "#Test" not in kind.value:
            continue
        result = object_of(graph, test, f"{_MF}result")
        yield ParserCase(
            id=f"{folder}#{test.value.rpartition('#')[2]}",
            is_positive="Negative" not in kind.value,
            file=file_of(object_of(graph, test, f"{_MF}action")),
            result=None if result is None else file_of(result),
            base=base.value if isinstance(base, ox.NamedNode) else None,
        )


CASES: Final = read_parser_cases()


@pytest.mark.parametrize(
    "case", parametrize(sorted(CASES) or ["suites absent"], EXPECTED)
)
def test_rdf_parser(case: str, suites: Path) -> None:
    del suites  # skips, or fails in CI, where the suites are absent
    _check(CASES[case])


def _check(case: ParserCase) -> None:
    if not case.is_positive:
        with pytest.raises(LoadError):
            list(_quads(case.file))
        return
    actual = ox.Dataset(_quads(case.file))
    if case.result is not None:
        expected = ox.Dataset(_rebased(case))
        actual.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
        expected.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
        assert actual == expected


def _quads(path: Path) -> Iterator[ox.Quad]:
    with open_source(path).quads() as quads:
        yield from quads


def _rebased(case: ParserCase) -> Iterator[ox.Quad]:
    """The expected quads, with IRIs where the file lies and not where it once lay."""
    assert case.result is not None
    text = case.result.read_bytes()
    if case.base is not None:
        root = next(p for p in case.file.parents if p.parent.name == "rdf11")
        text = text.replace(case.base.encode(), f"{root.resolve().as_uri()}/".encode())
    suffix = case.result.suffix.removeprefix(".")
    rdf_format = ox.RdfFormat.from_extension(suffix)
    assert rdf_format is not None
    return ox.parse(text, rdf_format)


def test_every_expected_failure_names_a_case(suites: Path) -> None:
    del suites
    assert len(CASES) > 950
    assert_all_known(EXPECTED, CASES)
