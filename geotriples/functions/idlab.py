"""IDLab's functions, which RML's own examples and test cases use.

Both namespaces under which they were published are known, and parameters both by their
own IRI (`idlab-fn:_str`) and by their predicate (`idlab-fn:str`).

Those that keep a state, read a file or ask a service are not there on purpose: a
mapping reads its sources, and gives the same graph whenever it is run.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from sqlglot import exp

from geotriples.functions.base import (
    XSD_DATE,
    XSD_DATE_TIME,
    Function,
    Parameter,
    Type,
    boolean,
    call,
    is_true,
    string,
    text,
)
from geotriples.functions.grel import VALUE, VALUE_2, nullness, presence
from geotriples.functions.grel_numbers import parsed_time, strptime_pattern
from geotriples.values import Value, concatenation
from ontologies.namespaces import Namespace

IDLAB: Final = Namespace("https://w3id.org/imec/idlab/function#")
_OLD: Final = Namespace("http://example.com/idlab/function/")


def _names(*local: str) -> tuple[str, ...]:
    return tuple(space.term(name) for space in (IDLAB, _OLD) for name in local)


def _parameter(name: str, kind: Type, *, required: bool = True) -> Parameter:
    return Parameter(_names(f"_{name}", name, f"p_{name}"), kind, required)


_STR: Final = _parameter("str", Type.STRING)
_ANY: Final = _parameter("str", Type.ANY)
_OTHER: Final = _parameter("otherStr", Type.STRING)
_DELIMITER: Final = _parameter("delimiter", Type.STRING)
_OPTIONAL_DELIMITER: Final = _parameter("delimiter", Type.STRING, required=False)
_BOOLEAN: Final = _parameter("strBoolean", Type.BOOLEAN)
_EXPECTED: Final = _parameter("expectedStr", Type.STRING)
_RESULT: Final = _parameter("result", Type.STRING)
_LIST: Final = _parameter("list", Type.LIST)
_SEQUENCE: Final = _parameter("seq", Type.LIST)
_DATE: Final = _parameter("strDate", Type.STRING)
_PATTERN: Final = _parameter("pattern", Type.STRING)
_TEST: Final = _parameter("test", Type.NUMBER)
_FROM: Final = _parameter("from", Type.NUMBER, required=False)
_TO: Final = _parameter("to", Type.NUMBER, required=False)

_STRING_OUT: Final = _names("_stringOut", "stringOut")
_BOOLEAN_OUT: Final = _names("_boolOut", "o_boolOut", "boolOut")


def _upper_url(value: Value) -> Value:
    return string(exp.func("FN_UPPER_URL", value.sql))


def _always_abc() -> Value:
    return string(text("ABC"))


def _equal(left: Value, right: Value) -> Value:
    return boolean(exp.EQ(this=left.sql, expression=right.sql))


def _not_equal(left: Value, right: Value) -> Value:
    return boolean(exp.NEQ(this=left.sql, expression=right.sql))


def _true_condition(condition: Value, value: Value) -> Value:
    sql = exp.case().when(is_true(condition.sql), value.sql)
    return Value(sql, value.kind, value.crs, value.datatype)


def _decide(value: Value, expected: Value, result: Value) -> Value:
    same = exp.EQ(this=value.sql, expression=expected.sql)
    return string(exp.case().when(same, result.sql))


def _concat(left: Value, right: Value, delimiter: Value | None) -> Value:
    between = [] if delimiter is None else [delimiter.sql]
    return string(concatenation(left.sql, *between, right.sql))


def _joined(values: Value, delimiter: Value | None) -> Value:
    between = text("") if delimiter is None else delimiter.sql
    return string(exp.func("FN_JOIN", values.sql, between))


def _in_range(test: Value, start: Value | None, end: Value | None) -> Value:
    """From the start, which is in the range, to the end, which is not."""
    conditions: list[exp.Expr] = []
    if start is not None:
        conditions.append(exp.GTE(this=test.sql, expression=start.sql))
    if end is not None:
        conditions.append(exp.LT(this=test.sql, expression=end.sql))
    return boolean(exp.and_(exp.not_(nullness(test).sql), *conditions))


def _contained(value: Value, other: Value, delimiter: Value) -> Value:
    parts = exp.func("FN_SPLIT", value.sql, delimiter.sql)
    return boolean(exp.func("FN_LIST_CONTAINS", parts, other.sql))


def _function(
    parameters: tuple[Parameter, ...],
    build: Callable[..., Value],
    results: tuple[str, ...] = _STRING_OUT,
    constants: tuple[tuple[int, Callable[[str], object]], ...] = (),
) -> Function:
    return Function(parameters, build, results, constants)


_FUNCTIONS: Final[Mapping[str, Function]] = {
    "toUpperCaseURL": _function((_STR,), _upper_url),
    "alwaysReturnsABC": _function((), _always_abc),
    "equal": _function((VALUE, VALUE_2), _equal, _BOOLEAN_OUT),
    "notEqual": _function((VALUE, VALUE_2), _not_equal, _BOOLEAN_OUT),
    "isNull": _function((_ANY,), nullness, _BOOLEAN_OUT),
    "isNotNull": _function((_ANY,), presence, _BOOLEAN_OUT),
    "trueCondition": _function((_BOOLEAN, _ANY), _true_condition),
    "decide": _function((_STR, _EXPECTED, _RESULT), _decide),
    "concat": _function((_STR, _OTHER, _OPTIONAL_DELIMITER), _concat),
    "concatSequence": _function((_SEQUENCE, _OPTIONAL_DELIMITER), _joined),
    "inRange": _function((_TEST, _FROM, _TO), _in_range, _BOOLEAN_OUT),
    "stringContainsOtherString": _function(
        (_STR, _OTHER, _DELIMITER), _contained, _BOOLEAN_OUT
    ),
    "listContainsElement": _function(
        (_LIST, _STR), call("FN_LIST_CONTAINS", boolean), _BOOLEAN_OUT
    ),
    "slugify": _function((_STR,), call("FN_SLUG", string)),
    "normalizeDate": _function(
        (_DATE, _PATTERN),
        parsed_time("FN_PARSE_DATE", XSD_DATE),
        constants=((1, strptime_pattern),),
    ),
    "normalizeDateTime": _function(
        (_DATE, _PATTERN),
        parsed_time("FN_PARSE_DATE_TIME", XSD_DATE_TIME),
        constants=((1, strptime_pattern),),
    ),
}


def _spelled() -> Iterator[tuple[str, Function]]:
    for name, function in _FUNCTIONS.items():
        for iri in _names(name):
            yield iri, function


FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(dict(_spelled()))
"""Function IRI to function."""
