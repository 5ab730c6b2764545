"""The functions by name: most are lowered by what they take and give.

What they take and give is written in `ontologies.geosparql.functions`, what they
compute in `engines.geosparql`; a function of a known signature needs nothing here.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from engines.geosparql.answers import construct_once
from ontologies.errors import OntologyError
from ontologies.geosparql.crs import crs_from_iri
from ontologies.geosparql.datatypes import (
    DGGS_LITERAL,
    GEOJSON_LITERAL,
    GML_LITERAL,
    KML_LITERAL,
)
from ontologies.geosparql.functions import FUNCTIONS, FUNCTIONS_BY_IRI, Function, Kind
from ontologies.geosparql.relations import RELATIONS
from ontologies.geosparql.units import Quantity
from ontologies.namespaces import GEOF, XSD
from strabon_store.errors import UnknownFunction
from strabon_store.relational.geo.measures import MEASURES
from strabon_store.relational.geo.operands import (
    planes_of,
    scaled,
    size_of_unit,
    unit_of,
)
from strabon_store.relational.geo.relations import relate, relation
from strabon_store.relational.numbers import Rank
from strabon_store.relational.scalars import Constant, Scalar, call
from strabon_store.relational.values import Value, boolean, geometry, literal, number

_NOTHING: Final = Constant("")


def lower_geof(name: str, arguments: tuple[Value, ...]) -> Value:
    """The value of `geof:{name}(arguments...)`.

    Raises:
        UnknownFunction: There is no such function, or not of so many arguments.
        OntologyError: A unit of measure is unknown.
    """
    known = FUNCTIONS_BY_IRI[GEOF.term(name)]
    special = _SPECIAL.get((known.name, len(arguments)))
    if special is not None:
        return special(*arguments)
    if known.name in RELATIONS and len(arguments) == len(known.arguments):
        return relation(known.name, *arguments)
    if known.name in _MEASURED or len(arguments) != len(known.arguments):
        problem = f"geof:{name} takes {_arity(known)}, {len(arguments)} given"
        raise UnknownFunction(GEOF.term(name), problem)
    return _by_signature(known, arguments)


def _arity(function: Function) -> str:
    counts = {len(function.arguments)}
    counts |= {count for name, count in _SPECIAL if name == function.name}
    words = " or ".join(map(str, sorted(counts)))
    return f"{words} argument{'' if words == '1' else 's'}"


def _by_signature(function: Function, arguments: tuple[Value, ...]) -> Value:
    first, *others = (
        _argument(value, kind)
        for value, kind in zip(arguments, function.arguments, strict=True)
    )
    if function.result is Kind.GEOMETRY:
        operation = _CONSTRUCTIONS[function.arguments]
        planes = _planes_of_result(function, arguments)
        return _constructed(operation, planes, function.name, first, *others)
    result = _RESULTS[function.result]
    return result(function.name, first, *others)


def _planes_of_result(
    function: Function, arguments: tuple[Value, ...]
) -> frozenset[str] | None:
    """A result is in the CRS of the first operand, or in that which is asked for."""
    if Kind.IRI not in function.arguments:
        return planes_of(arguments[0])
    named = arguments[function.arguments.index(Kind.IRI)].text
    if not isinstance(named, Constant):
        return None
    try:
        crs = crs_from_iri(str(named.value))
    except OntologyError:
        return frozenset()
    return frozenset({crs.iri}) if crs.is_planar else frozenset()


def _argument(value: Value, kind: Kind) -> Scalar:
    match kind:
        case Kind.GEOMETRY:
            return value.geometry
        case Kind.INTEGER | Kind.DOUBLE:
            return value.number
        case _:
            return value.text


_CONSTRUCTIONS: Final[Mapping[tuple[Kind, ...], str]] = MappingProxyType(
    {
        (Kind.GEOMETRY,): "construct",
        (Kind.GEOMETRY, Kind.GEOMETRY): "overlay",
        (Kind.GEOMETRY, Kind.INTEGER): "construct_by",
        (Kind.GEOMETRY, Kind.DOUBLE): "construct_by",
        (Kind.GEOMETRY, Kind.IRI): "construct_in",
    }
)
"""Operations by what they are given."""


def _constructed(
    operation: str, planes: frozenset[str] | None, name: str, *arguments: Scalar
) -> Value:
    """A geometry made of others: of constants now, so that it has a window."""
    given = tuple(each.value for each in arguments if isinstance(each, Constant))
    if len(given) < len(arguments):
        return geometry(call(operation, Constant(name), *arguments), planes)
    if None in given:
        return geometry(Constant(None))
    known = (float(v) if isinstance(v, int) else v for v in given if v is not None)
    return geometry(Constant(construct_once(name, *known)))


def _decimal(name: str, packed: Scalar) -> Value:
    return number(call("number_of_geometry", Constant(name), packed), Rank.DOUBLE)


def _whole(name: str, packed: Scalar) -> Value:
    found = call("number_of_geometry", Constant(name), packed)
    return number(call("whole", found), Rank.INTEGER)


def _flag(name: str, packed: Scalar) -> Value:
    return boolean(call("flag_of_geometry", Constant(name), packed))


def _text(datatype: str) -> Callable[..., Value]:
    def result(name: str, packed: Scalar, argument: Scalar = _NOTHING) -> Value:
        found = call("text_of_geometry", Constant(name), packed, argument)
        return literal(found, datatype)

    return result


_RESULTS: Final[Mapping[Kind, Callable[..., Value]]] = MappingProxyType(
    {
        Kind.BOOLEAN: _flag,
        Kind.INTEGER: _whole,
        Kind.DOUBLE: _decimal,
        Kind.IRI: _text(XSD.term("anyURI")),
        Kind.GML: _text(GML_LITERAL),
        Kind.GEOJSON: _text(GEOJSON_LITERAL),
        Kind.KML: _text(KML_LITERAL),
        Kind.DGGS: _text(DGGS_LITERAL),
        # What is computed is written in WKT.
        Kind.WKT: lambda _, packed: geometry(packed),
    }
)
"""Values by what they are."""


def _buffer(value: Value, radius: Value, unit: Value) -> Value:
    """Geodesic in a unit of length, in the plane of degrees in one of angle (8.6)."""
    found = unit_of(unit, Quantity.LENGTH)
    if found is None:
        return _buffer_by_row(value, radius, unit)
    if found.quantity not in (Quantity.LENGTH, Quantity.ANGLE):
        raise OntologyError(
            f"<{found.iri}> measures {found.quantity}; geof:buffer wants a length or "
            "an angle, such as <http://www.opengis.net/def/uom/OGC/1.0/metre>"
        )
    if found.quantity is Quantity.LENGTH:
        distance = scaled(radius.number, found.factor)
        return _buffered("buffer_m", value, distance)
    angle = scaled(radius.number, found.factor / _DEGREE)
    return _buffered("buffer_degrees", value, angle)


def _buffer_by_row(value: Value, radius: Value, unit: Value) -> Value:
    """The same with a unit that each row names for itself."""
    lengths = size_of_unit(unit, Quantity.LENGTH)
    angles = scaled(size_of_unit(unit, Quantity.ANGLE), 1.0 / _DEGREE)
    drawn = (
        call("construct_by", Constant(name), value.geometry, distance)
        for name, size in (("buffer_m", lengths), ("buffer_degrees", angles))
        for distance in [call("scale", radius.number, size)]
    )
    return geometry(call("coalesce", *drawn))


def _metric_buffer(value: Value, metres: Value) -> Value:
    return _buffered("buffer_m", value, metres.number)


def _buffered(name: str, value: Value, distance: Scalar) -> Value:
    planes = planes_of(value)
    return _constructed("construct_by", planes, name, value.geometry, distance)


def _gml(value: Value) -> Value:
    return _by_signature(FUNCTIONS["asGML"], (value, literal(_NOTHING, "")))


_DEGREE: Final = 0.017453292519943295
"""Radians in a degree."""

_SPECIAL: Final[Mapping[tuple[str, int], Callable[..., Value]]] = MappingProxyType(
    {
        **MEASURES,
        ("relate", 3): relate,
        ("buffer", 3): _buffer,
        ("metricBuffer", 2): _metric_buffer,
        # The profile may be left out: all that we write is in each of them.
        ("asGML", 1): _gml,
    }
)
"""What is no matter of the signature, by local name and number of arguments."""

_MEASURED: Final = frozenset(name for name, _ in _SPECIAL) - {"asGML"}

SUPPORTED: Final = frozenset(
    iri for iri, function in FUNCTIONS_BY_IRI.items() if not function.is_aggregate
)
"""IRIs of the functions that we compile, aliases included."""

AGGREGATES: Final = frozenset(FUNCTIONS_BY_IRI) - SUPPORTED
"""IRIs of the set functions that we compile, likewise."""
