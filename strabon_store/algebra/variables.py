"""Which variables patterns and expressions mention, show and surely bind (18.2.1)."""

from collections.abc import Iterable, Iterator
from typing import assert_never

from strabon_store.algebra.expressions import (
    And,
    Bound,
    Coalesce,
    Exists,
    Expression,
    If,
    In,
    Or,
)
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
from strabon_store.algebra.terms import IRI, Literal, Var
from strabon_store.algebra.traverse import operands, own_expressions, sources


def triple_variables(triple: TriplePattern) -> tuple[Var, ...]:
    """The variables of a triple pattern, subject first, as often as they stand."""
    terms = (triple.subject, triple.predicate, triple.object)
    return tuple(term for term in terms if isinstance(term, Var))


def in_scope(pattern: Pattern) -> tuple[Var, ...]:
    """The variables that a solution of `pattern` may bind (18.2.1), as first met.

    Examples:
        >>> s, p, o, n = Var("s"), Var("p"), Var("o"), Var("n")
        >>> triple = BGP((TriplePattern(s, p, o),))
        >>> [v.name for v in in_scope(Extend(Minus(triple, BGP(())), n, s))]
        ['s', 'p', 'o', 'n']
    """
    found: dict[Var, None] = {}
    # Without recursion: the frontend asks before it knows how deep a pattern is.
    pending: list[Pattern | Var] = [pattern]
    while pending:
        node = pending.pop()
        if isinstance(node, Var):
            found[node] = None
        else:
            pending.extend(reversed(_shown(node)))
    return tuple(found)


def _shown(pattern: Pattern) -> tuple[Pattern | Var, ...]:
    """The variables and the sources whose variables the node shows, in order."""
    match pattern:
        case BGP(patterns):
            return tuple(v for triple in patterns for v in triple_variables(triple))
        case Path(subject, _, target):
            return tuple(end for end in (subject, target) if isinstance(end, Var))
        case Join(left, right) | LeftJoin(left, right) | Union(left, right):
            return (left, right)
        case Minus(left, _):
            return (left,)
        case Extend(source, variable, _):
            return (source, variable)
        case Graph(name, source) | Service(name, source, _):
            return (name, source) if isinstance(name, Var) else (source,)
        case Values(variables, _) | Project(_, variables):
            return variables
        case Group(_, keys, aggregates):
            return (*keys, *(variable for variable, _ in aggregates))
        case Filter() | OrderBy() | Distinct() | Reduced() | Slice():
            return (pattern.source,)
        case _:
            assert_never(pattern)


def expression_variables(expression: Expression) -> frozenset[Var]:
    """The variables whose values the expression reads, those inside EXISTS included.

    Examples:
        >>> x, y = Var("x"), Var("y")
        >>> sorted(v.name for v in expression_variables(And(Bound(x), y)))
        ['x', 'y']
    """
    return frozenset(_expression_variables(expression))


def _expression_variables(expression: Expression) -> Iterator[Var]:
    match expression:
        case Var():
            yield expression
        case IRI() | Literal():
            return
        case Bound(variable):
            yield variable
        case Exists(pattern):
            yield from mentioned(pattern)
        case _:
            for operand in operands(expression):
                yield from _expression_variables(operand)


def mentioned(pattern: Pattern) -> frozenset[Var]:
    """Every variable that occurs anywhere in the pattern, hidden or not."""
    found = set(in_scope(pattern))
    for expression in own_expressions(pattern):
        found |= expression_variables(expression)
    for source in sources(pattern):
        found |= mentioned(source)
    if isinstance(pattern, Group):
        found.update(pattern.keys)
    return frozenset(found)


def surely_bound(  # noqa: C901 - an arm per node
    pattern: Pattern,
) -> frozenset[Var]:
    """Variables that every solution of `pattern` binds.

    A sound under-estimate: a variable that is not in the set may still be always bound.

    Examples:
        >>> x, y = Var("x"), Var("y")
        >>> left, right = BGP((TriplePattern(x, x, x),)), BGP((TriplePattern(y, y, y),))
        >>> [v.name for v in surely_bound(LeftJoin(left, right))]
        ['x']
    """
    match pattern:
        case BGP() | Path() | Join():
            parts = sources(pattern)
            return frozenset(in_scope(pattern)) if not parts else _any(parts)
        case LeftJoin(left, _) | Minus(left, _):
            return surely_bound(left)
        case Union(left, right):
            return surely_bound(left) & surely_bound(right)
        case Filter(condition, source):
            return surely_bound(source) | bound_if_true(condition)
        case Extend(source, variable, expression):
            below = surely_bound(source)
            return below | {variable} if never_fails(expression, below) else below
        case Graph(name, source):
            below = surely_bound(source)
            return below | {name} if isinstance(name, Var) else below
        case Service():
            # An endpoint that is silent about a failure binds nothing.
            return frozenset()
        case Values(variables, rows):
            columns = range(len(variables))
            return frozenset(
                variables[i] for i in columns if all(row[i] is not None for row in rows)
            )
        case Group():
            return _bound_by_group(pattern)
        case Project(source, variables):
            return surely_bound(source) & frozenset(variables)
        case OrderBy(source) | Distinct(source) | Reduced(source) | Slice(source):
            return surely_bound(source)
        case _:
            assert_never(pattern)


def _any(parts: Iterable[Pattern]) -> frozenset[Var]:
    return frozenset().union(*(surely_bound(part) for part in parts))


def _bound_by_group(group: Group) -> frozenset[Var]:
    # COUNT alone has a value for each group; the others may meet an error (18.5.1).
    counts = (v for v, aggregate in group.aggregates if aggregate.name == "COUNT")
    return (surely_bound(group.source) & frozenset(group.keys)) | frozenset(counts)


def never_fails(expression: Expression, bound: frozenset[Var]) -> bool:
    """Whether the expression has a value wherever the `bound` variables have one.

    A sound under-estimate: False says nothing.
    """
    match expression:
        case IRI() | Literal() | Bound() | Exists():
            return True
        case Var():
            return expression in bound
        case Coalesce(arguments):
            return any(never_fails(argument, bound) for argument in arguments)
        case If(condition, then, otherwise):
            branches = (condition, then, otherwise)
            is_boolean = isinstance(condition, Bound | Exists)
            return is_boolean and all(never_fails(e, bound) for e in branches)
        case _:
            return False


def bound_if_true(condition: Expression) -> frozenset[Var]:
    """Variables without which `condition` cannot be true (17.2).

    Examples:
        >>> x, y = Var("x"), Var("y")
        >>> [v.name for v in bound_if_true(Or(And(x, Bound(y)), x))]
        ['x']
    """
    match condition:
        case And(left, right):
            return bound_if_true(left) | bound_if_true(right)
        case Or(left, right):
            return bound_if_true(left) & bound_if_true(right)
        case Bound(variable):
            return frozenset({variable})
        case _:
            return bound_if_valued(condition)


def bound_if_valued(expression: Expression) -> frozenset[Var]:
    """Variables without which `expression` is an error.

    The functional forms of 17.4.1 may have a value although an argument is an error;
    every other operator and function is an error then (17.2).
    """
    match expression:
        case Var():
            return frozenset({expression})
        case And(left, right) | Or(left, right):
            # `error && false` is false and `error || true` is true.
            return bound_if_valued(left) & bound_if_valued(right)
        case If(condition, _, _):
            return bound_if_valued(condition)
        case Coalesce(arguments):
            below = [bound_if_valued(argument) for argument in arguments]
            return frozenset.intersection(*below) if below else frozenset()
        case In(needle, haystack):
            # A match among the others is true although one member is an error.
            return bound_if_valued(needle) if haystack else frozenset()
        case _:
            below = [bound_if_valued(operand) for operand in operands(expression)]
            return frozenset().union(*below)
