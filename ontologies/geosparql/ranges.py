"""Latitudes and longitudes that are on Earth.

A latitude is at most a quarter of a turn. A longitude means the same with a whole turn
more or less: global grids count from 0 to 360, and what is drawn over the antimeridian
may run on beyond 180. More than a turn beyond is no way to count longitudes.
"""

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import shapely

from ontologies.geosparql.crs import Crs

_Geometries: TypeAlias = np.ndarray[Any, np.dtype[np.object_]]

_QUARTER: Final = math.pi / 2
_MOST: Final = math.pi + 2 * math.pi
_SLACK: Final = 1 + 1e-12


class OutOfRange(NamedTuple):
    """A coordinate that is none of a geographic CRS.

    Attributes:
        value: The coordinate.
        reason: What is wrong with it.
    """

    value: float
    reason: str


def out_of_range(shapes: _Geometries, crs: Crs) -> Sequence[tuple[int, OutOfRange]]:
    """The geometries of a column that cannot be in their CRS, and why.

    Args:
        shapes: x = east, y = north, as parsed; None and the empty geometry pass.
        crs: Their CRS; of those that are not geographic nothing is said.

    Examples:
        >>> from ontologies.geosparql.crs import CRS84_IRI, crs_from_iri
        >>> places = shapely.points([[200, 5], [5, 95]])
        >>> [
        ...     (row, bad.reason)
        ...     for row, bad in out_of_range(places, crs_from_iri(CRS84_IRI))
        ... ]
        [(1, 'the latitude 95 is beyond 90; the longitude comes first in this CRS')]
    """
    if not crs.is_geographic:
        return ()
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    limits = [angle / crs.unit_factor for angle in (_MOST, _QUARTER)]
    with np.errstate(invalid="ignore"):
        is_beyond = np.abs(bounds) > np.array(limits * 2) * _SLACK
    return [
        (row, _reason(bounds[row], is_beyond[row], limits, crs))
        for row in np.flatnonzero(is_beyond.any(axis=1)).tolist()
    ]


def _reason(bounds: Any, is_beyond: Any, limits: list[float], crs: Crs) -> OutOfRange:
    # Latitudes first: who swapped the two has them both wrong.
    side = max(np.flatnonzero(is_beyond).tolist(), key=lambda side: side % 2)
    name = ("longitude", "latitude")[side % 2]
    first = "latitude" if crs.axis_order == "yx" else "longitude"
    value = float(bounds[side])
    return OutOfRange(
        value,
        f"the {name} {value:g} is beyond {math.copysign(limits[side % 2], value):g}; "
        f"the {first} comes first in this CRS",
    )
