"""About how many rows a plan has, from the statistics of predicates.

Estimates decide in what order and by what way rows are found, never which. They assume
that values are spread evenly and that conditions do not depend on each other; what
nothing is known of is guessed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Final, TypeAlias, assert_never

from strabon_store.relational.context import TermCatalog
from strabon_store.relational.layout import GEOMETRIES
from strabon_store.relational.nodes import (
    Aggregation,
    Closure,
    Deduplicate,
    Join,
    Limit,
    Lookup,
    Mark,
    Nearest,
    One,
    Plan,
    Projection,
    Remote,
    Rows,
    Scan,
    Selection,
    SemiJoin,
    Shared,
    Sort,
    UnionAll,
    Unnest,
)
from strabon_store.relational.scalars import Call, Column, Constant, Scalar
from strabon_store.relational.stars import SUBJECT, predicate_of
from strabon_store.relational.windows import window_of

_OfOne: TypeAlias = (
    SemiJoin
    | Mark
    | Projection
    | Lookup
    | Unnest
    | Shared
    | Nearest
    | Aggregation
    | Deduplicate
    | Sort
    | Limit
)
"""Nodes whose rows are made of those of one other."""

_UNKNOWN: Final = 1e6
"""Statements of a pattern without a known predicate."""
_SHARE: Final[Mapping[str, float]] = {"subject": 1e5, "predicate": 20, "object": 1e4}
"""How many different terms those statements have in each position."""
_PASSING: Final = 0.3
"""The share of rows that pass a condition of unknown outcome."""
_REMOTE_ROWS: Final = 1000.0
"""What an endpoint is taken to answer with."""

_NEARBY: Final = 2
"""Rows that may be among the first by a distance, for each that is."""

_REACHED: Final = 10
"""Rows of a search for each of its steps."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """About how many rows there are.

    Attributes:
        rows: How many rows.
        distinct: How many different values a column has, by its name; where one is
            missing all of them differ.
    """

    rows: float
    distinct: Mapping[str, float]

    def values(self, column: str) -> float:
        """How many different values a column has, 1 at least."""
        return max(min(self.distinct.get(column, self.rows), self.rows), 1.0)

    def domain(self, column: str) -> float:
        """How many values it had before rows were left out, 1 at least."""
        return max(self.distinct.get(column, self.rows), 1.0)

    def share(self, factor: float) -> "Estimate":
        """A part of the rows."""
        return replace(self, rows=self.rows * factor)


def estimate(plan: Plan, catalog: TermCatalog) -> Estimate:
    """The estimate of a plan.

    Examples:
        >>> estimate(Limit(One(), 0, 7), None).rows
        1.0
    """

    def below(source: Plan) -> Estimate:
        return estimate(source, catalog)

    match plan:
        case One():
            return Estimate(1.0, {})
        case Rows(_, rows):
            return Estimate(float(len(rows)), {})
        case Remote():
            return Estimate(_REMOTE_ROWS, {})
        case Scan():
            return _scan(plan, catalog)
        case Join(left, right, condition, is_outer):
            one = below(left)
            found = joined(one, below(right), tuple(_equated(condition)))
            return replace(found, rows=max(found.rows, one.rows * is_outer))
        case UnionAll(left, right):
            return _united(below(left), below(right))
        case Closure(steps):
            return Estimate(below(steps).rows * _REACHED, {})
        case Selection(source, condition):
            found = below(source)
            return found.share(_passing(condition, found, catalog))
        case _:
            return _unary(plan, below)


def _unary(plan: _OfOne, below: Callable[[Plan], Estimate]) -> Estimate:
    match plan:
        case SemiJoin(source):
            return below(source).share(_PASSING)
        case Projection():
            return _renamed(below(plan.source), plan)
        case Aggregation(source, keys):
            found = below(source)
            groups = prod(map(found.values, keys))
            return replace(found, rows=min(found.rows, groups) if keys else 1.0)
        case Limit(source, _, limit):
            found = below(source)
            return (
                found if limit is None else replace(found, rows=min(found.rows, limit))
            )
        case Nearest(source, _, _, rows):
            found = below(source)
            return replace(found, rows=min(found.rows, float(_NEARBY * rows)))
        case Lookup(source) | Deduplicate(source) | Sort(source) | Shared(source):
            return below(source)
        case Unnest(source):
            return below(source)
        case Mark(left):
            return below(left)
        case _:
            assert_never(plan)


def _passing(condition: Scalar, rows: Estimate, catalog: TermCatalog) -> float:
    """The share of rows for which a condition is true; of a window it is counted."""
    match condition:
        case Call("is_id"):
            return 1.0
        case Call("within_window", (window, _)):
            found = window_of(window)
            count = None if found is None else catalog.count_geometries(found.box)
            if found is None or count is None:
                return _PASSING
            return min(count / rows.domain(found.variable), 1.0)
        case _:
            return _PASSING


def joined(
    left: Estimate, right: Estimate, pairs: tuple[tuple[str, str], ...]
) -> Estimate:
    """The estimate of an inner join.

    Args:
        left: Of the left side.
        right: Of the right side.
        pairs: The columns that must be equal, the left side's first.
    """
    rows = left.rows * right.rows
    distinct = {**right.distinct, **left.distinct}
    for one, other in pairs:
        rows /= max(left.domain(one), right.domain(other))
        distinct[one] = distinct[other] = min(left.values(one), right.values(other))
    return Estimate(rows, distinct)


def _equated(condition: Scalar) -> Iterator[tuple[str, str]]:
    match condition:
        case Call("equal", (Column(left), Column(right))):
            yield left, right
        case Call("and", arguments):
            for each in arguments:
                yield from _equated(each)
        case _:
            return


def _renamed(found: Estimate, plan: Projection) -> Estimate:
    pairs = zip(plan.columns, plan.scalars, strict=True)
    distinct = {
        column.name: found.domain(scalar.name)
        for column, scalar in pairs
        if isinstance(scalar, Column)
    }
    return Estimate(found.rows, distinct)


def _united(left: Estimate, right: Estimate) -> Estimate:
    names = {*left.distinct, *right.distinct}
    distinct = {name: left.values(name) + right.values(name) for name in names}
    return Estimate(left.rows + right.rows, distinct)


def _scan(plan: Scan, catalog: TermCatalog) -> Estimate:
    constants = dict(_constants(plan.conditions))
    if plan.table == GEOMETRIES.name:
        return _geometries(plan, catalog)
    predicate = constants.get("predicate")
    table = _star(plan, catalog) or _statements(constants, catalog)
    found = table
    for name, known in constants.items():
        key = predicate if name == "object" else predicate_of(name)
        share = None if key is None else _share(key, known, catalog)
        found = found.share(1 / table.values(name) if share is None else share)
    pairs = zip(plan.columns, plan.sources, strict=True)
    distinct = {column.name: table.domain(source) for column, source in pairs}
    return Estimate(found.rows, distinct)


def _geometries(plan: Scan, catalog: TermCatalog) -> Estimate:
    """The geometries in a window, if that is what is asked of them."""
    for condition in plan.conditions:
        match condition:
            case Call("within_window", (window, _)):
                found = window_of(window)
                count = None if found is None else catalog.count_geometries(found.box)
                return Estimate(_UNKNOWN if count is None else float(count), {})
            case _:
                pass
    return Estimate(_UNKNOWN, {})


def _share(predicate: int, value: int, catalog: TermCatalog) -> float | None:
    """Which part of the statements of a predicate have an object, if it is counted."""
    known = catalog.predicate(predicate)
    count = catalog.count_statements(predicate, value)
    return None if known is None or count is None else count / known.statements


def _constants(conditions: tuple[Scalar, ...]) -> Iterator[tuple[str, int]]:
    for condition in conditions:
        match condition:
            case Call("equal" | "equal_often", (Column(name), Constant(int(known)))):
                yield name, known
            case _:
                pass


def _star(plan: Scan, catalog: TermCatalog) -> Estimate | None:
    """The rows of a star table, None for other tables."""
    if not plan.table.startswith("star_"):
        return None
    table = next(t for t in catalog.stars().tables if t.name == plan.table)
    distinct = {SUBJECT: float(table.subjects)}
    for predicate, column in table.columns.items():
        known = catalog.predicate(predicate)
        if known is not None:
            distinct[column.name] = float(known.objects)
    return Estimate(float(table.subjects), distinct)


def _statements(constants: dict[str, int], catalog: TermCatalog) -> Estimate:
    """The statements of a predicate, of whose constants only others are left."""
    predicate = constants.pop("predicate", None)
    constants.pop("graph", None)
    if predicate is None:
        return Estimate(_UNKNOWN, _SHARE)
    known = catalog.predicate(predicate)
    if known is None:
        return Estimate(0.0, {})
    distinct = {"subject": float(known.subjects), "object": float(known.objects)}
    return Estimate(float(known.statements), distinct)
