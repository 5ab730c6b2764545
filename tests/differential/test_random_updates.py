"""Random updates one after the other: the store, and an oracle, hold the same."""

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from strabon_store.store import Store
from tests.datasets import canonical, read_store
from tests.strategies import PROLOGUE, datasets
from tests.update_strategies import updates


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("updates")


@pytest.fixture(scope="module")
def store(location: Path) -> Iterator[Store]:
    with Store.open(location / "store") as opened:
        yield opened


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=datasets(), requests=st.lists(updates(), min_size=1, max_size=4))
def test_the_store_changes_as_oxigraph_does(
    store: Store, location: Path, data: str, requests: list[str]
) -> None:
    oracle = ox.Store()
    oracle.load(data.encode(), format=ox.RdfFormat.N_QUADS)
    (location / "data.nq").write_text(data)
    store.update("DROP ALL")
    store.load([location / "data.nq"])
    for request in requests:
        note(request)
        oracle.update(PROLOGUE + request)
        store.update(PROLOGUE + request)
        assert canonical(read_store(store)) == canonical(ox.Dataset(oracle))


def test_what_many_updates_left_is_sound_and_stays(location: Path) -> None:
    with Store.open(location / "reopened") as store:
        for number in range(30):
            store.update(
                f"INSERT DATA {{ <urn:{number % 7}> <urn:p> {number}, [] }};"
                f"DELETE {{ ?s ?p ?o }} INSERT {{ ?o <urn:q> ?s }} "
                f"WHERE {{ ?s ?p ?o FILTER(?s = <urn:{number % 5}>) }}"
            )
        before = canonical(read_store(store))
    with Store.open(location / "reopened") as store:
        assert canonical(read_store(store)) == before
        assert store.verify().is_sound
