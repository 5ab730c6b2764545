"""Move each condition to the deepest place where it decides the same."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import reduce
from typing import Final, TypeAlias, assert_never

from ontologies.namespaces import GEOF
from strabon_store.algebra.expressions import (
    And,
    Bound,
    BuiltIn,
    Exists,
    Expression,
    FunctionCall,
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
    Union,
    Values,
)
from strabon_store.algebra.terms import IRI, Var
from strabon_store.algebra.traverse import (
    conjuncts,
    map_sources,
    transform_expression,
    walk_expression,
)
from strabon_store.algebra.variables import (
    expression_variables,
    in_scope,
    surely_bound,
)

VOLATILE: Final = frozenset({"RAND", "UUID", "STRUUID", "BNODE"})
"""Built-ins whose value differs from one solution to the next (17.4)."""

_DISTANCES: Final = frozenset(
    IRI(GEOF.term(name)) for name in ("distance", "metricDistance")
)

_Conditions: TypeAlias = tuple[Expression, ...]


def push_filters(pattern: Pattern) -> Pattern:
    """Push every conjunct of every filter down, through each node that lets it pass.

    A condition reads the values that its variables have in a solution. It may move to
    an operand when these are the same there, which holds for

    - one side of a join, if each variable is surely bound on that side, or does not
      occur on the other. Counter-example: `{ OPTIONAL { ?a :p ?x } } { ?b :q ?x }`,
      where `?x = 1` may meet an unbound ?x on the left that the join binds;
      Where the other side is VALUES, a condition on several variables stays above: it
      may be what joins parts of the pattern, of which VALUES leave few rows;
    - the left side of OPTIONAL, likewise. Never the right: `FILTER(!bound(?x))` above
      finds what the optional part did not match. Of OPTIONAL's own condition the part
      that reads the right side alone moves there;
    - both sides of UNION, the left side of MINUS, the source of BIND if the bound
      variable is not read, or is a distance, which the condition then measures itself,
      the source of GRAPH if its variable is not read and the
      condition has no EXISTS, which would look into another graph;
    - a subquery, if it hides none of the variables; through DISTINCT and ORDER BY, and
      through GROUP BY if only keys are read and there is a key: the one group of no
      solutions must stay. Never through LIMIT.

    Conditions with RAND and the like stay where they are.

    Examples:
        >>> from strabon_store.algebra.expressions import Bound
        >>> from strabon_store.algebra.nodes import TriplePattern
        >>> x, y = Var("x"), Var("y")
        >>> left, right = BGP((TriplePattern(x, x, x),)), BGP((TriplePattern(y, y, y),))
        >>> push_filters(Filter(Bound(y), Join(left, right))).right
        Filter(condition=Bound(variable=Var(name='y')), source=BGP(...))
    """
    return _push((), pattern)


def _push(conditions: _Conditions, pattern: Pattern) -> Pattern:
    """`Filter` of all conditions over the pattern, each as deep as it may go."""
    fixed = tuple(c for c in conditions if _is_volatile(c))
    moving = tuple(c for c in conditions if c not in fixed)
    return _filter(fixed, _push_into(moving, pattern))


def _push_into(conditions: _Conditions, pattern: Pattern) -> Pattern:
    match pattern:
        case BGP() | Path() | Service() | Values():
            return _filter(conditions, pattern)
        case Filter(condition, source):
            return _push((*conditions, *conjuncts(condition)), source)
        case Join():
            return _push_into_join(conditions, pattern)
        case LeftJoin():
            return _push_into_left_join(conditions, pattern)
        case Union(left, right):
            return Union(_push(conditions, left), _push(conditions, right))
        case Minus(left, right):
            return Minus(_push(conditions, left), _push((), right))
        case Slice() | OrderBy() | Distinct() | Reduced():
            return _push_through(conditions, pattern)
        case Extend(source, _, _):
            told = [_told(condition, pattern) for condition in conditions]
            stays = [c for c in told if not _passes(c, pattern)]
            passes = tuple(c for c in told if c not in stays)
            return _filter(stays, replace(pattern, source=_push(passes, source)))
        case Graph() | Group() | Project():
            stays = [c for c in conditions if not _passes(c, pattern)]
            passes = tuple(c for c in conditions if c not in stays)
            return _filter(
                stays, replace(pattern, source=_push(passes, pattern.source))
            )
        case _:
            assert_never(pattern)


def _told(condition: Expression, extend: Extend) -> Expression:
    """The condition about a distance itself, where BIND names one.

    Below BIND it can be what joins; there the distance is measured of candidates only.
    """
    is_distance = (
        isinstance(extend.expression, FunctionCall)
        and extend.expression.function in _DISTANCES
    )
    asks_more = any(
        isinstance(part, Exists | Bound) for part in walk_expression(condition)
    )
    if not is_distance or asks_more:
        return condition
    return transform_expression(
        condition, lambda e: extend.expression if e == extend.variable else e
    )


def _push_through(
    conditions: _Conditions, pattern: Slice | OrderBy | Distinct | Reduced
) -> Pattern:
    if isinstance(pattern, Slice):
        return _filter(conditions, map_sources(pattern, push_filters))
    return replace(pattern, source=_push(conditions, pattern.source))


def _push_into_join(conditions: _Conditions, join: Join) -> Pattern:
    if _is_table(join.left) or _is_table(join.right):
        one, without = _lifted(join.left, join.right)
        other, table = _lifted(join.right, join.left)
        lifted, asked = Join(without, table), (*conditions, *one, *other)
        if _waits_for_table(asked, lifted):
            return _narrowed(asked, lifted)
    left, conditions = _take(conditions, join.left, join.right)
    right, conditions = _take(conditions, join.right, join.left)
    return _filter(conditions, Join(_push(left, join.left), _push(right, join.right)))


def _narrowed(conditions: _Conditions, join: Join) -> Pattern:
    """A filter over patterns that are joined with VALUES of one variable each.

    Rows of several variables would make the patterns one. They are joined last; what
    reads a variable that only these have, or may in an EXISTS, is asked after that.
    """
    members = list(_members(join))
    rows = [m for m in members if isinstance(m, Values) and len(m.variables) > 1]
    others = [each for each in members if each not in rows]
    columns = (column for each in rows for column in _columns(each))
    known = [column for column in columns if column not in others]
    inner = reduce(Join, [*known, *others])
    inside = frozenset(in_scope(inner))
    below = [
        c
        for c in conditions
        if expression_variables(c) <= inside and not _has_exists(c)
    ]
    above = [c for c in conditions if c not in below]
    return _filter(above, reduce(Join, [*rows, _filter(below, inner)]))


def _members(pattern: Pattern) -> Iterator[Pattern]:
    if isinstance(pattern, Join):
        yield from _members(pattern.left)
        yield from _members(pattern.right)
    else:
        yield pattern


def _columns(rows: Values) -> Iterator[Values]:
    """The different values of each variable; none of one that a row leaves unbound."""
    for place, variable in enumerate(rows.variables):
        values = dict.fromkeys(row[place] for row in rows.rows)
        if None not in values:
            yield Values((variable,), tuple((each,) for each in values))


def _is_table(pattern: Pattern) -> bool:
    """Whether a pattern is made of VALUES alone."""
    match pattern:
        case Values():
            return True
        case Join(left, right):
            return _is_table(left) and _is_table(right)
        case _:
            return False


def _is_flat(pattern: Pattern) -> bool:
    """Whether a pattern is made of triples, paths and VALUES, joined."""
    match pattern:
        case BGP() | Path() | Values():
            return True
        case Join(left, right):
            return _is_flat(left) and _is_flat(right)
        case _:
            return False


def _waits_for_table(conditions: _Conditions, join: Join) -> bool:
    """Whether conditions tie variables of a pattern that VALUES narrows first.

    Then those on one variable stay beside them, for each part of the pattern.
    """
    is_flat = _is_flat(join.left) and _is_flat(join.right)
    return is_flat and any(len(expression_variables(c)) > 1 for c in conditions)


def _lifted(side: Pattern, table: Pattern) -> tuple[_Conditions, Pattern]:
    """What a filter asks of a pattern that is joined with VALUES, and the pattern.

    Above the join, a condition means the same if the table binds none of its variables
    that the pattern may leave unbound. EXISTS would see more variables there.
    """
    if not (isinstance(side, Filter) and _is_table(table) and _is_flat(side.source)):
        return (), side
    conditions = conjuncts(side.condition)
    taken, _ = _take(conditions, side.source, table)
    if len(taken) < len(conditions) or any(map(_has_exists, conditions)):
        return (), side
    return taken, side.source


def _push_into_left_join(conditions: _Conditions, join: LeftJoin) -> Pattern:
    left, above = _take(conditions, join.left, join.right)
    own = () if join.condition is None else conjuncts(join.condition)
    right, kept = _take(own, join.right, join.left)
    pushed = LeftJoin(
        _push(left, join.left), _push(right, join.right), _conjunction(kept)
    )
    return _filter(above, pushed)


def _take(
    conditions: Iterable[Expression], side: Pattern, other: Pattern
) -> tuple[_Conditions, _Conditions]:
    """The conditions that `side` decides alone, and the others."""
    bound, foreign = surely_bound(side), frozenset(in_scope(other))
    taken: list[Expression] = []
    left: list[Expression] = []
    for condition in conditions:
        read = expression_variables(condition)
        is_decided = not _is_volatile(condition) and not (read & foreign) - bound
        (taken if is_decided else left).append(condition)
    return tuple(taken), tuple(left)


def _passes(condition: Expression, node: Extend | Graph | Group | Project) -> bool:
    read = expression_variables(condition)
    match node:
        case Extend(_, variable, _):
            return variable not in read
        case Graph(name, _):
            return name not in read and not _has_exists(condition)
        case Group(_, keys, _):
            return bool(keys) and _shows(node, keys, read)
        case Project(_, variables):
            return _shows(node, variables, read)
        case _:
            assert_never(node)


def _shows(node: Group | Project, shown: Sequence[Var], read: frozenset[Var]) -> bool:
    """Whether what is read means the same below: no other variable of the source."""
    computed = {v for v, _ in node.aggregates} if isinstance(node, Group) else set()
    hidden = frozenset(in_scope(node.source)) - frozenset(shown)
    return not read & (hidden | computed)


def _is_volatile(condition: Expression) -> bool:
    return any(
        isinstance(part, BuiltIn) and part.name in VOLATILE
        for part in walk_expression(condition)
    )


def _has_exists(condition: Expression) -> bool:
    return any(isinstance(part, Exists) for part in walk_expression(condition))


def _filter(conditions: Sequence[Expression], pattern: Pattern) -> Pattern:
    condition = _conjunction(conditions)
    return pattern if condition is None else Filter(condition, pattern)


def _conjunction(conditions: Sequence[Expression]) -> Expression | None:
    if not conditions:
        return None
    if len(conditions) == 1:
        return conditions[0]
    middle = (len(conditions) + 1) // 2
    left, right = _conjunction(conditions[:middle]), _conjunction(conditions[middle:])
    assert left is not None  # noqa: S101 - both halves hold a condition
    assert right is not None  # noqa: S101
    return And(left, right)
