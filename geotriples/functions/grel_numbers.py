"""GREL's functions on numbers and times (FnO descriptions of GREL).

Numbers are computed as doubles.  Whole results are xsd:integer, others xsd:decimal of
their shortest digits (`base.decimal`).  Angles are in radians.

Patterns of dates are Java's (`dd/MM/yyyy HH:mm`), of numbers, English names and quoted
text; they must be constant, as an engine wants them in its own spelling.

`now`, `random` and the like are not there on purpose: a mapping gives the same graph
whenever it is run.  Hand the run a parameter instead (`pytheas:{name}`).
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from sqlglot import exp

from geotriples.functions.base import (
    XSD_DATE,
    Build,
    Function,
    Parameter,
    Type,
    call,
    decimal,
    integer,
    text,
)
from geotriples.functions.grel import (
    ANY_OUT,
    GREL,
    NUMBER_OUT,
    STRING_OUT,
    VALUE,
    parameter,
)
from geotriples.sources.base import Kind
from geotriples.values import Value

_NUMBER: Final = parameter("param_dec_n", "p_dec_n", Type.NUMBER)
_NUMBER_2: Final = parameter("param_dec_n2", "param_n2", Type.NUMBER)
_EXPONENT: Final = parameter("param_dec_n_exp", "p_any_exp", Type.NUMBER)
_INTEGER: Final = parameter("param_int_i", "p_int_i", Type.INTEGER)
_INTEGER_2: Final = parameter("param_int_i2", "p_int_i2", Type.INTEGER)
_DECIMAL_OUT: Final = (GREL.term("output_decimal"), GREL.term("o_decimal"))
_ANY_NUMBER_OUT: Final = (*NUMBER_OUT, *_DECIMAL_OUT)

Result = Callable[[exp.Expr], Value]


def _of_one(name: str, result: Result) -> Function:
    return Function((_NUMBER,), call(name, result), _ANY_NUMBER_OUT)


def _of_two(name: str, result: Result) -> Function:
    return Function((_NUMBER, _NUMBER_2), call(name, result), _ANY_NUMBER_OUT)


def _of_integers(name: str) -> Function:
    return Function((_INTEGER, _INTEGER_2), call(name, integer), _ANY_NUMBER_OUT)


_NUMBERS: Final[Mapping[str, Function]] = {
    "math_floor": _of_one("FN_FLOOR", integer),
    "math_ceil": _of_one("FN_CEIL", integer),
    "math_round": _of_one("FN_ROUND", integer),
    "math_even": _of_one("FN_EVEN", integer),
    "math_odd": _of_one("FN_ODD", integer),
    "math_abs": _of_one("ABS", decimal),
    "math_min": _of_two("LEAST", decimal),
    "math_max": _of_two("GREATEST", decimal),
    "math_ln": _of_one("FN_LN", decimal),
    "math_log": _of_one("FN_LOG10", decimal),
    "math_exp": _of_one("EXP", decimal),
    "math_pow": Function((_NUMBER, _EXPONENT), call("POWER", decimal), _ANY_NUMBER_OUT),
    **{
        f"math_{name}": _of_one(name.upper(), decimal)
        for name in ("sin", "cos", "tan", "atan", "sinh", "cosh", "tanh")
    },
    "math_asin": _of_one("FN_ASIN", decimal),
    "math_acos": _of_one("FN_ACOS", decimal),
    "math_atan2": _of_two("ATAN2", decimal),
    "math_degrees": _of_one("DEGREES", decimal),
    "math_radians": _of_one("RADIANS", decimal),
    "math_quotient": _of_two("FN_QUOTIENT", decimal),
    "math_mod": _of_integers("FN_MOD"),
    "math_gcd": _of_integers("FN_GCD"),
    "math_lcm": _of_integers("FN_LCM"),
    "math_combin": _of_integers("FN_COMBINATIONS"),
    "math_fact": Function((_INTEGER,), call("FN_FACTORIAL", integer), _ANY_NUMBER_OUT),
}


# -- dates and times -----------------------------------------------------------------

_PATTERN: Final = parameter("param_string_pattern", "p_string_pattern", Type.STRING)
_DATE: Final = parameter("param_date_d", "p_date_d", Type.STRING)
_TIME: Final = parameter("param_datetime_d", "p_datetime_d", Type.STRING)
_TIME_2: Final = parameter("param_datetime_d2", "p_datetime_d2", Type.STRING)
_TIME_UNIT: Final = parameter("param_string_timeunit", "p_string_timeunit", Type.STRING)
_UNIT: Final = parameter("param_string_unit", "p_string_unit", Type.STRING)
_DATE_OUT: Final = (GREL.term("output_date"), GREL.term("o_date"))

_LETTERS: Final[Mapping[str, str]] = {
    "yyyy": "%Y",
    "uuuu": "%Y",
    "yy": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%m",
    "dd": "%d",
    "d": "%d",
    "HH": "%H",
    "H": "%H",
    "mm": "%M",
    "m": "%M",
    "ss": "%S",
    "s": "%S",
    "SSS": "%g",
    "EEEE": "%A",
    "EEE": "%a",
    "hh": "%I",
    "h": "%I",
    "a": "%p",
}
_TOKEN: Final = re.compile(
    r"'(?P<quoted>[^']*)'|(?P<run>([A-Za-z])\3*)|(?P<other>.)", re.DOTALL
)


def strptime_pattern(java: str) -> str:
    """A pattern of Java's DateTimeFormatter in the letters of `strptime`.

    Raises:
        ValueError: It has a letter that we do not read.

    Examples:
        >>> strptime_pattern("dd/MM/yyyy'T'HH:mm")
        '%d/%m/%YT%H:%M'
    """
    return "".join(_token(java, one) for one in _TOKEN.finditer(java))


def _token(java: str, token: re.Match[str]) -> str:
    run = token["run"]
    if run is None:
        plain = token["other"] if token["quoted"] is None else token["quoted"] or "'"
        return plain.replace("%", "%%")
    if run not in _LETTERS:
        known = ", ".join(_LETTERS)
        raise ValueError(f"{run!r} in the pattern {java!r} is none of {known}")
    return _LETTERS[run]


def parsed_time(name: str, datatype: str) -> Build:
    """A rule that reads a text by a pattern of dates or times."""
    return partial(_parsed, name, datatype)


def _parsed(name: str, datatype: str, value: Value, pattern: Value) -> Value:
    spelled = text(strptime_pattern(pattern.sql.name))
    sql = exp.func(name, value.sql, pattern.sql, spelled)
    return Value(sql, Kind.STRING, datatype=datatype)


def _of_unit(name: str, result: Result, *parameters: Parameter) -> Function:
    results = (*STRING_OUT, *NUMBER_OUT, *ANY_OUT)
    return Function(parameters, call(name, result), results)


def _moved(date: Value, count: Value, unit: Value) -> Value:
    """A date stays a date where the unit is a day or longer."""
    sql = exp.func("FN_DATE_ADD", date.sql, exp.cast(count.sql, "BIGINT"), unit.sql)
    return Value(sql, Kind.STRING, datatype=XSD_DATE)


_TIMES: Final[Mapping[str, Function]] = {
    "date_toDate": Function(
        (VALUE, _PATTERN),
        parsed_time("FN_PARSE_DATE", XSD_DATE),
        _DATE_OUT,
        constants=((1, strptime_pattern),),
    ),
    "date_inc": Function((_DATE, _NUMBER, _UNIT), _moved, _DATE_OUT),
    "date_diff": _of_unit("FN_DATE_DIFF", integer, _TIME, _TIME_2, _TIME_UNIT),
    "date_datePart": _of_unit("FN_DATE_PART", integer, _DATE, _UNIT),
}

FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {GREL.term(name): one for name, one in {**_NUMBERS, **_TIMES}.items()}
)
"""Function IRI to function."""
