"""WKT that restores the same doubles, and the exchange of axes that literals need."""

import re
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

_WKT_STYLE: Final[dict[str, Any]] = {
    "rounding_precision": -1,
    "trim": True,
    "output_dimension": 4,
}
# GEOS writes 17 decimals at most, which below a half are too few to restore a double.
_SMALL: Final = 0.5


def to_wkt(
    shapes: np.ndarray[Any, np.dtype[np.object_]],
) -> np.ndarray[Any, np.dtype[np.object_]]:
    """WKT from which the same doubles are read again."""
    wkts = object_array(shapely.to_wkt(shapes, **_WKT_STYLE))
    # Z and M are one more number each: look at all of them.
    solid = shapely.has_z(shapes) | shapely.has_m(shapes)
    coordinates, row = shapely.get_coordinates(shapes, return_index=True)
    small = ((np.abs(coordinates) < _SMALL) & (coordinates != 0)).any(axis=1)
    for index in np.union1d(row[small], np.flatnonzero(solid)).tolist():
        wkts[index] = _with_all_digits(wkts[index], shapes[index])
    return wkts


def _with_all_digits(wkt: str, shape: BaseGeometry) -> str:
    """The same text with each number written in the digits that Python finds needed."""
    numbers = shapely.get_coordinates(
        shape, include_z=shape.has_z, include_m=shape.has_m
    ).ravel()
    texts = iter(repr(float(number)).removesuffix(".0") for number in numbers)
    return _WRITTEN.sub(lambda found: next(texts, found[0]), wkt)


_WRITTEN: Final = re.compile(r"[-+]?\d[\d.]*(?:[eE][-+]?\d+)?|NaN")
_NUMBER: Final = r"(?:[-+]?[\d.]+(?:[eE][-+]?\d+)?)"
_PAIR: Final = re.compile(rf"({_NUMBER}) ({_NUMBER})((?: (?:{_NUMBER}|NaN))*)")


def swap(geometry: BaseGeometry) -> BaseGeometry:
    """Exchange x and y of one geometry.

    Examples:
        >>> swap(shapely.Point(5, 51))
        <POINT (51 5)>
    """
    swapped: BaseGeometry = swap_all(object_array([geometry]))[0]
    return swapped


def swap_all(
    geometries: np.ndarray[Any, np.dtype[np.object_]],
) -> np.ndarray[Any, np.dtype[np.object_]]:
    """Exchange x and y; its own inverse."""
    coordinates = shapely.get_coordinates(geometries, include_z=True)
    coordinates[:, :2] = coordinates[:, 1::-1]
    swapped = object_array(shapely.set_coordinates(geometries.copy(), coordinates))
    # shapely's set_coordinates drops M, so measured geometries go through their text.
    for row in np.flatnonzero(shapely.has_m(geometries)).tolist():
        wkt = to_wkt(geometries[row : row + 1])[0]
        swapped[row] = shapely.from_wkt(_PAIR.sub(r"\2 \1\3", wkt))
    return swapped


def object_array(values: Any) -> np.ndarray[Any, np.dtype[np.object_]]:
    """Geometries, or one of them, as an array of objects."""
    return np.asarray(values, dtype=object)
