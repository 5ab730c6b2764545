"""Whether two results are the same where geometries are compared by value.

A geometry is what its literal says: a CRS, a kind, and coordinates, whatever the ring
or the part that its text begins with. None of ours reads it here.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Final
from xml.etree import ElementTree as ET

import numpy as np
import shapely

from strabon_store.algebra.terms import Literal, Term
from tests.solutions import Answer, Row

COORDINATES: Final = 1e-9
"""By how much of it a coordinate may be off, or absolutely where it is below 1."""

_GEO: Final = "http://www.opengis.net/ont/geosparql#"
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_NAMED: Final = re.compile(r"\s*<([^>]*)>\s*(.*)", re.DOTALL)
_CELL: Final = re.compile(r"<[^>]*>|\b[0-9a-f]{15}\b")
_NUMBER: Final = re.compile(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?")


def assert_same_spatial(actual: Answer, expected: Answer, tolerance: float) -> None:
    """Fail with the rows that one side alone has.

    Args:
        actual: Ours.
        expected: What must come out.
        tolerance: By how much of its value a double may be off.
    """
    assert set(actual.variables) == set(expected.variables)
    order = [actual.variables.index(name) for name in expected.variables]
    ours = [tuple(row[i] for i in order) for row in actual.rows]
    missing = []
    for row in expected.rows:
        found = next((each for each in ours if _same_row(each, row, tolerance)), None)
        if found is None:
            missing.append(row)
        else:
            ours.remove(found)
    assert (ours, missing) == ([], [])


def _same_row(one: Row, other: Row, tolerance: float) -> bool:
    pairs = zip(one, other, strict=True)
    return all(same_term(a, b, tolerance) for a, b in pairs)


def same_term(actual: Term | None, expected: Term | None, tolerance: float) -> bool:
    """Whether a term is the expected one, or is as near as it must be."""
    if not isinstance(actual, Literal) or not isinstance(expected, Literal):
        return actual == expected
    if actual.datatype != expected.datatype:
        return False
    if actual.datatype == f"{_XSD}double":
        one, other = float(actual.lexical), float(expected.lexical)
        return abs(one - other) <= tolerance * max(1.0, abs(other))
    if actual.datatype == f"{_XSD}boolean" or not actual.datatype.startswith(_GEO):
        return actual == expected
    kind = actual.datatype.removeprefix(_GEO)
    return actual == expected or _same_geometry(actual.lexical, expected.lexical, kind)


def _same_geometry(one: str, other: str, kind: str) -> bool:
    match kind:
        case "wktLiteral":
            (crs, a), (named, b) = _wkt(one), _wkt(other)
            return crs == named and same_shape(a, b)
        case "geoJSONLiteral":
            return same_shape(_geojson(one), _geojson(other))
        case "gmlLiteral" | "kmlLiteral":
            return _same_xml(ET.fromstring(one), ET.fromstring(other))
        case "dggsLiteral":
            return set(_CELL.findall(one)) == set(_CELL.findall(other))
        case _:
            return one == other


def _wkt(text: str) -> tuple[str, Any]:
    named = _NAMED.fullmatch(text)
    crs, wkt = (named[1], named[2]) if named else (_CRS84, text)
    return crs, shapely.from_wkt(wkt) if wkt.strip() else shapely.GeometryCollection()


def _geojson(text: str) -> Any:
    assert json.loads(text)
    return shapely.from_geojson(text)


def same_shape(one: Any, other: Any) -> bool:
    """Whether two geometries have the same parts, vertices and dimensions.

    A vertex on a straight edge makes no difference to an area.
    """
    if one.is_empty or other.is_empty:
        return bool(one.is_empty and other.is_empty)
    if (one.geom_type, one.has_z, one.has_m) != (
        other.geom_type,
        other.has_z,
        other.has_m,
    ):
        return False
    a, b = (_vertices(shapely.normalize(each)) for each in (one, other))
    if a.shape == b.shape and np.allclose(a, b, rtol=COORDINATES, atol=COORDINATES):
        return True
    return bool(one.geom_type.endswith("Polygon") and one.equals(other))


def _vertices(geometry: Any) -> Any:
    found = shapely.get_coordinates(
        geometry, include_z=geometry.has_z, include_m=geometry.has_m
    )
    return np.asarray(found)


def _same_xml(one: ET.Element, other: ET.Element) -> bool:
    """The same elements with the same numbers in the same CRS."""
    a, b = _numbers(one), _numbers(other)
    return (
        one.tag == other.tag
        and one.get("srsName", _CRS84) == other.get("srsName", _CRS84)
        and _outline(one) == _outline(other)
        and len(a) == len(b)
        and np.allclose(a, b, rtol=COORDINATES, atol=COORDINATES)
    )


def _outline(element: ET.Element) -> Sequence[object]:
    return [element.tag, *(_outline(child) for child in element)]


def _numbers(element: ET.Element) -> list[float]:
    return [float(each) for each in _NUMBER.findall(" ".join(element.itertext()))]
