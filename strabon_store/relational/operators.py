"""The operator mapping of SPARQL 1.1 section 17.3, on values."""

from dataclasses import replace
from typing import Final

from strabon_store.algebra.expressions import ArithmeticOperator, ComparisonOperator
from strabon_store.relational import arithmetic as numeric
from strabon_store.relational.encoding import Tag, TermId
from strabon_store.relational.numbers import Numeric, Rank, of_rank
from strabon_store.relational.scalars import (
    FALSE,
    NULL,
    TRUE,
    Call,
    Constant,
    Scalar,
    any_of,
    call,
)
from strabon_store.relational.temporals import DURATION, NO_TIME, compare_times
from strabon_store.relational.values import Value, from_plain, of_numeric

_MIRRORED: Final = {
    ComparisonOperator.GT: ComparisonOperator.LT,
    ComparisonOperator.GE: ComparisonOperator.LE,
}
_TIME_OPERATORS: Final = {
    ArithmeticOperator.ADD: Constant("+"),
    ArithmeticOperator.SUBTRACT: Constant("-"),
}
_SCALING_OPERATORS: Final = {
    ArithmeticOperator.MULTIPLY: Constant("*"),
    ArithmeticOperator.DIVIDE: Constant("/"),
}
_ORDERED: Final = {
    ComparisonOperator.LT: "less",
    ComparisonOperator.LE: "less_or_equal",
}


def effective_boolean_value(value: Value) -> Scalar:
    """Section 17.2.2: booleans, numbers and strings have one, others are an error."""
    if value.is_surely(Tag.BOOLEAN):
        return value.boolean
    if value.is_surely(Tag.INTEGER):
        return numeric.truth(value.numeric)
    text = call("string_ebv", value.kind, value.text)
    return call("coalesce", value.boolean, numeric.truth(value.numeric), text)


def identical(left: Value, right: Value) -> Scalar:
    """Whether both are the same term (17.4.1.8)."""
    if isinstance(left.encoding, TermId) and isinstance(right.encoding, TermId):
        return call("equal", left.native, right.native)
    return call("equal", left.plain, right.plain)


def compare(operator: ComparisonOperator, left: Value, right: Value) -> Scalar:
    """`left operator right`, an error where the types do not compare."""
    match operator:
        case ComparisonOperator.EQ:
            return equal(left, right)
        case ComparisonOperator.NE:
            return call("not", equal(left, right))
        case ComparisonOperator.GT | ComparisonOperator.GE:
            return _ordered(_ORDERED[_MIRRORED[operator]], right, left)
        case ComparisonOperator.LT | ComparisonOperator.LE:
            return _ordered(_ORDERED[operator], left, right)


def equal(left: Value, right: Value) -> Scalar:
    """RDFterm-equal and the equalities by value (17.3, 17.4.1.7).

    Two different literals are unequal when both datatypes are understood, and an error
    when one is not: they might stand for the same value.
    """
    if left.is_surely(Tag.IRI) or right.is_surely(Tag.IRI):
        return identical(left, right)
    if left.is_surely(Tag.INTEGER) and right.is_surely(Tag.INTEGER):
        return numeric.compare("equal", left.numeric, right.numeric)
    if left.is_surely(Tag.STRING) and right.is_surely(Tag.STRING):
        return call("equal", left.text, right.text)
    if left.is_surely(Tag.BOOLEAN) and right.is_surely(Tag.BOOLEAN):
        return call("equal", left.boolean, right.boolean)
    return call(
        "case",
        _both(left.number, right.number),
        numeric.compare("equal", left.numeric, right.numeric),
        identical(left, right),
        TRUE,
        call("equal", left.temporal.family, right.temporal.family),
        compare_times("equal", left.temporal, right.temporal),
        _both(left.boolean, right.boolean),
        call("equal", left.boolean, right.boolean),
        call("are_kind", left.kind, right.kind, Constant(int(Tag.LANGUAGE))),
        _equal_tagged(left, right),
        _might_be_equal(left, right),
        Constant(None),
        _both(left.plain, right.plain),
        FALSE,
        Constant(None),
    )


def is_in(needle: Value, haystack: tuple[Value, ...]) -> Scalar:
    """`needle IN (...)`: true, else an error if some equality is one (17.4.1.9)."""
    return any_of(tuple(equal(needle, each) for each in haystack))


def _ordered(operation: str, left: Value, right: Value) -> Scalar:
    if left.is_surely(Tag.INTEGER) or right.is_surely(Tag.INTEGER):
        return numeric.compare(operation, left.numeric, right.numeric)
    texts = call(operation, _simple(left), _simple(right))
    if left.is_surely(Tag.STRING) or right.is_surely(Tag.STRING):
        return texts
    times = compare_times(operation, left.temporal, right.temporal)
    if left.is_surely(Tag.DATETIME) or right.is_surely(Tag.DATETIME):
        return times
    return call(
        "coalesce",
        numeric.compare(operation, left.numeric, right.numeric),
        texts,
        times,
        call(operation, left.boolean, right.boolean),
    )


def _both(left: Scalar, right: Scalar) -> Scalar:
    return call("and", call("is_bound", left), call("is_bound", right))


def _equal_tagged(left: Value, right: Value) -> Scalar:
    """Of strings with languages, whose tags tell no case (RDF 1.1, section 3.3)."""
    texts = call("equal", left.text, right.text)
    languages = call("equal_language", left.language, right.language)
    return call("and", texts, languages)


def _might_be_equal(left: Value, right: Value) -> Scalar:
    return call("may_be_equal", left.kind, right.kind)


def _simple(value: Value) -> Scalar:
    if value.is_surely(Tag.STRING):
        return value.text
    return call("if_kind", value.kind, Constant(int(Tag.STRING)), value.text)


def arithmetic(operator: ArithmeticOperator, left: Value, right: Value) -> Value:
    """`left operator right` (17.3), of numbers, and of dates, times and durations.

    The latter are XPath's (functions 3.1, 8.4 and 9.7): moments and durations add and
    subtract, and a duration is multiplied and divided by a number.
    """
    numbers = numeric.arithmetic(operator, left.numeric, right.numeric)
    if operator is ArithmeticOperator.DIVIDE:
        numbers = _or_durations(numbers, left, right)
    number = of_numeric(numbers)
    symbol = _TIME_OPERATORS.get(operator)
    if symbol is None:
        return _or_scaled(number, operator, left, right)
    if NO_TIME in (left.temporal, right.temporal):
        return number
    both = call("are_times", left.kind, right.kind)
    times = left.temporal.plain, right.temporal.plain
    return _number_or_time(number, both, call("time_arithmetic", symbol, *times))


def _or_durations(numbers: Numeric, left: Value, right: Value) -> Numeric:
    """A quotient of numbers, or of two durations, which is a decimal."""
    if not (_may_be_duration(left) and _may_be_duration(right)):
        return numbers
    both = call("are_durations", left.kind, right.kind)
    times = left.temporal.plain, right.temporal.plain
    found = of_rank(call("divide_durations", *times), Rank.DECIMAL)
    if numbers.double == NULL:
        return found.map(lambda part: call("if_true", both, part))
    return numeric.choose(both, found, numbers)


def _or_scaled(
    number: Value, operator: ArithmeticOperator, left: Value, right: Value
) -> Value:
    """A product or quotient of numbers, or of a duration and a number."""
    is_first = _may_be_duration(left) and right.number != NULL
    is_second = _may_be_duration(right) and left.number != NULL
    if operator is ArithmeticOperator.MULTIPLY:
        condition = call("are_multiplied", left.kind, right.kind)
    else:
        condition, is_second = call("are_divided", left.kind, right.kind), False
    if not (is_first or is_second):
        return number
    symbol = _SCALING_OPERATORS[operator]
    scaled = call("scale_duration", symbol, left.plain, right.plain)
    return _number_or_time(number, condition, scaled)


def _may_be_duration(value: Value) -> bool:
    match value.temporal.family:
        case Constant(family) | Call("if_bound", (_, Constant(family))):
            return family == DURATION
        case _:
            return True


def negate(value: Value) -> Value:
    """`- value`."""
    number = of_numeric(numeric.unary("negate", value.numeric))
    if value.temporal == NO_TIME:
        return number
    parts = (Constant("0-"), Constant(""), value.temporal.plain)
    time = call("time_arithmetic", *parts)
    return _number_or_time(number, call("is_time", value.kind), time)


def _number_or_time(number: Value, is_time: Scalar, time: Scalar) -> Value:
    time = call("if_true", is_time, time)
    if number.numeric.static_rank is None and number.number == NULL:
        return from_plain(time)
    found = from_plain(call("coalesce", time, number.plain))
    return replace(
        found,
        kind=call("kind_of_sum", time),
        numeric=number.numeric,
        temporal=replace(found.temporal, plain=time),
    )
