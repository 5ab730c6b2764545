"""GeoTriples' own functions, `rrxf:`, which take their arguments by place.

| function | arguments | result |
|---|---|---|
| asWKT, hasSerialization | geometry | geo:wktLiteral in the geometry's CRS |
| asGML | geometry | geo:gmlLiteral in the geometry's CRS |
| isSimple, isEmpty, is3D | geometry | xsd:boolean; is3D: whether there is a Z |
| dimension | geometry | xsd:integer: 0 points, 1 lines, 2 areas |
| coordinateDimension, spatialDimension | geometry | xsd:integer: 2, and Z, and M |
| area, length | geometry | geodesic square metres, metres; of areas, the boundary's |
| centroidx, centroidy | geometry | in the geometry's CRS, x east, y north |
| contains, equals, intersects, disjoint | geometry, geometry | xsd:boolean |
| within, touches, crosses, overlaps | geometry, geometry | xsd:boolean |
| distance | geometry, geometry | geodesic metres |
| add, subtract | number, number | xsd:decimal |
| greaterThan | number, number | xsd:boolean |
| equi | string, string | xsd:boolean: whether they are equal |
| asCAPITAL, asLOWER | string | string |
| SubString | string, first, last (optional) | string, as grel:string_substring |

GeoTriples measured in the numbers of the CRS, degrees too, and gave the count of
vertices for dimensions; the words here mean what GeoSPARQL means by them.
"""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from sqlglot import exp

from geotriples.functions.base import (
    Function,
    Parameter,
    Type,
    boolean,
    call,
    decimal,
    integer,
    minus,
    plus,
    string,
    text,
)
from geotriples.functions.grel import substring
from geotriples.geometry_facts import RELATIONS
from geotriples.mapping.model import positional
from geotriples.sources.base import Kind
from geotriples.values import WKT_LITERAL, Value
from ontologies.namespaces import GEO, RRXF


def _place(number: int, kind: Type, *, required: bool = True) -> Parameter:
    return Parameter((positional(number),), kind, required)


_GEOMETRY: Final = _place(1, Type.GEOMETRY)
_OTHER_GEOMETRY: Final = _place(2, Type.GEOMETRY)
_STRING: Final = _place(1, Type.STRING)
_NUMBERS: Final = (_place(1, Type.NUMBER), _place(2, Type.NUMBER))
_OFFSETS: Final = (
    _place(2, Type.INTEGER),
    _place(3, Type.INTEGER, required=False),
)


def _literal(geometry: Value) -> exp.Expr:
    if geometry.kind is Kind.GEOMETRY:
        return exp.func("RDF_WKT_LITERAL", geometry.sql, text(geometry.crs or ""))
    return geometry.sql


def _as_wkt(geometry: Value) -> Value:
    return Value(_literal(geometry), Kind.STRING, datatype=WKT_LITERAL)


def _fact(name: str, geometry: Value) -> exp.Expr:
    return exp.func("RDF_GEOMETRY_FACT", _literal(geometry), text(name))


def _as_gml(geometry: Value) -> Value:
    gml = GEO.term("gmlLiteral")
    return Value(_fact("asGML", geometry), Kind.STRING, datatype=gml)


def _flag(name: str, geometry: Value) -> Value:
    return boolean(exp.func("FN_BOOLEAN", _fact(name, geometry)))


def _count(name: str, geometry: Value) -> Value:
    return integer(exp.func("FN_INTEGER", _fact(name, geometry)))


def _measure(name: str, geometry: Value) -> Value:
    return decimal(exp.func("FN_NUMBER", _fact(name, geometry)))


def _pair(name: str, left: Value, right: Value) -> exp.Expr:
    sides = (_literal(left), _literal(right))
    return exp.func("RDF_GEOMETRY_PAIR", *sides, text(name))


def _relation(name: str, left: Value, right: Value) -> Value:
    return boolean(exp.func("FN_BOOLEAN", _pair(name, left, right)))


def _distance(left: Value, right: Value) -> Value:
    return decimal(exp.func("FN_NUMBER", _pair("distance", left, right)))


def _add(left: Value, right: Value) -> Value:
    return decimal(plus(left.sql, right.sql))


def _subtract(left: Value, right: Value) -> Value:
    return decimal(minus(left.sql, right.sql))


def _greater(left: Value, right: Value) -> Value:
    return boolean(exp.GT(this=left.sql, expression=right.sql))


def _equi(left: Value, right: Value) -> Value:
    return boolean(exp.EQ(this=left.sql, expression=right.sql))


_ONE: Final = (_GEOMETRY,)
_TWO: Final = (_GEOMETRY, _OTHER_GEOMETRY)

_FUNCTIONS: Final[Mapping[str, Function]] = {
    "asWKT": Function(_ONE, _as_wkt),
    "hasSerialization": Function(_ONE, _as_wkt),
    "asGML": Function(_ONE, _as_gml),
    **{
        name: Function(_ONE, partial(_flag, name))
        for name in ("isSimple", "isEmpty", "is3D")
    },
    **{
        name: Function(_ONE, partial(_count, name))
        for name in ("spatialDimension", "dimension", "coordinateDimension")
    },
    **{
        name: Function(_ONE, partial(_measure, name))
        for name in ("area", "length", "centroidx", "centroidy")
    },
    **{name: Function(_TWO, partial(_relation, name)) for name in RELATIONS},
    "distance": Function(_TWO, _distance),
    "add": Function(_NUMBERS, _add),
    "subtract": Function(_NUMBERS, _subtract),
    "greaterThan": Function(_NUMBERS, _greater),
    "equi": Function((_STRING, _place(2, Type.STRING)), _equi),
    "asCAPITAL": Function((_STRING,), call("UPPER", string)),
    "asLOWER": Function((_STRING,), call("LOWER", string)),
    "SubString": Function((_STRING, *_OFFSETS), substring),
}

FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {RRXF.term(name): one for name, one in _FUNCTIONS.items()}
)
"""Function IRI to function."""
