"""The same data in our store and in pyoxigraph."""

from collections.abc import Iterator

import pyoxigraph as ox
import pytest

from strabon_store.store import Store
from tests.differential.cases import DATA
from tests.star_tables import open_with_star_tables


@pytest.fixture(scope="package")
def oracle() -> ox.Store:
    """Another SPARQL engine, an independent one."""
    store = ox.Store()
    store.bulk_load(path=DATA, format=ox.RdfFormat.TRIG)
    return store


@pytest.fixture(scope="package")
def starry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Ours, with a star table wherever there can be one."""
    store = open_with_star_tables(tmp_path_factory.mktemp("starry") / "store")
    store.load([DATA])
    yield store
    store.close()


@pytest.fixture(scope="package")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Ours."""
    store = Store.open(tmp_path_factory.mktemp("differential") / "store")
    store.load([DATA])
    yield store
    store.close()
