"""Functions in Python and the closure of RDFS do not hold up who has no more time."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pytest
import shapely

from engines.duckdb import connect, cursor_of
from engines.duckdb.functions import register_functions
from engines.duckdb.interrupts import CONNECTION, interrupt, resume
from ontologies.rdfs import Entailment
from strabon_store.errors import QueryCancelled, QueryTimeout
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store

PROMPTLY_S: Final = 3.0
"""A second, and what a busy machine adds."""

GEO: Final = "http://www.opengis.net/ont/geosparql#"
PREFIXES: Final = f"""
PREFIX geo: <{GEO}>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
PREFIX uom: <http://www.opengis.net/def/uom/OGC/1.0/>
"""


def _blob(number: int, vertices: int) -> str:
    """A round polygon; those with other numbers of vertices are elsewhere."""
    angles = np.linspace(0, 2 * np.pi, vertices)
    radii = 2 + 0.1 * np.sin(40 * angles + number)
    x, y = vertices / 100 + radii * np.cos(angles), radii * np.sin(angles)
    polygon = shapely.Polygon(np.column_stack([x, y]))
    return f'"{shapely.to_wkt(polygon)}"^^<{GEO}wktLiteral>'


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("interrupts")
    (folder / "data.nt").write_text(
        "".join(f"<urn:f{n}> <{GEO}asWKT> {_blob(n, 150)} .\n" for n in range(300))
    )
    with Store.open(folder / "store") as opened:
        opened.load([folder / "data.nt"])
        yield opened


def _solutions(
    store: Store, text: str, timeout_s: float | None, query_id: str | None = None
) -> Solutions:
    result = store.query(text, timeout_s, query_id=query_id)
    assert isinstance(result, Solutions)
    return result


def _slow() -> str:
    """Half a minute for one vector of rows."""
    distance = f"geof:distance(?g, {_blob(0, 4_000)}, uom:metre)"
    return f"{PREFIXES} SELECT * {{ ?a geo:asWKT ?g FILTER(1 + {distance} = 1) }}"


def test_a_function_ends_with_the_deadline(store: Store) -> None:
    begun = time.monotonic()
    with pytest.raises(QueryTimeout):
        list(_solutions(store, _slow(), 2))
    assert time.monotonic() - begun < 2 + PROMPTLY_S
    assert store.query("ASK {}") is True


def test_a_function_ends_when_its_query_is_cancelled_and_others_go_on(
    store: Store,
) -> None:
    quick = f"{PREFIXES} ASK {{ ?a geo:asWKT ?g FILTER(geof:sfEquals(?g, ?g)) }}"
    timer = threading.Timer(2, store.cancel, ["slow"])
    timer.start()
    begun = time.monotonic()
    with pytest.raises(QueryCancelled):
        list(_solutions(store, _slow(), None, "slow"))
    assert time.monotonic() - begun < 2 + PROMPTLY_S
    assert store.query(quick) is True


def test_an_interrupt_is_heard_by_the_functions_of_its_cursor_alone() -> None:
    with connect() as connection:
        register_functions(connection)
        connection.execute("ATTACH ':memory:' AS store")
        one, other = cursor_of(connection), cursor_of(connection)
        sql = (
            f"SELECT pytheas_area_m2(ST_AsWKB(ST_Point(1, 2))::BLOB, {CONNECTION}), "
            f"pytheas_reach([1], [1], [2], {CONNECTION})[1].node"
        )
        interrupt(one)
        with pytest.raises(duckdb.Error, match="interrupt"):
            one.execute(sql).fetchall()
        assert other.execute(sql).fetchall() == [(0.0, 2)]
        resume(one)
        assert one.execute(sql).fetchall() == [(0.0, 2)]


def test_a_query_does_not_wait_for_the_closure_beyond_its_deadline(
    tmp_path: Path,
) -> None:
    sub_class = "http://www.w3.org/2000/01/rdf-schema#subClassOf"
    lines = (f"<urn:c{n}> <{sub_class}> <urn:c{n + 1}> .\n" for n in range(1_000))
    (tmp_path / "data.nt").write_text("".join(lines))
    ask = "ASK { <urn:c0> ?p <urn:c900> }"
    with Store.open(tmp_path / "store", entailment=Entailment.RDFS) as store:
        store.load([tmp_path / "data.nt"])
        begun = time.monotonic()
        with pytest.raises(QueryTimeout):
            store.query(ask, timeout_s=0.2)
        with pytest.raises(QueryTimeout):
            store.explain(ask, timeout_s=0.2)
        assert time.monotonic() - begun < 0.4 + PROMPTLY_S
        begun = time.monotonic()
    assert time.monotonic() - begun < PROMPTLY_S


def test_who_waits_for_the_closure_long_enough_has_it(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store", entailment=Entailment.RDFS) as store:
        for number in range(3):
            store.update(f"INSERT DATA {{ <urn:s{number}> <urn:p> 1 }}")
            assert _ask_at_once(store, f"ASK {{ <urn:s{number}> a ?class }}")


def _ask_at_once(store: Store, text: str) -> bool:
    answers: list[object] = []
    threads = [
        threading.Thread(target=lambda: answers.append(store.query(text)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers == [True] * 4
