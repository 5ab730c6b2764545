"""A property such as `geo:sfWithin` holds where the function of its name does.

This is the query rewrite extension of GeoSPARQL (section 11, requirements 58 to 60). It
is no optimizer: with it a query has more solutions than the triples alone give it.
"""

from collections.abc import Iterator, Mapping
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
    Values,
)
from strabon_store.algebra.terms import IRI, Literal, Term, TermOrVar, Var
from strabon_store.algebra.traverse import transform_up
from strabon_store.algebra.variables import in_scope, triple_variables

_FUNCTIONS: Final = {
    IRI(GEO.term(name)): IRI(GEOF.term(name)) for name in sorted(RELATIONS)
}
_GEOMETRY: Final = ".geometry"
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
    if isinstance(pattern, Join):
        left = _narrowed(pattern.left, pattern.right)
        return Join(left, _narrowed(pattern.right, pattern.left))
    if not isinstance(pattern, BGP):
        return pattern
    related = [each for each in pattern.patterns if _is_relation(each)]
    if not related:
        return pattern
    rest = tuple(each for each in pattern.patterns if not _is_relation(each))
    operands: list[Pattern] = [BGP(rest)] if rest else []
    operands += [_either(triple, rest, numbers) for triple in dict.fromkeys(related)]
    return reduce(Join, operands)


def _narrowed(pattern: Pattern, beside: Pattern) -> Pattern:
    """The pattern, in which ends have the values that VALUES beside it leave to them.

    What has others is of no use: it is joined with VALUES anyway.
    """
    known = dict(_known(beside))
    match pattern:
        case _ if not known:
            return pattern
        case Join(left, right):
            return Join(_narrowed(left, beside), _narrowed(right, beside))
        case Distinct(
            Project(Union(asserted, Filter(holds, Join(left, right))), variables)
        ) if _is_made_here(variables, left, right):
            sides = (_among(side, known) for side in (left, right))
            follows = Filter(holds, Join(*sides))
            return Distinct(Project(Union(asserted, follows), variables))
        case _:
            return pattern


def _known(pattern: Pattern) -> Iterator[tuple[Var, tuple[Term, ...]]]:
    """The values that VALUES leave to each variable; nothing where there is more."""
    match pattern:
        case Values(variables, rows):
            for place, variable in enumerate(variables):
                values = tuple(dict.fromkeys(row[place] for row in rows))
                if None not in values:
                    yield variable, tuple(each for each in values if each is not None)
        case Join(left, right):
            both = (list(_known(left)), list(_known(right)))
            if all(both):
                yield from (*both[0], *both[1])
        case _:
            return


def _is_made_here(variables: tuple[Var, ...], *sides: Pattern) -> bool:
    """Whether a pattern is one of `_either`: no query has a variable with a dot."""
    return all(
        any(each.name.startswith(_GEOMETRY) for each in in_scope(side))
        for side in sides
    ) and not any(each.name.startswith(_GEOMETRY) for each in variables)


def _among(side: Pattern, known: Mapping[Var, tuple[Term, ...]]) -> Pattern:
    """A side whose end has some values only."""
    for variable in in_scope(side):
        if variable in known:
            rows = tuple((each,) for each in known[variable])
            side = Join(Values((variable,), rows), side)
    return side


def _is_relation(triple: TriplePattern) -> bool:
    return triple.predicate in _FUNCTIONS and not isinstance(triple.object, Literal)


def _either(
    triple: TriplePattern, rest: tuple[TriplePattern, ...], numbers: Iterator[int]
) -> Pattern:
    """The triple as it is asserted, or as it follows; each solution once."""
    left, right = (Var(f"{_GEOMETRY}{next(numbers)}") for _ in range(2))
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
    geometry = Var(f"{_GEOMETRY}{next(numbers)}")
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
