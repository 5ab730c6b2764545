"""Property paths of the grammar to paths of the algebra (18.2.2.3)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from strabon_store.algebra.paths import (
    Alternative,
    Inverse,
    Link,
    NegatedPropertySet,
    OneOrMore,
    PathExpression,
    Sequence,
    ZeroOrMore,
    ZeroOrOne,
)
from strabon_store.algebra.terms import IRI
from strabon_store.errors import InternalError
from strabon_store.frontend.context import Context
from strabon_store.frontend.syntax import Child, Node
from strabon_store.frontend.translate_terms import translate_term

_MODIFIERS: Final[Mapping[str, Callable[[PathExpression], PathExpression]]] = (
    MappingProxyType({"STAR": ZeroOrMore, "PLUS": OneOrMore, "QUESTION": ZeroOrOne})
)


def translate_path(child: Child, context: Context) -> PathExpression:
    """The path of a `_path` of the grammar; a lone predicate is a `Link`."""
    match child:
        case Node("path_inverse", [inner]):
            return Inverse(translate_path(inner, context))
        case Node("path_sequence", [*steps]):
            return Sequence(tuple(translate_path(step, context) for step in steps))
        case Node("path_alternative", [*branches]):
            return Alternative(
                tuple(translate_path(each, context) for each in branches)
            )
        case Node("path_modified", [inner, modifier]) if not isinstance(modifier, Node):
            return _MODIFIERS[modifier.type](translate_path(inner, context))
        case Node("path_negated", [_, *members]):
            return _negated_set(members, context)
        case Node(rule):
            raise InternalError(f"{rule} is no path")
        case predicate:
            return Link(_iri(predicate, context))


def _negated_set(members: list[Child], context: Context) -> NegatedPropertySet:
    forward: list[IRI] = []
    inverse: list[IRI] = []
    for member in members:
        match member:
            case Node("path_inverse_one", [inner]):
                inverse.append(_iri(inner, context))
            case predicate:
                forward.append(_iri(predicate, context))
    return NegatedPropertySet(
        tuple(forward) if forward or not inverse else None,
        tuple(inverse) if inverse else None,
    )


def _iri(child: Child, context: Context) -> IRI:
    term = translate_term(child, context)
    if not isinstance(term, IRI):
        raise InternalError(f"the grammar let {term} be a predicate")
    return term
