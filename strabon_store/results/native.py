"""Lexical forms as native values: what a column of one datatype is to an analyst.

A value is given wherever there is one; whether it says all that the term does is known
too, because `1.50` and `1.5` are one value and two terms.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from ontologies.namespaces import XSD
from strabon_store.results.columns import Strings
from strabon_store.results.lexical import render_decimal, render_double, render_float


@dataclass(frozen=True, slots=True)
class Native:
    """How the literals of a datatype are native values.

    Attributes:
        type: The Arrow type.
        readable: Lexical forms that are cast to it, as a regular expression.
        canonical: Those of them that a value is written as, likewise.
        render: Writes a value, where an expression is not enough to tell.
    """

    type: Any
    readable: str
    canonical: str
    render: Callable[[Any], str] | None = None

    def read(self, lexical: Strings) -> tuple[Any, Any]:
        """The values, NULL where there is none, and whether each says all.

        Args:
            lexical: Lexical forms.
        """
        readable = pc.match_substring_regex(lexical, f"^(?:{self.readable})$")
        texts = pc.if_else(readable, lexical, pa.scalar(None, pa.string()))
        values = _cast(texts, self.type)
        canonical = pc.match_substring_regex(lexical, f"^(?:{self.canonical})$")
        if self.render is not None and pc.any(canonical).as_py():
            canonical = pc.and_(canonical, pc.equal(lexical, self._written(values)))
        return values, pc.and_(canonical, values.is_valid())

    def _written(self, values: Any) -> Strings:
        render = self.render or str
        texts = [None if v is None else render(v) for v in values.to_pylist()]
        return pa.array(texts, pa.string())


def _cast(texts: Strings, kind: Any) -> Any:
    try:
        return texts.cast(kind)
    except pa.ArrowInvalid:
        # Well-formed, and no value: the 30th of February.
        return pa.concat_arrays([_cast_one(texts[i], kind) for i in range(len(texts))])


def _cast_one(text: Any, kind: Any) -> Any:
    try:
        return pa.array([text.as_py()], pa.string()).cast(kind)
    except pa.ArrowInvalid:
        return pa.nulls(1, kind)


_INTEGER: Final = Native(pa.int64(), "-?[0-9]{1,18}", "0|-?[1-9][0-9]{0,17}")
_NUMBER: Final = r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_FLOATING: Final = rf"{_NUMBER}(?:[eE][-+]?[0-9]+)?|-?INF|NaN"
_CANONICAL: Final = r"-?[0-9]\.[0-9]+E-?[0-9]+|-?INF|NaN"
_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT: Final = _DAY + r"T[0-9]{2}:[0-9]{2}:[0-9]{2}"
_FRACTION: Final = r"(?:\.[0-9]{1,6})?"
_SHORTEST_FRACTION: Final = r"(?:\.[0-9]{0,5}[1-9])?"
_ZONE: Final = "(?:Z|[-+][0-9]{2}:[0-9]{2})"

_INTEGERS: Final = (
    "integer long int short byte nonNegativeInteger positiveInteger "
    "nonPositiveInteger negativeInteger unsignedInt unsignedShort unsignedByte"
)

ZONED: Final = Native(
    pa.timestamp("us", "UTC"),
    _MOMENT + _FRACTION + _ZONE,
    _MOMENT + _SHORTEST_FRACTION + "Z",
)
"""Moments with a zone, in UTC."""

LOCAL: Final = Native(
    pa.timestamp("us"), _MOMENT + _FRACTION, _MOMENT + _SHORTEST_FRACTION
)
"""Moments without one."""

NATIVES: Final[Mapping[str, Native]] = MappingProxyType(
    {
        **{XSD.term(name): _INTEGER for name in _INTEGERS.split()},
        XSD.term("decimal"): Native(pa.float64(), _NUMBER, _NUMBER, render_decimal),
        XSD.term("double"): Native(pa.float64(), _FLOATING, _CANONICAL, render_double),
        XSD.term("float"): Native(pa.float32(), _FLOATING, _CANONICAL, render_float),
        XSD.term("boolean"): Native(pa.bool_(), "true|false|1|0", "true|false"),
        XSD.term("dateTime"): ZONED,
        XSD.term("date"): Native(pa.date32(), _DAY, _DAY),
    }
)
"""Datatypes with values that Arrow has a type for."""
