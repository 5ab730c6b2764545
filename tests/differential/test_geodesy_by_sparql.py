"""Measures of stored geometries by queries, against GeographicLib's own Python.

At every latitude, in both hemispheres, away from the antimeridian and over it.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pytest
import shapely
from geographiclib.geodesic import Geodesic

from strabon_store.store import Store
from tests.conformance.geosparql_cases.measures import (
    area_m2,
    distance_m,
    length_m,
    perimeter_m,
)
from tests.geometries import rows, store_of

WGS84: Final = Geodesic.WGS84
LATITUDES: Final = (0, 1e-6, 15, 30, 45, 60, 70, 75, 80, 85, 88, 89, 89.5, 89.9)
LONGITUDES: Final = {"home": 10.0, "over": 179.99}
SIZES: Final = {"small": 80.0, "large": 20_000.0}
PLACES: Final = {
    f"{side}-{where}-{size}-{lat}": (sign * lat, lon, metres)
    for side, sign in (("north", 1), ("south", -1))
    for lat in LATITUDES
    for where, lon in LONGITUDES.items()
    for size, metres in SIZES.items()
}


def _place(
    lat: float, lon: float, azimuth: float, metres: float
) -> tuple[float, float]:
    found = WGS84.Direct(lat, lon, azimuth, metres)
    return found["lon2"], found["lat2"]


def _points(lat: float, lon: float, metres: float) -> tuple[Any, Any]:
    return shapely.Point(lon, lat), shapely.Point(_place(lat, lon, 77.0, metres))


def _line(lat: float, lon: float, metres: float) -> Any:
    ends = [_place(lat, lon, azimuth, metres) for azimuth in (-80.0, 95.0, 10.0)]
    return shapely.LineString(ends)


def _area(lat: float, lon: float, metres: float) -> Any:
    turns = np.linspace(3, 363, 9, endpoint=False)
    return shapely.Polygon([_place(lat, lon, turn, metres) for turn in turns])


GEOMETRIES: Final[dict[str, Any]] = {
    **{f"{n}-from": _points(*each)[0] for n, each in PLACES.items()},
    **{f"{n}-to": _points(*each)[1] for n, each in PLACES.items()},
    **{f"{n}-line": _line(*each) for n, each in PLACES.items()},
    **{f"{n}-area": _area(*each) for n, each in PLACES.items()},
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    # Every digit: what is measured is what GeographicLib was given.
    texts = {
        name: shapely.to_wkt(each, rounding_precision=-1)
        for name, each in GEOMETRIES.items()
    }
    with store_of(tmp_path_factory.mktemp("geodesy"), texts) as opened:
        yield opened


@pytest.mark.parametrize(
    "call", ["metricDistance(?x, ?y)", "distance(?x, ?y, uom:metre)"]
)
def test_distances_of_points_are_within_1e_9(store: Store, call: str) -> None:
    found = rows(
        store,
        f"SELECT ?a (geof:{call} AS ?v) "
        "{ ?a g:has ?x FILTER(STRENDS(STR(?a), '-from')) "
        "BIND (IRI(REPLACE(STR(?a), '-from$', '-to')) AS ?b) ?b g:has ?y }",
    )
    assert len(found) == len(PLACES)
    for name, metres in found:
        place = name.removesuffix("-from")
        expected = distance_m(GEOMETRIES[name], GEOMETRIES[f"{place}-to"])
        assert metres == pytest.approx(expected, rel=1e-9), name


@pytest.mark.parametrize(
    ("call", "kind", "oracle", "tolerance"),
    [
        ("metricLength(?x)", "line", length_m, 1e-9),
        ("length(?x, uom:metre)", "line", length_m, 1e-9),
        ("metricPerimeter(?x)", "area", perimeter_m, 1e-9),
        ("perimeter(?x, uom:metre)", "area", perimeter_m, 1e-9),
        ("metricArea(?x)", "area", area_m2, 1e-6),
        ("area(?x, uom:metre)", "area", area_m2, 1e-6),
    ],
)
def test_lengths_and_areas_are_geographiclibs(
    store: Store, call: str, kind: str, oracle: Any, tolerance: float
) -> None:
    query = (
        f"SELECT ?a (geof:{call} AS ?v) "
        f"{{ ?a g:has ?x FILTER(STRENDS(STR(?a), '-{kind}')) }}"
    )
    found = dict(rows(store, query))
    assert len(found) == len(PLACES)
    off = {
        name: abs(metres / oracle(GEOMETRIES[name]) - 1)
        for name, metres in found.items()
    }
    worst = max(off, key=lambda name: off[name])
    assert off[worst] < tolerance, (worst, off[worst])


def test_geometries_were_cut_and_went_around_a_pole(store: Store) -> None:
    with store._database.cursor() as cursor:
        counts = cursor.execute(
            "SELECT count(*) FILTER (crosses_antimeridian), "
            "count(*) FILTER (contains_pole) FROM geometries"
        ).fetchall()
    crossing, polar = counts[0]
    assert crossing > len(LATITUDES) * 2
    assert polar >= 4
