"""The kind of a term that goes to the dictionary, and its value for comparisons.

The rules of XSD 1.1 part 2 for lexical forms; RDF 1.1 Concepts section 5.4 allows no
white space around them. A literal that breaks its datatype's rules is `OTHER`, as is
one of a datatype that SPARQL has no operators for.
"""

import math
import re
import struct
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final, NamedTuple

from ontologies.namespaces import GEO, XSD
from strabon_store.algebra.terms import (
    IRI,
    RDF_LANG_STRING,
    XSD_STRING,
    BlankNode,
    Literal,
    Term,
)
from strabon_store.relational.encoding import Tag

GEOMETRY_DATATYPES: Final = frozenset(
    {GEO.term("wktLiteral"), GEO.term("geoJSONLiteral")}
)
"""The datatypes of literals that are parsed into geometries."""


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
    if form := _MOMENTS.get(datatype):
        return _moment(form, lexical)
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


_YEAR: Final = r"(?P<year>-?(?:[1-9][0-9]{3,}|0[0-9]{3}))"
_DAY: Final = rf"{_YEAR}-(?P<month>[0-9]{{2}})-(?P<day>[0-9]{{2}})"
_CLOCK: Final = (
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]+))?"
)
_ZONE: Final = r"(?P<zone>Z|[-+](?:0[0-9]|1[0-3]):[0-5][0-9]|[-+]14:00)"
_MOMENTS: Final = MappingProxyType(
    {
        XSD.term("dateTime"): re.compile(rf"{_DAY}T{_CLOCK}{_ZONE}?"),
        XSD.term("dateTimeStamp"): re.compile(rf"{_DAY}T{_CLOCK}{_ZONE}"),
        XSD.term("date"): re.compile(rf"{_DAY}{_ZONE}?"),
        XSD.term("time"): re.compile(rf"{_CLOCK}{_ZONE}?"),
    }
)
VALUED_DATATYPES: Final = frozenset({*_RANGES, *_NUMBERS, *_MOMENTS})
"""The datatypes whose literals can have a number or a moment."""

# XSD part 2, section 3.3.8: times are compared on a day of reference.
_REFERENCE: Final = {"year": "1972", "month": "12", "day": "31"}
_MIDNIGHT: Final = {"hour": "00", "minute": "00", "second": "00"}
_MICROSECONDS: Final = 1_000_000
_DAY_SECONDS: Final = 86_400
_LAST_HOUR, _LAST_MINUTE, _LAST_SECOND = 23, 59, 59
# A cycle of the Gregorian calendar: years and days.
_CYCLE_YEARS: Final = 400
_CYCLE_DAYS: Final = 146_097
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
# Beyond, microseconds leave what engines hold; the literal is kept, without a value.
_FURTHEST_YEAR: Final = 290_000


def _moment(form: re.Pattern[str], lexical: str) -> Kind:
    found = form.fullmatch(lexical)
    if found is None:
        return OTHER_KIND
    fields = _REFERENCE | _MIDNIGHT | found.groupdict(default="")
    year = int(fields["year"]) if len(fields["year"]) < _LONGEST else None
    seconds = _seconds_of_day(fields)
    if seconds is None:
        return OTHER_KIND
    if year is None or abs(year) > _FURTHEST_YEAR:
        return Kind(Tag.MOMENT)
    day = _epoch_day(year, int(fields["month"]), int(fields["day"]))
    if day is None:
        return OTHER_KIND
    total = day * _DAY_SECONDS + seconds - _offset_seconds(fields.get("zone", ""))
    fraction = int(fields.get("fraction", "").ljust(6, "0")[:6])
    return Kind(Tag.MOMENT, moment=total * _MICROSECONDS + fraction)


def _seconds_of_day(fields: Mapping[str, str]) -> int | None:
    hour, minute, second = (int(fields[name]) for name in _MIDNIGHT)
    is_end = hour == _LAST_HOUR + 1 and minute == second == 0
    if is_end and not fields.get("fraction", "").strip("0"):
        return _DAY_SECONDS
    if hour > _LAST_HOUR or minute > _LAST_MINUTE or second > _LAST_SECOND:
        return None
    return hour * 3600 + minute * 60 + second


def _epoch_day(year: int, month: int, day: int) -> int | None:
    """Days since 1970 in the Gregorian calendar, which XSD extends both ways."""
    cycles, within = divmod(year - 1, _CYCLE_YEARS)
    try:
        ordinal = date(within + 1, month, day).toordinal()
    except ValueError:
        return None
    return ordinal + cycles * _CYCLE_DAYS - _EPOCH_DAY


def _offset_seconds(zone: str) -> int:
    if zone in {"", "Z"}:
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return -minutes * 60 if zone[0] == "-" else minutes * 60
