"""The relational plan: what is asked of tables, a closed union that names no engine.

Every node knows its columns (name, encoding, nullability) when it is made, and the
columns by which its rows are ordered: order is data, so that it survives any engine.
"""

from dataclasses import dataclass
from typing import TypeAlias

from strabon_store.algebra.nodes import Service
from strabon_store.errors import InternalError
from strabon_store.relational.encoding import INLINE, TermId
from strabon_store.relational.layout import TERMS
from strabon_store.relational.plan_columns import PlanColumn, SortKey
from strabon_store.relational.scalars import ConstantValue, Scalar


@dataclass(frozen=True, slots=True)
class One:
    """One row without columns: the empty basic graph pattern."""

    @property
    def columns(self) -> tuple[PlanColumn, ...]:
        """No columns."""
        return ()

    @property
    def order(self) -> tuple[SortKey, ...]:
        """No order."""
        return ()


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that stand in the query itself (VALUES); no rows: nothing matches."""

    columns: tuple[PlanColumn, ...]
    rows: tuple[tuple[ConstantValue, ...], ...]

    @property
    def order(self) -> tuple[SortKey, ...]:
        """No order."""
        return ()


@dataclass(frozen=True, slots=True)
class Remote:
    """Solutions that another endpoint is asked for before the plan runs (SERVICE).

    Attributes:
        service: The endpoint, and what it is asked.
        columns: Its variables, as N-Triples; each may be unbound.
        number: Tells it from other remote parts.
        known: Variables whose values are among those of a plan of one column.
    """

    service: Service
    columns: tuple[PlanColumn, ...]
    number: int
    known: tuple[tuple[str, "Plan"], ...] = ()

    @property
    def table(self) -> str:
        """The name of the table in which the solutions are put."""
        return f"remote{self.number}"

    @property
    def order(self) -> tuple[SortKey, ...]:
        """No order."""
        return ()


@dataclass(frozen=True, slots=True)
class Scan:
    """A table, read once.

    Attributes:
        table: Its name in `relational.layout`.
        columns: What comes out, in the order of `sources`.
        sources: The table's columns behind them.
        conditions: Scalars over the *table's* columns.
        offered: What the table has of the dictionary, not read unless somebody asks:
            the name `{variable}.{part}`, and the table's column behind it.
    """

    table: str
    columns: tuple[PlanColumn, ...]
    sources: tuple[str, ...]
    conditions: tuple[Scalar, ...] = ()
    offered: tuple[tuple[str, str], ...] = ()

    @property
    def order(self) -> tuple[SortKey, ...]:
        """No order."""
        return ()


@dataclass(frozen=True, slots=True)
class Join:
    """Pairs of rows that satisfy a condition.

    Attributes:
        left: Rows of the left side; all of them are kept when `is_outer`.
        right: Rows of the right side; no column may have a name of the left side's.
        condition: A scalar over the columns of both.
        is_outer: Whether left rows without a partner stay, NULLs at their right.
    """

    left: "Plan"
    right: "Plan"
    condition: Scalar
    is_outer: bool = False

    def __post_init__(self) -> None:
        shared = {c.name for c in self.left.columns} & {
            c.name for c in self.right.columns
        }
        if shared:
            raise InternalError(f"both sides of a join have {sorted(shared)}")

    @property
    def columns(self) -> tuple[PlanColumn, ...]:
        """The left columns, then the right ones."""
        if not self.is_outer:
            return self.left.columns + self.right.columns
        nullable = tuple(
            PlanColumn(c.name, c.encoding, is_nullable=True) for c in self.right.columns
        )
        return self.left.columns + nullable

    @property
    def order(self) -> tuple[SortKey, ...]:
        """No order: a join keeps none."""
        return ()


@dataclass(frozen=True, slots=True)
class SemiJoin:
    """Left rows that have a partner on the right, or, if `is_anti`, that have none."""

    left: "Plan"
    right: "Plan"
    condition: Scalar
    is_anti: bool

    @property
    def columns(self) -> tuple[PlanColumn, ...]:
        """The left columns."""
        return self.left.columns

    @property
    def order(self) -> tuple[SortKey, ...]:
        """As the left side."""
        return self.left.order


@dataclass(frozen=True, slots=True)
class Mark:
    """Left rows, each with whether it has a partner on the right.

    Attributes:
        left: The rows that come out.
        right: Where partners are looked for.
        condition: A scalar over the columns of both.
        mark: The column that tells: true or false, never NULL.
    """

    left: "Plan"
    right: "Plan"
    condition: Scalar
    mark: PlanColumn

    @property
    def columns(self) -> tuple[PlanColumn, ...]:
        """The left columns, then the mark."""
        return (*self.left.columns, self.mark)

    @property
    def order(self) -> tuple[SortKey, ...]:
        """As the left side."""
        return self.left.order


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows for which the condition is true."""

    source: "Plan"
    condition: Scalar

    @property
    def columns(self) -> tuple[PlanColumn, ...]:
        """As the source."""
        return self.source.columns

    @property
    def order(self) -> tuple[SortKey, ...]:
        """As the source."""
        return self.source.order


@dataclass(frozen=True, slots=True)
class Projection:
    """New columns from old ones, row by row."""

    source: "Plan"
    columns: tuple[PlanColumn, ...]
    scalars: tuple[Scalar, ...]

    @property
    def order(self) -> tuple[SortKey, ...]:
        """As the source, where its sort keys are kept."""
        order = self.source.order
        names = {column.name for column in self.columns} if order else set()
        return order if all(key.column in names for key in order) else ()


@dataclass(frozen=True, slots=True)
class Lookup:
    """The source with columns of a keyed table beside it, NULL where there is no key.

    Attributes:
        source: What has the key.
        variable: The column of term ids.
        table: `terms` or `geometries`.
        parts: Columns of the table; they come out as `{variable}.{part}`.
        is_last: Whether to look up row by row when the source is done, so that the
            engine mixes no table of keys into the source's joins.
    """

    source: "Plan"
    variable: str
    table: str
    parts: tuple[str, ...]
    is_last: bool = False

    @property
    def is_total(self) -> bool:
        """Whether every key is surely there: terms of dictionary kinds are."""
        column = next(c for c in self.source.columns if c.name == self.variable)
        match column:
            case PlanColumn(_, TermId() as known, is_nullable=False):
                is_kept = bool(known.tags) and not known.can_be(*INLINE)
                return is_kept and self.table == TERMS.name
            case _:
                return False

    @property
    def columns(self) -> tuple[PlanColumn, ...]:
        """The source's, then the parts."""
        return self.source.columns + tuple(
            PlanColumn(f"{self.variable}.{part}", None, is_nullable=True)
            for part in self.parts
        )

    @property
    def order(self) -> tuple[SortKey, ...]:
        """As the source."""
        return self.source.order


@dataclass(frozen=True, slots=True)
class Unnest:
    """The rows of the source, once for each element of a list.

    Attributes:
        source: What has the lists; NULL is an empty one.
        lists: Gives the list of a row.
        element: The column of the elements.
    """

    source: "Plan"
    lists: Scalar
    element: PlanColumn

    @property
    def columns(self) -> tuple[PlanColumn, ...]:
        """As the source, and the element."""
        return (*self.source.columns, self.element)

    @property
    def order(self) -> tuple[SortKey, ...]:
        """No order."""
        return ()


@dataclass(frozen=True, slots=True)
class UnionAll:
    """The rows of both sides, which have the same columns."""

    left: "Plan"
    right: "Plan"

    @property
    def columns(self) -> tuple[PlanColumn, ...]:
        """The common columns, nullable where one side's is."""
        return tuple(
            a.united_with(b)
            for a, b in zip(self.left.columns, self.right.columns, strict=True)
        )

    @property
    def order(self) -> tuple[SortKey, ...]:
        """No order."""
        return ()


@dataclass(frozen=True, slots=True)
class Closure:
    """Pairs of ids that one or more steps connect, each once (SPARQL 1.1 section 18.4).

    Attributes:
        steps: What is one step apart; its last two columns are where a step begins and
            where it ends, those before them (a graph) stay the same on the way.
        origins: Where ways begin, each once: the columns of `steps` but the last. None:
            wherever a step begins.
        is_short: Whether there are so few steps that all of them are read at once.
    """

    steps: "Plan"
    origins: "Plan | None" = None
    is_short: bool = False

    @property
    def columns(self) -> tuple[PlanColumn, ...]:
        """As the steps; what begins there came from the origins."""
        if self.origins is None:
            return self.steps.columns
        return (*self.origins.columns, self.steps.columns[-1])

    @property
    def order(self) -> tuple[SortKey, ...]:
        """No order."""
        return ()


@dataclass(frozen=True, slots=True)
class Shared:
    """Rows that are read in several places of a plan, and made once.

    Attributes:
        source: What makes them; the same wherever the number is.
        number: Tells them from other shared rows.
    """

    source: "Plan"
    number: int

    @property
    def columns(self) -> tuple[PlanColumn, ...]:
        """As the source."""
        return self.source.columns

    @property
    def order(self) -> tuple[SortKey, ...]:
        """No order: they are no sequence."""
        return ()


@dataclass(frozen=True, slots=True)
class Nearest:
    """Those rows that may be among the first by a distance that has bounds.

    Attributes:
        source: The rows, shared: they are read twice.
        least: A column that is at most the distance, NULL where there is none.
        most: A column that is at least the distance, likewise.
        rows: How many rows come first.
        distinct: Columns of which rows that agree count as one; None: each counts.
    """

    source: "Plan"
    least: str
    most: str
    rows: int
    distinct: tuple[str, ...] | None = None

    @property
    def columns(self) -> tuple[PlanColumn, ...]:
        """As the source."""
        return self.source.columns

    @property
    def order(self) -> tuple[SortKey, ...]:
        """No order yet."""
        return ()


@dataclass(frozen=True, slots=True)
class Aggregation:
    """One row per combination of the keys.

    Attributes:
        source: The rows to group.
        keys: Columns of the source; none: one row in any case.
        columns: The keys, then the aggregates.
        aggregates: Scalars of aggregate operations over the source's columns.
    """

    source: "Plan"
    keys: tuple[str, ...]
    columns: tuple[PlanColumn, ...]
    aggregates: tuple[Scalar, ...]

    @property
    def order(self) -> tuple[SortKey, ...]:
        """No order."""
        return ()


@dataclass(frozen=True, slots=True)
class Deduplicate:
    """Rows that differ in a variable; of equal ones some sort key is kept."""

    source: "Plan"

    @property
    def columns(self) -> tuple[PlanColumn, ...]:
        """As the source."""
        return self.source.columns

    @property
    def order(self) -> tuple[SortKey, ...]:
        """As the source."""
        return self.source.order


@dataclass(frozen=True, slots=True)
class Sort:
    """The source, whose rows are from here on ordered by columns of it."""

    source: "Plan"
    order: tuple[SortKey, ...]

    @property
    def columns(self) -> tuple[PlanColumn, ...]:
        """As the source."""
        return self.source.columns


@dataclass(frozen=True, slots=True)
class Limit:
    """Some rows left out at the start, and no more than `limit` kept."""

    source: "Plan"
    offset: int
    limit: int | None

    @property
    def columns(self) -> tuple[PlanColumn, ...]:
        """As the source."""
        return self.source.columns

    @property
    def order(self) -> tuple[SortKey, ...]:
        """As the source."""
        return self.source.order


Plan: TypeAlias = (
    One
    | Rows
    | Remote
    | Scan
    | Join
    | SemiJoin
    | Mark
    | Selection
    | Projection
    | Lookup
    | Unnest
    | UnionAll
    | Closure
    | Shared
    | Nearest
    | Aggregation
    | Deduplicate
    | Sort
    | Limit
)
