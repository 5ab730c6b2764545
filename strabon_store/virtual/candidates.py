"""Which shapes of statements a triple pattern can match, and under which restrictions.

Terms that no row can make equal make no solution, and sources that make them are not
read: a template of other text, another datatype, another kind of term.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from engines.term_columns import TermKind
from engines.virtual_graphs import (
    OneOf,
    Position,
    Restriction,
    StatementShape,
    TermShape,
    Wanted,
)
from strabon_store.algebra.nodes import TriplePattern
from strabon_store.algebra.terms import IRI, BlankNode, Literal, Term, TermOrVar, Var
from strabon_store.virtual.constraints import Tests
from strabon_store.virtual.scopes import GraphScope

Known: TypeAlias = Mapping[str, frozenset[str]]
"""IRIs, labels and lexical forms beyond which variables have no value, by name."""

_KINDS: Final = {
    IRI: TermKind.IRI,
    BlankNode: TermKind.BLANK_NODE,
    Literal: TermKind.LITERAL,
}


@dataclass(slots=True)
class Candidate:
    """A triple pattern, and the shapes that it may match.

    Attributes:
        pattern: The pattern.
        places: Its terms by position; that of the graph where a variable has it.
        shapes: The shapes.
    """

    pattern: TriplePattern
    places: Mapping[Position, TermOrVar]
    shapes: list[StatementShape] = field(default_factory=list)

    @property
    def variables(self) -> Iterator[tuple[Position, str]]:
        """Its variables, each where it stands."""
        for position, term in self.places.items():
            if isinstance(term, Var):
                yield position, term.name


def candidates(
    patterns: Sequence[TriplePattern],
    shapes: Sequence[StatementShape],
    scope: GraphScope,
) -> list[Candidate]:
    """The shapes that each pattern of a basic graph pattern may match with the others.

    Args:
        patterns: The patterns, which are joined.
        shapes: All there are.
        scope: The graphs.
    """
    inside = [shape for shape in shapes if scope.may_hold(shape)]
    found = [_candidate(pattern, inside, scope) for pattern in patterns]
    while _narrow(found):
        pass
    return found


def _candidate(
    pattern: TriplePattern, shapes: Sequence[StatementShape], scope: GraphScope
) -> Candidate:
    places: dict[Position, TermOrVar] = {
        Position.SUBJECT: pattern.subject,
        Position.PREDICATE: pattern.predicate,
        Position.OBJECT: pattern.object,
    }
    if scope.variable is not None:
        places[Position.GRAPH] = Var(scope.variable)
    fitting = [shape for shape in shapes if _fits(places, shape)]
    return Candidate(pattern, places, fitting)


def _fits(places: Mapping[Position, TermOrVar], shape: StatementShape) -> bool:
    seen: dict[str, TermShape] = {}
    for position, term in places.items():
        made = shape.term(position)
        if made is None:
            continue
        if not isinstance(term, Var):
            if not _may_be(made, term):
                return False
        elif not seen.setdefault(term.name, made).may_meet(made):
            return False
    return True


def _may_be(shape: TermShape, term: Term) -> bool:
    if shape.kind is not _KINDS[type(term)] or not shape.may_be(lexical_of(term)):
        return False
    if not isinstance(term, Literal):
        return True
    if shape.datatype is not None and shape.datatype != term.datatype:
        return False
    return shape.language is None or shape.language == term.language


def lexical_of(term: Term) -> str:
    """The IRI, the label or the lexical form of a term."""
    match term:
        case IRI(value):
            return value
        case BlankNode(label):
            return label
        case Literal(lexical):
            return lexical


def _narrow(found: Sequence[Candidate]) -> bool:
    """Drop shapes whose terms no other pattern with the variable can make."""
    terms: dict[str, list[tuple[int, list[TermShape]]]] = {}
    for number, each in enumerate(found):
        for position, name in each.variables:
            made = [one for shape in each.shapes if (one := shape.term(position))]
            terms.setdefault(name, []).append((number, list(dict.fromkeys(made))))
    has_changed = False
    for number, each in enumerate(found):
        kept = [s for s in each.shapes if _meets_others(each, number, s, terms)]
        has_changed |= len(kept) < len(each.shapes)
        each.shapes = kept
    return has_changed


def _meets_others(
    each: Candidate,
    number: int,
    shape: StatementShape,
    terms: Mapping[str, list[tuple[int, list[TermShape]]]],
) -> bool:
    for position, name in each.variables:
        made = shape.term(position)
        if made is None:
            continue
        for other, shapes in terms[name]:
            if other != number and not any(map(made.may_meet, shapes)):
                return False
    return True


def wanted_of(
    candidate: Candidate, known: Known, tests: Tests, scope: GraphScope
) -> list[Wanted]:
    """What is wanted for a pattern, by what is known of its variables.

    Args:
        candidate: The pattern.
        known: Values of variables.
        tests: What must hold of variables.
        scope: The graphs.
    """
    wanted = []
    for shape in candidate.shapes:
        restrictions = _restrictions(candidate, shape, known, tests, scope)
        if restrictions is not None:
            wanted.append(Wanted(shape.number, frozenset(restrictions)))
    return wanted


def _restrictions(
    candidate: Candidate,
    shape: StatementShape,
    known: Known,
    tests: Tests,
    scope: GraphScope,
) -> list[Restriction] | None:
    """What must hold of a statement; None where none can."""
    found: list[Restriction] = []
    sets = list(_sets(candidate, known, tests))
    if scope.names is not None and shape.graph is not None:
        sets.append((Position.GRAPH, scope.names))
    for position, lexicals in sets:
        made = shape.term(position)
        if made is None:
            continue
        fitting = frozenset(filter(made.may_be, lexicals))
        if not fitting:
            return None
        if made.constant is None:
            found.append(OneOf(position, fitting))
    if shape.object.kind is TermKind.LITERAL and shape.object.constant is None:
        term = candidate.pattern.object
        if isinstance(term, Var):
            found += (
                one
                for one in tests.get(term.name, ())
                if not isinstance(one, frozenset)
            )
    return found


def _sets(
    candidate: Candidate, known: Known, tests: Tests
) -> Iterator[tuple[Position, frozenset[str]]]:
    for position, term in candidate.places.items():
        if not isinstance(term, Var):
            yield position, frozenset({lexical_of(term)})
            continue
        if term.name in known:
            yield position, known[term.name]
        for one in tests.get(term.name, ()):
            if isinstance(one, frozenset):
                yield position, one
