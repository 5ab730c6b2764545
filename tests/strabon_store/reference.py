"""The algebra evaluated by the letter of section 18.5, slowly: an oracle for tests.

It reads definitions literally (nested loops, dictionaries for solutions) so that it can
be compared with the standard by eye. Expressions: `reference_expressions.py`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, assert_never

from strabon_store.algebra.expressions import Aggregate, Exists, Expression
from strabon_store.algebra.nodes import (
    BGP,
    Distinct,
    Extend,
    Filter,
    Graph,
    Group,
    Join,
    LeftJoin,
    Minus,
    OrderBy,
    OrderCondition,
    Path,
    Pattern,
    Project,
    Reduced,
    Service,
    Slice,
    TriplePattern,
    Union,
    Values,
)
from strabon_store.algebra.terms import IRI, Term, TermOrVar, Var
from tests.strabon_store.reference_expressions import (
    ExpressionError,
    Solution,
    aggregate_values,
    effective_boolean_value,
    evaluate_expression,
    sort_key,
)
from tests.strabon_store.reference_paths import path_solutions

Quad: TypeAlias = tuple[Term, Term, Term, Term | None]


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Evaluates patterns over quads; `graph` is the active graph, None the default."""

    quads: tuple[Quad, ...]
    graph: Term | None = None

    def solutions(  # noqa: C901, PLR0912 - an arm per node
        self, pattern: Pattern
    ) -> list[Solution]:
        match pattern:
            case BGP(patterns):
                return self._bgp(patterns)
            case Path():
                triples = (quad[:3] for quad in self.quads if quad[3] == self.graph)
                return list(path_solutions(pattern, triples))
            case Join(left, right):
                return list(_join(self.solutions(left), self.solutions(right)))
            case LeftJoin(left, right, condition):
                return self._left_join(left, right, condition)
            case Union(left, right):
                return self.solutions(left) + self.solutions(right)
            case Minus(left, right):
                return self._minus(left, right)
            case Filter(condition, source):
                return [s for s in self.solutions(source) if self.holds(condition, s)]
            case Extend(source, variable, expression):
                return [
                    _bind(s, variable, self._value(expression, s))
                    for s in self.solutions(source)
                ]
            case Graph(name, source):
                return self._graph(name, source)
            case Service():
                raise NotImplementedError("SERVICE")
            case Values(variables, rows):
                return [
                    {v: t for v, t in zip(variables, row, strict=True) if t is not None}
                    for row in rows
                ]
            case Group():
                return self._group(pattern)
            case OrderBy(source, conditions):
                return self._order(self.solutions(source), conditions)
            case Project(source, variables):
                return [
                    {v: s[v] for v in variables if v in s}
                    for s in self.solutions(source)
                ]
            case Distinct(source) | Reduced(source):
                unique = dict.fromkeys(map(freeze, self.solutions(source)))
                return [dict(solution) for solution in unique]
            case Slice(source, offset, limit):
                end = None if limit is None else offset + limit
                return self.solutions(source)[offset:end]
            case _:
                assert_never(pattern)

    def holds(self, condition: Expression, solution: Solution) -> bool:
        value = self._value(condition, solution)
        return value is not None and _is_true(value)

    def _value(self, expression: Expression, solution: Solution) -> Term | None:
        try:
            return evaluate_expression(expression, solution, self._exists)
        except ExpressionError:
            return None

    def _exists(self, exists: Exists, solution: Solution) -> bool:
        return bool(self.solutions(_substitute(exists.pattern, solution)))

    def _bgp(self, patterns: tuple[TriplePattern, ...]) -> list[Solution]:
        found: list[Solution] = [{}]
        for triple in patterns:
            matches = [
                m for m in map(self._matcher(triple), self.quads) if m is not None
            ]
            found = list(_join(found, matches))
        return found

    def _matcher(self, triple: TriplePattern) -> Callable[[Quad], Solution | None]:
        def match(quad: Quad) -> Solution | None:
            bound: Solution = {}
            if quad[3] != self.graph:
                return None
            terms = (triple.subject, triple.predicate, triple.object)
            for wanted, term in zip(terms, quad[:3], strict=True):
                if not isinstance(wanted, Var):
                    if wanted != term:
                        return None
                elif bound.setdefault(wanted, term) != term:
                    return None
            return bound

        return match

    def _left_join(
        self, left: Pattern, right: Pattern, condition: Expression | None
    ) -> list[Solution]:
        found: list[Solution] = []
        others = self.solutions(right)
        for solution in self.solutions(left):
            matched = [
                merged
                for merged in _join([solution], others)
                if condition is None or self.holds(condition, merged)
            ]
            found += matched or [solution]
        return found

    def _minus(self, left: Pattern, right: Pattern) -> list[Solution]:
        others = self.solutions(right)
        return [
            one
            for one in self.solutions(left)
            if not any(
                one.keys() & two.keys() and _compatible(one, two) for two in others
            )
        ]

    def _graph(self, name: IRI | Var, source: Pattern) -> list[Solution]:
        if isinstance(name, IRI):
            return Evaluator(self.quads, name).solutions(source)
        names = dict.fromkeys(q[3] for q in self.quads if q[3] is not None)
        return [
            merged
            for graph in names
            for merged in _join(
                Evaluator(self.quads, graph).solutions(source), [{name: graph}]
            )
        ]

    def _group(self, group: Group) -> list[Solution]:
        groups: dict[tuple[Term | None, ...], list[Solution]] = {}
        for solution in self.solutions(group.source):
            key = tuple(solution.get(variable) for variable in group.keys)
            groups.setdefault(key, []).append(solution)
        if not group.keys:
            groups.setdefault((), [])
        return [
            self._aggregated(group, key, members) for key, members in groups.items()
        ]

    def _aggregated(
        self, group: Group, key: tuple[Term | None, ...], members: list[Solution]
    ) -> Solution:
        keys = zip(group.keys, key, strict=True)
        row = {variable: term for variable, term in keys if term is not None}
        for variable, aggregate in group.aggregates:
            row = _bind(row, variable, self._aggregate(aggregate, members))
        return row

    def _aggregate(self, aggregate: Aggregate, members: list[Solution]) -> Term | None:
        if aggregate.argument is None:
            rows = [freeze(member) for member in members]
            return aggregate_values(
                "COUNT", list(set(rows)) if aggregate.distinct else rows
            )
        argument = aggregate.argument
        values = [self._value(argument, member) for member in members]
        try:
            return _set_function(aggregate, values)
        except ExpressionError:
            return None

    def _order(
        self, rows: list[Solution], conditions: tuple[OrderCondition, ...]
    ) -> list[Solution]:
        for condition in reversed(conditions):
            rows.sort(
                key=partial(self._sort_key, condition.expression),
                reverse=condition.descending,
            )
        return rows

    def _sort_key(self, expression: Expression, solution: Solution) -> tuple[bool, str]:
        return sort_key(self._value(expression, solution))


def _set_function(aggregate: Aggregate, values: list[Term | None]) -> Term | None:
    if aggregate.name not in {"COUNT", "SAMPLE"} and None in values:
        raise ExpressionError(f"{aggregate.name} of an error")
    known: list[object] = [value for value in values if value is not None]
    if aggregate.distinct:
        known = list(dict.fromkeys(known))
    return aggregate_values(aggregate.name, known, aggregate.separator)


def freeze(solution: Solution) -> tuple[tuple[Var, Term], ...]:
    return tuple(sorted(solution.items(), key=lambda item: item[0].name))


def _is_true(term: Term) -> bool:
    try:
        return effective_boolean_value(term)
    except ExpressionError:
        return False


def _bind(solution: Solution, variable: Var, value: Term | None) -> Solution:
    return solution if value is None else {**solution, variable: value}


def _compatible(one: Solution, two: Solution) -> bool:
    return all(one[variable] == two[variable] for variable in one.keys() & two.keys())


def _join(left: Iterable[Solution], right: list[Solution]) -> Iterator[Solution]:
    for one in left:
        for two in right:
            if _compatible(one, two):
                yield one | two


def _substitute(pattern: Pattern, solution: Solution) -> Pattern:
    """`substitute` of 18.6 for the patterns that the strategies put inside EXISTS."""
    bound = Values(tuple(solution), (tuple(solution.values()),))
    match pattern:
        case BGP(patterns):
            triples = (_substitute_triple(triple, solution) for triple in patterns)
            return Join(BGP(tuple(triples)), bound)
        case Path(subject, path, target):
            ends = (
                solution.get(end, end) if isinstance(end, Var) else end
                for end in (subject, target)
            )
            start, finish = ends
            return Join(Path(start, path, finish), bound)
        case Filter(condition, source):
            return Filter(condition, _substitute(source, solution))
        case Join(left, right):
            return Join(_substitute(left, solution), _substitute(right, solution))
        case Union(left, right):
            return Union(_substitute(left, solution), _substitute(right, solution))
        case LeftJoin(left, right, condition):
            sides = _substitute(left, solution), _substitute(right, solution)
            return LeftJoin(*sides, condition)
        case Extend(source, variable, expression):
            return Extend(_substitute(source, solution), variable, expression)
        case Values():
            return Join(pattern, bound)
        case _:
            raise NotImplementedError(f"EXISTS over {type(pattern).__name__}")


def _substitute_triple(triple: TriplePattern, solution: Solution) -> TriplePattern:
    def put(term: TermOrVar) -> TermOrVar:
        return solution.get(term, term) if isinstance(term, Var) else term

    return TriplePattern(put(triple.subject), put(triple.predicate), put(triple.object))
