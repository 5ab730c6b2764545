"""Cells of geometries: two that may be related have an equal key, most others none.

A plane is cut into squares whose sides are powers of eight, and a geometry stands in
the squares, four at most, of the first size that its box fits into.  Of two whose boxes
meet, one stands at the finer level, and both are in one square of the coarser.  So a
key is a square and a direction: `A` joins squares in which the child stands with those
of the parent and around it, `B` those around the child with the parent's own.

Empty geometries have one key, which no other has: they may be equal.

Geometries of one CRS are related in its plane, others in that of CRS84: both are cut.
"""

import math
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry

from engines.errors import EngineError
from engines.geosparql.planes import in_crs84
from ontologies.geosparql.crs import CRS84_IRI
from ontologies.geosparql.literals import parse_wkt_literal

_LEVELS: Final = tuple(range(-12, 28, 3))
"""Sides of squares, as powers of two: 27 m in degrees to more than the Earth in
metres."""

CHILD: Final = "child"


def cells(literal: str, side: str) -> str:
    """The keys of a geometry, with spaces between them.

    Args:
        literal: A geo:wktLiteral.
        side: `child` or `parent`.

    Raises:
        OntologyError: The text is no literal.

    Examples:
        >>> shared = set(cells("POINT(1 2)", "child").split())
        >>> bool(shared & set(cells("POLYGON((0 0,9 0,9 9,0 0))", "parent").split()))
        True
        >>> bool(shared & set(cells("POINT(1.1 2)", "parent").split()))
        False
    """
    geometry = parse_wkt_literal(literal)
    keys = list(_keys(geometry.shapely, geometry.crs_iri, side))
    if geometry.crs_iri != CRS84_IRI:
        # What has no place there is found by those of its own CRS all the same.
        with suppress(EngineError):
            keys += _keys(in_crs84(geometry), CRS84_IRI, side)
    return " ".join(keys)


def _keys(shape: BaseGeometry, plane: str, side: str) -> Iterator[str]:
    if shape.is_empty:
        return
    bounds = shapely.bounds(shape).tolist()
    size = max(bounds[2] - bounds[0], bounds[3] - bounds[1])
    own = next((level for level in _LEVELS if 2.0**level >= size), _LEVELS[-1])
    for level in _LEVELS[_LEVELS.index(own) :]:
        is_own = level == own
        directions = "A" if side == CHILD else "AB"
        if not is_own:
            directions = "B" if side == CHILD else "A"
        for square in _squares(bounds, 2.0**level):
            for direction in directions:
                yield f"{direction}{level}:{square}:{plane}"


def _squares(bounds: list[float], side: float) -> Iterator[str]:
    west, south, east, north = (math.floor(one / side) for one in bounds)
    for column in range(west, east + 1):
        for row in range(south, north + 1):
            yield f"{column}:{row}"
