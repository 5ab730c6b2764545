"""Fixtures that several packages' tests share."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import Phase, settings

from tests.database_servers import (
    Server,
    empty_mariadb,
    empty_postgresql,
    mariadb_server,
    postgresql_server,
)

pytest.register_assert_rewrite("tests.solutions", "tests.spatial_solutions")

# CI asks the same questions every time, and leaves it to a desk to find the smallest
# that fails; at a desk every run asks new ones.
_FIND: Final = (Phase.explicit, Phase.reuse, Phase.generate)
settings.register_profile("ci", derandomize=True, phases=_FIND)
# For `pytest --hypothesis-profile nightly`.
settings.register_profile("nightly", max_examples=10_000)
if os.environ.get("CI") == "true":
    settings.load_profile("ci")

ROOT = Path(__file__).resolve().parent.parent


def _external(variable: str, default: str) -> Path:
    path = Path(os.environ.get(variable, ROOT.parent / "shared" / default)).resolve()
    if not path.is_dir():
        message = f"{path} is absent; point {variable} at it"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return path


@pytest.fixture(scope="module", autouse=True)
def no_garbage() -> None:
    """What other modules left in cycles goes here, in the thread that made it.

    Functions in Python run on the engine's threads, and may start a collection there;
    pyoxigraph's iterators complain when they are dropped by another thread.
    """
    gc.collect()


@pytest.fixture(scope="session")
def suites() -> Path:
    """The conformance suites that others wrote, read where they lie."""
    return _external("PYTHEAS_SUITES", "suites")


@pytest.fixture(scope="session")
def data() -> Path:
    """Real data that others made, read where they lie."""
    return _external("PYTHEAS_DATA", "data")


@pytest.fixture(scope="session")
def running_postgresql() -> Iterator[Server]:
    """A PostgreSQL server, with what earlier modules left in it."""
    with postgresql_server() as server:
        yield server


@pytest.fixture(scope="module")
def postgresql(running_postgresql: Server) -> Server:
    """A PostgreSQL server with PostGIS, empty for each module."""
    empty_postgresql(running_postgresql)
    return running_postgresql


@pytest.fixture(scope="session")
def running_mariadb() -> Iterator[Server]:
    """A MariaDB server, with what earlier modules left in it."""
    with mariadb_server() as server:
        yield server


@pytest.fixture(scope="module")
def mariadb(running_mariadb: Server) -> Server:
    """A MariaDB server, empty for each module."""
    empty_mariadb(running_mariadb)
    return running_mariadb
