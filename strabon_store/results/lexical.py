"""Values as XSD 1.1 part 2 writes them: canonical lexical forms.

Numbers of `Typed` columns arrive as the engine computed them, which may be a double
even where the datatype is an integer or a decimal.
"""

from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np

Number: TypeAlias = int | float | Decimal

_MICROSECONDS: Final = 1_000_000
_DAY: Final = timedelta(days=1) // timedelta(microseconds=1)
# A cycle of the Gregorian calendar.
_CYCLE_YEARS: Final = 400
_CYCLE_DAYS: Final = 146_097
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


def render_integer(value: Number) -> str:
    """An xsd:integer.

    Examples:
        >>> render_integer(1e3)
        '1000'
    """
    return str(int(value))


def render_decimal(value: Number) -> str:
    """An xsd:decimal: no exponent, and no point where nothing follows it (E.2).

    Examples:
        >>> render_decimal(Decimal("1.50")), render_decimal(1e-7), render_decimal(2.0)
        ('1.5', '0.0000001', '2')
    """
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    text = format(exact, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def render_double(value: Number) -> str:
    """An xsd:double: one digit before the point, and the fewest that restore it.

    Examples:
        >>> render_double(1), render_double(-1234.5), render_double(float("inf"))
        ('1.0E0', '-1.2345E3', 'INF')
    """
    return _scientific(repr(float(value)))


def render_float(value: Number) -> str:
    """An xsd:float; as a double, but with the digits that a float needs.

    Examples:
        >>> render_float(0.1), render_float(np.float32(0.1))
        ('1.0E-1', '1.0E-1')
    """
    with np.errstate(over="ignore"):
        return _scientific(str(np.float32(value)))


def render_boolean(value: object) -> str:
    """An xsd:boolean."""
    return "true" if value else "false"


def render_datetime(microseconds: int) -> str:
    """An xsd:dateTime in UTC, from microseconds since 1970.

    Examples:
        >>> render_datetime(0), render_datetime(-500_000)
        ('1970-01-01T00:00:00Z', '1969-12-31T23:59:59.5Z')
    """
    days, within = divmod(microseconds, _DAY)
    seconds, fraction = divmod(within, _MICROSECONDS)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    digits = f".{fraction:06d}".rstrip("0").rstrip(".")
    return f"{_render_day(days)}T{hour:02d}:{minute:02d}:{second:02d}{digits}Z"


def render_date(microseconds: int) -> str:
    """An xsd:date without a zone, from microseconds since 1970.

    Examples:
        >>> render_date(0)
        '1970-01-01'
    """
    return _render_day(microseconds // _DAY)


def _render_day(days: int) -> str:
    """Days since 1970 in the Gregorian calendar, which XSD extends both ways."""
    cycles, within = divmod(days + _EPOCH_DAY - 1, _CYCLE_DAYS)
    day = date.fromordinal(within + 1)
    year = day.year + cycles * _CYCLE_YEARS
    sign = "-" if year < 0 else ""
    return f"{sign}{abs(year):04d}-{day.month:02d}-{day.day:02d}"


_SPECIAL: Final = MappingProxyType({"inf": "INF", "-inf": "-INF", "nan": "NaN"})


def _scientific(shortest: str) -> str:
    """The canonical form of what Python writes for a floating-point number."""
    if shortest in _SPECIAL:
        return _SPECIAL[shortest]
    sign = "-" if shortest[0] == "-" else ""
    mantissa, _, exponent = shortest.removeprefix("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return f"{sign}0.0E0"
    leading_zeros = len(whole) + len(fraction) - len(digits)
    places = int(exponent or 0) + len(whole) - 1 - leading_zeros
    return f"{sign}{digits[0]}.{digits[1:].rstrip('0') or '0'}E{places}"
