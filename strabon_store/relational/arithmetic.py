"""Operations on numbers, promoted as 17.3 says: arithmetic, comparison, casts, sums."""

import math
from typing import Final

from strabon_store.algebra.expressions import ArithmeticOperator
from strabon_store.relational.numbers import Numeric, Rank, of_rank
from strabon_store.relational.scalars import NULL, Constant, Scalar, call

_OPERATIONS: Final = {
    ArithmeticOperator.ADD: "add",
    ArithmeticOperator.SUBTRACT: "subtract",
    ArithmeticOperator.MULTIPLY: "multiply",
    ArithmeticOperator.DIVIDE: "divide",
}


def arithmetic(operator: ArithmeticOperator, left: Numeric, right: Numeric) -> Numeric:
    """`left operator right`, promoted (17.3); integers divide to a decimal."""
    name = _OPERATIONS[operator]
    least = Rank.DECIMAL if operator is ArithmeticOperator.DIVIDE else Rank.INTEGER
    promoted = _promoted(left, right)
    if promoted is not None:
        return _static_arithmetic(name, left, right, max(promoted, least))
    rank = call("greatest", left.rank, right.rank)
    integer: Scalar = NULL
    if operator is ArithmeticOperator.DIVIDE:
        rank = call("greatest", rank, Constant(int(least)))
    else:
        integer = call(f"{name}_integers", left.integer, right.integer)
    decimal = _decimals(name, left, right)
    return Numeric(
        rank=rank,
        integer=integer,
        decimal=decimal,
        double=call(
            "case",
            call("is_exact", rank),
            call("rounded", rank, integer, decimal),
            call(f"{name}_rounded", rank, left.double, right.double),
        ),
    )


def _promoted(left: Numeric, right: Numeric) -> Rank | None:
    """The rank of both together, where it is known while compiling."""
    ranks = left.static_rank, right.static_rank
    return None if ranks[0] is None or ranks[1] is None else max(ranks[0], ranks[1])


def _static_arithmetic(name: str, left: Numeric, right: Numeric, rank: Rank) -> Numeric:
    if rank is Rank.INTEGER:
        return of_rank(call(f"{name}_integers", left.integer, right.integer), rank)
    if rank is Rank.DECIMAL:
        return of_rank(_decimals(name, left, right), rank)
    if rank is Rank.FLOAT:
        singles = call(f"{name}_doubles", *_singles(left, right))
        return of_rank(call("to_single", singles), rank)
    return of_rank(call(f"{name}_doubles", left.double, right.double), rank)


def _singles(left: Numeric, right: Numeric) -> tuple[Scalar, Scalar]:
    """Both operands of an operation on floats, exact numbers rounded to floats."""
    sides = (
        each.double
        if each.static_rank is Rank.FLOAT
        else call("to_single", each.double)
        for each in (left, right)
    )
    first, second = sides
    return first, second


def _decimals(name: str, left: Numeric, right: Numeric) -> Scalar:
    if name == "multiply":
        return call("multiply_exactly", *_exact_parts(left), *_exact_parts(right))
    return call(f"{name}_decimals", left.decimal, right.decimal)


def _exact_parts(number: Numeric) -> tuple[Scalar, Scalar]:
    return number.integer, number.decimal


def unary(name: str, number: Numeric) -> Numeric:
    """ABS, CEIL, FLOOR, ROUND or the minus sign; the type stays (17.4.4)."""
    rank = number.static_rank
    is_rounding = name not in {"negate", "absolute"}
    integer = number.integer if is_rounding else call(f"{name}_integer", number.integer)
    if rank is Rank.INTEGER:
        return of_rank(integer, rank, is_small=is_rounding and number.is_small)
    decimal = call(f"{name}_decimal", number.decimal)
    if rank is Rank.DECIMAL:
        return of_rank(decimal, rank)
    double = call(f"{name}_double", number.double)
    if rank is not None:
        return of_rank(double, rank)
    exact = call("rounded", number.rank, integer, decimal)
    return Numeric(
        rank=number.rank,
        integer=integer,
        decimal=decimal,
        double=call("case", call("is_exact", number.rank), exact, double),
    )


def truth(number: Numeric) -> Scalar:
    """The effective boolean value (17.2.2): false for zero and NaN."""
    rank = number.static_rank
    if rank is None or rank >= Rank.FLOAT:
        return call("number_ebv", number.double)
    return call("is_not_zero", number.native)


def compare(operation: str, left: Numeric, right: Numeric) -> Scalar:
    """`equal`, `less` or `less_or_equal` of two numbers, promoted (17.3)."""
    promoted = _promoted(left, right)
    if promoted is not None:
        return _compare_as(operation, left, right, promoted)
    exactly = call(
        "case",
        call("are_exact", left.rank, right.rank),
        _compare_exactly(operation, left, right),
        call("are_single", left.rank, right.rank),
        _compare_doubles(operation, left, right, is_single=True),
        _compare_doubles(operation, left, right),
    )
    if not (left.is_stored and right.is_stored):
        return exactly
    # Rounding keeps the order: exact values are worked out for close doubles only.
    return call(f"far_{operation}", left.double, right.double, exactly)


def _compare_as(operation: str, left: Numeric, right: Numeric, rank: Rank) -> Scalar:
    if rank is Rank.INTEGER and left.is_small and right.is_small:
        return call(operation, left.integer, right.integer)
    if rank <= Rank.DECIMAL:
        exactly = _compare_exactly(operation, left, right)
        if left.is_stored and right.is_stored:
            return call(f"far_{operation}", left.double, right.double, exactly)
        return exactly
    return _compare_doubles(operation, left, right, is_single=rank is Rank.FLOAT)


def _compare_exactly(operation: str, left: Numeric, right: Numeric) -> Scalar:
    """Of integers and decimals; what is beyond both ranges differs in its double."""
    decimals = call(operation, left.decimal, right.decimal)
    are_decimals = left.static_rank is right.static_rank is Rank.DECIMAL
    if are_decimals and NULL not in (left.decimal, right.decimal):
        return decimals
    integers = call(operation, left.integer, right.integer)
    rounded = call(f"differing_{operation}", left.double, right.double)
    return call("coalesce", integers, decimals, rounded)


def _compare_doubles(
    operation: str, left: Numeric, right: Numeric, *, is_single: bool = False
) -> Scalar:
    is_safe = _is_number(right) or (operation == "equal" and _is_number(left))
    sides = _singles(left, right) if is_single else (left.double, right.double)
    return call(operation if is_safe else f"double_{operation}", *sides)


def _is_number(number: Numeric) -> bool:
    """Whether it is surely not NaN."""
    match number.double:
        case Constant(float(value)):
            return not math.isnan(value)
        case _:
            return not number.may_be_nan


def cast(rank: Rank, number: Numeric) -> Numeric:
    """A number as one of another type (17.5): an error where it does not fit."""
    if number.static_rank is rank:
        return number
    if rank is Rank.INTEGER:
        of_decimal = call("decimal_integer", number.decimal)
        of_double = call("double_integer", number.double)
        return of_rank(_chosen(number, number.integer, of_decimal, of_double), rank)
    if rank is Rank.DECIMAL:
        of_double = call("double_decimal", number.double)
        return of_rank(_chosen(number, NULL, number.decimal, of_double), rank)
    if rank is Rank.FLOAT:
        return of_rank(call("to_single", number.double), rank)
    return of_rank(number.double, rank)


def _chosen(
    number: Numeric, integer: Scalar, decimal: Scalar, double: Scalar
) -> Scalar:
    """What the number is cast from, by its type."""
    match number.static_rank:
        case Rank.INTEGER if integer != NULL:
            return integer
        case Rank.INTEGER:
            return decimal
        case Rank.DECIMAL:
            return decimal
        case Rank.FLOAT | Rank.DOUBLE:
            return double
        case None:
            is_exact = call("is_exact", number.rank)
            return call("case", is_exact, call("coalesce", integer, decimal), double)


def total(number: Numeric, term: Scalar | None = None) -> Numeric:
    """The sum over a group, of the highest rank in it (18.5.1.3); NULL of no numbers.

    Args:
        number: What to sum.
        term: What each number is the value of, when each term counts once (DISTINCT).
    """
    rank = number.static_rank
    if rank is Rank.INTEGER:
        return of_rank(_total_integer(number, term), rank)
    if rank is Rank.DECIMAL:
        return of_rank(_total_decimal(number, term), rank)
    doubles = _sum(number.double, term)
    if rank is not None:
        is_float = rank is Rank.FLOAT
        return of_rank(call("to_single", doubles) if is_float else doubles, rank)
    highest = call("max", number.rank)
    integer, decimal = _total_integer(number, term), _total_decimal(number, term)
    return Numeric(
        rank=highest,
        integer=integer,
        decimal=decimal,
        double=call(
            "case",
            call("is_exact", highest),
            call("rounded", highest, integer, decimal),
            call("is_single", highest),
            call("to_single", doubles),
            doubles,
        ),
    )


def _sum(scalar: Scalar, term: Scalar | None) -> Scalar:
    return call("sum", scalar) if term is None else call("sum_by", scalar, term)


def _total_integer(number: Numeric, term: Scalar | None) -> Scalar:
    if number.is_small:
        return _sum(number.integer, term)
    parts = (call(f"{part}_part", number.integer) for part in ("high", "low"))
    joined = call("join_parts", *(_sum(part, term) for part in parts))
    return _of_all(number, number.integer, joined)


def _total_decimal(number: Numeric, term: Scalar | None) -> Scalar:
    names = ("ordinary", "whole", "fraction")
    parts = (call(f"{name}_part", number.decimal) for name in names)
    joined = call("join_decimals", *(_sum(part, term) for part in parts))
    return _of_all(number, number.decimal, joined)


def _of_all(number: Numeric, part: Scalar, joined: Scalar) -> Scalar:
    """The sum of a part that every number of the group has; else an error."""
    counts = call("count", part), call("count", number.double)
    return call("if_true", call("equal", *counts), joined)


def mean(number: Numeric, term: Scalar | None = None) -> Numeric:
    """The sum by the count (18.5.1.4); of integers it is a decimal."""
    if number.static_rank is Rank.DOUBLE and term is None:
        return of_rank(call("avg", number.double), Rank.DOUBLE)
    distinct = (
        None if term is None else call("if_true", call("is_bound", number.double), term)
    )
    count = (
        call("count", number.double)
        if distinct is None
        else call("count_distinct", distinct)
    )
    divisor = of_rank(count, Rank.INTEGER, is_small=True)
    return arithmetic(ArithmeticOperator.DIVIDE, total(number, term), divisor)


def or_zero(number: Numeric, is_empty: Scalar) -> Numeric:
    """The number, or the integer 0: the type of nothing is not that of its numbers."""
    zero = Numeric(
        rank=Constant(0),
        integer=call("integer", Constant(0)),
        decimal=call("decimal", Constant(0)),
        double=Constant(0.0),
    )
    return choose(is_empty, zero, number)


def choose(condition: Scalar, number: Numeric, otherwise: Numeric) -> Numeric:
    """One of two numbers, row by row."""

    def chosen(part: Scalar, other: Scalar) -> Scalar:
        return call("case", condition, part, other)

    return Numeric(
        rank=chosen(number.rank, otherwise.rank),
        integer=chosen(number.integer, otherwise.integer),
        decimal=chosen(number.decimal, otherwise.decimal),
        double=chosen(number.double, otherwise.double),
    )
