"""The functions of stSPARQL over periods and instants.

The relations are those of Strabon, which calls the operators of PostgreSQL's periods: a
superset of Allen's. What is no single period is an error of the expression.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ontologies.geosparql.periods import PERIOD
from ontologies.namespaces import STRDF
from strabon_store.errors import UnknownFunction
from strabon_store.relational.scalars import Constant, Scalar, call
from strabon_store.relational.values import (
    XSD_DATETIME,
    Value,
    boolean,
    literal,
    moment,
)

_RELATIONS: Final = {
    "before": ("before", "beforePeriod"),
    "after": ("after", "afterPeriod"),
    "overlaps": ("PeriodOverlaps", "PeriodIntersects"),
    "contains": ("PeriodContains",),
    "during": ("during", "containedByPeriod"),
    "equal": ("equalsPeriod",),
    "unequal": ("nequalsPeriod",),
    "adjacent": ("adjacent", "adjacentPeriod"),
    "meets": ("meets", "meetsBefore", "meetsPeriod"),
    "met_by": ("meetsAfter",),
    "starts": ("starts",),
    "finishes": ("finishes",),
    "overleft": ("overleft", "overleftPeriod"),
    "overright": ("overright", "overrightPeriod"),
}
"""Our operation, and how versions of Strabon call it."""

_CONSTRUCTIONS: Final = {
    "intersection": ("period_intersect", "periodIntersection"),
    "union": ("period_union", "periodUnion"),
    "minus": ("period_minus", "minusPeriod"),
    "preceding": ("preceding_period",),
    "succeeding": ("succeeding_period",),
    "between": ("period",),
}


def _relation(operation: str) -> Callable[..., Value]:
    def function(left: Value, right: Value) -> Value:
        return boolean(call(f"period_{operation}", _period(left), _period(right)))

    return function


def _construction(operation: str) -> Callable[..., Value]:
    def function(left: Value, right: Value) -> Value:
        found = call(f"period_{operation}", _period(left), _period(right))
        ends = (
            call("moment_text", call(name, found), Constant(XSD_DATETIME))
            for name in ("period_start", "period_end")
        )
        return literal(call("period_text", found, *ends), PERIOD)

    return function


def _end(operation: str) -> Callable[..., Value]:
    def function(value: Value) -> Value:
        return moment(call(operation, _period(value)), XSD_DATETIME)

    return function


def _period(value: Value) -> Scalar:
    return call("period_of", value.text, value.datatype)


_FUNCTIONS: Final[Mapping[str, tuple[int, Callable[..., Value]]]] = MappingProxyType(
    {
        **{
            STRDF.term(name): (2, _relation(operation))
            for operation, names in _RELATIONS.items()
            for name in names
        },
        **{
            STRDF.term(name): (2, _construction(operation))
            for operation, names in _CONSTRUCTIONS.items()
            for name in names
        },
        STRDF.term("period_start"): (1, _end("period_start")),
        STRDF.term("period_end"): (1, _end("period_end")),
    }
)

PERIOD_FUNCTIONS: Final = frozenset(_FUNCTIONS)
"""IRIs of the functions over periods."""


def lower_period_function(iri: str, arguments: tuple[Value, ...]) -> Value:
    """The value of a function over periods.

    Raises:
        UnknownFunction: It does not take so many arguments.
    """
    arity, function = _FUNCTIONS[iri]
    if len(arguments) != arity:
        plural = "" if arity == 1 else "s"
        problem = f"<{iri}> takes {arity} argument{plural}, {len(arguments)} given"
        raise UnknownFunction(iri, problem)
    return function(*arguments)
