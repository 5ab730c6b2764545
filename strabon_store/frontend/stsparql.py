"""The functions of stSPARQL, as expressions over those of GeoSPARQL."""

from typing import Final

from ontologies.geosparql.crs import CRS84_IRI
from ontologies.geosparql.strabon import (
    BOX_RELATIONS,
    DIRECTIONS,
    REVERSED,
    SAME_AGGREGATES,
    SAME_FUNCTIONS,
)
from ontologies.namespaces import GEOF
from strabon_store.algebra.expressions import (
    Comparison,
    ComparisonOperator,
    Expression,
    FunctionCall,
)
from strabon_store.algebra.terms import IRI
from strabon_store.frontend.syntax import Node

_PAIR: Final = 2
_ENVELOPE: Final = IRI(GEOF.term("envelope"))
_TRANSFORM: Final = IRI(GEOF.term("transform"))


def geosparql_function(function: IRI, arguments: Node) -> IRI:
    """The function of GeoSPARQL for one of stSPARQL, others as they are."""
    given = sum(
        isinstance(each, Node) or each.type != "DISTINCT" for each in arguments.children
    )
    if given == 1 and function.value in SAME_AGGREGATES:
        return IRI(SAME_AGGREGATES[function.value])
    return IRI(SAME_FUNCTIONS.get(function.value, function.value))


def stsparql_call(function: IRI, arguments: tuple[Expression, ...]) -> Expression:
    """The call of a function; of one of stSPARQL that is no single one, what it means.

    Examples:
        >>> a, b = IRI("urn:a"), IRI("urn:b")
        >>> STRDF = "http://strdf.di.uoa.gr/ontology#"
        >>> left = stsparql_call(IRI(f"{STRDF}left"), (a, b))
        >>> left == stsparql_call(IRI(f"{STRDF}right"), (b, a))
        True
    """
    name = function.value
    if len(arguments) != _PAIR:
        return FunctionCall(function, arguments)
    if name in BOX_RELATIONS:
        boxes = tuple(FunctionCall(_ENVELOPE, (each,)) for each in arguments)
        return FunctionCall(IRI(BOX_RELATIONS[name]), boxes)
    if name in REVERSED:
        name, arguments = REVERSED[name], arguments[::-1]
    if name in DIRECTIONS:
        ends = zip(DIRECTIONS[name], arguments, strict=True)
        low, high = (FunctionCall(IRI(end), (_placed(each),)) for end, each in ends)
        return Comparison(ComparisonOperator.LT, low, high)
    return FunctionCall(function, arguments)


def _placed(geometry: Expression) -> Expression:
    """The geometry in one CRS with all others."""
    return FunctionCall(_TRANSFORM, (geometry, IRI(CRS84_IRI)))
