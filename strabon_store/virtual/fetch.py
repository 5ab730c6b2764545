"""What a query reaches of a virtual graph: the statements that its solutions need.

Each pattern is walked once, with what is known to hold of its solutions from around it,
and reads the statements that it matches. Too many statements change no answer; what is
left out could only have made solutions that are dropped further up. So knowledge goes

- down through a filter, into both sides of a join or a union, and from each side of a
  join to the other;
- into the left side of OPTIONAL and MINUS; into their right side only of variables that
  the left side binds, since what finds no partner there stays;
- through a subquery or a group only of variables that it projects or groups by, and
  never below LIMIT.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final, TypeAlias, assert_never

from engines.term_columns import StatementBatch, TermKind
from engines.virtual_graphs import Between, Meets, OneOf, StatementShape, Wanted
from strabon_store.algebra.expressions import Exists
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
from strabon_store.algebra.queries import AskQuery, DescribeQuery, Query
from strabon_store.algebra.terms import IRI, Literal, Term, Var
from strabon_store.algebra.traverse import own_expressions, walk_expression
from strabon_store.virtual.candidates import (
    Candidate,
    Known,
    candidates,
    lexical_of,
    wanted_of,
)
from strabon_store.virtual.constraints import Tests, both, tests_of
from strabon_store.virtual.paths import needs_all_nodes, predicates_of
from strabon_store.virtual.reads import Reads
from strabon_store.virtual.scopes import GraphScope

Fetching: TypeAlias = Generator[StatementBatch, None, Known]
"""Reads statements; then tells what is known of the variables that are surely bound."""

_NOTHING: Final[Known] = {}
_ANY: Final = TriplePattern(Var(".s"), Var(".p"), Var(".o"))


@dataclass(frozen=True, slots=True)
class _Around:
    """What holds of the solutions of a pattern that come to anything.

    Attributes:
        known: Values of variables.
        tests: Constraints on variables.
        nodes: Variables that what is joined binds to subjects or objects in the same
            graphs.
    """

    known: Known = field(default_factory=dict)
    tests: Tests = field(default_factory=dict)
    nodes: frozenset[str] = frozenset()

    def of(self, names: Iterable[str]) -> "_Around":
        """The same of some variables alone."""
        kept = frozenset(names)
        known = {n: each for n, each in self.known.items() if n in kept}
        tests = {n: each for n, each in self.tests.items() if n in kept}
        return _Around(known, tests)

    def knowing(self, known: Known) -> "_Around":
        """With values of further variables."""
        return replace(self, known=_narrower(self.known, known))


_NOWHERE: Final = _Around()


def fetch(query: Query, reads: Reads) -> Fetching:
    """The statements that a query needs, whose passes were run.

    Args:
        query: The query.
        reads: Reads the graph.
    """
    yield from reads.reading.constants()
    walk = _Walk(reads, reads.reading.statements)
    scope = GraphScope.outermost(query.dataset)
    pattern = query.pattern
    if isinstance(query, AskQuery):
        # One solution is enough.
        pattern = Slice(pattern, 0, 1)
    known = yield from walk.pattern(pattern, _NOWHERE, scope)
    if isinstance(query, DescribeQuery):
        yield from walk.described(query.resources, known, scope)
    return known


@dataclass(frozen=True, slots=True)
class _Walk:
    reads: Reads
    shapes: Sequence[StatementShape]

    def pattern(self, pattern: Pattern, around: _Around, scope: GraphScope) -> Fetching:
        """Read what a pattern needs, and what its expressions do."""
        known = yield from self._pattern(pattern, around, scope)
        for expression in own_expressions(pattern):
            for each in walk_expression(expression):
                if isinstance(each, Exists):
                    yield from self.pattern(each.pattern, _Around(known), scope)
        return known

    def _pattern(  # noqa: C901 - an arm per node
        self, pattern: Pattern, around: _Around, scope: GraphScope
    ) -> Fetching:
        match pattern:
            case BGP(patterns):
                return (yield from self.bgp(patterns, around, scope))
            case Path():
                return (yield from self.path(pattern, around, scope))
            case Join():
                return (yield from self.join(pattern, around, scope))
            case LeftJoin(left, right, condition):
                known = yield from self.pattern(left, around, scope)
                inner = _Around(known, tests_of(condition), _nodes(left))
                yield from self.pattern(right, inner, scope)
                return known
            case Minus(left, right):
                known = yield from self.pattern(left, around, scope)
                inner = _Around(known, nodes=_nodes(left))
                yield from self.pattern(right, inner, scope)
                return known
            case Filter(condition, source):
                inner = replace(around, tests=both(around.tests, tests_of(condition)))
                return (yield from self.pattern(source, inner, scope))
            case Union(left, right):
                one = yield from self.pattern(left, around, scope)
                other = yield from self.pattern(right, around, scope)
                return {n: one[n] | other[n] for n in one.keys() & other.keys()}
            case Graph(name, source):
                return (yield from self.graph(name, source, around, scope))
            case Values(variables, rows):
                return _values(variables, rows)
            case Service():
                return _NOTHING
            case _:
                return (yield from self._modified(pattern, around, scope))

    def _modified(
        self,
        pattern: Extend | Group | Project | OrderBy | Distinct | Reduced | Slice,
        around: _Around,
        scope: GraphScope,
    ) -> Fetching:
        match pattern:
            case Extend(source, variable):
                known = yield from self.pattern(source, around, scope)
                return {n: each for n, each in known.items() if n != variable.name}
            case Project(source, variables) | Group(source, variables):
                names = [variable.name for variable in variables]
                known = yield from self.pattern(source, around.of(names), scope)
                return _Around(known).of(names).known
            case OrderBy(source) | Distinct(source) | Reduced(source):
                return (yield from self.pattern(source, around, scope))
            case Slice(source, offset, int() as limit) if one := _only_pattern(source):
                yield from self.some(one, max(offset + limit, 1), scope)
                return _NOTHING
            case Slice(source):
                return (yield from self.pattern(source, _NOWHERE, scope))
            case _:
                assert_never(pattern)

    def join(self, pattern: Join, around: _Around, scope: GraphScope) -> Fetching:
        """Read both sides, the more selective first."""
        parts = list(_flat(pattern))
        bound: Known = _NOTHING
        while parts:
            inner = around.knowing(bound)
            part = min(parts, key=lambda one: self.promise(one, inner, scope))
            parts.remove(part)
            known = yield from self.pattern(part, inner, scope)
            bound = _narrower(bound, known)
            around = replace(around, nodes=around.nodes | _nodes(part))
        return bound

    def promise(self, part: Pattern, around: _Around, scope: GraphScope) -> int:
        """How soon a part of a join is to be read: first what restricts others."""
        match part:
            case Values():
                return 0
            case BGP(patterns):
                found = candidates(patterns, self.shapes, scope)
                return 1 + min((_rank(o, around, scope)[0] for o in found), default=0)
            case Filter(condition, source):
                tests = both(around.tests, tests_of(condition))
                return self.promise(source, replace(around, tests=tests), scope)
            case Path() | Service() | Slice() | Group():
                return 9
            case _:
                return 8

    def bgp(
        self,
        patterns: Sequence[TriplePattern],
        around: _Around,
        scope: GraphScope,
    ) -> Fetching:
        """Read the statements of joined patterns, the most restricted first."""
        if not patterns:
            yield from self.names(scope)
            return _NOTHING
        pending = candidates(patterns, self.shapes, scope)
        names = dict.fromkeys(n for one in pending for _, n in one.variables)
        if not all(one.shapes for one in pending):
            return {name: frozenset() for name in names}
        known = around.known
        while pending:
            now = _next(pending, replace(around, known=known), scope)
            wants = {id(one): wanted_of(one, known, around.tests, scope) for one in now}
            yield from self.reads.read(chain.from_iterable(wants.values()))
            for one in now:
                known = _narrower(known, self._found(one, wants[id(one)]))
                pending.remove(one)
        return {name: known[name] for name in names if name in known}

    def some(
        self, pattern: TriplePattern, count: int, scope: GraphScope
    ) -> Generator[StatementBatch]:
        """Read as many statements as make so many solutions of a pattern."""
        (found,) = candidates((pattern,), self.shapes, scope)
        yield from self.reads.read_some(wanted_of(found, {}, {}, scope), count)

    def _found(self, candidate: Candidate, wanted: Sequence[Wanted]) -> Known:
        found: dict[str, frozenset[str]] = {}
        for position, name in candidate.variables:
            values = self.reads.values(wanted, position)
            if values is not None:
                found[name] = found.get(name, values) & values
        return found

    def path(self, pattern: Path, around: _Around, scope: GraphScope) -> Fetching:
        """Read all links of a path; how long ways are, nobody knows before."""
        ends = (pattern.subject, pattern.object)
        is_searched_anywhere = all(
            isinstance(end, Var) and end.name not in around.nodes for end in ends
        )
        named = predicates_of(pattern.path)
        if named is None or (is_searched_anywhere and needs_all_nodes(pattern.path)):
            yield from self.everything(scope)
            return _NOTHING
        for iri in sorted(named):
            link = TriplePattern(_ANY.subject, IRI(iri), _ANY.object)
            yield from self.bgp((link,), self._graphs(around, scope), scope)
        return _NOTHING

    def graph(
        self, name: IRI | Var, source: Pattern, around: _Around, scope: GraphScope
    ) -> Fetching:
        """Read within GRAPH; its name is a variable of every pattern there."""
        inside = scope.within(name)
        inner = replace(around, nodes=frozenset())
        hidden = inside.variable
        if isinstance(name, Var) and hidden is not None and name.name in inner.known:
            inner = inner.knowing({hidden: inner.known[name.name]})
        known = yield from self.pattern(source, inner, inside)
        if not _is_tied(source):
            yield from self.names(inside)
        if isinstance(name, Var) and hidden is not None and hidden in known:
            known = _narrower(known, {name.name: known[hidden]})
        return {n: each for n, each in known.items() if n != hidden}

    def names(self, scope: GraphScope) -> Fetching:
        """Read what tells which named graphs there are."""
        if scope.variable is not None or scope.names:
            yield from self.everything(scope)
        return _NOTHING

    def everything(self, scope: GraphScope) -> Fetching:
        """Read all statements of the graphs."""
        return (yield from self.bgp((_ANY,), _NOWHERE, scope))

    def described(
        self, resources: Iterable[IRI | Var], known: Known, scope: GraphScope
    ) -> Fetching:
        """Read what is said of resources, and of all blank nodes."""
        for each in resources:
            subject = _ANY.subject if isinstance(each, Var) else each
            values = known.get(each.name) if isinstance(each, Var) else None
            around = _NOWHERE if values is None else _Around({".s": values})
            one = TriplePattern(subject, _ANY.predicate, _ANY.object)
            yield from self.bgp((one,), around, scope)
        blank = [s for s in self.shapes if s.subject.kind is TermKind.BLANK_NODE]
        yield from _Walk(self.reads, blank).everything(scope)
        return _NOTHING

    def _graphs(self, around: _Around, scope: GraphScope) -> _Around:
        """What is known of the graph alone."""
        return around.of(() if scope.variable is None else (scope.variable,))


def _next(
    pending: Sequence[Candidate], around: _Around, scope: GraphScope
) -> list[Candidate]:
    """The pattern to be read now, and those of its subject that one scan reads too."""
    ranks = {id(one): _rank(one, around, scope) for one in pending}
    first = min(pending, key=lambda one: ranks[id(one)])
    if ranks[id(first)][2]:
        return [first]
    subject = first.pattern.subject
    return [
        one
        for one in pending
        if one is first or (one.pattern.subject == subject and not ranks[id(one)][2])
    ]


def _rank(
    candidate: Candidate, around: _Around, scope: GraphScope
) -> tuple[int, int, bool]:
    """How selective a pattern is; the lowest comes first.

    That is 0 by values, 1 by a range, 2 by nothing; then how many values there are; and
    whether more is restricted than its subject.
    """
    wanted = wanted_of(candidate, around.known, around.tests, scope)
    worst, most, is_own = 0, 0, False
    for one in wanted:
        sets = [r for r in one.restrictions if isinstance(r, OneOf)]
        is_ranged = any(isinstance(r, Between | Meets) for r in one.restrictions)
        worst = max(worst, 0 if sets else 1 if is_ranged else 2)
        most = max(most, min((len(r.lexicals) for r in sets), default=0))
        is_own |= any(
            not isinstance(r, OneOf) or r.position.value in {"object", "predicate"}
            for r in one.restrictions
        )
    return worst, most, is_own


def _narrower(one: Known, other: Known) -> Known:
    """What both know."""
    shared = {n: one[n] & other[n] for n in one.keys() & other.keys()}
    return {**one, **other, **shared}


def _only_pattern(pattern: Pattern) -> TriplePattern | None:
    """The one triple pattern that solutions are of, each statement another solution."""
    match pattern:
        case Project(source):
            return _only_pattern(source)
        case BGP((one,)) if not isinstance(one.object, Literal):
            ends = (one.subject, one.predicate, one.object)
            variables = [each for each in ends if isinstance(each, Var)]
            return one if len(set(variables)) == len(variables) else None
        case _:
            return None


def _flat(pattern: Pattern) -> Iterable[Pattern]:
    """The parts of nested joins."""
    if not isinstance(pattern, Join):
        return (pattern,)
    return (*_flat(pattern.left), *_flat(pattern.right))


def _values(
    variables: Sequence[Var], rows: Sequence[Sequence[Term | None]]
) -> Mapping[str, frozenset[str]]:
    found = {}
    for place, variable in enumerate(variables):
        cells = [row[place] for row in rows]
        told = [lexical_of(cell) for cell in cells if cell is not None]
        if len(told) == len(cells):
            found[variable.name] = frozenset(told)
    return found


def _nodes(part: Pattern) -> frozenset[str]:
    """Variables that a part surely binds to subjects or objects of the active graph."""
    match part:
        case BGP(patterns):
            ends = (end for one in patterns for end in (one.subject, one.object))
            return frozenset(end.name for end in ends if isinstance(end, Var))
        case Filter(_, source) | LeftJoin(source) | Minus(source):
            return _nodes(source)
        case Join(left, right):
            return _nodes(left) | _nodes(right)
        case _:
            return frozenset()


def _is_tied(pattern: Pattern) -> bool:
    """Whether each solution within GRAPH ?g comes of a statement, which has a graph."""
    match pattern:
        case BGP(patterns):
            return bool(patterns)
        case Path():
            return not needs_all_nodes(pattern.path)
        case Join(left, right):
            return _is_tied(left) or _is_tied(right)
        case Union(left, right):
            return _is_tied(left) and _is_tied(right)
        case LeftJoin(source) | Minus(source) | Filter(_, source):
            return _is_tied(source)
        case Extend(source) | OrderBy(source) | Distinct(source):
            return _is_tied(source)
        case _:
            return False
