"""Conditions as filters of Parquet, whose statistics say which row groups to read."""

import math
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from geotriples.sources.selective import BoxMeets, Condition, ValueBetween, ValueIn

Filter: TypeAlias = Any
"""A pyarrow expression; pyarrow ships no types."""

_HALF: Final = 180.0


def filter_of(
    condition: Condition, schema: pa.Schema, geometries: Mapping[str, Mapping[str, Any]]
) -> Filter | None:
    """The filter of a condition; None where the file cannot tell.

    Args:
        condition: The condition.
        schema: The columns of the file.
        geometries: What GeoParquet says of its geometry columns.
    """
    match condition:
        case BoxMeets(reference, box):
            return _box(geometries.get(reference, {}), box)
        case ValueIn(reference, values):
            return _among(reference, values, schema.field(reference).type)
        case ValueBetween(reference, lowest, highest):
            return _within(reference, lowest, highest, schema.field(reference).type)


def _among(
    reference: str, values: tuple[str, ...] | tuple[int, ...], arrow_type: pa.DataType
) -> Filter | None:
    if pa.types.is_string(arrow_type) or pa.types.is_large_string(arrow_type):
        return pc.field(reference).isin(pa.array(values, arrow_type))
    if not pa.types.is_integer(arrow_type):
        return None
    bits = arrow_type.bit_width
    is_signed = pa.types.is_signed_integer(arrow_type)
    low, high = (-(1 << bits - 1), 1 << bits - 1) if is_signed else (0, 1 << bits)
    numbers = [one for one in values if isinstance(one, int) and low <= one < high]
    return pc.field(reference).isin(pa.array(numbers, arrow_type))


def _within(
    reference: str, lowest: float, highest: float, arrow_type: pa.DataType
) -> Filter | None:
    if not (pa.types.is_integer(arrow_type) or pa.types.is_floating(arrow_type)):
        return None
    column = pc.field(reference)
    tests = [column.is_valid()]
    if math.isfinite(lowest):
        tests.append(column >= pc.scalar(lowest))
    if math.isfinite(highest):
        tests.append(column <= pc.scalar(highest))
    return _all(tests)


def _box(
    geometry: Mapping[str, Any], box: tuple[float, float, float, float]
) -> Filter | None:
    """By the boxes that GeoParquet 1.1 keeps beside geometries (`covering`)."""
    covering = geometry.get("covering", {}).get("bbox")
    if covering is None or geometry.get("edges", "planar") != "planar":
        return None
    west, south, east, north = box
    names = ("xmin", "ymin", "xmax", "ymax")
    minx, miny, maxx, maxy = (pc.field(*covering[name]) for name in names)
    around = _all([minx <= east, maxx >= west, miny <= north, maxy >= south])
    # Within 180 degrees of 0, what is wider than 180 has 0 inside.
    wide = (minx <= 0.0) & (maxx >= 0.0) & ((maxx - minx) > _HALF)
    far = around | (minx < -_HALF) | (maxx > _HALF) | wide
    return far | (minx > maxx) if _may_cross(geometry) else far


def _may_cross(geometry: Mapping[str, Any]) -> bool:
    """Whether a box may say that it crosses the antimeridian, by west > east."""
    box = geometry.get("bbox")
    if box is None:
        return True
    west, east = box[0], box[len(box) // 2]
    return bool(west > east or west <= -_HALF or east >= _HALF)


def _all(tests: list[Filter]) -> Filter:
    whole = tests[0]
    for test in tests[1:]:
        whole = whole & test
    return whole
