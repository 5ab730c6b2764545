"""Each requirement of GeoSPARQL 1.1, by cases in the form of W3C manifests.

Each case is asked of quads alone and of star tables.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyoxigraph as ox
import pytest

from ontologies.geosparql.functions import FUNCTIONS_BY_IRI
from ontologies.namespaces import GEOF
from ontologies.rdfs import Entailment
from strabon_store.results.graphs import Graph
from strabon_store.results.media_types import RESULT_FORMATS
from strabon_store.store import Store
from tests.conformance.geosparql_cases.write import ROOT, folders
from tests.conformance.query_cases import QueryCase, read_expected, read_query_cases
from tests.solutions import Answer, parse_result
from tests.spatial_solutions import assert_same_spatial
from tests.star_tables import open_with_star_tables

SPEC: Final = "http://www.opengis.net/spec/geosparql/1.1"
CASES: Final = read_query_cases(ROOT, "*/manifest.ttl")
_FORMATS: Final = {".srx": "xml", ".srj": "json"}
_TARGET: Final = re.compile(r"^target:: (/req/[\w-]+/[\w-]+)$", re.MULTILINE)
# reqs.ttl names some requirements otherwise than annex A does.
_RENAMED: Final = {
    "core/geometry-collection-class": "geometry-extension/geometry-collection-class",
    **{
        f"geometry-extension/geometry-as-{name.lower()}-function": (
            f"geometry-extension/as{name}-function"
        )
        for name in ("WKT", "GML", "GeoJSON", "KML")
    },
    "geometry-extension/geometry-as-dggs-function": (
        "geometry-extension-dggs/asDGGS-function"
    ),
    "geometry-extension/query-functions-dggs": (
        "geometry-extension-dggs/query-functions"
    ),
    "geometry-extension/query-functions-non-sf-dggs": (
        "geometry-extension-dggs/query-functions-non-sf"
    ),
    **{
        f"geometry-extension/{name}": f"geometry-extension-dggs/{name}"
        for name in ("dggs-literal", "dggs-literal-empty", "geometry-as-dggs-literal")
    },
    # Annex A lists these functions under one requirement.
    "geometry-extension/query-functions-non-sf": "geometry-extension/query-functions",
}


class Stores:
    """A store for each graph, and a twin with star tables, opened when needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened: dict[tuple[Path, bool], Store] = {}

    def find(self, data: Path, *, stars: bool) -> Store:
        """The store of a file."""
        if (data, stars) not in self._opened:
            location = self._folder / f"{len(self._opened)}"
            store = open_with_star_tables(location) if stars else Store.open(location)
            store.load([data])
            self._opened[data, stars] = store
        return self._opened[data, stars]

    def close(self) -> None:
        """Close all."""
        for store in self._opened.values():
            store.close()


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    opened = Stores(tmp_path_factory.mktemp("geosparql"))
    yield opened
    opened.close()


@pytest.mark.parametrize("case", sorted(CASES))
def test_geosparql_requirement(case: str, stores: Stores) -> None:
    for stars in (False, True):
        check(CASES[case], stores, stars=stars)


def check(case: QueryCase, stores: Stores, *, stars: bool) -> None:
    """Fail where a store of the graph of a case answers it otherwise."""
    (data,) = case.data
    store = stores.find(data, stars=stars)
    regime = Entailment.RDFS if case.entails else None
    result = store.query(case.query.read_text("utf-8"), entailment=regime)
    assert not isinstance(result, Graph)
    written = RESULT_FORMATS[_FORMATS[case.result.suffix]].serialize(result)
    actual = parse_result(b"".join(written), case.result.suffix)
    expected = read_expected(case)
    if isinstance(actual, bool) or isinstance(expected, bool):
        assert actual == expected
        return
    assert isinstance(expected, Answer)
    assert_same_spatial(actual, expected, case.tolerance)


def test_the_files_say_what_their_oracles_say() -> None:
    written = {
        folder: {
            path.name: path.read_text("utf-8") for path in (ROOT / folder).iterdir()
        }
        for folder in (path.name for path in ROOT.iterdir())
    }
    hint = "run python -m tests.conformance.geosparql_cases.write"
    assert written == folders(), hint


def test_every_requirement_has_a_case(suites: Path) -> None:
    named = {iri for case in CASES.values() for iri in case.requirements}
    folder = suites / "geosparql-1.1-ogc"
    annex = (folder / "spec/sections/aa-abstract_test_suite.adoc").read_text("utf-8")
    listed = {SPEC + found for found in _TARGET.findall(annex)}
    assert len(listed) == 55
    assert named == listed
    assert {_of_annex(iri) for iri in _requirements(folder / "1.1/reqs.ttl")} <= listed


def _requirements(path: Path) -> set[str]:
    graph = ox.parse(path=path, format=ox.RdfFormat.TURTLE)
    subjects = {quad.subject.value for quad in graph}
    return {iri for iri in subjects if iri.startswith(f"{SPEC}/req/")}


def _of_annex(iri: str) -> str:
    name = iri.removeprefix(f"{SPEC}/req/")
    return f"{SPEC}/req/{_RENAMED.get(name, name)}"


def test_every_function_has_a_case() -> None:
    texts = [case.query.read_text("utf-8") for case in CASES.values()]
    called = {name for text in texts for name in re.findall(r"geof:(\w+)\(", text)}
    known = {iri.removeprefix(GEOF) for iri in FUNCTIONS_BY_IRI}
    assert known - called == set()
