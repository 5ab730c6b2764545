r"""Literals that are their own id, and what is needed to put others in the dictionary.

An inline id holds the value so that the lexical form can be restored to the letter;
what cannot be restored goes to the dictionary, whatever its value.

| tag | lexical forms | payload |
|---|---|---|
| INTEGER | canonical, below 2^58 in magnitude | n + `INTEGER_BIAS` |
| DECIMAL | `-?(0\|[1-9][0-9]*)\.[0-9]+`, 15 digits | (n + 2^51) << 6 \| scale |
| BOOLEAN | `false`, `true`, `0`, `1` | 0, 1, 2, 3 |
| DATETIME | `YYYY-MM-DDThh:mm:ssZ`, years 1 to 9999 | epoch seconds + `INTEGER_BIAS` |
| DATE | `YYYY-MM-DD`, years 1 to 9999 | epoch days + `INTEGER_BIAS` |
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from ontologies.namespaces import XSD
from strabon_store.algebra.terms import Literal
from strabon_store.errors import InternalError
from strabon_store.relational.encoding import (
    INTEGER_BIAS,
    PAYLOAD_BITS,
    PAYLOAD_MASK,
    Tag,
)

SCALE_BITS: Final = 6
"""Low bits of an inline decimal: how many digits stand after the point."""

DECIMAL_BIAS: Final = 1 << 51
"""Added to the digits of an inline decimal, read as one integer."""

_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")
_DECIMAL: Final = re.compile(r"(-?)(0|[1-9][0-9]*)\.([0-9]+)")
_DATETIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = _EPOCH.toordinal()
_SECOND: Final = timedelta(seconds=1)


_BOOLEANS: Final = {"false": 0, "true": 1, "0": 2, "1": 3}
"""Payloads; the odd ones are true."""


def encode_inline(lexical: str, datatype: str) -> int | None:
    """The id of a literal that is its own id; None for all others.

    `decode_inline(encode_inline(lexical, datatype))` has the same form and datatype.

    Examples:
        >>> decode_inline(encode_inline("12.50", XSD.term("decimal"))).lexical
        '12.50'
        >>> encode_inline("042", XSD.term("integer")) is None
        True
    """
    encoder = _ENCODERS.get(datatype)
    return None if encoder is None else encoder(lexical)


def decode_inline(term_id: int) -> Literal:
    """The literal of an inline id.

    Raises:
        InternalError: The id is a key of the dictionary.
    """
    decoder = _DECODERS.get(term_id >> PAYLOAD_BITS)
    if decoder is None:
        raise InternalError(f"term {term_id} is in the dictionary, not inline")
    return decoder(term_id & PAYLOAD_MASK)


def _tagged(tag: Tag, payload: int) -> int:
    return tag << PAYLOAD_BITS | payload


def _encode_integer(lexical: str) -> int | None:
    if not _INTEGER.fullmatch(lexical):
        return None
    value = int(lexical)
    if abs(value) >= INTEGER_BIAS:
        return None
    return _tagged(Tag.INTEGER, value + INTEGER_BIAS)


def _encode_decimal(lexical: str) -> int | None:
    found = _DECIMAL.fullmatch(lexical)
    if found is None:
        return None
    sign, whole, fraction = found.groups()
    digits = int(whole + fraction)
    # Minus nothing is nothing: the sign of -0.0 would be lost.
    if digits >= DECIMAL_BIAS or len(fraction) >> SCALE_BITS or (sign and not digits):
        return None
    unscaled = DECIMAL_BIAS + (-digits if sign else digits)
    return _tagged(Tag.DECIMAL, unscaled << SCALE_BITS | len(fraction))


def _encode_boolean(lexical: str) -> int | None:
    value = _BOOLEANS.get(lexical)
    return None if value is None else _tagged(Tag.BOOLEAN, value)


def _encode_datetime(lexical: str) -> int | None:
    if not _DATETIME.fullmatch(lexical):
        return None
    try:
        moment = datetime.fromisoformat(lexical)
    except ValueError:
        return None
    # Later versions of Python read 24:00:00 as the day after.
    if lexical[11:13] == "24":
        return None
    return _tagged(Tag.DATETIME, (moment - _EPOCH) // _SECOND + INTEGER_BIAS)


def _encode_date(lexical: str) -> int | None:
    if not _DATE.fullmatch(lexical):
        return None
    try:
        day = date.fromisoformat(lexical).toordinal()
    except ValueError:
        return None
    return _tagged(Tag.DATE, day - _EPOCH_DAY + INTEGER_BIAS)


def _decode_integer(payload: int) -> Literal:
    return Literal(str(payload - INTEGER_BIAS), XSD.term("integer"))


def _decode_decimal(payload: int) -> Literal:
    unscaled = (payload >> SCALE_BITS) - DECIMAL_BIAS
    scale = payload & ((1 << SCALE_BITS) - 1)
    digits = str(abs(unscaled)).rjust(scale + 1, "0")
    sign = "-" if unscaled < 0 else ""
    lexical = f"{sign}{digits[:-scale]}.{digits[-scale:]}"
    return Literal(lexical, XSD.term("decimal"))


def _decode_boolean(payload: int) -> Literal:
    lexical = next(each for each, value in _BOOLEANS.items() if value == payload)
    return Literal(lexical, XSD.term("boolean"))


def _decode_datetime(payload: int) -> Literal:
    moment = _EPOCH + timedelta(seconds=payload - INTEGER_BIAS)
    lexical = moment.replace(tzinfo=None).isoformat() + "Z"
    return Literal(lexical, XSD.term("dateTime"))


def _decode_date(payload: int) -> Literal:
    day = date.fromordinal(payload - INTEGER_BIAS + _EPOCH_DAY)
    return Literal(day.isoformat(), XSD.term("date"))


_ENCODERS: Final[Mapping[str, Callable[[str], int | None]]] = MappingProxyType(
    {
        XSD.term("integer"): _encode_integer,
        XSD.term("decimal"): _encode_decimal,
        XSD.term("boolean"): _encode_boolean,
        XSD.term("dateTime"): _encode_datetime,
        XSD.term("date"): _encode_date,
    }
)
_DECODERS: Final[Mapping[int, Callable[[int], Literal]]] = MappingProxyType(
    {
        Tag.INTEGER: _decode_integer,
        Tag.DECIMAL: _decode_decimal,
        Tag.BOOLEAN: _decode_boolean,
        Tag.DATETIME: _decode_datetime,
        Tag.DATE: _decode_date,
    }
)
