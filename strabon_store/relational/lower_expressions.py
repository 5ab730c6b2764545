"""Algebra expressions become values, one arm per node."""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Final, TypeAlias, assert_never

from ontologies.namespaces import GEOF
from strabon_store.algebra.expressions import (
    And,
    Arithmetic,
    Bound,
    BuiltIn,
    Coalesce,
    Comparison,
    ComparisonOperator,
    Exists,
    Expression,
    FunctionCall,
    If,
    In,
    Negate,
    Not,
    Or,
)
from strabon_store.algebra.terms import IRI, Literal, Var
from strabon_store.algebra.traverse import map_operands, walk_expression
from strabon_store.errors import UnknownFunction, UnsupportedFeature
from strabon_store.relational.constants import constant
from strabon_store.relational.encoding import Typed
from strabon_store.relational.functions import (
    CASTS,
    FRESH_BUILT_INS,
    lower_builtin,
    lower_fresh,
)
from strabon_store.relational.functions.terms import NEW_SOLUTION, SOLUTION, blank_of
from strabon_store.relational.geo import (
    DISTANCES,
    SUPPORTED,
    lower_geof,
    within_distance,
)
from strabon_store.relational.operators import (
    arithmetic,
    compare,
    effective_boolean_value,
    is_in,
    negate,
)
from strabon_store.relational.periods import PERIOD_FUNCTIONS, lower_period_function
from strabon_store.relational.scalars import FALSE, Scalar, call
from strabon_store.relational.unknown_functions import no_such
from strabon_store.relational.values import (
    ERROR,
    Value,
    boolean,
    from_plain,
    of_native,
)

Scope: TypeAlias = Mapping[str, Value]
"""What each variable in scope is."""

_FRESH: Final = "fresh "
"""Begins the name of a built-in that was numbered."""

_AT_MOST: Final = {ComparisonOperator.LT, ComparisonOperator.LE}
_AT_LEAST: Final = {ComparisonOperator.GT, ComparisonOperator.GE}


def lower_condition(expression: Expression, scope: Scope) -> Scalar:
    """The effective boolean value of an expression; NULL where it is an error."""
    return effective_boolean_value(lower_expression(expression, scope))


def lower_expression(expression: Expression, scope: Scope) -> Value:
    """The value of an expression in a scope.

    Raises:
        UnsupportedFeature: The expression needs what we do not compile.
    """
    return _lower(_numbered(expression, count()), scope)


def tells_solutions_apart(expression: Expression) -> bool:
    """Whether the value depends on which solution it is of: BNODE of a label."""
    return any(
        isinstance(each, BuiltIn) and each.name == "BNODE" and bool(each.arguments)
        for each in walk_expression(expression)
    )


def _numbered(expression: Expression, serials: Iterator[int]) -> Expression:
    """Calls that give something else each time, told apart by serial numbers."""
    if isinstance(expression, BuiltIn) and not expression.arguments:
        if expression.name in FRESH_BUILT_INS:
            fresh = _FRESH + expression.name
            return BuiltIn(fresh, (Literal(str(next(serials))),))
        return expression
    return map_operands(expression, lambda operand: _numbered(operand, serials))


def _lower(  # noqa: C901 - an arm per node
    expression: Expression, scope: Scope
) -> Value:
    match expression:
        case IRI() | Literal():
            return constant(expression)
        case Var(name):
            return scope.get(name, ERROR)
        case And() | Or() | Not() | Bound() | In() | Comparison():
            return boolean(_lower_test(expression, scope))
        case Arithmetic(operator, left, right):
            sides = _lower(left, scope), _lower(right, scope)
            return arithmetic(operator, *sides)
        case Negate(inner):
            return negate(_lower(inner, scope))
        case If():
            return _lower_if(expression, scope)
        case Coalesce(arguments):
            return _lower_coalesce(arguments, scope)
        case BuiltIn(name, arguments):
            return _lower_builtin(name, _lower_all(arguments, scope), scope)
        case FunctionCall(function, arguments, place):
            return _lower_call(function.value, _lower_all(arguments, scope), place)
        case Exists():
            raise UnsupportedFeature("EXISTS within a larger expression")
        case _:
            assert_never(expression)


def _lower_all(arguments: tuple[Expression, ...], scope: Scope) -> tuple[Value, ...]:
    return tuple(_lower(each, scope) for each in arguments)


def _lower_test(
    expression: And | Or | Not | Bound | In | Comparison, scope: Scope
) -> Scalar:
    match expression:
        case And(left, right):
            return call("and", *_conditions(scope, left, right))
        case Or(left, right):
            return call("or", *_conditions(scope, left, right))
        case Not(inner):
            return call("not", *_conditions(scope, inner))
        case Bound(variable):
            value = scope.get(variable.name)
            return FALSE if value is None else call("is_bound", value.native)
        case In(needle, haystack):
            candidates = _lower_all(haystack, scope)
            return is_in(_lower(needle, scope), candidates)
        case Comparison():
            return _lower_comparison(expression, scope)


def _conditions(scope: Scope, *expressions: Expression) -> tuple[Scalar, ...]:
    return tuple(effective_boolean_value(_lower(each, scope)) for each in expressions)


def _lower_comparison(expression: Comparison, scope: Scope) -> Scalar:
    left = _lower(expression.left, scope)
    right = _lower(expression.right, scope)
    holds = compare(expression.operator, left, right)
    measured, limit = expression.left, right.number
    if expression.operator in _AT_LEAST:
        measured, limit = expression.right, left.number
    elif expression.operator not in _AT_MOST:
        return holds
    match measured:
        case FunctionCall(IRI(name), arguments) if name in DISTANCES:
            return within_distance(_lower_all(arguments, scope), limit, holds)
        case _:
            return holds


def _lower_if(expression: If, scope: Scope) -> Value:
    condition = effective_boolean_value(_lower(expression.condition, scope))
    branches = _lower_all((expression.then, expression.otherwise), scope)
    natives = _alike(branches)
    scalars = natives or tuple(each.plain for each in branches)
    chosen = call("if", condition, *scalars)
    return _of_common(chosen, branches, is_native=natives is not None)


def _lower_coalesce(arguments: tuple[Expression, ...], scope: Scope) -> Value:
    values = _lower_all(arguments, scope)
    if not values:
        return ERROR
    natives = _alike(values)
    scalars = natives or tuple(each.plain for each in values)
    return _of_common(call("coalesce", *scalars), values, is_native=natives is not None)


def _alike(values: tuple[Value, ...]) -> tuple[Scalar, ...] | None:
    """The native scalars, where all values are native columns of one datatype."""
    encodings = {value.encoding for value in values}
    if len(encodings) == 1 and isinstance(values[0].encoding, Typed):
        return tuple(value.native for value in values)
    return None


def _of_common(scalar: Scalar, values: tuple[Value, ...], *, is_native: bool) -> Value:
    encoding = values[0].encoding
    if is_native and isinstance(encoding, Typed):
        return of_native(scalar, encoding.datatype)
    return from_plain(scalar)


def _lower_builtin(name: str, arguments: tuple[Value, ...], scope: Scope) -> Value:
    if name.startswith(_FRESH):
        return lower_fresh(name.removeprefix(_FRESH), *arguments)
    if name == "BNODE":
        known = scope.get(SOLUTION)
        solution = NEW_SOLUTION if known is None else known.native
        return blank_of(arguments[0], solution)
    return lower_builtin(name, arguments)


def _lower_call(
    function: str, arguments: tuple[Value, ...], place: tuple[int, int] | None
) -> Value:
    try:
        if function in SUPPORTED:
            return lower_geof(GEOF.local(function), arguments)
        if function in PERIOD_FUNCTIONS:
            return lower_period_function(function, arguments)
    except UnknownFunction as error:
        raise error.at(place) from error
    if function not in CASTS:
        raise UnknownFunction(function, no_such(function), place)
    if len(arguments) != 1:
        problem = f"<{function}> takes 1 argument, {len(arguments)} given"
        raise UnknownFunction(function, problem, place)
    return CASTS[function](arguments[0])
