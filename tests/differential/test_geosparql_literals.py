"""Geometry literals of every serialization, from the file to the answer."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import h3
import pytest
import shapely

from ontologies.geosparql.dggs import H3_IRI
from ontologies.namespaces import GEO
from strabon_store.storage.loader import LoadReport
from strabon_store.store import Store
from tests.geometries import EPSG, by_name, rows, shape

if TYPE_CHECKING:
    from pathlib import Path

CELL: Final = h3.latlng_to_cell(1, 1, 4)
GML: Final = "http://www.opengis.net/gml/3.2"
LITERALS: Final = {
    "wkt": ("wkt", "POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))"),
    "lat_lon": ("wkt", f"<{EPSG}4326> POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))"),
    "gml": (
        "gml",
        (
            f"<Polygon xmlns='{GML}' srsName='{EPSG}4326'><exterior><LinearRing>"
            "<posList>0 0 2 0 2 2 0 2 0 0</posList></LinearRing></exterior></Polygon>"
        ),
    ),
    "geojson": (
        "geoJSON",
        '{"type": "Polygon", "coordinates": [[[0,0],[2,0],[2,2],[0,2],[0,0]]]}',
    ),
    "kml": (
        "kml",
        (
            "<Polygon><outerBoundaryIs><LinearRing><coordinates>0,0 2,0 2,2 0,2 0,0"
            "</coordinates></LinearRing></outerBoundaryIs></Polygon>"
        ),
    ),
    "cell": ("dggs", f"<{H3_IRI}> CELL ({CELL})"),
    "disc": ("wkt", "CURVEPOLYGON (CIRCULARSTRING (0 1, 2 1, 0 1))"),
    "solid": ("wkt", "POLYGON Z ((0 0 1, 2 0 1, 2 2 9, 0 2 9, 0 0 1))"),
    "measured": ("wkt", "LINESTRING ZM (0 1 5 7, 2 1 6 8)"),
    "empty": ("wkt", "POLYGON EMPTY"),
    "void": ("gml", ""),
}
BAD: Final = {
    "bad_wkt": ("wkt", "POLYGON ((0 0, 1"),
    "bad_gml": ("gml", f"<Point xmlns='{GML}'><pos>1</pos></Point>"),
    "evil_gml": ("gml", f"<!DOCTYPE p []><Point xmlns='{GML}'><pos>1 1</pos></Point>"),
    "bad_kml": ("kml", "<Placemark/>"),
    "bad_cell": ("dggs", "CELL (1)"),
    "bad_geojson": ("geoJSON", '{"type": "Feature"}'),
}
SQUARE: Final = shapely.box(0, 0, 2, 2)
SQUARES: Final = {"wkt", "lat_lon", "gml", "geojson", "kml", "solid"}


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.fixture(scope="module")
def loaded(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Store, LoadReport]]:
    folder: Path = tmp_path_factory.mktemp("literals")
    lines = (
        f"<http://g/{name}> <http://g/has> {_quoted(text)}^^<{GEO}{kind}Literal> ."
        for name, (kind, text) in {**LITERALS, **BAD}.items()
    )
    (folder / "literals.nt").write_text("\n".join(lines))
    store = Store.open(folder / "store")
    report = store.load([folder / "literals.nt"])
    yield store, report
    store.close()


def test_ill_formed_literals_are_reported_and_kept(
    loaded: tuple[Store, LoadReport],
) -> None:
    store, report = loaded
    assert {each.lexical for each in report.ill_formed_geometries} == {
        t for _, t in BAD.values()
    }
    kept = by_name(store, "STR(?x)")
    assert kept == {name: text for name, (_, text) in {**LITERALS, **BAD}.items()}
    assert {by_name(store, "geof:dimension(?x)")[name] for name in BAD} == {None}


def test_each_serialization_is_the_same_square(
    loaded: tuple[Store, LoadReport],
) -> None:
    store, _ = loaded
    equal = "SELECT ?b { g:wkt g:has ?x . ?b g:has ?y FILTER (geof:sfEquals(?x, ?y)) }"
    assert {row[0] for row in rows(store, equal)} == SQUARES
    areas = by_name(store, "geof:area(?x, uom:metre)")
    assert len({round(areas[name]) for name in SQUARES}) == 1
    assert areas["cell"] == pytest.approx(h3.cell_area(CELL, "m^2"), rel=1e-2)
    assert areas["disc"] / areas["wkt"] == pytest.approx(3.1416 / 4, rel=1e-3)


@pytest.mark.parametrize("name", LITERALS)
def test_a_constant_is_what_is_stored(
    loaded: tuple[Store, LoadReport], name: str
) -> None:
    store, _ = loaded
    kind, text = LITERALS[name]
    literal = f"{_quoted(text)}^^geo:{kind}Literal"
    query = (
        f"SELECT (geof:asWKT(?x) AS ?v) (geof:asWKT({literal}) AS ?w) "
        f"(geof:sfIntersects(?x, {literal}) AS ?i) {{ g:{name} g:has ?x }}"
    )
    ((stored, constant, intersects),) = rows(store, query)
    assert stored == constant
    assert intersects is not shape(stored).is_empty


def test_heights_and_measures_are_kept(loaded: tuple[Store, LoadReport]) -> None:
    store, _ = loaded
    written = by_name(store, "geof:asWKT(?x)")
    assert written["solid"] == LITERALS["solid"][1]
    assert written["measured"] == LITERALS["measured"][1]
    assert by_name(store, "geof:maxZ(?x)")["solid"] == 9
    assert by_name(store, "geof:coordinateDimension(?x)")["measured"] == 4
    touching = (
        "SELECT ?b { g:measured g:has ?x . ?b g:has ?y FILTER (geof:sfWithin(?x, ?y)) }"
    )
    assert {row[0] for row in rows(store, touching)} >= SQUARES


def test_empty_geometries_meet_nothing(loaded: tuple[Store, LoadReport]) -> None:
    store, _ = loaded
    empty = by_name(store, "geof:isEmpty(?x)")
    assert {name for name, is_empty in empty.items() if is_empty} == {"empty", "void"}
    meets = (
        "SELECT ?a ?b { ?a g:has ?x . ?b g:has ?y FILTER (geof:isEmpty(?x)) "
        "FILTER (geof:sfIntersects(?x, ?y)) }"
    )
    assert rows(store, meets) == []
