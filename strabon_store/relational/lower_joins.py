"""Compatible solutions (SPARQL 1.1 section 18.3) as joins of columns.

Two solutions are compatible when they agree where both are bound. Where a shared
variable is surely bound on both sides that is plain equality, which an engine can hash;
elsewhere NULL agrees with everything.
"""

from dataclasses import dataclass, replace
from typing import Final, NamedTuple, assert_never

from strabon_store.algebra.expressions import Expression
from strabon_store.relational.context import GRAPH_COLUMN, OUTER_COLUMN
from strabon_store.relational.encoding import Typed, are_alike, either
from strabon_store.relational.geo.candidates import Meeting, meetings, standing
from strabon_store.relational.lookups import (
    as_plain,
    scope_of,
    substitute,
    variables_only,
    with_lookups,
)
from strabon_store.relational.lower_expressions import Scope, lower_condition
from strabon_store.relational.nodes import (
    Join,
    Mark,
    Plan,
    Projection,
    SemiJoin,
)
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.scalars import (
    Call,
    Column,
    Constant,
    Scalar,
    all_of,
    any_of,
    call,
)
from strabon_store.relational.values import XSD_BOOLEAN, Value, of_column

_HIDDEN: Final = (GRAPH_COLUMN, OUTER_COLUMN)
"""Begin the names of columns that are no variables of the query."""

_LONGEST: Final = 1000
"""How many parts of a condition may read both sides of a join.

What reads one side is computed below it, each part once; what reads both is written out
wherever it is read, and may double with each operator.
"""

_WRITES_ONCE: Final = frozenset({"and", "not", "or"})
"""Operations in which an engine writes each argument once; in most, about twice."""

_OTHER: Final = ".other"
"""Marks the right side's column of a shared variable."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Two plans made ready to be joined.

    Attributes:
        left: The left plan, variables only.
        right: The right one, with its shared variables renamed.
        shared: The shared variables: left column, right column under its old name.
    """

    left: Plan
    right: Plan
    shared: tuple[tuple[PlanColumn, PlanColumn], ...]


def join(left: Plan, right: Plan, condition: Expression | None = None) -> Plan:
    """Join of section 18.5, narrowed by a filter over both sides when there is one."""
    return _join(prepare(left, right), condition, is_outer=False)


def join_near(left: Plan, right: Plan, condition: Expression) -> Plan:
    """The same, by the geometries that the condition ties, not by shared variables."""
    sides = prepare(left, right)
    left, right, wanted = _matching(Sides(sides.left, sides.right, ()), condition)
    agree = tuple(_agree(a, b, "equal_late") for a, b in sides.shared)
    return _merged(Join(left, right, all_of((wanted, *agree))), sides)


def left_join(left: Plan, right: Plan, condition: Expression | None) -> Plan:
    """LeftJoin of section 18.5; the condition sees the variables of both sides."""
    return _join(prepare(left, right), condition, is_outer=True)


def semi_join(
    left: Plan, right: Plan, condition: Expression | None, *, is_anti: bool
) -> Plan:
    """EXISTS, or with `is_anti` NOT EXISTS, as a filter of `left` (17.4.1.4)."""
    left, right, holds = _matching(prepare(left, right), condition)
    return variables_only(SemiJoin(left, right, holds, is_anti=is_anti))


def mark_join(left: Plan, right: Plan, condition: Expression | None, name: str) -> Plan:
    """EXISTS as a value: the left solutions with a boolean of this name (17.4.1.4)."""
    left, right, holds = _matching(prepare(left, right), condition)
    mark = PlanColumn(name, Typed(XSD_BOOLEAN), is_nullable=False)
    return variables_only(Mark(left, right, holds, mark))


def is_near(left: Plan, right: Plan, condition: Expression) -> bool:
    """Whether a condition ties geometries of the two sides, so that an index helps."""
    sides = prepare(left, right)
    return bool(_meetings(sides, lower_condition(condition, _merged_scope(sides))))


def is_long(left: Plan, right: Plan, condition: Expression) -> bool:
    """Whether to try a condition on the rows of a join, and not on its pairs."""
    sides = prepare(left, right)
    holds = lower_condition(condition, _merged_scope(sides))
    lengths = _Lengths(frozenset(column.name for column in sides.left.columns))
    return lengths.of(holds).parts > _LONGEST


def minus(left: Plan, right: Plan) -> Plan:
    """Minus of section 18.5: compatible solutions that share a bound variable."""
    sides = prepare(left, right)
    own = [(a, b) for a, b in sides.shared if not a.name.startswith(_HIDDEN)]
    if not own:
        return sides.left
    touching = any_of(
        tuple(
            call(
                "and",
                call("is_bound", Column(a.name)),
                call("is_bound", Column(b.name + _OTHER)),
            )
            for a, b in own
        )
    )
    agree = (compatible(sides), touching)
    is_sure = any(not (a.is_nullable or b.is_nullable) for a, b in own)
    holds = agree[0] if is_sure else all_of(agree)
    return SemiJoin(sides.left, sides.right, holds, is_anti=True)


def prepare(left: Plan, right: Plan) -> Sides:
    """Both sides with one encoding per shared variable and no name in common."""
    left, right = variables_only(left), variables_only(right)
    lefts = {column.name: column for column in left.columns}
    differing = {
        column.name
        for column in right.columns
        if column.name in lefts
        and not are_alike(column.encoding, lefts[column.name].encoding)
    }
    left, right = as_plain(left, differing), as_plain(right, differing)
    lefts = {column.name: column for column in left.columns}
    shared = tuple((lefts[c.name], c) for c in right.columns if c.name in lefts)
    return Sides(left, _renamed(right, frozenset(lefts)), shared)


def _renamed(plan: Plan, taken: frozenset[str]) -> Plan:
    if not any(column.name in taken for column in plan.columns):
        return plan
    columns = tuple(
        PlanColumn(c.name + _OTHER, c.encoding, c.is_nullable) if c.name in taken else c
        for c in plan.columns
    )
    return Projection(plan, columns, tuple(Column(c.name) for c in plan.columns))


def compatible(sides: Sides) -> Scalar:
    """Whether two rows agree on every shared variable."""
    return all_of(tuple(_agree(a, b) for a, b in sides.shared))


def _agree(left: PlanColumn, right: PlanColumn, equal: str = "equal") -> Scalar:
    one, other = Column(left.name), Column(right.name + _OTHER)
    unbound = [
        call("is_unbound", column)
        for column, is_nullable in (
            (one, left.is_nullable),
            (other, right.is_nullable),
        )
        if is_nullable
    ]
    return any_of((call(equal, one, other), *unbound))


def _join(sides: Sides, condition: Expression | None, *, is_outer: bool) -> Plan:
    left, right, holds = _matching(sides, condition)
    return _merged(Join(left, right, holds, is_outer=is_outer), sides)


def _matching(sides: Sides, condition: Expression | None) -> tuple[Plan, Plan, Scalar]:
    """Both sides, with what the condition reads, and when a pair of rows matches."""
    holds = compatible(sides)
    if condition is None:
        return sides.left, sides.right, holds
    wanted = _narrowed(sides, lower_condition(condition, _merged_scope(sides)))
    left = with_lookups(sides.left, [wanted])
    right = with_lookups(sides.right, [wanted])
    return left, right, call("and", holds, wanted) if sides.shared else wanted


def _narrowed(sides: Sides, wanted: Scalar) -> Scalar:
    """The condition, beside which stands what an index can answer of it."""
    found = _meetings(sides, wanted)
    if not found or any(each in found for each in standing(wanted)):
        return wanted
    return call("and", min(found, key=lambda each: each.reach).scalar, wanted)


def _meetings(sides: Sides, wanted: Scalar) -> list[Meeting]:
    """Of which shapes of one side and of the other the boxes must meet."""
    lefts = frozenset(column.name for column in sides.left.columns)
    return [
        each
        for each in meetings(wanted)
        if {_sides_read(each.one, lefts), _sides_read(each.other, lefts)}
        == {frozenset({True}), frozenset({False})}
    ]


def _sides_read(scalar: Scalar, lefts: frozenset[str]) -> frozenset[bool]:
    """Whether a scalar reads the left side, the right one, or both."""
    return _Lengths(lefts).of(scalar).sides


def _merged_scope(sides: Sides) -> Scope:
    """What the variables are in a condition that is tried on a pair of rows."""
    scope = {**scope_of(sides.right), **scope_of(sides.left)}
    for left, right in sides.shared:
        if left.is_nullable:
            common = _common(left, right)
            scope[left.name] = _coalesced(of_column(common), left.name, right.name)
    return scope


def _common(left: PlanColumn, right: PlanColumn) -> PlanColumn:
    """The column of a shared variable that the left side may leave unbound."""
    encoding = left.encoding
    if encoding is not None and right.encoding is not None:
        encoding = either(encoding, right.encoding)
    return PlanColumn(left.name, encoding, right.is_nullable)


def _coalesced(value: Value, left: str, right: str) -> Value:
    """The value with every column taken from the side that has it."""
    both = _BothSides(left, right + _OTHER)
    return replace(value.map(both.of), variable=None)


@dataclass(frozen=True, slots=True)
class _BothSides:
    left: str
    right: str

    def of(self, scalar: Scalar) -> Scalar:
        parts = ("", ".lexical", ".datatype", ".language", ".number", ".moment")
        columns: dict[str, Scalar] = {
            self.left + part: call(
                "coalesce", Column(self.left + part), Column(self.right + part)
            )
            for part in parts
        }
        return substitute(scalar, columns)


class _Length(NamedTuple):
    """How long a scalar is in the condition of a join.

    Attributes:
        sides: The sides that it reads.
        parts: How many parts of it read both, as often as each is written.
    """

    sides: frozenset[bool]
    parts: int


class _Lengths:
    """How long the parts of a condition are."""

    def __init__(self, lefts: frozenset[str]) -> None:
        self._lefts = lefts
        self._known: dict[int, _Length] = {}

    def of(self, scalar: Scalar) -> _Length:
        """How long a scalar is; told once for each, however often it is read."""
        if id(scalar) not in self._known:
            self._known[id(scalar)] = self._of(scalar)
        return self._known[id(scalar)]

    def _of(self, scalar: Scalar) -> _Length:
        match scalar:
            case Column(name):
                # A part of what is looked up is of the side that has the variable.
                is_left = name.partition(".")[0] in self._lefts
                return _Length(frozenset({is_left and _OTHER not in name}), 0)
            case Constant():
                return _Length(frozenset(), 0)
            case Call(operation, arguments):
                lengths = [self.of(argument) for argument in arguments]
                sides = frozenset[bool]().union(*(each.sides for each in lengths))
                copies = 1 if operation in _WRITES_ONCE else 2
                inner = copies * sum(each.parts for each in lengths)
                return _Length(sides, inner + 1 if len(sides) > 1 else 0)
            case _:
                assert_never(scalar)


def _merged(joined: Join, sides: Sides) -> Plan:
    """The variables of both sides, each once."""
    rights = {left.name: right for left, right in sides.shared}
    outer = {column.name: column for column in joined.columns}
    columns, scalars = [], []
    for column in joined.columns:
        if not column.is_variable or column.name.endswith(_OTHER):
            continue
        right = rights.get(column.name)
        scalar: Scalar = Column(column.name)
        if right is not None and column.is_nullable:
            other = outer[right.name + _OTHER]
            scalar = call("coalesce", scalar, Column(other.name))
            columns.append(_common(column, other))
        else:
            columns.append(column)
        scalars.append(scalar)
    return Projection(joined, tuple(columns), tuple(scalars))
