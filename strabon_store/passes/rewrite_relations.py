"""A property such as `geo:sfWithin` holds where the function of its name does.

This is the query rewrite extension of GeoSPARQL (section 11, requirements 58 to 60). It
is no optimizer: with it a query has more solutions than the triples alone give it.
"""

from collections.abc import Iterator
from functools import reduce
from itertools import count
from typing import Final

from ontologies.geosparql.datatypes import DEFAULT_GEOMETRIES, SERIALIZATIONS
from ontologies.geosparql.relations import RELATIONS
from ontologies.namespaces import GEO, GEOF
from strabon_store.algebra.expressions import FunctionCall
from strabon_store.algebra.nodes import (
    BGP,
    Distinct,
    Filter,
    Join,
    Pattern,
    Project,
    TriplePattern,
    Union,
)
from strabon_store.algebra.terms import IRI, Literal, TermOrVar, Var
from strabon_store.algebra.traverse import transform_up
from strabon_store.algebra.variables import triple_variables

_FUNCTIONS: Final = {
    IRI(GEO.term(name)): IRI(GEOF.term(name)) for name in sorted(RELATIONS)
}
_DEFAULT: Final = tuple(map(IRI, DEFAULT_GEOMETRIES))
_SERIALIZATIONS: Final = tuple(map(IRI, SERIALIZATIONS))


def rewrite_relations(pattern: Pattern) -> Pattern:
    """Match triples of topological properties also where they follow from geometries.

    Each end may be a geometry, by any of its serializations, or a feature, by its
    default geometry. A triple that is asserted and that follows is one solution.

    Examples:
        >>> a, b = Var("a"), Var("b")
        >>> triple = TriplePattern(a, IRI(GEO.term("sfWithin")), b)
        >>> found = rewrite_relations(BGP((triple,)))
        >>> found.source.variables, found.source.source.left == BGP((triple,))
        ((Var(name='a'), Var(name='b')), True)
        >>> other = BGP((TriplePattern(a, IRI("a:p"), b),))
        >>> rewrite_relations(other) == other
        True
    """
    numbers = count()
    return transform_up(pattern, lambda each: _rewritten(each, numbers))


def _rewritten(pattern: Pattern, numbers: Iterator[int]) -> Pattern:
    if not isinstance(pattern, BGP):
        return pattern
    related = [each for each in pattern.patterns if _is_relation(each)]
    if not related:
        return pattern
    rest = tuple(each for each in pattern.patterns if not _is_relation(each))
    operands: list[Pattern] = [BGP(rest)] if rest else []
    operands += [_either(triple, rest, numbers) for triple in dict.fromkeys(related)]
    return reduce(Join, operands)


def _is_relation(triple: TriplePattern) -> bool:
    return triple.predicate in _FUNCTIONS and not isinstance(triple.object, Literal)


def _either(
    triple: TriplePattern, rest: tuple[TriplePattern, ...], numbers: Iterator[int]
) -> Pattern:
    """The triple as it is asserted, or as it follows; each solution once."""
    left, right = (Var(f".geometry{next(numbers)}") for _ in range(2))
    holds = FunctionCall(_FUNCTIONS[_predicate(triple)], (left, right))
    sides = (
        _literal_of(triple.subject, left, rest, numbers),
        _literal_of(triple.object, right, rest, numbers),
    )
    follows = Filter(holds, Join(*sides))
    variables = dict.fromkeys(triple_variables(triple))
    return Distinct(Project(Union(BGP((triple,)), follows), tuple(variables)))


def _predicate(triple: TriplePattern) -> IRI:
    assert isinstance(triple.predicate, IRI)  # noqa: S101 - see `_is_relation`
    return triple.predicate


def _literal_of(
    end: TermOrVar,
    literal: Var,
    rest: tuple[TriplePattern, ...],
    numbers: Iterator[int],
) -> Pattern:
    """The literals of a geometry, or of the default geometry of a feature."""
    narrowed = _narrowing(end, rest)
    ways: list[Pattern] = [
        BGP((*narrowed, TriplePattern(end, name, literal))) for name in _SERIALIZATIONS
    ]
    geometry = Var(f".geometry{next(numbers)}")
    ways += [
        BGP(
            (
                *narrowed,
                TriplePattern(end, default, geometry),
                TriplePattern(geometry, name, literal),
            )
        )
        for default in _DEFAULT
        for name in _SERIALIZATIONS
    ]
    return reduce(Union, ways)


def _narrowing(
    end: TermOrVar, rest: tuple[TriplePattern, ...]
) -> tuple[TriplePattern, ...]:
    """What else is asked of an end alone, so that fewer geometries are compared."""
    if not isinstance(end, Var):
        return ()
    return tuple(
        each
        for each in rest
        if each.subject == end
        and isinstance(each.predicate, IRI)
        and not isinstance(each.object, Var)
    )
