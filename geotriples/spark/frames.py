"""Plans -> tables of Spark: the same trees as for DuckDB, said by Spark where it can.

SELECTs that go row by row over one relation make a chain, from that relation up.  Where
Spark cannot say a part of it as DuckDB does, the chain up to there is run by DuckDB, in
the tasks, over the rows that each of them has; Spark's SQL goes on from there.  Joins,
unions and what is above them are Spark's.  A query of another shape is run by DuckDB in
one task, whole.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Self

import pyarrow as pa
from sqlglot import exp

from engines.spark.tables import table, tally, transformed
from geotriples.mapping.model import SourceKey
from geotriples.rows import Rows
from geotriples.sources.catalog import SourceCatalog
from geotriples.sources.splits import Whole, splits
from geotriples.spark.sedona import check_sedona, read_by_sedona
from geotriples.spark.spelling import (
    Types,
    function_definitions,
    is_native,
    is_native_select,
    spelled_select,
)
from geotriples.spark.tasks import (
    COUNTS,
    Computing,
    CountRows,
    LocalEngine,
    Part,
    ReadAllAndCompute,
    ReadAndCompute,
    Reading,
)

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import DataFrame, SparkSession

    from engines.spark.tables import Counts

WHOLE: Final = -1
"""The number of the part that is all of a source."""

_SMALL: Final = 20_000
"""Rows that are not worth a shuffle."""
_NOT_ROW_BY_ROW: Final = (
    *("joins", "group", "having", "qualify", "distinct", "order", "limit", "offset"),
)


_OVER_ROWS: Final = (exp.AggFunc, exp.Window, exp.Subquery, exp.Exists)
_BARE_COUNT: Final = exp.Window(this=exp.RowNumber())


@dataclass(frozen=True, slots=True)
class _Base:
    """What a chain stands on.

    Attributes:
        tree: Its rows, in DuckDB's words.
        reading: The reading that it is, or None where it is a query.
    """

    tree: exp.Query | exp.Table
    reading: Reading | None

    @property
    def name(self) -> str:
        """What a task calls the rows that it has."""
        return "base" if self.reading is None else self.reading.name


@dataclass(slots=True)
class SparkFrames:
    """The tables of one run.

    Attributes:
        session: The session.
        catalog: The sources, opened.
        wanted: In how many parts a source is read, about.
        definitions: The CRSs that have no code: IRI and definition.
    """

    session: "SparkSession"
    catalog: SourceCatalog
    wanted: int
    definitions: tuple[tuple[str, str], ...] = ()
    local: LocalEngine = field(default_factory=LocalEngine)
    readings: dict[str, Reading] = field(default_factory=dict)
    views: list[str] = field(default_factory=list)
    sources: dict[SourceKey, int] = field(default_factory=dict)
    tally: "Accumulator[Counts] | None" = None
    name: str = field(default_factory=lambda: f"pytheas_{uuid.uuid4().hex}")

    def __enter__(self) -> Self:
        check_sedona(self.session)
        self.tally = tally(self.session)
        for statement in function_definitions():
            self.session.sql(statement)
        return self

    def __exit__(self, *_: object) -> None:
        for view in self.views:
            self.session.catalog.dropTempView(view)
        self.local.__exit__()

    def relation(self, rows: Rows) -> str:
        """Name a reading of a source, for the trees that `frame` takes."""
        name = f"reading_{len(self.readings)}"
        catalog = replace(self.catalog, _opened={})
        number = self.sources.setdefault(rows.source, len(self.sources))
        self.readings[name] = Reading(
            name,
            catalog,
            rows.source,
            rows.references,
            number=number,
            tally=self.tally,
        )
        return name

    @property
    def row_count(self) -> int:
        """Rows read by the jobs that have run, each source counted once."""
        told = {} if self.tally is None else self.tally.value
        wholes = {
            number: rows for (number, part), rows in told.items() if part == WHOLE
        }
        parts = (n for (number, _), n in told.items() if number not in wholes)
        return sum(wholes.values()) + sum(parts)

    def frame(self, query: exp.Expr) -> "DataFrame":
        """The table that a query over readings gives."""
        tree = query.copy()
        self.number_rows(tree)
        for node in tree.find_all(exp.Table):
            reading = self.readings[node.name]
            empty = reading.schema().empty_table()
            self.local.connection.register(reading.name, empty)
        return self.session.sql(self.query(tree).sql("spark"))

    def number_rows(self, tree: exp.Expr) -> None:
        """Let readings count: a row's number must not depend on who reads it when."""
        for window in list(tree.find_all(exp.Window)):
            select = window.find_ancestor(exp.Select)
            source = None if select is None else select.args["from_"].this
            if isinstance(source, exp.Table) and window == _BARE_COUNT:
                reading = self.readings[source.name]
                row_column = f"{reading.name}_row"
                self.readings[source.name] = replace(reading, row_column=row_column)
                window.replace(exp.column(row_column))

    # -- queries, in DuckDB's words and then in Spark's --------------------------------

    def query(self, query: exp.Expr) -> exp.Query:
        """A query in the words of Spark, over views of this session."""
        if isinstance(query, exp.Union):
            members = self.query(query.this), self.query(query.expression)
            distinct = bool(query.args.get("distinct"))
            return exp.union(*members, distinct=distinct, copy=False)
        if not isinstance(query, exp.Select) or not _is_understood(query):
            return self.alone(query)
        if "from_" not in query.args:
            # Constants, which depend on no row.
            return query
        chain, bottom = _chain(query)
        base = self.base(bottom)
        foreign = [
            number
            for number, select in enumerate(chain)
            if not self.is_native(select, chain[:number], base)
        ]
        first_native = foreign[-1] + 1 if foreign else 0
        if foreign:
            rows: exp.Query | exp.Table = self.computed(base, chain[:first_native])
        else:
            rows = self.rows(base)
        natives = map(spelled_select, chain[first_native:])
        return _as_query(_nested(rows, natives))

    def base(self, bottom: exp.Query | exp.Table) -> _Base:
        """What a chain stands on, by its tree."""
        if isinstance(bottom, exp.Table):
            return _Base(bottom, self.readings[bottom.name])
        return _Base(bottom, None)

    def rows(self, base: _Base) -> exp.Query | exp.Table:
        """The rows of a base, in Spark's words."""
        if base.reading is not None:
            return self.view(self.read(base.reading, None, base.reading.schema()))
        if isinstance(base.tree, exp.Select):
            return self.joined(base.tree)
        return self.query(_as_query(base.tree))

    def joined(self, select: exp.Select) -> exp.Query:
        """Rows of two sides: what Spark cannot say of a condition is a column first."""
        (join,) = select.args["joins"]
        sides = [select.args["from_"].this, join.this]
        conditions = []
        for number, condition in enumerate(_conjuncts(join.args["on"])):
            operands = [condition.this, condition.expression]
            for side, operand in enumerate(operands):
                if not is_native(operand, {}):
                    name = f"on{side}_{number}"
                    column = exp.alias_(operand.copy(), name)
                    wider = exp.select("*", column).from_(sides[side])
                    sides[side] = _subquery(wider, f"side{side}")
                    operands[side] = exp.column(name)
            conditions.append(exp.EQ(this=operands[0], expression=operands[1]))
        left, right = (
            exp.Subquery(this=self.query(one.this), alias=one.args["alias"])
            for one in sides
        )
        joined = exp.select(*select.expressions).from_(left)
        return joined.join(
            right, on=exp.and_(*conditions), join_type=join.side or "inner"
        )

    def is_native(
        self, select: exp.Select, below: Sequence[exp.Select], base: _Base
    ) -> bool:
        """Whether Spark can say a SELECT over those below it."""

        def types() -> Types:
            source = _as_query(_nested(base.tree, below))
            schema = self.local.described(source.sql("duckdb"))
            return {one.name: one.type for one in schema}

        return is_native_select(select, types)

    # -- tables that tasks make --------------------------------------------------------

    def computed(self, base: _Base, chain: Sequence[exp.Select]) -> exp.Table:
        """A view of what DuckDB makes of the rows of a base, in tasks."""
        schema = self.local.described(_nested(base.tree, chain).sql("duckdb"))
        sql = _nested(exp.table_(base.name), chain).sql("duckdb")
        computing = Computing(sql, base.name, self.definitions)
        if base.reading is not None:
            return self.view(self.read(base.reading, computing, schema))
        rows = self.session.sql(_as_query(self.rows(base)).sql("spark"))
        return self.view(transformed(rows, schema, computing))

    def read(
        self, reading: Reading, computing: Computing | None, schema: pa.Schema
    ) -> "DataFrame":
        """The rows of a source, and what DuckDB makes of them."""
        native = self.by_sedona(reading)
        if native is not None:
            return (
                native if computing is None else transformed(native, schema, computing)
            )
        parts = self.parts(reading)
        if len(parts) > 1 or self.wanted == 1 or self.is_small(reading):
            whole = ReadAndCompute(reading, computing)
            return table(self.session, schema, parts, whole)
        # Only one task can read it; then all can work on it.
        rows = table(
            self.session, reading.schema(), parts, ReadAndCompute(reading, None)
        ).repartition(self.wanted)
        return rows if computing is None else transformed(rows, schema, computing)

    def by_sedona(self, reading: Reading) -> "DataFrame | None":
        """The rows of a source by Sedona, where these are ours and not counted."""
        source = self.catalog.opened(reading.source)
        if reading.row_column is not None or self.catalog.has_made(source.path):
            return None
        rows = read_by_sedona(
            self.session, source, reading.references, reading.schema()
        )
        if rows is None:
            return None
        if self.tally is not None and source.row_count is not None:
            self.tally.add({(reading.number, WHOLE): source.row_count})
        is_split = self.wanted == 1 or self.is_small(reading)
        return rows.coalesce(1) if is_split else rows.repartition(self.wanted)

    def alone(self, query: exp.Expr) -> exp.Query:
        """A query that is not row by row: DuckDB runs it, in one task."""
        names = {one.name for one in query.find_all(exp.Table)}
        readings = tuple((self.readings[one], Part(Whole())) for one in sorted(names))
        sql = query.sql("duckdb")
        computing = ReadAllAndCompute(readings, Computing(sql, "", self.definitions))
        frame = table(self.session, self.local.described(sql), (None,), computing)
        return exp.select("*").from_(self.view(frame))

    def parts(self, reading: Reading) -> tuple[Part, ...]:
        """The parts of a source; each knows the rows before it, where that is asked."""
        found = splits(self.catalog.opened(reading.source), self.wanted)
        parts = tuple(Part(one, number) for number, one in enumerate(found))
        if reading.row_column is None or len(parts) == 1:
            return parts
        counting = CountRows(reading, parts)
        numbers = table(self.session, COUNTS, range(len(parts)), counting)
        counts = {row["part"]: row["rows"] for row in numbers.collect()}
        firsts = [sum(counts[i] for i in range(number)) for number in range(len(parts))]
        return tuple(map(Part, found, range(len(parts)), firsts))

    def is_small(self, reading: Reading) -> bool:
        """Whether a source is known to have so few rows that one task is enough."""
        count = self.catalog.opened(reading.source).row_count
        return count is not None and count <= _SMALL

    def view(self, frame: "DataFrame") -> exp.Table:
        """A name for a table, for as long as the run lasts."""
        name = f"{self.name}_{len(self.views)}"
        frame.createOrReplaceTempView(name)
        self.views.append(name)
        return exp.table_(name)


def _chain(query: exp.Query) -> tuple[list[exp.Select], exp.Query | exp.Table]:
    """The SELECTs that go row by row, from below, and what they stand on."""
    chain: list[exp.Select] = []
    bottom: exp.Query | exp.Table = query
    while isinstance(bottom, exp.Select) and _is_row_by_row(bottom):
        chain.insert(0, bottom)
        source = bottom.args["from_"].this
        bottom = source.this if isinstance(source, exp.Subquery) else source
    return chain, bottom


def _is_row_by_row(select: exp.Select) -> bool:
    return not any(select.args.get(one) for one in _NOT_ROW_BY_ROW) and not any(
        isinstance(node, _OVER_ROWS)
        for part in (*select.expressions, select.args.get("where"))
        if part is not None
        for node in part.walk()
    )


def _is_understood(query: exp.Expr) -> bool:
    """Whether a query is SELECTs row by row, joins by equality, and unions of such."""
    match query:
        case exp.Union():
            return _is_understood(query.this) and _is_understood(query.expression)
        case exp.Select() if "from_" not in query.args:
            return all(is_native(part, {}) for part in query.expressions)
        case exp.Select():
            _, bottom = _chain(query)
            return isinstance(bottom, exp.Table) or (
                _is_join(bottom)
                if isinstance(bottom, exp.Select)
                else _is_understood(bottom)
            )
        case _:
            return False


def _is_join(select: exp.Select) -> bool:
    joins: list[exp.Join] = select.args.get("joins") or []
    alone = exp.select(*select.expressions)
    return (
        len(joins) == 1
        and _is_row_by_row(alone)
        and all(isinstance(one, exp.EQ) for one in _conjuncts(joins[0].args.get("on")))
        and all(
            isinstance(side, exp.Subquery) and _is_understood(side.this)
            for side in (select.args["from_"].this, joins[0].this)
        )
    )


def _conjuncts(condition: exp.Expr | None) -> list[exp.Expr]:
    match condition:
        case None:
            return []
        case exp.And():
            return [*_conjuncts(condition.this), *_conjuncts(condition.expression)]
        case exp.Paren():
            return _conjuncts(condition.this)
        case _:
            return [condition]


def _nested(
    rows: exp.Query | exp.Table, chain: Iterable[exp.Select]
) -> exp.Query | exp.Table:
    """SELECTs, one over the other, over rows."""
    for select in chain:
        columns = [one.copy() for one in select.expressions]
        outer = exp.select(*columns).from_(_source(rows))
        where = select.args.get("where")
        rows = outer if where is None else outer.where(where.this.copy())
    return rows


def _source(rows: exp.Query | exp.Table) -> exp.Table | exp.Subquery:
    return rows if isinstance(rows, exp.Table) else _subquery(rows, "rows")


def _as_query(rows: exp.Query | exp.Table) -> exp.Query:
    return rows if isinstance(rows, exp.Query) else exp.select("*").from_(rows)


def _subquery(query: exp.Query, name: str) -> exp.Subquery:
    return exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier(name)))
