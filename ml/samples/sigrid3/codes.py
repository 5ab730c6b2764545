"""Codes of SIGRID-3 (JCOMM TR-23, version 3.0, appendix E): what they stand for.

Which codes there are is said by the concept schemes `concentration`, `stage` and
`form`; here is what can be computed with them.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ontologies.vocabulary import concept_scheme

UNKNOWN: Final = "99"
"""Undetermined or unknown, in all three tables."""

ICE_FREE: Final = "98"
TEN_TENTHS: Final = "92"
FAST_ICE: Final = "08"

_WATER: Final = {ICE_FREE: (0.0, 0.0), "02": (0.0, 0.0), "01": (0.0, 0.1)}

# Earlier versions of the standard wrote "ice free" so.
_EARLIER: Final = {
    "concentration": {"00": ICE_FREE, "55": ICE_FREE},
    "stage": {"00": "01"},
    "form": {},
}

# What services write where there is nothing to say, beside blanks.  A dBase number
# without a value is written as asterisks by some programs.
_NOTHING: Final = frozenset({"", "-9", "-99"})


class PolyType(StrEnum):
    """Table 4: what a polygon is."""

    LAND = "L"
    WATER = "W"
    ICE = "I"
    NO_DATA = "N"
    ICE_SHELF = "S"


class UnknownCode(ValueError):
    """A text that is no code of a table."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Between which fractions of the area ice covers.

    Attributes:
        low: The least, 0 to 1.
        high: The greatest.
    """

    low: float
    high: float

    @property
    def middle(self) -> float:
        """The mean of both."""
        return (self.low + self.high) / 2


def code_of(text: str, scheme: str) -> str | None:
    """The code that a cell of a chart holds, with two digits; None where it is empty.

    Args:
        text: The cell.  Numbers count as codes: `1`, `1.0` and `01` are one.
        scheme: "concentration", "stage" or "form".

    Raises:
        UnknownCode: The table has no such code.

    Examples:
        >>> (
        ...     code_of("91", "concentration"),
        ...     code_of(" 1.00", "form"),
        ...     code_of("-9", "form"),
        ... )
        ('91', '01', None)
    """
    plain = re.sub(r"\.0*$", "", text.strip().strip("*"))
    if plain in _NOTHING:
        return None
    code = plain.zfill(2)
    code = _EARLIER[scheme].get(code, code)
    if code not in concept_scheme(scheme):
        raise UnknownCode(f"is no code of the table of {scheme}s")
    return code


def interval_of(code: str) -> Interval | None:
    """Which part of the area a concentration code stands for; None for unknown.

    The digits are the ends in tenths, where a second 1 stands for ten: 13 is 1/10 to
    3/10, 81 is 8/10 to 10/10, 40 is 4/10.  92 is 10/10.

    Examples:
        >>> interval_of("13"), interval_of("92")
        (Interval(low=0.1, high=0.3), Interval(low=1.0, high=1.0))
    """
    if code == UNKNOWN:
        return None
    if code in _WATER:
        return Interval(*_WATER[code])
    if code == TEN_TENTHS:
        return Interval(1.0, 1.0)
    low, high = int(code[0]), int(code[1])
    ends = low, {0: low, 1: 10}.get(high, high)
    return Interval(ends[0] / 10, ends[1] / 10)


def tenths(code: str) -> str:
    """A concentration as an egg shows it.

    Examples:
        >>> [tenths(code) for code in ("91", "13", "40", "01", "99")]
        ['9+', '1-3', '4', '<1', 'X']
    """
    interval = interval_of(code)
    if interval is None:
        return "X"
    shown = {"91": "9+", "01": "<1", "02": "bergy", ICE_FREE: "0"}
    low, high = round(10 * interval.low), round(10 * interval.high)
    return shown.get(code, str(low) if low == high else f"{low}-{high}")


# WMO-No. 259, symbology: a dot after the digit tells the thicker stages.
_STAGE_SYMBOLS: Final = {
    **{f"8{digit}": str(digit) for digit in range(1, 10)},
    "91": "1\u2022",
    "93": "4\u2022",
    "95": "7\u2022",
    "96": "8\u2022",
    "97": "9\u2022",
    "98": "\u25b2\u2022",
    UNKNOWN: "X",
}
_FORM_SYMBOLS: Final = {
    **{f"0{digit}": str(digit) for digit in range(1, 10)},
    "22": "0",
    "10": "9",
    UNKNOWN: "X",
}


def stage_symbol(code: str) -> str:
    """A stage as an egg shows it; the code in brackets where the egg has no symbol.

    Examples:
        >>> stage_symbol("87"), stage_symbol("95"), stage_symbol("51")
        ('7', '7•', '[51]')
    """
    return _STAGE_SYMBOLS.get(code, f"[{code}]")


def form_symbol(code: str) -> str:
    """A form as an egg shows it; the code in brackets where the egg has no symbol."""
    return _FORM_SYMBOLS.get(code, f"[{code}]")


def thickness_cm(stage: str) -> int | None:
    """The thickness that a code of table 2 states in place of a stage, or None.

    Examples:
        >>> thickness_cm("51"), thickness_cm("86")
        (55, None)
    """
    stated = re.fullmatch(
        r"Ice (?:\d+ to )?(\d+) cm thick", concept_scheme("stage")[stage].label
    )
    return int(stated[1]) if stated else None
