"""Every kind of CRS, there and back through SPARQL, against pyproj.

pyproj is asked in the axis order of the authority, which is that of literals: whether
we swap rightly is seen here too.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import pyproj
import pytest
import shapely

from ontologies.geosparql.crs import CRS84_IRI
from strabon_store.store import Store
from tests.geometries import EPSG, rows

FLAT: Final[Mapping[str, str]] = {
    "latitude and longitude": "4326 4258 4269 4283 4167 4674 4490 6318 4617 4230 4277",
    "UTM": "32601 32631 32633 32660 32701 32733 32760 25832 26917 28355 3067 23030",
    "polar": "3413 3031 3995 3575 3574 3571 3976 32661 32761 5041 5042 6931 6932 5936",
    "northing first": "3035 3034 2180 31467 2193 6677 2393 5514 3844",
    "easting first": "27700 2154 31370 28992 2056 21781 3006 2100 3763 3112 25831 5650",
    "west or south": "2053 5513 22275",
    "feet": "2263 2227 3433 32040",
    "of the world": "3857 3395 4087 6933",
}
SOLID: Final = "4979 4937 7912 7415 7405 5972 6349 9518 9707"
CODES: Final = {code: kind for kind, codes in FLAT.items() for code in codes.split()}
INSIDE: Final = np.array([(0.5, 0.5), (0.3, 0.6), (0.81, 0.37)])
"""Shares of the area in which a CRS is used."""


def _places(code: str) -> list[tuple[float, float]]:
    area = pyproj.CRS.from_epsg(int(code)).area_of_use
    assert area is not None
    east = area.east if area.east > area.west else area.east + 360
    size = np.array([east - area.west, area.north - area.south])
    places = np.array([area.west, area.south]) + INSIDE * size
    places[:, 0] = (places[:, 0] + 180) % 360 - 180
    return [(lon, lat) for lon, lat in places.round(6).tolist()]


def _points(code: str) -> list[str]:
    z = " 12.5" if code in SOLID.split() else ""
    kind = "POINT Z" if z else "POINT"
    return [f"{kind} ({lon} {lat}{z})" for lon, lat in _places(code)]


Answers = dict[tuple[str, str], tuple[str, str]]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    """By code and place: the literal there, and the one back."""
    lines = "\n".join(
        f'("{point}"^^geo:wktLiteral <{EPSG}{code}>)'
        for code in (*CODES, *SOLID.split())
        for point in _points(code)
    )
    query = (
        f"SELECT ?crs (STR(?place) AS ?from) ?there ?back {{ VALUES (?place ?crs) "
        f"{{ {lines} }} BIND (geof:transform(?place, ?crs) AS ?there) "
        f"BIND (geof:transform(?there, <{CRS84_IRI}>) AS ?back) }}"
    )
    with Store.open(tmp_path_factory.mktemp("crs")) as store:
        yield {
            (iri.removeprefix(EPSG), place): (there, back)
            for iri, place, there, back in rows(store, query)
        }


def _numbers(literal: str) -> list[float]:
    return [float(each) for each in re.findall(r"-?[\d.]+(?:e[+-]?\d+)?", literal)]


def _coordinates(literal: str) -> list[float]:
    """Those of a point as they are written, whatever the CRS."""
    return _numbers(literal.rpartition("(")[2])


def _transformed(by: pyproj.Transformer, place: list[float]) -> tuple[float, ...]:
    x, y, *z = place
    return by.transform(x, y, z[0]) if z else by.transform(x, y)


@pytest.mark.parametrize("code", [*CODES, *SOLID.split()])
def test_every_crs_is_reached_as_pyproj_reaches_it(code: str, answers: Answers) -> None:
    there = pyproj.Transformer.from_crs("OGC:CRS84", f"EPSG:{code}")
    for point in _points(code):
        literal, _ = answers[code, point]
        expected = _transformed(there, _coordinates(point))
        assert np.isfinite(expected).all()
        assert literal.startswith(f"<{EPSG}{code}> POINT")
        found = _coordinates(literal)
        assert found[:2] == pytest.approx(expected[:2], rel=1e-13, abs=1e-9)
        assert found[2:] == pytest.approx(expected[2:], abs=1e-6)


@pytest.mark.parametrize("code", [*CODES, *SOLID.split()])
def test_and_left_as_pyproj_leaves_it(code: str, answers: Answers) -> None:
    back = pyproj.Transformer.from_crs(f"EPSG:{code}", "OGC:CRS84")
    for point in _points(code):
        literal, returned = answers[code, point]
        lon, lat, *_ = _transformed(back, _coordinates(literal))
        found_lon, found_lat, *_ = _coordinates(returned)
        assert found_lat == pytest.approx(lat, abs=1e-9)
        assert (found_lon - lon + 180) % 360 == pytest.approx(180, abs=1e-9)


def test_the_sample_has_all_kinds() -> None:
    assert len(CODES) + len(SOLID.split()) >= 60
    orders = {
        tuple(axis.direction for axis in pyproj.CRS.from_epsg(int(code)).axis_info[:2])
        for code in CODES
    }
    assert orders >= {
        ("north", "east"),
        ("east", "north"),
        ("west", "south"),
        ("south", "west"),
        ("north", "north"),
        ("south", "south"),
    }


def test_a_stored_geometry_is_placed_alike(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Relations read what the load made of a literal, not the literal."""
    folder = tmp_path_factory.mktemp("stored")
    lines, expected = [], {}
    for code in CODES:
        there = pyproj.Transformer.from_crs("EPSG:4326", f"EPSG:{code}")
        lon, lat = _places(code)[0]
        first, second = there.transform(lat, lon)
        text = f"<{EPSG}{code}> POINT ({first!r} {second!r})"
        lines.append(
            f'<http://g/{code}> <http://g/has> "{text}"'
            "^^<http://www.opengis.net/ont/geosparql#wktLiteral> .\n"
        )
        expected[code] = shapely.Point(lon, lat)
    (folder / "a.nt").write_text("".join(lines))
    with Store.open(folder / "store") as store:
        assert store.load([folder / "a.nt"]).ill_formed_geometries == ()
        for code, place in expected.items():
            box = shapely.box(*place.buffer(1e-6).bounds)
            found = rows(
                store,
                "SELECT ?a { ?a g:has ?x FILTER (geof:sfWithin(?x, "
                f'"{box.wkt}"^^geo:wktLiteral)) }}',
            )
            assert (code,) in found
