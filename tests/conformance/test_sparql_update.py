"""The W3C's evaluation tests for SPARQL 1.1 Update, by their manifests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyoxigraph as ox
import pytest

from strabon_store.store import Store
from tests.conformance.update_cases import read_update_cases
from tests.datasets import canonical, read_store

CASES: Final = read_update_cases("w3c-rdf-tests/sparql", "sparql11/**/manifest.ttl")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, suites: Path) -> Iterator[Store]:
    """A store for all cases, emptied before each."""
    del suites  # skips, or fails in CI, where the suites are absent
    with Store.open(tmp_path_factory.mktemp("updates") / "store") as opened:
        yield opened


@pytest.mark.parametrize("case", list(CASES) or ["suites absent"])
def test_sparql_update(case: str, store: Store, tmp_path: Path) -> None:
    before = tmp_path / "before.nq"
    before.write_bytes(
        ox.serialize(CASES[case].before.read(), format=ox.RdfFormat.N_QUADS) or b""
    )
    store.update("DROP ALL")
    store.load([before])
    request = CASES[case].request
    store.update(f"BASE <{request.as_uri()}>\n{request.read_text('utf-8')}")
    assert canonical(read_store(store)) == canonical(CASES[case].after.read())


def test_the_suites_are_whole(suites: Path) -> None:
    del suites
    assert len(CASES) == 94
