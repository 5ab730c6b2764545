"""`geo:dggsLiteral`s of H3 cells (section 8.5.5).

The standard leaves to others what a cell is and how one is written. Ours are lists of
cells of [H3](https://h3geo.org), which by their edges are polygons in CRS84:
`<https://w3id.org/pytheas/dggs/h3> CELLLIST ((8075fffffffffff 8055fffffffffff))`, or
`CELL (8075fffffffffff)` for one of them.
"""

import math
import re
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import h3
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from ontologies.errors import OntologyError
from ontologies.geosparql.crs import CRS84_IRI
from ontologies.geosparql.literals import Geometry, LiteralError

H3_IRI: Final = "https://w3id.org/pytheas/dggs/h3"
"""Names the grid; `/{resolution}` behind it, 0 to 15, names the cells of one size."""

MOST_CELLS: Final = 1_000_000
"""How many cells the covering of a geometry may have."""

_LITERAL: Final = re.compile(
    r"\s*<([^<>\s]*)>\s+(?:CELL\s*\(\s*(\w+)\s*\)|CELLLIST\s*\(\(([\w\s]*)\)\))\s*",
    re.IGNORECASE,
)
_SIZE: Final = re.compile(re.escape(H3_IRI) + r"/(\d|1[0-5])")
_STRAIGHT_DEG: Final = 0.5
_MOST_PIECES: Final = 64
_Place: TypeAlias = tuple[float, float]
_RADIUS_KM: Final = 6371.0


def parse_dggs_literal(text: str) -> Geometry:
    """The area of the cells of a `geo:dggsLiteral`.

    Raises:
        LiteralError: It is of another grid, or has what is no cell.

    Examples:
        >>> cell = parse_dggs_literal(f"<{H3_IRI}> CELL (851fa477fffffff)")
        >>> cell.shapely.geom_type, len(cell.shapely.exterior.coords)
        ('Polygon', 7)
    """
    if not text.strip():
        return Geometry(CRS84_IRI, shapely.GeometryCollection())
    found = _LITERAL.fullmatch(text)
    if found is None or found[1] != H3_IRI:
        reason = f"not <{H3_IRI}> with CELL (...) or CELLLIST ((...))"
        raise LiteralError("dggsLiteral", text, 0, reason)
    cells = (found[2] or found[3] or "").split()
    for cell in cells:
        if not h3.is_valid_cell(cell):
            reason = f"{cell!r} is no cell of H3"
            raise LiteralError("dggsLiteral", text, text.index(cell), reason)
    return Geometry(CRS84_IRI, _outline(cells))


def _outline(cells: list[str]) -> BaseGeometry:
    if not cells:
        return shapely.Polygon()
    finest = max(map(h3.get_resolution, cells))
    distinct = set(h3.uncompact_cells(cells, finest))
    outline = h3.cells_to_h3shape(distinct)
    parts = [outline] if isinstance(outline, h3.LatLngPoly) else list(outline)
    polygons = [_polygon(part) for part in parts]
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def _polygon(part: Any) -> shapely.Polygon:
    shell, *holes = (_ring(ring) for ring in (part.outer, *part.holes))
    return shapely.Polygon(shell, holes)


def _ring(corners: Any) -> list[_Place]:
    """Longitudes and latitudes along the edges, which are great circles."""
    places = [(lon, lat) for lat, lon in corners]
    run: list[_Place] = []
    for start, end in zip(places, [*places[1:], places[0]], strict=True):
        run += [start, *_between(start, end)]
    return run


def _between(start: _Place, end: _Place) -> list[_Place]:
    """Places on an edge, so near that it is straight between them in degrees too.

    The same ones from either end, so that cells still share their edges.
    """
    turn = abs((end[0] - start[0] + 180) % 360 - 180)
    pieces = min(math.ceil(turn / _STRAIGHT_DEG), _MOST_PIECES)
    first, last = sorted((start, end))
    shares = np.arange(1, pieces)[:, None] / pieces
    found = (1 - shares) * _on_sphere(first) + shares * _on_sphere(last)
    lon = np.degrees(np.arctan2(found[:, 1], found[:, 0]))
    lat = np.degrees(np.arctan2(found[:, 2], np.hypot(found[:, 0], found[:, 1])))
    inner = list(zip(lon.tolist(), lat.tolist(), strict=True))
    return inner if first == start else inner[::-1]


def _on_sphere(place: _Place) -> Any:
    lon, lat = np.radians(place)
    return np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def render_dggs_literal(geometry: Geometry, size: str) -> str:
    """The cells that together cover a geometry, those of areas by overlap.

    Args:
        geometry: In CRS84 and cut at the antimeridian.
        size: `{H3_IRI}/{resolution}`.

    Raises:
        OntologyError: The geometry is in another CRS, the size is none, or more cells
            would be needed than `MOST_CELLS`.

    Examples:
        >>> render_dggs_literal(
        ...     Geometry(CRS84_IRI, shapely.Point(5, 51)), H3_IRI + "/5"
        ... )
        '<https://w3id.org/pytheas/dggs/h3> CELLLIST ((851fa477fffffff))'
    """
    found = _SIZE.fullmatch(size)
    if found is None:
        raise OntologyError(f"<{size}> is none of <{H3_IRI}/0> to <{H3_IRI}/15>")
    if geometry.crs_iri != CRS84_IRI:
        raise OntologyError(f"cells are in CRS84, not in <{geometry.crs_iri}>")
    cells = sorted(set(_covering(geometry.shapely, int(found[1]))))
    return f"<{H3_IRI}> CELLLIST (({' '.join(cells)}))"


def _covering(shape: BaseGeometry, resolution: int) -> Iterator[str]:
    for part in shapely.get_parts(shape).tolist():
        match part.geom_type:
            case "Point" | "LineString" | "LinearRing":
                yield from _along(part, resolution)
            case "Polygon":
                yield from _over(part, resolution)
            case _:
                yield from _covering(part, resolution)


def _along(line: BaseGeometry, resolution: int) -> Iterator[str]:
    """The cells of points along a line, eight to the length of a cell's edge."""
    edge = h3.average_hexagon_edge_length(resolution, "km") / _RADIUS_KM
    step = math.degrees(edge) / 8
    _refuse_many(line.length / step / 8)
    points = shapely.segmentize(line, step) if line.length else line
    for lon, lat in shapely.get_coordinates(points).tolist():
        yield h3.latlng_to_cell(lat, lon, resolution)


def _over(polygon: Any, resolution: int) -> Iterator[str]:
    if polygon.is_empty:
        return
    _refuse_many(_about_m2(polygon) / h3.average_hexagon_area(resolution, "m^2"))
    rings = [
        [(lat, lon) for lon, lat in shapely.get_coordinates(ring).tolist()]
        for ring in (polygon.exterior, *polygon.interiors)
    ]
    shape = h3.LatLngPoly(*rings)
    yield from h3.h3shape_to_cells_experimental(shape, resolution, contain="overlap")


def _about_m2(polygon: BaseGeometry) -> float:
    """At least its area, on a sphere."""
    _, south, _, north = np.radians(polygon.bounds)
    widest = 1.0 if south < 0 < north else max(math.cos(south), math.cos(north))
    degree = math.radians(_RADIUS_KM * 1000)
    return float(polygon.area * widest * degree**2)


def _refuse_many(cells: float) -> None:
    if cells > MOST_CELLS:
        raise OntologyError(
            f"about {cells:.0f} cells would be needed, more than {MOST_CELLS}; "
            "ask for larger ones"
        )
