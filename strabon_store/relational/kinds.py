"""The kind of a term that goes to the dictionary, and its value for comparisons.

The rules of XSD 1.1 part 2 for lexical forms; RDF 1.1 Concepts section 5.4 allows no
white space around them. A literal that breaks its datatype's rules is `OTHER`, as is
one of a datatype that SPARQL has no operators for.
"""

import math
import re
import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from ontologies.geosparql.datatypes import GEOMETRY_DATATYPES
from ontologies.namespaces import XSD
from strabon_store.algebra.terms import (
    IRI,
    RDF_LANG_STRING,
    XSD_STRING,
    BlankNode,
    Literal,
    Term,
)
from strabon_store.relational.encoding import Tag
from strabon_store.relational.times import DURATIONS, MOMENTS, Duration, parse


class Kind(NamedTuple):
    """The kind of a dictionary term.

    Attributes:
        tag: The tag of its id.
        number: The value of a number, rounded to a double (a float to a float).
        moment: The value of a `MOMENT`: microseconds since 1970 in UTC.
    """

    tag: Tag
    number: float | None = None
    moment: int | None = None


_FIXED: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        XSD_STRING: Kind(Tag.STRING),
        RDF_LANG_STRING: Kind(Tag.LANGUAGE),
        **dict.fromkeys(GEOMETRY_DATATYPES, Kind(Tag.GEOMETRY)),
    }
)


IRI_KIND: Final = Kind(Tag.IRI)
BLANK_KIND: Final = Kind(Tag.BLANK)
OTHER_KIND: Final = Kind(Tag.OTHER)


def kind_of(term: Term) -> Kind:
    """The kind of a term in the dictionary.

    What geometry literals say is not looked at here: an ill-formed one is `GEOMETRY`
    until the loader has parsed it.

    Examples:
        >>> kind_of(Literal("042", XSD.term("integer"))).number
        42.0
        >>> kind_of(Literal("300", XSD.term("byte"))).tag.name
        'OTHER'
    """
    match term:
        case IRI():
            return IRI_KIND
        case BlankNode():
            return BLANK_KIND
        case Literal(lexical, datatype):
            return literal_kind(lexical, datatype)


def literal_kind(lexical: str, datatype: str) -> Kind:
    """The kind of a literal in the dictionary, with its value."""
    if fixed := _FIXED.get(datatype):
        return fixed
    if datatype in _RANGES:
        return _integer(lexical, datatype)
    if datatype in _NUMBERS:
        return _number(lexical, datatype)
    if datatype in _TIMES:
        return _moment(lexical, XSD.local(datatype))
    return OTHER_KIND


_UNBOUNDED: Final = (None, None)
_RANGES: Final[Mapping[str, tuple[int | None, int | None]]] = MappingProxyType(
    {
        XSD.term(name): bounds
        for name, bounds in {
            "integer": _UNBOUNDED,
            "nonPositiveInteger": (None, 0),
            "negativeInteger": (None, -1),
            "nonNegativeInteger": (0, None),
            "positiveInteger": (1, None),
            "long": (-(2**63), 2**63 - 1),
            "int": (-(2**31), 2**31 - 1),
            "short": (-(2**15), 2**15 - 1),
            "byte": (-(2**7), 2**7 - 1),
            "unsignedLong": (0, 2**64 - 1),
            "unsignedInt": (0, 2**32 - 1),
            "unsignedShort": (0, 2**16 - 1),
            "unsignedByte": (0, 2**8 - 1),
        }.items()
    }
)
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_DECIMAL: Final = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_DOUBLE: Final = re.compile(rf"{_DECIMAL}(?:[eE][-+]?[0-9]+)?|[-+]?INF|NaN")
_NUMBERS: Final = MappingProxyType(
    {
        XSD.term("decimal"): re.compile(_DECIMAL),
        XSD.term("double"): _DOUBLE,
        XSD.term("float"): _DOUBLE,
    }
)
_TIMES: Final = frozenset(XSD.term(name) for name in MOMENTS | DURATIONS)
# More digits than any double distinguishes; int() refuses very long ones.
_LONGEST: Final = 4000


def _integer(lexical: str, datatype: str) -> Kind:
    if not _INTEGER.fullmatch(lexical):
        return OTHER_KIND
    lowest, highest = _RANGES[datatype]
    value = float(lexical)
    if len(lexical) < _LONGEST:
        exact = int(lexical)
        too_low = lowest is not None and exact < lowest
        if too_low or (highest is not None and exact > highest):
            return OTHER_KIND
    return Kind(Tag.EXACT, number=value)


def _number(lexical: str, datatype: str) -> Kind:
    if not _NUMBERS[datatype].fullmatch(lexical):
        return OTHER_KIND
    value = float(lexical)
    if datatype == XSD.term("decimal"):
        return Kind(Tag.EXACT, number=value)
    if datatype == XSD.term("float"):
        value = _to_single(value)
    return Kind(Tag.NUMBER, number=value)


def _to_single(value: float) -> float:
    try:
        single: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return single


VALUED_DATATYPES: Final = frozenset({*_RANGES, *_NUMBERS, *_TIMES})
"""The datatypes whose literals can have a kind of their own by their form."""

# Beyond, microseconds leave what engines hold; the literal is kept, without a value.
_FURTHEST_YEAR: Final = 290_000
_MICROSECONDS: Final = 1_000_000


def _moment(lexical: str, name: str) -> Kind:
    value = parse(name, lexical)
    if value is None:
        return OTHER_KIND
    if isinstance(value, Duration):
        return Kind(Tag.DURATION)
    if abs(value.year) > _FURTHEST_YEAR:
        return Kind(Tag.MOMENT)
    microseconds = (value.instant * _MICROSECONDS).to_integral_value("ROUND_FLOOR")
    return Kind(Tag.MOMENT, moment=int(microseconds))
