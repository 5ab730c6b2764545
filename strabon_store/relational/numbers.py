"""Numbers as the four types of XPath know them, exact where the type is (17.3).

| rank | computed in | beyond its range |
|---|---|---|
| integer | HUGEINT | an error |
| decimal | DECIMAL(38, 18): 20 digits before the point, 18 after it | an error |
| float | single precision, held in a DOUBLE | INF |
| double | double precision | INF |

A product or quotient of decimals is rounded to 18 digits after the point, half to even.
Where the rank is known while compiling, one scalar of that type is all there is; where
it is not, a number has one for each type, and the operations choose row by row.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import IntEnum
from typing import Final

from ontologies.namespaces import XSD
from strabon_store.relational.kinds import literal_kind
from strabon_store.relational.scalars import NULL, Constant, Scalar, call

XSD_INTEGER: Final = XSD.term("integer")
XSD_DECIMAL: Final = XSD.term("decimal")
XSD_FLOAT: Final = XSD.term("float")
XSD_DOUBLE: Final = XSD.term("double")


class Rank(IntEnum):
    """The numeric types in the order of their promotion (17.3)."""

    INTEGER = 0
    DECIMAL = 1
    FLOAT = 2
    DOUBLE = 3


RANKED: Final = (XSD_INTEGER, XSD_DECIMAL, XSD_FLOAT, XSD_DOUBLE)
"""The datatype of each `Rank`."""

DERIVED_INTEGERS: Final = frozenset(
    XSD.term(name)
    for name in (
        "nonPositiveInteger",
        "negativeInteger",
        "long",
        "int",
        "short",
        "byte",
        "nonNegativeInteger",
        "unsignedLong",
        "unsignedInt",
        "unsignedShort",
        "unsignedByte",
        "positiveInteger",
    )
)
"""Their values compute as integers (17.1)."""

FRACTION_DIGITS: Final = 18
"""How many digits after the point a decimal has."""

_LARGEST: Final = 2**127 - 1
_SMALL: Final = 2**63
_LIMIT: Final = 10**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Numeric:
    """A number in each type that it may have; NULL where it is none.

    Attributes:
        rank: `Rank`.
        integer: HUGEINT, of integers.
        decimal: DECIMAL(38, 18), of integers and decimals.
        double: DOUBLE, of all, rounded.
        is_small: Whether `integer` is a BIGINT.
        is_stored: Whether the double is at hand and the exact value is not.
        may_be_nan: Whether the double may be NaN.
    """

    rank: Scalar = NULL
    integer: Scalar = NULL
    decimal: Scalar = NULL
    double: Scalar = NULL
    is_small: bool = False
    is_stored: bool = False
    may_be_nan: bool = True

    @property
    def static_rank(self) -> Rank | None:
        """The rank where it is known while compiling."""
        match self.rank:
            case Constant(int(code)):
                return Rank(code)
            case _:
                return None

    def map(self, function: Callable[[Scalar], Scalar]) -> "Numeric":
        """The number with every scalar changed."""
        return replace(
            self,
            rank=function(self.rank),
            integer=function(self.integer),
            decimal=function(self.decimal),
            double=function(self.double),
        )

    @property
    def native(self) -> Scalar:
        """The scalar of a number whose rank is known."""
        rank = self.static_rank
        if rank is Rank.INTEGER:
            return self.integer
        return self.decimal if rank is Rank.DECIMAL else self.double


NOT_A_NUMBER: Final = Numeric()
"""Of what is no number."""


def of_rank(value: Scalar, rank: Rank, *, is_small: bool = False) -> Numeric:
    """A number of a known type, from the scalar of that type."""
    code = Constant(int(rank))
    if rank is Rank.INTEGER:
        return Numeric(
            rank=code,
            integer=value,
            decimal=call("integer_decimal", value),
            double=call("small_double" if is_small else "integer_double", value),
            is_small=is_small,
        )
    if rank is Rank.DECIMAL:
        return Numeric(rank=code, decimal=value, double=call("decimal_double", value))
    return Numeric(rank=code, double=value)


def numeric_text(number: Numeric) -> Scalar:
    """The canonical lexical form (XSD 1.1 part 2)."""
    match number.static_rank:
        case Rank.INTEGER:
            return call("integer_text", number.integer)
        case Rank.DECIMAL:
            return call("decimal_text", call("digits", number.decimal))
        case Rank.FLOAT:
            return call("float_text", call("shortest_float", number.double))
        case Rank.DOUBLE:
            return call("float_text", call("shortest", number.double))
        case None:
            return call(
                "case",
                call("equal", number.rank, Constant(int(Rank.INTEGER))),
                call("integer_text", number.integer),
                call("equal", number.rank, Constant(int(Rank.DECIMAL))),
                call("decimal_text", call("digits", number.decimal)),
                call("float_text", call("shortest_of", number.rank, number.double)),
            )


def numeric_string(number: Numeric) -> Scalar:
    """What xsd:string makes of it (XPath functions 19.1.2)."""
    rank, text = number.static_rank, numeric_text(number)
    if rank in {Rank.INTEGER, Rank.DECIMAL}:
        return text
    shortest = call("shortest_of", number.rank, number.double)
    spelled = call("float_string", shortest, number.double, text)
    return call("case", call("is_exact", number.rank), text, spelled)


def parse_number(lexical: str, datatype: str) -> Numeric | None:
    """A constant; None when it is no number or breaks the rules of its type.

    Examples:
        >>> parse_number("042", XSD_INTEGER).integer
        Constant(value=42)
        >>> parse_number("1e3", XSD_DECIMAL) is None
        True
    """
    rank = rank_of(datatype)
    value = None if rank is None else literal_kind(lexical, datatype).number
    if rank is None or value is None:
        return None
    code = Constant(int(rank))
    if rank >= Rank.FLOAT:
        return Numeric(rank=code, double=Constant(value), is_stored=True)
    exact = Decimal(lexical)
    is_whole = rank is Rank.INTEGER and abs(exact) <= _LARGEST
    return Numeric(
        rank=code,
        integer=Constant(int(exact)) if is_whole else NULL,
        decimal=call("decimal", Constant(f"{exact:f}")) if _fits(exact) else NULL,
        double=Constant(value),
        is_small=is_whole and abs(exact) < _SMALL,
        is_stored=True,
    )


def _fits(exact: Decimal) -> bool:
    """Whether a decimal is held without rounding."""
    if abs(exact) >= _LIMIT:
        return False
    digits = f"{exact:f}".partition(".")[2].rstrip("0")
    return len(digits) <= FRACTION_DIGITS


def rank_of(datatype: str) -> Rank | None:
    """The rank of a numeric datatype, None for others."""
    if datatype in RANKED:
        return Rank(RANKED.index(datatype))
    return Rank.INTEGER if datatype in DERIVED_INTEGERS else None
