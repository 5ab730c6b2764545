"""Expressions evaluated by the letter of section 17, for `reference.py`."""

import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_DOWN, Context, Decimal
from typing import Any, Final, TypeAlias

from strabon_store.algebra.expressions import (
    And,
    Arithmetic,
    ArithmeticOperator,
    Bound,
    BuiltIn,
    Coalesce,
    Comparison,
    ComparisonOperator,
    Exists,
    Expression,
    If,
    In,
    Negate,
    Not,
    Or,
)
from strabon_store.algebra.terms import (
    IRI,
    XSD_STRING,
    BlankNode,
    Literal,
    Term,
    Var,
)

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_INTEGER: Final = f"{_XSD}integer"
_DECIMAL: Final = f"{_XSD}decimal"
_BOOLEAN: Final = f"{_XSD}boolean"
_NUMERIC: Final = (_INTEGER, _DECIMAL)


class ExpressionError(Exception):
    """An expression without a value (17.2)."""


Solution: TypeAlias = dict[Var, Term]
Exist: TypeAlias = Callable[[Exists, Solution], bool]


def evaluate_expression(  # noqa: C901, PLR0912 - an arm per node
    expression: Expression, solution: Solution, exists: Exist
) -> Term:
    def value(inner: Expression) -> Term:
        return evaluate_expression(inner, solution, exists)

    def truth(inner: Expression) -> bool | None:
        try:
            return effective_boolean_value(value(inner))
        except ExpressionError:
            return None

    match expression:
        case IRI() | Literal():
            return expression
        case Var():
            if expression not in solution:
                raise ExpressionError(f"?{expression.name} is unbound")
            return solution[expression]
        case And(left, right):
            return _connect({truth(left), truth(right)}, absorbing=False)
        case Or(left, right):
            return _connect({truth(left), truth(right)}, absorbing=True)
        case Not(inner):
            return _boolean(not effective_boolean_value(value(inner)))
        case Comparison(comparison, left, right):
            return _boolean(_compare(comparison, value(left), value(right)))
        case In(needle, haystack):
            return _in(needle, haystack, truth)
        case Arithmetic(arithmetic, left, right):
            return _compute(arithmetic, value(left), value(right))
        case Negate(inner):
            term = value(inner)
            return _number(-_numeric(term), _datatype(term))
        case Bound(variable):
            return _boolean(variable in solution)
        case If(condition, then, otherwise):
            return value(
                then if effective_boolean_value(value(condition)) else otherwise
            )
        case Coalesce(arguments):
            return _coalesce(arguments, value)
        case Exists():
            return _boolean(exists(expression, solution))
        case BuiltIn(name, arguments):
            return _BUILTINS[name](*map(value, arguments))
        case _:
            raise NotImplementedError(f"{expression}")


def _connect(truths: set[bool | None], *, absorbing: bool) -> Term:
    if absorbing in truths:
        return _boolean(absorbing)
    if None in truths:
        raise ExpressionError("an operand is an error")
    return _boolean(not absorbing)


def _in(
    needle: Expression,
    haystack: Sequence[Expression],
    truth: Callable[[Expression], bool | None],
) -> Term:
    equal = ComparisonOperator.EQ
    truths = {truth(Comparison(equal, needle, member)) for member in haystack}
    return _connect(truths, absorbing=True)


def _coalesce(
    arguments: Sequence[Expression], value: Callable[[Expression], Term]
) -> Term:
    for argument in arguments:
        try:
            return value(argument)
        except ExpressionError:
            continue
    raise ExpressionError("COALESCE found no value")


def effective_boolean_value(term: Term) -> bool:
    match term:
        case Literal(lexical, datatype) if datatype == _BOOLEAN:
            return lexical == "true"
        case Literal(lexical, datatype) if datatype == XSD_STRING:
            return lexical != ""
        case Literal(_, datatype) if datatype in _NUMERIC:
            return _numeric(term) != 0
        case _:
            raise ExpressionError("no effective boolean value")


def _boolean(value: bool) -> Literal:  # noqa: FBT001 - the value of a literal
    return Literal("true" if value else "false", _BOOLEAN)


def _numeric(term: object) -> Decimal:
    if isinstance(term, Literal) and term.datatype in _NUMERIC:
        return Decimal(term.lexical)
    raise ExpressionError(f"{term} is no number")


def _datatype(term: object) -> str:
    if not isinstance(term, Literal):
        raise ExpressionError(f"{term} has no datatype")
    return term.datatype


def _number(value: Decimal, datatype: str) -> Literal:
    if datatype == _INTEGER:
        return Literal(str(int(value)), _INTEGER)
    return Literal(f"{value.normalize():f}", _DECIMAL)


def _promoted(*terms: object) -> str:
    return _DECIMAL if _DECIMAL in map(_datatype, terms) else _INTEGER


_COMPUTE: Final[Mapping[ArithmeticOperator, Callable[[Decimal, Decimal], Decimal]]] = {
    ArithmeticOperator.ADD: operator.add,
    ArithmeticOperator.SUBTRACT: operator.sub,
    ArithmeticOperator.MULTIPLY: operator.mul,
}
_COMPARE: Final[Mapping[ComparisonOperator, Callable[[Any, Any], bool]]] = {
    ComparisonOperator.EQ: operator.eq,
    ComparisonOperator.NE: operator.ne,
    ComparisonOperator.LT: operator.lt,
    ComparisonOperator.LE: operator.le,
    ComparisonOperator.GT: operator.gt,
    ComparisonOperator.GE: operator.ge,
}


def _compute(arithmetic: ArithmeticOperator, left: Term, right: Term) -> Term:
    result = _COMPUTE[arithmetic](_numeric(left), _numeric(right))
    return _number(result, _promoted(left, right))


def _compare(comparison: ComparisonOperator, left: Term, right: Term) -> bool:
    """By value for numbers, plain strings and booleans; else by term, = and != only."""
    one, two = _comparable(left), _comparable(right)
    if one is not None and two is not None and type(one) is type(two):
        return _COMPARE[comparison](one, two)
    if comparison not in {ComparisonOperator.EQ, ComparisonOperator.NE}:
        raise ExpressionError("no order between these")
    is_equal = left == right
    if not is_equal and one is not None and two is not None:
        raise ExpressionError("literals of types that cannot be compared (17.4.1.7)")
    return is_equal == (comparison is ComparisonOperator.EQ)


def _comparable(term: Term) -> Decimal | str | bool | None:
    match term:
        case Literal(lexical, datatype) if datatype == XSD_STRING:
            return lexical
        case Literal(lexical, datatype) if datatype == _BOOLEAN:
            return lexical == "true"
        case Literal(_, datatype) if datatype in _NUMERIC:
            return _numeric(term)
        case _:
            return None


def _string(term: Term) -> str:
    match term:
        case IRI(value):
            return value
        case Literal(lexical):
            return lexical
        case _:
            raise ExpressionError("no string")


def _lang(term: Term) -> Literal:
    if not isinstance(term, Literal):
        raise ExpressionError("no language")
    return Literal(term.language or "")


_BUILTINS: Final[Mapping[str, Callable[..., Term]]] = {
    "STR": lambda term: Literal(_string(term)),
    "LANG": _lang,
    "DATATYPE": lambda term: IRI(_datatype(term)),
    "ISIRI": lambda term: _boolean(isinstance(term, IRI)),
    "ISBLANK": lambda term: _boolean(isinstance(term, BlankNode)),
    "ISLITERAL": lambda term: _boolean(isinstance(term, Literal)),
    "ISNUMERIC": lambda t: _boolean(isinstance(t, Literal) and t.datatype in _NUMERIC),
    "STRLEN": lambda term: _number(Decimal(len(_string(term))), _INTEGER),
    "UCASE": lambda term: Literal(_string(term).upper()),
    "ABS": lambda term: _number(abs(_numeric(term)), _datatype(term)),
    "CONTAINS": lambda one, two: _boolean(_string(two) in _string(one)),
    "SAMETERM": lambda one, two: _boolean(one == two),
}


def aggregate_values(
    name: str, values: Sequence[object], separator: str = " "
) -> Term | None:
    """The set functions of 18.5.1; None where one of no values has none."""
    count = len(values)
    match name:
        case "COUNT":
            return _number(Decimal(count), _INTEGER)
        case "SUM":
            return _number(sum(map(_numeric, values), Decimal(0)), _promoted(*values))
        case "AVG" if count:
            total = sum(map(_numeric, values), Decimal(0))
            exact = Context(prec=18, rounding=ROUND_DOWN)
            return _number(exact.divide(total, Decimal(count)), _DECIMAL)
        case "AVG":
            return _number(Decimal(0), _INTEGER)
        case "MIN" | "MAX" if count:
            best = min if name == "MIN" else max
            return _number(best(map(_numeric, values)), _promoted(*values))
        case "SAMPLE" if count:
            return next(v for v in values if isinstance(v, IRI | Literal))
        case "GROUP_CONCAT":
            return Literal(
                separator.join(v.lexical for v in values if isinstance(v, Literal))
            )
        case _:
            return None


def sort_key(term: Term | None) -> tuple[bool, str]:
    """Section 15.1 for strings and unbound values: what the strategies sort."""
    return (False, "") if term is None else (True, _string(term))
