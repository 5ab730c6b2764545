"""Groups over a whole source: counted where its rows are, and never read as terms.

A group over a basic graph pattern whose statements come of the rows of one source,
each under a subject of its own, is counted by what reads the rows; the group becomes
VALUES, and the rest of the query goes on from there.  Where that cannot be told, the
pattern stays, and is read as any other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final

from engines.errors import EngineError
from engines.term_columns import StringColumn, TermKind, Terms
from engines.virtual_graphs import (
    Grouping,
    Groups,
    Measure,
    Place,
    Position,
    StatementShape,
    TermShape,
)
from strabon_store.algebra.expressions import (
    Aggregate,
    Arithmetic,
    ArithmeticOperator,
    Expression,
)
from strabon_store.algebra.nodes import (
    BGP,
    Extend,
    Graph,
    Group,
    Pattern,
    Project,
    Service,
    TriplePattern,
    Values,
)
from strabon_store.algebra.queries import Query
from strabon_store.algebra.terms import (
    IRI,
    RDF_LANG_STRING,
    XSD_STRING,
    BlankNode,
    Literal,
    Term,
    Var,
)
from strabon_store.algebra.traverse import map_sources
from strabon_store.virtual.candidates import Candidate, candidates
from strabon_store.virtual.reads import Read, Reads
from strabon_store.virtual.scopes import GraphScope

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_INTEGER: Final = f"{_XSD}integer"
_DOUBLE: Final = f"{_XSD}double"
_COUNT: Final = Var(".count")
_MEASURES: Final = {
    "SUM": Measure.SUM,
    "AVG": Measure.SUM,
    "MIN": Measure.LEAST,
    "MAX": Measure.GREATEST,
}


def with_groups_counted(query: Query, reads: Reads) -> Query:
    """A query, with VALUES in place of the groups that the sources could count.

    Args:
        query: The query, whose passes were run.
        reads: Reads the graph.
    """
    scope = GraphScope.outermost(query.dataset)
    counting = _Counting(reads, scope)
    pattern = counting.pattern(query.pattern)
    return query if pattern == query.pattern else replace(query, pattern=pattern)


@dataclass(frozen=True, slots=True)
class _Counting:
    reads: Reads
    scope: GraphScope

    def pattern(self, pattern: Pattern) -> Pattern:
        """A pattern of the outermost graphs, and those that it is made of."""
        match pattern:
            case Graph() | Service():
                return pattern
            case Group(source) if patterns := _patterns(source):
                return self.group(pattern, patterns) or pattern
            case _:
                return map_sources(pattern, self.pattern)

    def group(self, group: Group, patterns: Sequence[TriplePattern]) -> Pattern | None:
        """What a group over a pattern gives; None where nobody can count it."""
        found = candidates(patterns, self.reads.reading.statements, self.scope)
        places = _places(found)
        ways = _ways(found)
        if places is None or not ways:
            return None
        plan = _plan(group, places, ways)
        if plan is None or self.meet_constants(patterns):
            return None
        rows: dict[tuple[Term, ...], list[Any]] = {}
        for way in ways:
            groups = self.counted(way, plan)
            if groups is None:
                return None
            for key, told in _rows(groups):
                known = rows.setdefault(key, [0, *told[1:]])
                known[0] += told[0]
        if not rows and not group.keys:
            return None
        return plan.pattern(rows)

    def meet_constants(self, patterns: Sequence[TriplePattern]) -> bool:
        """Whether a pattern may match a statement that no row makes."""
        predicates = {
            IRI(value)
            for batch in self.reads.reading.constants()
            for _, place, *_ in batch.statements
            for value in _each(batch.columns[place].lexical, batch.rows)
        }
        return bool(predicates) and any(
            isinstance(one.predicate, Var) or one.predicate in predicates
            for one in patterns
        )

    def counted(self, way: "_Way", plan: "_Plan") -> Groups | None:
        """What the source counts of one way to make solutions."""
        numbers = tuple(shape.number for shape in way)
        grouping = Grouping(
            numbers,
            tuple(_place(numbers, one) for one in plan.keys),
            tuple((measure, _place(numbers, one)) for measure, one in plan.measures),
        )
        try:
            groups = self.reads.reading.groups(grouping)
        except EngineError:
            # A query that was stopped says so.
            self.reads.tick()
            raise
        self.reads.tick()
        if groups is not None:
            told = ("rows counted by the source's engine",)
            self.reads.done.append(
                Read(way[0].source, len(way), told, sum(groups.counts))
            )
        return groups


def _patterns(source: Pattern) -> Sequence[TriplePattern]:
    """The patterns whose solutions are grouped, as many as there are; maybe none."""
    match source:
        case BGP(patterns):
            return patterns
        case Project(inner):
            # Variables go, solutions stay.
            return _patterns(inner)
        case _:
            return ()


_Way = tuple[StatementShape, ...]
"""The statement that each pattern matches, in one way to make solutions."""

_Spot = tuple[int, Position]
"""Where a variable stands: in which pattern, and where there."""


def _place(numbers: Sequence[int], spot: _Spot) -> Place:
    return Place(numbers[spot[0]], spot[1])


def _places(found: Sequence[Candidate]) -> Mapping[str, _Spot] | None:
    """Where variables stand; None where one ties terms beside the common subject."""
    places: dict[str, _Spot] = {}
    subjects = {one.pattern.subject for one in found}
    if len(subjects) > 1 or not isinstance(next(iter(subjects)), Var):
        return None
    for number, one in enumerate(found):
        for position, name in one.variables:
            if position is Position.SUBJECT and number:
                continue
            if name in places:
                return None
            places[name] = (number, position)
    return places


def _ways(found: Sequence[Candidate]) -> tuple[_Way, ...]:
    """The ways to make solutions, which share none; nothing where that is not sure."""
    if not all(_is_met(one, shape) for one in found for shape in one.shapes):
        return ()
    if len(found) > 1:
        is_one = all(len(one.shapes) == 1 for one in found)
        return (tuple(one.shapes[0] for one in found),) if is_one else ()
    shapes = found[0].shapes
    if any(_may_be_same(one, other) for one, other in combinations(shapes, 2)):
        return ()
    return tuple((shape,) for shape in shapes)


def _is_met(candidate: Candidate, shape: StatementShape) -> bool:
    """Whether every statement of a shape in the default graph matches a pattern."""
    if shape.graph is not None:
        return False
    for position, term in candidate.places.items():
        made = shape.term(position)
        if isinstance(term, Var) or made is None:
            continue
        if made.constant is None:
            return False
        if isinstance(term, Literal) and (made.datatype, made.language) != (
            term.datatype,
            term.language,
        ):
            return False
    return True


def _may_be_same(one: StatementShape, other: StatementShape) -> bool:
    return (
        one.subject.may_meet(other.subject)
        and one.predicate.may_meet(other.predicate)
        and one.object.may_meet(other.object)
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a group is made of counts and measures.

    Attributes:
        group: The group.
        keys: Where its keys stand.
        measures: What is told of each group beside its count.
        results: For each aggregate: the number of its measure, 0 for the count of rows,
            and the datatype of what is measured.
    """

    group: Group
    keys: tuple[_Spot, ...]
    measures: tuple[tuple[Measure, _Spot], ...]
    results: tuple[tuple[int, str], ...]

    def pattern(self, rows: Mapping[tuple[Term, ...], Sequence[Any]]) -> Pattern:
        """The groups as VALUES, and what is worked out from there."""
        names = (*self.group.keys, _COUNT, *map(_measure, range(len(self.measures))))
        literals = [
            (*key, *(_literal(one, self._datatype(i)) for i, one in enumerate(told)))
            for key, told in rows.items()
        ]
        pattern: Pattern = Values(names, tuple(literals))
        for (variable, aggregate), (number, datatype) in zip(
            self.group.aggregates, self.results, strict=True
        ):
            value = _value(aggregate.name, number, datatype)
            pattern = Extend(pattern, variable, value)
        results = (variable for variable, _ in self.group.aggregates)
        return Project(pattern, (*self.group.keys, *results))

    def _datatype(self, number: int) -> str:
        """The datatype of the count, or of a measure."""
        told = {place: datatype for place, datatype in self.results if place}
        is_distinct = number and self.measures[number - 1][0] is Measure.DISTINCT
        return _INTEGER if is_distinct else told.get(number, _INTEGER)


def _measure(number: int) -> Var:
    return Var(f".measure{number + 1}")


def _value(name: str, number: int, datatype: str) -> Expression:
    measured = _measure(number - 1) if number else _COUNT
    if name == "AVG":
        # By the arithmetic that has the average of a store.
        return Arithmetic(ArithmeticOperator.DIVIDE, measured, _COUNT)
    if name == "SUM" and datatype == _DOUBLE:
        # A number that is worked out is written as one.
        one = Literal("1.0E0", _DOUBLE)
        return Arithmetic(ArithmeticOperator.MULTIPLY, measured, one)
    return measured


def _literal(told: float | str, datatype: str) -> Literal:
    if isinstance(told, float):
        return Literal(_double_text(told), datatype)
    return Literal(str(told), datatype)


def _double_text(number: float) -> str:
    text = repr(number).upper()
    return {"NAN": "NaN", "INF": "INF", "-INF": "-INF"}.get(text, text)


def _plan(
    group: Group, places: Mapping[str, _Spot], ways: Sequence[_Way]
) -> _Plan | None:
    """How a group is made; None where that needs more than counts and measures."""
    names = [key.name for key in group.keys]
    if any(name not in places for name in names):
        return None
    keys = tuple(places[name] for name in names)
    if any(_has_tags(way, spot) for way in ways for spot in keys):
        return None
    measures: list[tuple[Measure, _Spot]] = []
    results: list[tuple[int, str]] = []
    for _, aggregate in group.aggregates:
        told = _measured(aggregate, places, ways)
        if told is None:
            return None
        measure, spot, datatype = told
        if measure is None:
            results.append((0, _INTEGER))
            continue
        if (measure, spot) not in measures:
            measures.append((measure, spot))
        results.append((measures.index((measure, spot)) + 1, datatype))
    if measures and len(ways) > 1:
        return None
    return _Plan(group, keys, tuple(measures), tuple(results))


def _measured(
    aggregate: Aggregate, places: Mapping[str, _Spot], ways: Sequence[_Way]
) -> tuple[Measure | None, _Spot, str] | None:
    """What an aggregate is of: a measure, or without one the count of rows."""
    argument = aggregate.argument
    if argument is None:
        counts = aggregate.name == "COUNT" and not aggregate.distinct
        return (None, (0, Position.SUBJECT), _INTEGER) if counts else None
    if not isinstance(argument, Var) or argument.name not in places:
        return None
    spot = places[argument.name]
    if aggregate.name == "COUNT" and not aggregate.distinct:
        return None, spot, _INTEGER
    if aggregate.name == "COUNT":
        has_tags = any(_has_tags(way, spot) for way in ways)
        return None if has_tags else (Measure.DISTINCT, spot, _INTEGER)
    datatype = _shape(ways[0], spot).datatype
    measure = _MEASURES.get(aggregate.name)
    if measure is None or aggregate.distinct or datatype not in {_INTEGER, _DOUBLE}:
        return None
    return measure, spot, datatype


def _shape(way: _Way, spot: _Spot) -> TermShape:
    shape = way[spot[0]].term(spot[1])
    assert shape is not None  # noqa: S101 - it has no graph
    return shape


def _has_tags(way: _Way, spot: _Spot) -> bool:
    """Whether literals may have language tags, which are equal in any case."""
    shape = _shape(way, spot)
    return shape.kind is TermKind.LITERAL and shape.datatype in {None, RDF_LANG_STRING}


def _rows(groups: Groups) -> Iterator[tuple[tuple[Term, ...], list[Any]]]:
    """The key of each group, and its count and measures."""
    count = len(groups.counts)
    keys = zip(*(_terms(one, count) for one in groups.keys), strict=True)
    for told in zip(groups.counts, *groups.measured, strict=True):
        yield (next(keys) if groups.keys else ()), list(told)


def _terms(terms: Terms, count: int) -> list[Term]:
    lexicals, datatypes = _each(terms.lexical, count), _each(terms.datatype, count)
    match terms.kind:
        case TermKind.IRI:
            return [IRI(one) for one in lexicals]
        case TermKind.BLANK_NODE:
            return [BlankNode(one) for one in lexicals]
        case TermKind.LITERAL:
            return [
                Literal(one, datatype or XSD_STRING)
                for one, datatype in zip(lexicals, datatypes, strict=True)
            ]


def _each(column: StringColumn | str | None, count: int) -> list[Any]:
    if column is None or isinstance(column, str):
        return [column] * count
    return list(column.to_pylist())
