"""The W3C's evaluation tests for SPARQL 1.0 and 1.1 queries, by their manifests."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import pyoxigraph as ox
import pytest

from strabon_store.algebra.queries import Dataset
from strabon_store.algebra.terms import IRI
from strabon_store.errors import QuerySyntaxError, UnsupportedFeature
from strabon_store.frontend import parse_query
from strabon_store.results.graphs import Graph
from strabon_store.results.media_types import RESULT_FORMATS
from strabon_store.results.solutions import Tabular
from strabon_store.store import Store
from tests.conformance.query_cases import (
    QueryCase,
    read_expected,
    read_graph,
    read_query_cases,
)
from tests.expected_failures import assert_all_known, load, parametrize
from tests.solutions import (
    Answer,
    assert_same_graph,
    assert_same_solutions,
    parse_result,
    read_all,
)

SUITE: Final = "w3c-rdf-tests/sparql"
_LABEL: Final = re.compile(r"_:\w+")
NO_GRAPH: Final = IRI("urn:example:no-such-graph")
FORMATS: Final = {".srx": "xml", ".srj": "json", ".tsv": "tsv"}
OUTSIDE: Final = ("sparql11/entailment", "sparql11/service")
CASES: Final = {
    i: case
    for i, case in read_query_cases(SUITE, "sparql1[01]/**/manifest.ttl").items()
    if not i.startswith(OUTSIDE)
}
EXPECTED: Final = load(
    Path(__file__).with_name("sparql_query_expected_failures.toml"),
    [QuerySyntaxError, UnsupportedFeature],
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, suites: Path) -> Iterator[Store]:
    """All files of the suite, each as a named graph: a case picks its dataset."""
    del suites  # skips, or fails in CI, where the suites are absent
    folder = tmp_path_factory.mktemp("w3c")
    with Store.open(folder / "store") as opened:
        load_files(opened, folder, CASES.values())
        yield opened


@pytest.mark.parametrize(
    "case", parametrize(sorted(CASES) or ["suites absent"], EXPECTED)
)
@pytest.mark.timeout(60)
def test_sparql_query(case: str, store: Store) -> None:
    check_query(CASES[case], store)


def check_query(case: QueryCase, store: Store) -> None:
    """Fail where a store that has the files of a case answers it otherwise."""
    expected = read_expected(case)
    # BASE stands for where the text came from; one of its own overrides it.
    text = f"BASE <{case.query.as_uri()}>\n{case.query.read_text('utf-8')}"
    result = store.query(text, dataset=_dataset(case, text))
    if isinstance(result, Graph):
        assert isinstance(expected, ox.Dataset)
        assert_same_graph(result, expected)
        return
    if isinstance(expected, str):
        assert _lines(_written(result, "csv")) == _lines(expected)
        return
    actual = _read(result, case.result.suffix)
    if isinstance(actual, bool) or isinstance(expected, bool):
        assert actual == expected
    else:
        assert isinstance(expected, Answer)
        _compare(actual, expected, is_lax=case.is_lax)


def _read(result: Tabular, suffix: str) -> Answer | bool:
    """The result, by way of the format in which the suite expects it, if it has one."""
    if suffix in FORMATS:
        return parse_result(_written(result, FORMATS[suffix]).encode(), suffix)
    return result if isinstance(result, bool) else read_all(result)


def _written(result: Tabular, name: str) -> str:
    return b"".join(RESULT_FORMATS[name].serialize(result)).decode()


def _compare(actual: Answer, expected: Answer, *, is_lax: bool) -> None:
    if is_lax:
        assert len(actual.rows) <= len(expected.rows)
        actual, expected = _distinct(actual), _distinct(expected)
    assert_same_solutions(actual, expected)


def _distinct(answer: Answer) -> Answer:
    return Answer(answer.variables, tuple(dict.fromkeys(answer.rows)))


def _lines(text: str) -> list[str]:
    header, *rows = _LABEL.sub("_:b", text).splitlines()
    return [header, *sorted(rows)]


def _dataset(case: QueryCase, text: str) -> Dataset | None:
    """The dataset of a case; None where the query names its own."""
    own = parse_query(text).dataset
    if own.default or own.named:
        return None
    default = tuple(IRI(path.as_uri()) for path in case.data)
    named = tuple(IRI(path.as_uri()) for path in case.graphs)
    return Dataset(default, named or (NO_GRAPH,))


def load_files(store: Store, folder: Path, cases: Iterable[QueryCase]) -> None:
    """Load what the cases name, each file as a graph of its own."""
    path = folder / "files.nq"
    with path.open("wb") as file:
        ox.serialize(_quads(_files(cases)), file, format=ox.RdfFormat.N_QUADS)
    store.load([path])


def _quads(files: Iterable[Path]) -> Iterator[ox.Quad]:
    for path in sorted(files):
        graph = ox.NamedNode(path.as_uri())
        for quad in read_graph(path, rename_blank_nodes=True):
            yield ox.Quad(quad.subject, quad.predicate, quad.object, graph)


def _files(cases: Iterable[QueryCase]) -> set[Path]:
    """What the cases name, and what their queries name with FROM."""
    return {path for case in cases for path in (*case.data, *case.graphs, *_from(case))}


def _from(case: QueryCase) -> list[Path]:
    text = case.query.read_text("utf-8")
    if "FROM" not in text.upper():
        return []
    dataset = parse_query(text, base=case.query.as_uri()).dataset
    names = (*dataset.default, *dataset.named)
    return [Path(iri.value.removeprefix("file://")) for iri in names]


def test_every_expected_failure_names_a_case(suites: Path) -> None:
    del suites
    assert len(CASES) > 500
    assert_all_known(EXPECTED, CASES)
