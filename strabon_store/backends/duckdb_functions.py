"""SQL functions for what SPARQL has and DuckDB has not, over Arrow vectors.

Each is computed once for a combination of arguments that repeats within a vector. NULL
in gives NULL out, and so does an error of the expression.

The spellings put `|| ''` behind what gives text. DuckDB hands on pointers to what
Arrow holds, which is gone before a CASE has copied it; a concatenation copies at once.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType
from duckdb.sqltypes import BIGINT, BOOLEAN, DOUBLE, VARCHAR

from engines.duckdb.functions import defined
from ontologies.namespaces import XSD
from strabon_store.backends.duckdb_patterns import register_patterns
from strabon_store.frontend.iris import resolve
from strabon_store.relational.kinds import literal_kind
from strabon_store.relational.times import (
    Duration,
    Moment,
    add,
    adjust,
    cast,
    compare_durations,
    divided,
    parse,
    quotient,
    scaled,
    subtract,
    sum_of,
)

_Array: TypeAlias = Any  # pyarrow ships no types

_MONTH_SECONDS: Final = 365.2425 / 12 * 86_400


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the functions on a connection; those that are there stay."""
    there = defined(connection, list(_FUNCTIONS))
    for name, (function, arguments, result) in _FUNCTIONS.items():
        if name in there:
            continue
        connection.create_function(
            name,
            _vectorized(function, len(arguments), _ARROW[result]),
            [*arguments],
            result,
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )
    register_patterns(connection)


_ARROW: Final = {
    VARCHAR: pa.string(),
    BOOLEAN: pa.bool_(),
    BIGINT: pa.int64(),
    DOUBLE: pa.float64(),
}


def _vectorized(
    function: Callable[..., Any], arguments: int, result: Any
) -> Callable[..., _Array]:
    def vectorized(columns: tuple[_Array, ...]) -> _Array:
        known: dict[tuple[str | None, ...], Any] = {}
        values = []
        texts = (column.to_pylist() for column in columns)
        for row in zip(*texts, strict=True):
            if row not in known:
                known[row] = None if None in row else function(*row)
            values.append(known[row])
        return pa.array(values, result)

    # DuckDB counts the parameters.
    by_arguments: tuple[Callable[..., _Array], ...] = (
        lambda a: vectorized((a,)),
        lambda a, b: vectorized((a, b)),
        lambda a, b, c: vectorized((a, b, c)),
    )
    return by_arguments[arguments - 1]


def _microseconds(name: str, text: str) -> int | None:
    return literal_kind(text, XSD.term(name)).moment


def _cast(target: str, source: str, text: str) -> str | None:
    value = parse(source, text)
    changed = None if value is None else cast(value, target)
    return None if changed is None else str(changed)


def _duration(text: str) -> Duration | None:
    value = parse("duration", text)
    return value if isinstance(value, Duration) else None


def _compare_durations(left: str, right: str) -> int | None:
    one, other = _duration(left), _duration(right)
    return None if one is None or other is None else compare_durations(one, other)


def _equal_durations(left: str, right: str) -> bool | None:
    one, other = _duration(left), _duration(right)
    if one is None or other is None:
        return None
    return (one.months, one.seconds) == (other.months, other.seconds)


def _duration_seconds(text: str) -> float | None:
    value = _duration(text)
    if value is None:
        return None
    return float(value.seconds) + value.months * _MONTH_SECONDS


def _zone(text: str) -> str | None:
    """The zone at the end of a moment as a duration; there is none in an empty text."""
    if not text:
        return None
    found = parse("gDay", f"---01{text}")
    minutes = found.zone if isinstance(found, Moment) else None
    if minutes is None:
        return None
    return str(Duration("dayTimeDuration", 0, Decimal(60 * minutes)))


def _of_plain(plain: str) -> Moment | Duration | None:
    lexical, _, datatype = plain.rpartition('"^^<')
    if not datatype.startswith(str(XSD)):
        return None
    return parse(XSD.local(datatype[:-1]), lexical[1:])


def _plain(value: Moment | Duration | None) -> str | None:
    return None if value is None else f'"{value}"^^<{XSD.term(value.name)}>'


def _add_times(sign: str, left: str, right: str) -> str | None:
    """Sums and differences as XPath functions 8.4 and 9.7 have them."""
    factor = 1 if sign == "+" else -1
    match _of_plain(left), _of_plain(right):
        case None, Duration() as span if sign == "0-":
            return _plain(replace(span, months=-span.months, seconds=-span.seconds))
        case Moment() as moment, Duration() as span:
            return _plain(add(moment, span, factor))
        case Duration() as span, Moment() as moment if factor > 0:
            return _plain(add(moment, span))
        case Moment() as one, Moment() as other if factor < 0:
            return _plain(subtract(one, other))
        case Duration() as one, Duration() as other:
            return _plain(sum_of(one, other, factor))
        case _:
            return None


def _scale_duration(operator: str, left: str, right: str) -> str | None:
    """Products and quotients as XPath functions 8.4 has them; a number is XPath's."""
    match _of_plain(left), _of_plain(right):
        case Duration() as span, None:
            factor = _number(right)
        case None, Duration() as span if operator == "*":
            factor = _number(left)
        case _:
            return None
    if factor is None:
        return None
    return _plain((scaled if operator == "*" else divided)(span, factor))


def _number(plain: str) -> Decimal | None:
    lexical, _, _ = plain.rpartition('"^^<')
    try:
        return Decimal(lexical[1:].replace("INF", "Infinity"))
    except InvalidOperation:
        return None


def _divide_durations(left: str, right: str) -> str | None:
    one, other = _of_plain(left), _of_plain(right)
    if not (isinstance(one, Duration) and isinstance(other, Duration)):
        return None
    found = quotient(one, other)
    return None if found is None else f"{found:f}"


def _adjust(plain: str, zone: str) -> str | None:
    moment = _of_plain(plain)
    offset = _of_plain(zone) if zone else None
    if not isinstance(moment, Moment) or isinstance(offset, Moment):
        return None
    if zone and offset is None:
        return None
    return _plain(adjust(moment, offset))


def _digest(name: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(name, text.encode()).hexdigest()


_TEXT: Final = (VARCHAR,)
_FUNCTIONS: Final[dict[str, tuple[Callable[..., Any], tuple[Any, ...], Any]]] = {
    "pytheas_upper": (str.upper, _TEXT, VARCHAR),
    "pytheas_lower": (str.lower, _TEXT, VARCHAR),
    "pytheas_sha384": (_digest("sha384"), _TEXT, VARCHAR),
    "pytheas_sha512": (_digest("sha512"), _TEXT, VARCHAR),
    "pytheas_resolve": (resolve, _TEXT * 2, VARCHAR),
    "pytheas_float": (lambda value: str(np.float32(value)), (DOUBLE,), VARCHAR),
    "pytheas_double": (repr, (DOUBLE,), VARCHAR),
    "pytheas_microseconds": (_microseconds, _TEXT * 2, BIGINT),
    "pytheas_cast": (_cast, _TEXT * 3, VARCHAR),
    "pytheas_compare_durations": (_compare_durations, _TEXT * 2, BIGINT),
    "pytheas_equal_durations": (_equal_durations, _TEXT * 2, BOOLEAN),
    "pytheas_duration_seconds": (_duration_seconds, _TEXT, DOUBLE),
    "pytheas_zone": (_zone, _TEXT, VARCHAR),
    "pytheas_add_times": (_add_times, _TEXT * 3, VARCHAR),
    "pytheas_scale_duration": (_scale_duration, _TEXT * 3, VARCHAR),
    "pytheas_divide_durations": (_divide_durations, _TEXT * 2, VARCHAR),
    "pytheas_adjust": (_adjust, _TEXT * 2, VARCHAR),
}
