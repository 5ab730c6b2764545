"""What the conditions of filters say of one variable, as far as sources can use it.

A constraint may be weaker than its condition, never stronger: where it does not hold,
the condition is false or an error.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

import shapely

from engines.geosparql.answers import plane_of, read, window_of
from engines.virtual_graphs import Between, Meets
from ontologies.geosparql.crs import crs_from_iri
from ontologies.geosparql.datatypes import GEOMETRY_DATATYPES
from ontologies.geosparql.relations import RELATIONS
from ontologies.namespaces import GEOF, XSD
from strabon_store.algebra.expressions import (
    Comparison,
    ComparisonOperator,
    Expression,
    FunctionCall,
)
from strabon_store.algebra.terms import XSD_STRING, Literal, Var
from strabon_store.algebra.traverse import conjuncts

Constraint: TypeAlias = Between | Meets | frozenset[str]
"""A set holds the lexical forms that there may be."""

Tests: TypeAlias = Mapping[str, tuple[Constraint, ...]]
"""Constraints by the names of variables."""

_DISJOINT: Final = frozenset({"sfDisjoint", "ehDisjoint", "rcc8dc"})
_EXACT: Final = frozenset(
    XSD.term(name)
    for name in (
        *("integer", "decimal", "double", "float"),
        *("long", "int", "short", "byte", "nonNegativeInteger", "positiveInteger"),
        *("negativeInteger", "nonPositiveInteger"),
        *("unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
    )
)
_SLACK: Final = 1e-6
"""Of a number: what rounding to xsd:float changes of it, and more."""

_MIRRORED: Final = {
    ComparisonOperator.LT: ComparisonOperator.GT,
    ComparisonOperator.GT: ComparisonOperator.LT,
    ComparisonOperator.LE: ComparisonOperator.GE,
    ComparisonOperator.GE: ComparisonOperator.LE,
}


def tests_of(condition: Expression | None) -> Tests:
    """What must hold of variables where a condition is true.

    Examples:
        >>> more = Comparison(
        ...     ComparisonOperator.GT, Var("n"), Literal("5", XSD.term("integer"))
        ... )
        >>> tests_of(more)["n"][0].highest
        inf
    """
    found: dict[str, tuple[Constraint, ...]] = {}
    for each in () if condition is None else conjuncts(condition):
        for name, constraint in _constraints(each):
            found[name] = (*found.get(name, ()), constraint)
    return found


def both(one: Tests, other: Tests) -> Tests:
    """All constraints of two."""
    names = dict.fromkeys((*one, *other))
    return {name: (*one.get(name, ()), *other.get(name, ())) for name in names}


def _constraints(condition: Expression) -> Iterable[tuple[str, Constraint]]:
    match condition:
        case Comparison(operator, Var(name), Literal() as value):
            found = _compared(operator, value)
        case Comparison(operator, Literal() as value, Var(name)):
            found = _compared(_MIRRORED.get(operator, operator), value)
        case FunctionCall(iri, (Var(name), Literal() as value)):
            found = _related(iri.value, value)
        case FunctionCall(iri, (Literal() as value, Var(name))):
            found = _related(iri.value, value)
        case _:
            return ()
    return () if found is None else ((name, found),)


def _compared(operator: ComparisonOperator, value: Literal) -> Constraint | None:
    if value.datatype == XSD_STRING:
        # A string is equal to the same string, and to nothing else.
        is_equal = operator is ComparisonOperator.EQ
        return frozenset({value.lexical}) if is_equal else None
    number = _number(value)
    if number is None:
        return None
    slack = abs(number) * _SLACK + _SLACK * _SLACK
    match operator:
        case ComparisonOperator.EQ:
            return Between(number - slack, number + slack)
        case ComparisonOperator.LT | ComparisonOperator.LE:
            return Between(-math.inf, number + slack)
        case ComparisonOperator.GT | ComparisonOperator.GE:
            return Between(number - slack, math.inf)
        case _:
            return None


def _number(value: Literal) -> float | None:
    if value.datatype not in _EXACT:
        return None
    try:
        number = float(value.lexical)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _related(iri: str, value: Literal) -> Constraint | None:
    """The box of a constant that a geometry is to be related to."""
    name = iri.removeprefix(GEOF)
    if not iri.startswith(GEOF) or name not in RELATIONS or name in _DISJOINT:
        return None
    if value.datatype not in GEOMETRY_DATATYPES:
        return None
    packed = read(value.lexical, value.datatype)
    if packed is None:
        return None
    plane = plane_of(packed)
    if plane is not None and crs_from_iri(plane).is_engineering:
        return None
    window = window_of(packed)
    drawn = None if window is None else shapely.from_wkb(window)
    if drawn is None or drawn.is_empty:
        return None
    west, south, east, north = map(float, drawn.bounds)
    return Meets((west, south, east, north))
