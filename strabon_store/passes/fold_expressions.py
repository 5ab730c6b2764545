"""Constant expressions to their values, where the value is beyond doubt.

Only booleans, integers and plain strings are computed here: every engine agrees on
them. The rest is left to the engine, so that there is one place that knows it.
"""

import operator
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from ontologies.namespaces import XSD
from strabon_store.algebra.expressions import (
    And,
    Arithmetic,
    ArithmeticOperator,
    Bound,
    Comparison,
    ComparisonOperator,
    Exists,
    Expression,
    In,
    Negate,
    Not,
    Or,
)
from strabon_store.algebra.terms import XSD_STRING, Literal
from strabon_store.algebra.traverse import map_operands

_BOOLEAN: Final = XSD.term("boolean")
_INTEGER: Final = XSD.term("integer")
_DIGITS: Final = re.compile(r"[+-]?[0-9]{1,18}")
"""Integers that no engine has to widen."""

TRUE: Final = Literal("true", _BOOLEAN)
FALSE: Final = Literal("false", _BOOLEAN)

_Value: TypeAlias = bool | int | str
_COMPARE: Final[Mapping[ComparisonOperator, Callable[[_Value, _Value], bool]]] = (
    MappingProxyType(
        {
            ComparisonOperator.EQ: operator.eq,
            ComparisonOperator.NE: operator.ne,
            ComparisonOperator.LT: operator.lt,
            ComparisonOperator.LE: operator.le,
            ComparisonOperator.GT: operator.gt,
            ComparisonOperator.GE: operator.ge,
        }
    )
)
_COMPUTE: Final[Mapping[ArithmeticOperator, Callable[[int, int], int]]] = (
    MappingProxyType(
        {
            ArithmeticOperator.ADD: operator.add,
            ArithmeticOperator.SUBTRACT: operator.sub,
            ArithmeticOperator.MULTIPLY: operator.mul,
        }
    )
)
"""Without division, whose result is a decimal."""


def fold_expression(expression: Expression) -> Expression:
    """The expression with its constant parts replaced by their values.

    Examples:
        >>> two = Literal("2", _INTEGER)
        >>> fold_expression(Arithmetic(ArithmeticOperator.MULTIPLY, two, two)).lexical
        '4'
    """
    return _fold(map_operands(expression, fold_expression))


def fold_condition(condition: Expression) -> Expression:
    """`fold_expression` for a place where only the effective boolean value counts.

    There `c && true` is `c`; elsewhere it is not: `1 && true` is `true`, a boolean.

    Examples:
        >>> from strabon_store.algebra.terms import Var
        >>> fold_condition(And(Var("x"), TRUE))
        Var(name='x')
    """
    match condition:
        case And(left, right) | Or(left, right):
            left, right = fold_condition(left), fold_condition(right)
            return _connect(condition, left, right, _is_any)
        case Not(Not(inner)):
            return fold_condition(inner)
        case Not(inner):
            return _fold(Not(fold_condition(inner)))
        case _:
            folded = fold_expression(condition)
            truth = truth_value(folded)
            return folded if truth is None else TRUE if truth else FALSE


def truth_value(expression: Expression) -> bool | None:
    """The effective boolean value of a constant (17.2.2); None if it is not known."""
    value = _value(expression)
    return None if value is None else bool(value)


def _value(expression: Expression) -> _Value | None:
    match expression:
        case Literal(lexical, datatype) if datatype == XSD_STRING:
            return lexical
        case Literal("true" | "1", datatype) if datatype == _BOOLEAN:
            return True
        case Literal("false" | "0", datatype) if datatype == _BOOLEAN:
            return False
        case Literal(lexical, datatype) if datatype == _INTEGER:
            return int(lexical) if _DIGITS.fullmatch(lexical) else None
        case _:
            return None


def _fold(expression: Expression) -> Expression:
    match expression:
        case And(left, right) | Or(left, right):
            return _connect(expression, left, right, _is_boolean)
        case Not(inner):
            truth = truth_value(inner)
            return expression if truth is None else FALSE if truth else TRUE
        case Comparison(comparison, left, right):
            return _compare(expression, comparison, _value(left), _value(right))
        case Arithmetic(arithmetic, left, right):
            return _compute(expression, arithmetic, _value(left), _value(right))
        case Negate(inner):
            value = _value(inner)
            return _integer(-value) if type(value) is int else expression
        case _:
            return expression


def _compare(
    expression: Expression,
    comparison: ComparisonOperator,
    left: _Value | None,
    right: _Value | None,
) -> Expression:
    if left is None or type(left) is not type(right) or right is None:
        return expression
    return TRUE if _COMPARE[comparison](left, right) else FALSE


def _compute(
    expression: Expression,
    arithmetic: ArithmeticOperator,
    left: _Value | None,
    right: _Value | None,
) -> Expression:
    compute = _COMPUTE.get(arithmetic)
    if compute is None or type(left) is not int or type(right) is not int:
        return expression
    return _integer(compute(left, right))


def _integer(value: int) -> Literal:
    return Literal(str(value), _INTEGER)


def _connect(
    connective: And | Or,
    left: Expression,
    right: Expression,
    may_stand_alone: Callable[[Expression], bool],
) -> Expression:
    """`left` and `right` under the connective, without constant sides.

    `error && false` is false and `error || true` is true (17.2), so the one constant
    decides whatever the other side is.
    """
    neutral, absorbing = (TRUE, FALSE) if isinstance(connective, And) else (FALSE, TRUE)
    if absorbing in (left, right):
        return absorbing
    if left == neutral and may_stand_alone(right):
        return right
    if right == neutral and may_stand_alone(left):
        return left
    return type(connective)(left, right)


def _is_any(_expression: Expression) -> bool:
    return True


def _is_boolean(expression: Expression) -> bool:
    """Whether the value, where there is one, is an xsd:boolean."""
    logical = And | Or | Not | Comparison | In | Bound | Exists
    return isinstance(expression, logical) or expression in (TRUE, FALSE)
