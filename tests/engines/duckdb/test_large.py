"""Functions on large geometries, beside those on vectors, and beside shapely."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pytest
import shapely

from engines.duckdb.functions import register_functions
from engines.duckdb.large import LARGE_BYTES, by_size
from engines.geosparql.packing import pack
from ontologies.geosparql.crs import CRS84_IRI
from ontologies.geosparql.literals import Geometry
from tests.geometries import rows, store_of

SMALL: Final = [
    shapely.Point(1, 2),
    shapely.box(0, 0, 2, 3),
    shapely.LineString([(5, 5), (1, 2)]),
    shapely.Point(-7, 9),
    shapely.from_wkt("POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))"),
    shapely.Point(),
]
TURNS: Final = np.linspace(0, 2 * np.pi, 9_000, endpoint=False)
ISLAND: Final = shapely.Polygon(
    np.column_stack([np.cos(TURNS), np.sin(TURNS)])
    * (1 + 0.02 * np.sin(TURNS * 400))[:, None]
)
"""More than what vectors take."""


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        register_functions(connection)
        yield connection


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("pytheas_distance_m", ("NULL",)),
        ("pytheas_planar_distance", ("NULL",)),
        ("pytheas_distance_degrees", ("NULL",)),
        ("pytheas_relate_on_globe", ("'T********'", "NULL")),
        ("pytheas_relate", ("'T********'", "NULL")),
    ],
)
def test_a_row_is_answered_as_a_vector_is(
    connection: duckdb.DuckDBPyConnection, name: str, others: tuple[str, ...]
) -> None:
    pairs = [[a, b] for a in (*SMALL, None) for b in (*SMALL, None)]
    given = [
        [None if each is None else shapely.to_wkb(each) for each in pair]
        for pair in pairs
    ]
    text = ", ".join(others)
    both = f"SELECT {name}($1, $2, {text}), {name}_large($1, $2, {text})"
    found: list[Any] = [connection.execute(both, pair).fetchone() for pair in given]
    assert all(one == other for one, other in found if one is not None)
    assert [one is None for one, _ in found] == [other is None for _, other in found]
    assert len({one for one, _ in found}) > 2


def test_what_is_large_goes_the_other_way(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    packed = [pack(Geometry(CRS84_IRI, each)) for each in (ISLAND, SMALL[1])]
    assert len(packed[0]) > LARGE_BYTES > len(packed[1])
    call = by_size(
        "pytheas_overlay", "$1", "$2", first=("'difference'",), others=("0",)
    )
    for one, other in (packed, packed[::-1]):
        found: Any = connection.execute(f"SELECT {call}", [one, other]).fetchone()
        made = shapely.from_wkb(found[0][1:])
        a, b = (shapely.from_wkb(each[1:]) for each in (one, other))
        assert made.equals(shapely.difference(a, b))


def test_a_large_geometry_is_joined(tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    points = {f"p{i}": shapely.Point(*random.uniform(-1.2, 1.2, 2)) for i in range(40)}
    literals = {name: point.wkt for name, point in points.items()}
    inside = {name for name, point in points.items() if ISLAND.contains(point)}
    meets = {name for name, point in points.items() if ISLAND.distance(point) < 0.1}
    assert 0 < len(inside) < len(meets) < len(points)
    pair = "g:island g:has ?w . ?p g:has ?x FILTER(?p != g:island) FILTER"
    with store_of(tmp_path, {**literals, "island": ISLAND.wkt}) as store:
        for test, expected in (
            ("geof:sfContains(?w, ?x)", inside),
            ('geof:relate(?x, ?w, "T*F**F***")', inside),
            ("geof:distance(?w, ?x, uom:degree) < 0.1", meets),
            ("geof:distance(?w, ?x, uom:metre) <= 0", inside),
            ("!geof:isEmpty(geof:intersection(?w, ?x))", inside),
        ):
            found = rows(store, f"SELECT ?p {{ {pair}({test}) }}")
            assert {name for (name,) in found} == expected, test
