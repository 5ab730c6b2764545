"""Give what an engine would have to write more than once a column of its own.

`?x + ?y` of unknown types asks for both numbers and both types, and its N-Triples asks
for all of that several times over: written out, the text doubles with every operator.
As a hidden column below, each part is written, and computed, once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Final, TypeAlias

from strabon_store.relational.nodes import (
    Aggregation,
    Closure,
    Join,
    Mark,
    One,
    Plan,
    Projection,
    Remote,
    Rows,
    Scan,
    Selection,
    SemiJoin,
    UnionAll,
)
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.scalars import (
    VOLATILE,
    Call,
    Column,
    Constant,
    Scalar,
)

AGGREGATES: Final = frozenset(
    {
        "avg",
        "collect",
        "collect_distinct",
        "concat_all",
        "concat_distinct",
        "count",
        "count_distinct",
        "count_distinct_rows",
        "count_rows",
        "first_of",
        "last_of",
        "max",
        "sample",
        "sum",
        "sum_by",
    }
)
"""Operations over the rows of a group, not over one row."""

_GUARDS: Final = {
    "within_window": 1,
    "surely_or": 1,
    "within_bounds": 1,
    "far_equal": 2,
    "far_less": 2,
    "far_less_or_equal": 2,
    "distant_equal": 2,
    "distant_less": 2,
    "distant_less_or_equal": 2,
}
"""How many arguments are cheap, and spare most rows the ones that follow."""

_PLAIN: Final = frozenset({"and", "equal"})
"""Short operations that write each argument once."""

_WORTH_A_COLUMN: Final = 80
"""Characters that a scalar must have for a column of its own to be shorter."""

_TOO_LONG_TO_FOLD: Final = 1000
"""Characters that a scalar without columns must have: engines fold what is constant,
and use it, unless it was hidden in a column."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How long an operation is when an engine writes it.

    Attributes:
        length: Characters without its arguments.
        copies: How often it writes each argument.
    """

    length: int
    copies: tuple[int, ...]


Speller: TypeAlias = Callable[[str, int], Spelling]
"""The spelling of an operation with so many arguments."""


def share_scalars(plan: Plan, spelling: Speller) -> Plan:
    """The plan with the same rows, in which no long scalar is written twice."""
    plan = _with_sources(plan, spelling)
    match plan:
        case Join() | SemiJoin() | Mark():
            return _share_condition(plan, spelling)
        case Projection(source, columns, scalars):
            below, rewritten = _share(source, scalars, spelling)
            return Projection(below, columns, rewritten)
        case Selection(source, condition):
            below, conditions = _share(source, (condition,), spelling)
            chosen = Selection(below, conditions[0])
            return chosen if below is source else _only(chosen, source.columns)
        case Aggregation():
            return _share_aggregates(plan, spelling)
        case _:
            return plan


def _with_sources(plan: Plan, spelling: Speller) -> Plan:
    match plan:
        case One() | Rows() | Remote() | Scan():
            return plan
        case Join() | SemiJoin() | Mark() | UnionAll():
            left = share_scalars(plan.left, spelling)
            right = share_scalars(plan.right, spelling)
            return replace(plan, left=left, right=right)
        case Closure(steps, origins):
            begin = None if origins is None else share_scalars(origins, spelling)
            return replace(plan, steps=share_scalars(steps, spelling), origins=begin)
        case _:
            return replace(plan, source=share_scalars(plan.source, spelling))


def _only(plan: Plan, columns: tuple[PlanColumn, ...]) -> Projection:
    return Projection(plan, columns, tuple(Column(each.name) for each in columns))


def _share_condition(plan: Join | SemiJoin | Mark, spelling: Speller) -> Plan:
    """What reads one side alone goes below that side."""
    # What is constant stays for the right: over a column of the left, what reads the
    # right would read both sides, and could go below neither.
    left, conditions = _share(
        plan.left, (plan.condition,), spelling, keeps_constants=True
    )
    taken = frozenset(column.name for column in left.columns)
    right, conditions = _share(plan.right, conditions, spelling, taken=taken)
    if left is plan.left and right is plan.right:
        return plan
    joined = replace(plan, left=left, right=right, condition=conditions[0])
    return _only(joined, plan.columns)


def _share_aggregates(plan: Aggregation, spelling: Speller) -> Plan:
    """Arguments are shared below the aggregation, what is made of its results above."""
    below, aggregates = _share(plan.source, plan.aggregates, spelling)
    parts = _Aggregates()
    results = tuple(parts.taken_out(scalar) for scalar in aggregates)
    keys, found = plan.columns[: len(plan.keys)], plan.columns[len(plan.keys) :]
    hidden = tuple(PlanColumn(name, None, is_nullable=True) for name in parts.names)
    grouped = Aggregation(below, plan.keys, keys + hidden, tuple(parts.scalars))
    same = tuple(Column(key.name) for key in keys)
    above, rewritten = _share(grouped, results, spelling)
    return Projection(above, keys + found, (*same, *rewritten))


class _Aggregates:
    """The aggregates within scalars, each once."""

    def __init__(self) -> None:
        self.scalars: list[Scalar] = []
        self.names: list[str] = []
        self._terms = _Terms()
        self._known: dict[int, str] = {}
        self._done: dict[int, Scalar] = {}

    def taken_out(self, scalar: Scalar) -> Scalar:
        """The scalar with its outermost aggregates replaced by columns."""
        if not isinstance(scalar, Call):
            return scalar
        number = self._terms.number(scalar)
        if number not in self._done:
            self._done[number] = self._taken_out(scalar, number)
        return self._done[number]

    def _taken_out(self, scalar: Call, number: int) -> Scalar:
        if scalar.operation not in AGGREGATES:
            arguments = tuple(self.taken_out(each) for each in scalar.arguments)
            return Call(scalar.operation, arguments)
        if number not in self._known:
            self._known[number] = f".a{len(self.names)}"
            self.names.append(self._known[number])
            self.scalars.append(scalar)
        return Column(self._known[number])


def _share(
    source: Plan,
    scalars: tuple[Scalar, ...],
    spelling: Speller,
    *,
    keeps_constants: bool = False,
    taken: frozenset[str] = frozenset(),
) -> tuple[Plan, tuple[Scalar, ...]]:
    """The source with a hidden column for each shared scalar, and the rest on top.

    Args:
        source: What the scalars read.
        scalars: What is computed of each row.
        spelling: How long they are.
        keeps_constants: Whether the rest reads no columns of constants.
        taken: Names that no hidden column may have.
    """
    if all(map(_is_plain, scalars)):
        return source, scalars
    readable = frozenset(column.name for column in source.columns)
    sharing = _Sharing(scalars, spelling, readable, taken)
    for layer in sharing.layers():
        old = source.columns
        hidden = tuple(PlanColumn(name, None, is_nullable=True) for name, _ in layer)
        same = tuple(Column(column.name) for column in old)
        new = tuple(scalar for _, scalar in layer)
        source = Projection(source, old + hidden, same + new)
    rewrite = sharing.rewritten_but_constants if keeps_constants else sharing.rewritten
    return source, tuple(map(rewrite, scalars))


def _is_plain(scalar: Scalar) -> bool:
    """Whether nothing in a scalar is worth a column, as in the condition of a join."""
    if isinstance(scalar, Call) and scalar.operation in _PLAIN:
        return all(map(_is_plain, scalar.arguments))
    return not isinstance(scalar, Call)


class _Sharing:
    """Which parts of some scalars are written more than once."""

    def __init__(
        self,
        scalars: Sequence[Scalar],
        spelling: Speller,
        readable: frozenset[str],
        taken: frozenset[str],
    ) -> None:
        self._terms = _Terms()
        self._spelling = spelling
        self._readable = readable
        self._uses: dict[int, int] = {}
        self._order: list[int] = []
        self._unguarded: set[int] = set()
        roots = [self._terms.number(scalar) for scalar in scalars]
        self._count_uses(roots)
        self._lengths: dict[int, int] = {}
        self._columns: dict[int, str] = {}
        # The right side of a join must not repeat a name of the left side's.
        used = readable.union(taken, *map(self._terms.reads, roots))
        free = (name for i in count() if (name := f".s{i}") not in used)
        for number in self._order:
            self._lengths[number] = self._length(number)
            if self._is_shared(number):
                self._columns[number] = next(free)
        self._done: dict[int, Scalar] = {}
        self._kept: dict[int, Scalar] = {}

    def layers(self) -> list[list[tuple[str, Scalar]]]:
        """Hidden columns by depth: a layer reads only those before it."""
        depths: dict[int, int] = {}
        layers: list[list[tuple[str, Scalar]]] = []
        for number in self._order:
            children = self._terms.arguments(number)
            depth = max((depths[child] for child in children), default=0)
            if number in self._columns:
                if depth == len(layers):
                    layers.append([])
                scalar = self._written(number)
                layers[depth].append((self._columns[number], scalar))
                depth += 1
            depths[number] = depth
        return layers

    def rewritten(self, scalar: Scalar) -> Scalar:
        """The scalar over the hidden columns."""
        return self._read(self._terms.number(scalar))

    def rewritten_but_constants(self, scalar: Scalar) -> Scalar:
        """The scalar over those hidden columns that depend on the row."""
        return self._keep(self._terms.number(scalar))

    def _keep(self, number: int) -> Scalar:
        if number not in self._kept:
            self._kept[number] = self._made_to_keep(number)
        return self._kept[number]

    def _made_to_keep(self, number: int) -> Scalar:
        scalar = self._terms.scalar(number)
        if not isinstance(scalar, Call):
            return scalar
        name = self._columns.get(number)
        if name and (self._terms.reads(number) or scalar.operation in VOLATILE):
            return Column(name)
        arguments = tuple(map(self._keep, self._terms.arguments(number)))
        return Call(scalar.operation, arguments)

    def _count_uses(self, roots: Sequence[int]) -> None:
        """Uses of each part, as often as it is written; its own parts come first."""
        seen: set[int] = set()
        for root in roots:
            self._uses[root] = self._uses.get(root, 0) + 1
            self._visit(root, seen)
            self._find_unguarded(root)

    def _find_unguarded(self, number: int) -> None:
        if number in self._unguarded:
            return
        self._unguarded.add(number)
        scalar, parts = self._terms.scalar(number), self._terms.arguments(number)
        operation = scalar.operation if isinstance(scalar, Call) else ""
        for part in parts[: _GUARDS.get(operation)]:
            self._find_unguarded(part)

    def _visit(self, number: int, seen: set[int]) -> None:
        if number in seen:
            return
        seen.add(number)
        children = self._terms.arguments(number)
        copies = self._copies(number)
        for child, times in zip(children, copies, strict=True):
            self._uses[child] = self._uses.get(child, 0) + times
            self._visit(child, seen)
        self._order.append(number)

    def _copies(self, number: int) -> tuple[int, ...]:
        scalar = self._terms.scalar(number)
        if not isinstance(scalar, Call):
            return ()
        return self._spelling(scalar.operation, len(scalar.arguments)).copies

    def _length(self, number: int) -> int:
        scalar = self._terms.scalar(number)
        match scalar:
            case Call(operation, arguments):
                spelling = self._spelling(operation, len(arguments))
                children = self._terms.arguments(number)
                pairs = zip(children, spelling.copies, strict=True)
                lengths = (
                    self._lengths[c] * n for c, n in pairs if c not in self._columns
                )
                return spelling.length + sum(lengths)
            case Column(name):
                return len(name)
            case Constant(value):
                return len(repr(value))

    def _is_shared(self, number: int) -> bool:
        scalar = self._terms.scalar(number)
        if not isinstance(scalar, Call) or self._terms.is_aggregated(number):
            return False
        if scalar.operation in VOLATILE:
            return self._uses[number] > 1
        if number not in self._unguarded or not self._is_readable(number):
            return False
        is_constant = not self._terms.reads(number)
        enough = _TOO_LONG_TO_FOLD if is_constant else _WORTH_A_COLUMN
        return self._uses[number] > 1 and self._lengths[number] >= enough

    def _is_readable(self, number: int) -> bool:
        return self._terms.reads(number) <= self._readable

    def _read(self, number: int) -> Scalar:
        name = self._columns.get(number)
        return self._written(number) if name is None else Column(name)

    def _written(self, number: int) -> Scalar:
        if number not in self._done:
            scalar = self._terms.scalar(number)
            if isinstance(scalar, Call):
                children = self._terms.arguments(number)
                arguments = tuple(self._read(child) for child in children)
                scalar = Call(scalar.operation, arguments)
            self._done[number] = scalar
        return self._done[number]


class _Terms:
    """Scalars by number: equal ones have the same, and each is looked at once."""

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}
        self._by_identity: dict[int, int] = {}
        self._scalars: list[Scalar] = []
        self._arguments: list[tuple[int, ...]] = []
        self._aggregated: list[bool] = []
        self._reads: list[frozenset[str]] = []

    def number(self, scalar: Scalar) -> int:
        """The number of a scalar."""
        # By identity: scalars share their parts, and to compare or to hash them would
        # walk every path. They outlive this object, so no id is used twice. Without
        # recursion: a sum of a hundred terms is some hundreds of levels deep.
        known = self._by_identity
        waiting = [scalar]
        while waiting:
            current = waiting[-1]
            operands = current.arguments if isinstance(current, Call) else ()
            unknown = [each for each in operands if id(each) not in known]
            if unknown:
                waiting += unknown
            else:
                known[id(waiting.pop())] = self._numbered(current)
        return known[id(scalar)]

    def _numbered(self, scalar: Scalar) -> int:
        arguments: tuple[int, ...] = ()
        is_aggregated, reads = False, frozenset[str]()
        match scalar:
            case Call(operation, operands):
                arguments = tuple(self._by_identity[id(each)] for each in operands)
                inner = any(self._aggregated[each] for each in arguments)
                is_aggregated = inner or operation in AGGREGATES
                reads = reads.union(*(self._reads[each] for each in arguments))
                key: object = (operation, arguments)
            case Column(name):
                key, reads = name, frozenset((name,))
            case Constant(value):
                # True == 1 == 1.0 in Python, and none of them is the other in SQL.
                key = (type(value), repr(value))
        if key not in self._numbers:
            self._numbers[key] = len(self._scalars)
            self._scalars.append(scalar)
            self._arguments.append(arguments)
            self._aggregated.append(is_aggregated)
            self._reads.append(reads)
        return self._numbers[key]

    def scalar(self, number: int) -> Scalar:
        """The scalar of a number."""
        return self._scalars[number]

    def arguments(self, number: int) -> tuple[int, ...]:
        """The numbers of its arguments."""
        return self._arguments[number]

    def is_aggregated(self, number: int) -> bool:
        """Whether an aggregate stands in it."""
        return self._aggregated[number]

    def reads(self, number: int) -> frozenset[str]:
        """The columns that it reads."""
        return self._reads[number]
