"""A box of CRS84 as a condition on geometries in the CRS of their column."""

import math
from functools import lru_cache
from typing import Final, TypeAlias

from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError
from sqlglot import exp

from geotriples.geometry import crs_of_file
from ontologies.geosparql.crs import Crs

Box: TypeAlias = tuple[float, float, float, float]

_DATUM: Final = 0.01
"""Degrees by which datums put a place elsewhere, at most."""

_SHARE: Final = 0.02
"""Of the size of a box: what its edges bend between the points that are transformed."""

_EDGE: Final = 1.5
"""Of the size of a geometry: how far a straight edge in the plane of a projected CRS is
from the straight edge in CRS84 between the same vertices, and more. An edge of length s
around a pole is s / 2 from its chord."""

_POINTS: Final = 64


@lru_cache(maxsize=64)
def window_in(crs_text: str, box: Box) -> Box | None:
    """A box in a column's CRS around one of CRS84; None where there is none to trust.

    Args:
        crs_text: The CRS of the column, as pyproj reads it.
        box: West, south, east, north.
    """
    crs = crs_of_file(crs_text)
    west, south, east, north = box
    if is_in_degrees(crs):
        return (west - _DATUM, south - _DATUM, east + _DATUM, north + _DATUM)
    if not crs.is_planar or crs.is_engineering:
        return None
    transformer = Transformer.from_crs(CRS("OGC:CRS84"), crs.pyproj, always_xy=True)
    try:
        moved = transformer.transform_bounds(*box, densify_pts=_POINTS, errcheck=True)
    except ProjError:
        return None
    if not all(map(math.isfinite, moved)) or moved[0] > moved[2]:
        return None
    slack = _SHARE * max(moved[2] - moved[0], moved[3] - moved[1]) + 1.0
    return (moved[0] - slack, moved[1] - slack, moved[2] + slack, moved[3] + slack)


def is_in_degrees(crs: Crs) -> bool:
    """Whether coordinates are degrees from Greenwich and the equator."""
    if not crs.is_geographic:
        return False
    meridian = crs.pyproj.prime_meridian
    units = (axis.unit_conversion_factor for axis in crs.pyproj.axis_info[:2])
    are_degrees = all(math.isclose(one, math.pi / 180) for one in units)
    return are_degrees and (meridian is None or meridian.longitude == 0)


def meets(column: exp.Expr, crs_text: str, box: Box) -> exp.Expr | None:
    """Whether geometries of a column may meet a box of CRS84; None: nobody can tell.

    Args:
        column: WKB, x = east, y = north.
        crs_text: Its CRS, as pyproj reads it.
        box: West, south, east, north.
    """
    window = window_in(crs_text, box)
    if window is None:
        return None
    geometry = exp.func("ST_GeomFromWKB", column)
    sides = (
        exp.func(f"ST_{name}", geometry) for name in ("XMin", "YMin", "XMax", "YMax")
    )
    minx, miny, maxx, maxy = sides
    if is_in_degrees(crs_of_file(crs_text)):
        around = _around((minx, miny, maxx, maxy), window)
        # It may cross the antimeridian, and be where its coordinates do not say.
        far = exp.or_(
            exp.LT(this=minx, expression=_number(-180)),
            exp.GT(this=maxx, expression=_number(180)),
            exp.GT(this=exp.Sub(this=maxx, expression=minx), expression=_number(180)),
        )
        return exp.or_(around, far)
    width = exp.Paren(this=exp.Sub(this=maxx, expression=minx))
    height = exp.Paren(this=exp.Sub(this=maxy, expression=miny))
    size = exp.Mul(this=exp.func("GREATEST", width, height), expression=_number(_EDGE))
    grown = (
        exp.Sub(this=minx, expression=size),
        exp.Sub(this=miny, expression=size),
        exp.Add(this=maxx, expression=size),
        exp.Add(this=maxy, expression=size),
    )
    return _around(grown, window)


def _around(sides: tuple[exp.Expr, ...], window: Box) -> exp.Expr:
    minx, miny, maxx, maxy = sides
    west, south, east, north = map(_number, window)
    return exp.and_(
        exp.LTE(this=minx, expression=east),
        exp.GTE(this=maxx, expression=west),
        exp.LTE(this=miny, expression=north),
        exp.GTE(this=maxy, expression=south),
    )


def _number(value: float) -> exp.Expr:
    return exp.cast(exp.Literal.string(repr(float(value))), "DOUBLE")
