"""Drop what nobody above reads: columns, BINDs and aggregates."""

from dataclasses import replace
from typing import TypeAlias, assert_never

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
    Union,
    Values,
)
from strabon_store.algebra.terms import Var
from strabon_store.algebra.traverse import own_expressions
from strabon_store.algebra.variables import expression_variables, in_scope

_Variables: TypeAlias = frozenset[Var]


def prune_variables(pattern: Pattern) -> Pattern:
    """Keep of each operand only the variables that something above reads.

    A `Project` is put on the operands of joins, UNION and MINUS and below GROUP BY
    where it drops something; a projection of a subquery is narrowed; an `Extend` or an
    aggregate that nobody reads goes. A projection keeps duplicates, so the multiset
    stays as it is for what is left.

    What counts as read: expressions above (with all that their EXISTS mention), what
    both operands of a join share, what MINUS compares, and everything below DISTINCT
    and REDUCED. Counter-example: of `SELECT DISTINCT ?a ?b` inside a query that reads
    ?a alone, dropping ?b would drop rows. At the root everything in scope is read.

    Examples:
        >>> from strabon_store.algebra.terms import IRI
        >>> bind = Extend(BGP(()), Var("x"), IRI("a:b"))
        >>> prune_variables(
        ...     Project(Extend(bind, Var("y"), Var("x")), (Var("x"),))
        ... ).source
        Extend(source=BGP(patterns=()), variable=Var(name='x'), expression=IRI(...))
    """
    return _prune(pattern, frozenset(in_scope(pattern)))


def _prune(pattern: Pattern, read: _Variables) -> Pattern:  # noqa: C901 - an arm per node
    """The pattern, which may lose variables in scope that are not in `read`."""
    match pattern:
        case BGP() | Path() | Service() | Values():
            return pattern
        case Join() | LeftJoin() | Minus() | Union():
            return _prune_both(pattern, read)
        case Extend(source, variable, expression):
            if variable not in read:
                return _prune(source, read)
            below = _prune(source, read | expression_variables(expression))
            return replace(pattern, source=below)
        case Filter() | OrderBy():
            return replace(pattern, source=_prune(pattern.source, read | _own(pattern)))
        case Graph(name, source):
            inner = read | {name} if isinstance(name, Var) else read
            return replace(pattern, source=_prune(source, inner))
        case Group():
            return _prune_group(pattern, read)
        case Project(source, variables):
            kept = tuple(variable for variable in variables if variable in read)
            return Project(_prune(source, frozenset(kept)), kept)
        case Distinct(source) | Reduced(source):
            return replace(pattern, source=_prune(source, frozenset(in_scope(source))))
        case Slice(source):
            return replace(pattern, source=_prune(source, read))
        case _:
            assert_never(pattern)


def _prune_both(pattern: Join | LeftJoin | Minus | Union, read: _Variables) -> Pattern:
    left, right = frozenset(in_scope(pattern.left)), frozenset(in_scope(pattern.right))
    match pattern:
        case Union():
            from_left = from_right = read
        case Minus():
            from_left, from_right = read | right, left
        case Join() | LeftJoin():
            own = read | _own(pattern)
            from_left, from_right = own | right, own | left
        case _:
            assert_never(pattern)
    return replace(
        pattern,
        left=_narrow(_prune(pattern.left, from_left), from_left),
        right=_narrow(_prune(pattern.right, from_right), from_right),
    )


def _prune_group(group: Group, read: _Variables) -> Pattern:
    """Keys stay, read or not: they make the groups."""
    aggregates = tuple((v, a) for v, a in group.aggregates if v in read)
    kept = replace(group, aggregates=aggregates)
    below = _own(kept) | frozenset(group.keys)
    if any(a.argument is None and a.distinct for _, a in aggregates):
        # COUNT(DISTINCT *) compares whole solutions.
        below = frozenset(in_scope(group.source))
    return replace(kept, source=_narrow(_prune(group.source, below), below))


def _narrow(pattern: Pattern, read: _Variables) -> Pattern:
    scope = in_scope(pattern)
    kept = tuple(variable for variable in scope if variable in read)
    is_plain = isinstance(pattern, Project) or len(kept) == len(scope)
    return pattern if is_plain else Project(pattern, kept)


def _own(pattern: Pattern) -> _Variables:
    return frozenset().union(*map(expression_variables, own_expressions(pattern)))
