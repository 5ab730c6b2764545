"""Sideways information: what one side of a join tells a search on the other.

`?x a :A . ?x :p+ ?y` with few `?x` must not walk the whole graph, so the rows of the
triple pattern are shared, and the search begins at their values. This holds wherever
rows of the search that agree with none of the values are of no use: the right sides of
Join, LeftJoin, Minus and EXISTS.
"""

from collections.abc import Callable, Iterator, Sequence

from strabon_store.algebra.nodes import BGP, Join, Path, Pattern, Service
from strabon_store.algebra.paths import is_searched
from strabon_store.algebra.terms import Var
from strabon_store.algebra.traverse import sources
from strabon_store.relational.context import Candidates, Context
from strabon_store.relational.encoding import TermId
from strabon_store.relational.lookups import variables_only
from strabon_store.relational.lower_joins import join
from strabon_store.relational.nodes import (
    Deduplicate,
    Plan,
    Projection,
    Shared,
)
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.render import reads
from strabon_store.relational.scalars import Column

Lower = Callable[[Pattern, Context], Plan]


def has_search(pattern: Pattern) -> bool:
    """Whether a path or a SERVICE of the pattern can use candidates."""
    pending = [pattern]
    while pending:
        node = pending.pop()
        if isinstance(node, Path) and is_searched(node.path):
            return True
        if isinstance(node, Service):
            return True
        pending.extend(sources(node))
    return False


def lower_join(pattern: Join, lower: Lower, context: Context) -> Plan:
    """A chain of joins: what searches comes last, and begins where the others are."""
    members = list(_members(pattern))
    searches = [member for member in members if has_search(member)]
    if not searches:
        return join(lower(pattern.left, context), lower(pattern.right, context))
    plan: Plan | None = None
    done: list[Pattern] = []
    for member in members:
        if member not in searches:
            below = lower(member, context)
            plan = below if plan is None else join(plan, below)
            done.append(member)
    while searches:
        member = _most_bound(searches, plan)
        searches.remove(member)
        if plan is None:
            plan = lower(member, context)
        else:
            shared, inner = offering(plan, done, context)
            found = lower(member, inner)
            # What begins elsewhere needs no rows that are made before.
            plan = join(shared if reads(found, shared) else plan, found)
        done.append(member)
    assert plan is not None  # noqa: S101 - a join has members
    return plan


def offering(
    plan: Plan, patterns: Sequence[Pattern], context: Context
) -> tuple[Plan, Context]:
    """The plan, now shared, and the context of what is joined with it.

    Args:
        plan: Rows of the patterns.
        patterns: What the plan is of, in the same context.
        context: The context of the patterns.
    """
    shared = Shared(variables_only(plan), context.fresh())
    nodes = {name for pattern in patterns for name in _nodes(pattern)}
    candidates = {
        column.name: Candidates(_distinct(shared, column), column.name in nodes)
        for column in shared.columns
        if isinstance(column.encoding, TermId) and not column.is_nullable
    }
    return shared, context.among(candidates)


def _distinct(shared: Shared, column: PlanColumn) -> Plan:
    return Deduplicate(Projection(shared, (column,), (Column(column.name),)))


def _nodes(pattern: Pattern) -> Iterator[str]:
    """Variables that a basic graph pattern binds to subjects or objects."""
    if isinstance(pattern, BGP):
        for triple in pattern.patterns:
            for term in (triple.subject, triple.object):
                if isinstance(term, Var):
                    yield term.name


def _members(pattern: Pattern) -> Iterator[Pattern]:
    """The operands of a chain of joins, left first."""
    pending = [pattern]
    while pending:
        node = pending.pop()
        if isinstance(node, Join):
            pending += (node.right, node.left)
        else:
            yield node


def _most_bound(searches: Sequence[Pattern], plan: Plan | None) -> Pattern:
    """The one that begins at most known ends: constants first, then variables."""
    bound = {column.name for column in plan.columns} if plan is not None else set()

    def known_ends(pattern: Pattern) -> int:
        if not isinstance(pattern, Path):
            return 0
        ends = (pattern.subject, pattern.object)
        constants = sum(not isinstance(end, Var) for end in ends)
        return 2 * constants + sum(isinstance(e, Var) and e.name in bound for e in ends)

    return max(searches, key=known_ends)
