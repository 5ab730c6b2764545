"""Cases of geo:dggsLiteral, by the library H3 and its documentation.

The standard leaves the grid and its text to others: the text is
ours, the cells are H3's.
"""

from collections.abc import Iterator
from typing import Any, Final

import h3
import pyoxigraph as ox
import shapely

from tests.conformance.geosparql_cases.writing import (
    CRS84,
    GEO,
    H3,
    SF,
    Case,
    Row,
    iri,
    uri,
    value,
    wkt,
)

EXTENSION: Final = "geometry-extension-dggs/"
SOURCE: Final = "the library H3"
# The first example of H3's documentation: a place in San Francisco at resolution 9.
CELL: Final = "8928308280fffff"
PLACE: Final = (-122.418307270836, 37.775938728915946)
NEXT: Final = h3.grid_ring(CELL, 1)[0]
AWAY: Final = h3.grid_ring(CELL, 3)[0]
DATA: Final = "data.ttl"


def _cell(cell: str) -> ox.Literal:
    return _literal(f"<{H3}> CELL ({cell})")


def _cells(*cells: str) -> ox.Literal:
    return _literal(f"<{H3}> CELLLIST (({' '.join(cells)}))")


def _literal(text: str) -> ox.Literal:
    return ox.Literal(text, datatype=ox.NamedNode(f"{GEO}dggsLiteral"))


def _outline(*cells: str) -> Any:
    """In longitude and latitude, by the corners of the cells."""
    polygons = [
        shapely.Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(cell)])
        for cell in cells
    ]
    return polygons[0] if len(polygons) == 1 else shapely.union_all(polygons)


LITERALS: Final = {
    "one": _cell(CELL),
    "next": _cell(NEXT),
    "away": _cell(AWAY),
    "pair": _cells(CELL, NEXT),
    "apart": _cells(CELL, AWAY),
    "empty": _literal(""),
}
CELLS: Final = {
    "one": [CELL],
    "next": [NEXT],
    "away": [AWAY],
    "pair": [CELL, NEXT],
    "apart": [CELL, AWAY],
}


def grid_data() -> str:
    """The literals."""
    return "".join(f":{name} geo:asDGGS {text} .\n" for name, text in LITERALS.items())


def grid_cases() -> Iterator[Case]:
    """All of them."""
    rows: list[Row] = [(iri(f":{name}"), text) for name, text in LITERALS.items()]
    query = "SELECT ?s ?x { ?s geo:asDGGS ?x }"
    yield _case("geometry-as-dggs-literal", None, query, "s x", rows)
    known = "?s geo:asDGGS ?x FILTER(?s != :empty)"
    query = f"SELECT ?s (geof:getSRID(?x) AS ?crs) {{ {known} }}"
    yield _case("srid-function", None, query, "s crs", _each(lambda _: uri(CRS84)))
    query = f"SELECT ?s (geof:asWKT(?x) AS ?v) {{ {known} }}"
    yield _case("dggs-literal", None, query, "s v", _each(wkt))
    query = "SELECT (geof:isEmpty(?x) AS ?v) { :empty geo:asDGGS ?x }"
    yield _case("dggs-literal-empty", None, query, "v", [(value(of=True),)])
    yield from _functions(known)
    yield from _pairs()
    yield _as_dggs()
    yield _aggregate()


def _case(
    name: str, requirement: str | None, query: str, variables: str, rows: list[Row]
) -> Case:
    chosen = (EXTENSION + (requirement or name),)
    return Case(name, chosen, query, variables, rows, SOURCE, DATA, 1e-6)


def _each(of: Any) -> list[Row]:
    return [(iri(f":{name}"), of(_outline(*cells))) for name, cells in CELLS.items()]


def _functions(known: str) -> Iterator[Case]:
    for name, of in (
        ("boundary", lambda one: wkt(shapely.boundary(one))),
        ("convexHull", lambda one: wkt(shapely.convex_hull(one))),
        ("envelope", lambda one: wkt(shapely.envelope(one))),
        ("centroid", lambda one: wkt(shapely.centroid(one))),
        ("dimension", lambda one: value(int(shapely.get_dimensions(one)))),
        ("coordinateDimension", lambda _: value(2)),
        ("spatialDimension", lambda _: value(2)),
        ("geometryType", lambda one: uri(SF + one.geom_type)),
        ("isEmpty", lambda _: value(of=False)),
        ("isSimple", lambda _: value(of=True)),
        ("is3D", lambda _: value(of=False)),
        ("isMeasured", lambda _: value(of=False)),
    ):
        query = f"SELECT ?s (geof:{name}(?x) AS ?v) {{ {known} }}"
        yield _case(name, "query-functions", query, "s v", _each(of))
    for name, of in (
        ("minX", lambda one: value(one.bounds[0])),
        ("minY", lambda one: value(one.bounds[1])),
        ("maxX", lambda one: value(one.bounds[2])),
        ("maxY", lambda one: value(one.bounds[3])),
        ("numGeometries", lambda one: value(int(shapely.get_num_geometries(one)))),
    ):
        query = f"SELECT ?s (geof:{name}(?x) AS ?v) {{ {known} }}"
        yield _case(name, "query-functions-non-sf", query, "s v", _each(of))
    # H3 measures on a sphere of its own, 0.3 % smaller than the ellipsoid at places.
    query = "SELECT (geof:metricArea(?x) AS ?v) { :one geo:asDGGS ?x }"
    rows: list[Row] = [(value(h3.cell_area(CELL, unit="m^2")),)]
    name = f"{EXTENSION}query-functions-non-sf"
    yield Case("metricArea", (name,), query, "v", rows, SOURCE, DATA, 1e-2)


def _pairs() -> Iterator[Case]:
    """Cells of one size meet in an edge, or in nothing, and are what they are."""
    rows: list[Row] = [
        (iri(f":{a}"), iri(f":{b}"), *map(value, _relations(a, b)))
        for a in ("one", "next", "away")
        for b in ("one", "next", "away")
    ]
    columns = " ".join(
        f"(geof:{name}(?x, ?y) AS ?{name})"
        for name in ("sfEquals", "sfTouches", "sfDisjoint")
    )
    query = (
        f"SELECT ?a ?b {columns} {{ VALUES ?a {{ :one :next :away }} "
        "VALUES ?b { :one :next :away } ?a geo:asDGGS ?x . ?b geo:asDGGS ?y }"
    )
    variables = "a b sfEquals sfTouches sfDisjoint"
    yield _case("relations", "query-functions", query, variables, rows)


def _relations(a: str, b: str) -> tuple[bool, bool, bool]:
    near = {a, b} <= {"one", "next"} or h3.are_neighbor_cells(CELLS[a][0], CELLS[b][0])
    return a == b, a != b and near, a != b and not near


def _as_dggs() -> Case:
    lon, lat = PLACE
    rows: list[Row] = [
        (value(size), _cell(h3.latlng_to_cell(lat, lon, size)))
        for size in (0, 5, 9, 15)
    ]
    calls = " UNION ".join(
        f"{{ BIND ({size} AS ?n) BIND (geof:asDGGS(?x, <{H3}/{size}>) AS ?v) }}"
        for size in (0, 5, 9, 15)
    )
    calls = calls.replace("?x", f"'POINT ({lon!r} {lat!r})'^^geo:wktLiteral")
    return _case("asDGGS-function", None, f"SELECT ?n ?v {{ {calls} }}", "n v", rows)


def _aggregate() -> Case:
    return _case(
        "sa-functions",
        None,
        "SELECT (geof:aggUnion(?x) AS ?all) (geof:aggBoundingBox(?x) AS ?box) "
        "(geof:aggConvexHull(?x) AS ?hull) "
        "{ VALUES ?s { :one :next } ?s geo:asDGGS ?x }",
        "all box hull",
        [
            (
                wkt(_outline(CELL, NEXT)),
                wkt(shapely.envelope(_outline(CELL, NEXT))),
                wkt(shapely.convex_hull(_outline(CELL, NEXT))),
            )
        ],
    )
