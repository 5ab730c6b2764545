"""A relational plan becomes DuckDB's SQL: one SELECT for as many nodes as fit into it.

The same plan gives the same text, always.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from strabon_store.backends.duckdb_clauses import (
    apart,
    first_of,
    group_by,
    is_taken_into_unions,
    nearest,
    order_by,
)
from strabon_store.backends.duckdb_lookups import ANSWER, looked_up, name_of
from strabon_store.backends.duckdb_paths import closure
from strabon_store.backends.duckdb_scalars import scalar, spelling
from strabon_store.backends.duckdb_types import sql_type, typed_null
from strabon_store.backends.share_scalars import share_scalars
from strabon_store.backends.sql import (
    Grade,
    Output,
    Select,
    Source,
    Sql,
    Template,
    UnionOfAll,
    function,
    identifier,
    joined,
    literal,
)
from strabon_store.errors import InternalError
from strabon_store.relational.encoding import TermId
from strabon_store.relational.layout import GEOMETRIES, TERMS
from strabon_store.relational.lookups import columns_of
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
from strabon_store.relational.plan_columns import PlanColumn, SortKey
from strabon_store.relational.scalars import Column, Constant, Scalar, is_volatile
from strabon_store.relational.unions import branches

_DECODED: Final = ("lexical", "datatype", "language")
"""What of the dictionary a stored term needs to be written out."""


_Query: TypeAlias = Select | UnionOfAll


@dataclass(frozen=True, slots=True)
class GeneratedQuery:
    """SQL and how to read what it returns.

    Attributes:
        sql: The text.
        columns: The variables in order, with their encodings; a `TermId` variable `v`
            comes as `v.id`, `v.lexical`, `v.datatype`, `v.language`, others as `v`.
    """

    sql: str
    columns: tuple[PlanColumn, ...]

    @property
    def pretty(self) -> str:
        """The text, broken into lines."""
        # For people only: whoever does not ask need not wait for the import.
        from sqlglot import parse_one  # noqa: PLC0415

        return parse_one(self.sql, dialect="duckdb").sql(dialect="duckdb", pretty=True)


def generate(plan: Plan, *, streams: bool = False) -> GeneratedQuery:
    """The SQL of a plan and of its terms, row by row where the answer `streams`."""
    plan = share_scalars(plan, spelling)
    lookups = [
        Lookup(plan, column.name, TERMS.name, _DECODED, is_last=streams)
        for column in plan.columns
        if column.is_variable and isinstance(column.encoding, TermId)
    ]
    lookups.sort(key=lambda each: not each.is_total)
    # Of several left joins the engine begins with the rows in one; in the others it
    # reads all of the dictionary, unless it is told before what they mention.
    is_shared = not streams and sum(not each.is_total for each in lookups) > 1
    whole = Shared(plan, ANSWER) if is_shared else plan
    for each in lookups:
        whole = replace(each, source=whole)
    return _generated(plan, whole, _outputs)


def generate_ids(plan: Plan) -> GeneratedQuery:
    """The SQL of a whole plan, a column per variable, ids as they are."""
    plan = share_scalars(plan, spelling)
    return _generated(plan, plan, lambda column: iter([(column.name, column.name)]))


def _generated(
    plan: Plan, whole: Plan, named: Callable[[PlanColumn], Iterator[tuple[str, str]]]
) -> GeneratedQuery:
    variables = tuple(column for column in plan.columns if column.is_variable)
    generator = _Generator()
    select = generator.ordered(whole, plan.order)
    outputs = {
        name: select.outputs[source]
        for column in variables
        for name, source in named(column)
    }
    statement = replace(select, outputs=outputs).text
    return GeneratedQuery(generator.with_shared(statement), variables)


def _outputs(column: PlanColumn) -> Iterator[tuple[str, str]]:
    """The outputs of a variable, and the columns of the plan behind them."""
    if not isinstance(column.encoding, TermId):
        yield column.name, column.name
        return
    yield f"{column.name}.id", column.name
    for part in _DECODED:
        yield f"{column.name}.{part}", f"{column.name}.{part}"


class _Generator:
    """Nodes to SQL; it numbers its relations, and remembers what is run first."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        # Each after what it reads.
        self._first: dict[Sql, Sql] = {}

    def with_shared(self, statement: Sql) -> Sql:
        """The statement behind what it reads and is run first."""
        if not self._first:
            return statement
        made = [_MATERIALIZED.filled(pair) for pair in self._first.items()]
        return _WITH.filled([joined(", ", made), statement])

    def query(self, plan: Plan) -> _Query:  # noqa: C901 - an arm per node
        """The plan as a statement."""
        match plan:
            case One():
                return Select({})
            case Rows():
                return self._rows(plan)
            case Scan():
                return self._scan(plan)
            case Remote():
                return self._remote(plan)
            case Join():
                return self._join(plan)
            case SemiJoin() | Mark():
                return self._exists(plan)
            case Lookup():
                return self._lookup(plan)
            case UnionAll():
                return UnionOfAll(tuple(map(self._branch, branches(plan))))
            case Closure():
                return self._closure(plan)
            case Nearest():
                return self._nearest(plan)
            case Shared():
                return self._shared(plan)
            case _:
                return self._unary(plan)

    def _unary(self, plan: Plan) -> _Query:
        match plan:
            case Selection(source, condition):
                select = self._sparing(self.open(source), columns_of(condition))
                return select.where(scalar(condition, select.outputs))
            case Projection(source, columns, scalars):
                select = self._sparing(self.open(source), _read_again(scalars))
                outputs = zip(columns, scalars, strict=True)
                select = _projected(select, outputs)
                # In the place of a column it would be computed once more.
                return self._sub(select) if any(map(is_volatile, scalars)) else select
            case Aggregation():
                return self._aggregation(plan)
            case Deduplicate():
                return self._deduplicate(plan)
            case Sort(source):
                return self.query(source)
            case Limit(source, offset, limit):
                return self._limit(source, offset, limit)
            case Unnest(source, lists, element):
                select = self._sparing(self.open(source), columns_of(lists))
                each = function("unnest", scalar(lists, select.outputs))
                added = {element.name: Output(each, Grade.COMPUTED)}
                return self._sub(replace(select, outputs={**select.outputs, **added}))
            case _:
                raise InternalError(f"no SQL for {type(plan).__name__}")

    def open(self, plan: Plan) -> Select:
        """The plan as a SELECT to which sources and conditions can be added."""
        return self._opened(self.query(plan))

    def _opened(self, query: _Query) -> Select:
        if isinstance(query, Select) and query.is_open:
            return query
        return self._sub(query)

    def ordered(self, plan: Plan, order: Sequence[SortKey]) -> Select:
        """The plan as a SELECT in an order, to which nothing is added any more."""
        query = self.query(plan)
        # Its rows stay the same and in order when fewer columns come out of them.
        is_done = isinstance(plan, Limit) or not order
        if isinstance(query, Select) and is_done and not query.is_distinct:
            return query
        select = self._opened(query)
        return replace(select, tail=order_by(order, select))

    def _sub(self, query: _Query) -> Select:
        """The query as a relation of its own."""
        alias = self._alias()
        outputs = {name: _column(alias, name) for name in query.outputs}
        relation = _AS.filled([Sql(f"({query.text})"), alias])
        return Select(outputs, (Source(relation),))

    def _alias(self) -> Sql:
        return Sql(f"t{next(self._numbers)}")

    def _sparing(
        self, select: Select, names: Iterable[str], worst: Grade = Grade.CONSTANT
    ) -> Select:
        """The SELECT, below another if one of these outputs is too dear to repeat."""
        outputs = select.outputs
        dear = (name in outputs and outputs[name].grade > worst for name in names)
        return self._sub(select) if any(dear) else select

    def _scan(self, plan: Scan) -> Select:
        alias = self._alias()
        pairs = zip(plan.columns, plan.sources, strict=True)
        outputs = {column.name: _column(alias, source) for column, source in pairs}
        read = {name for each in plan.conditions for name in columns_of(each)}
        table = {name: _column(alias, name) for name in read}
        conditions = (scalar(each, table) for each in plan.conditions)
        source = Source(_AS.filled([identifier(plan.table), alias]))
        return Select(outputs, (source,), tuple(conditions))

    def _remote(self, plan: Remote) -> Select:
        alias = self._alias()
        outputs = {column.name: _column(alias, column.name) for column in plan.columns}
        return Select(outputs, (Source(_AS.filled([Sql(plan.table), alias])),))

    def _rows(self, plan: Rows) -> Select:
        names = [column.name for column in plan.columns]
        if not plan.rows or not names:
            nulls = {
                column.name: Output(typed_null(column), Grade.CONSTANT)
                for column in plan.columns
            }
            return Select(nulls, conditions=(literal(value=False),))
        alias = self._alias()
        first, *others = plan.rows
        # The first row gives the columns their types.
        typed = [
            function("CAST", _AS.filled([literal(value), sql_type(column.encoding)]))
            for column, value in zip(plan.columns, first, strict=True)
        ]
        rows = [typed, *(map(literal, row) for row in others)]
        listed = joined(", ", [function("", *row) for row in rows])
        header = function("", *map(identifier, names))
        relation = _VALUES.filled([listed, alias, header])
        return Select({n: _column(alias, n) for n in names}, (Source(relation),))

    def _join(self, plan: Join) -> Select:
        left = self._sparing(self.open(plan.left), columns_of(plan.condition))
        right = self._sparing(self.open(plan.right), columns_of(plan.condition))
        if plan.is_outer:
            return self._outer_join(left, right, plan.condition)
        if left.sources and len(right.sources) > 1:
            # On its own it is joined by the condition; in the list of sources its first
            # would come without any.
            right = self._sub(right)
        outputs = {**left.outputs, **right.outputs}
        conditions = (*left.conditions, *right.conditions)
        condition = scalar(plan.condition, outputs)
        added = right.sources
        if left.sources and added:
            added = (replace(added[0], condition=condition),)
        else:
            conditions = (*conditions, condition)
        return Select(outputs, (*left.sources, *added), conditions)

    def _outer_join(self, left: Select, right: Select, condition: Scalar) -> Select:
        # What does not depend on a row of the right side would not become NULL.
        is_column = all(o.grade == Grade.COLUMN for o in right.outputs.values())
        if not is_column or len(right.sources) != 1:
            right = self._sub(right)
        if not left.sources:
            left = self._sub(left)
        outputs = {**left.outputs, **right.outputs}
        tests = (*right.conditions, scalar(condition, outputs))
        source = Source(
            right.sources[0].relation, joined(" AND ", tests), is_outer=True
        )
        return Select(outputs, (*left.sources, source), left.conditions)

    def _exists(self, plan: SemiJoin | Mark) -> Select:
        left = self._sparing(self.open(plan.left), columns_of(plan.condition))
        right = self._sparing(self.open(plan.right), columns_of(plan.condition))
        if is_taken_into_unions(plan):
            right = self._sub(apart(right))
        condition = scalar(plan.condition, {**left.outputs, **right.outputs})
        one = {".": Output(literal(1), Grade.CONSTANT)}
        partner = replace(right.where(condition), outputs=one)
        if isinstance(plan, Mark):
            found = Output(_EXISTS.filled([partner.text]), Grade.COMPUTED)
            return replace(left, outputs={**left.outputs, plan.mark.name: found})
        template = _NOT_EXISTS if plan.is_anti else _EXISTS
        return left.where(template.filled([partner.text]))

    def _lookup(self, plan: Lookup) -> Select:
        select = self._sparing(self.open(plan.source), [plan.variable], Grade.COLUMN)
        alias = self._alias()
        parts = {f"{plan.variable}.{part}": _column(alias, part) for part in plan.parts}
        key, found = select.outputs[plan.variable].text, _column(alias, "id").text
        tests = [joined(" = ", [key, found])]
        if plan.table == GEOMETRIES.name:
            # Engines disagree on invalid geometries; to us they have none.
            tests.append(_column(alias, "is_valid").text)
        relation = _AS.filled([looked_up(plan), alias])
        # An inner join can begin with the few rows of the source.
        is_outer = plan.is_last or not plan.is_total
        source = Source(relation, joined(" AND ", tests), is_outer)
        if not select.sources:
            select = self._sub(select)
        outputs = {**select.outputs, **parts}
        return replace(select, outputs=outputs, sources=(*select.sources, source))

    def _branch(self, plan: Plan) -> Select:
        query = self.query(plan)
        return query if isinstance(query, Select) else self._sub(query)

    def _closure(self, plan: Closure) -> Select:
        *same, begin, end = (column.name for column in plan.steps.columns)
        graph = dict(zip("g", same, strict=False))
        steps = self._renamed(plan.steps, {**graph, "f": begin, "t": end})
        origins = None
        if plan.origins is not None:
            origins = self._renamed(plan.origins, {**graph, "f": begin}).text
        is_table = _is_table(plan.steps)
        pairs = closure(plan, steps.text, origins, is_table=is_table)
        # Not where it is read: no correlated subquery of DuckDB's may hold a recursion.
        name = Sql(f"closure{next(self._numbers)}")
        self._first[name] = pairs
        outputs = {n: _column(name, "g") for n in same}
        outputs |= {begin: _column(name, "f"), end: _column(name, "t")}
        return Select(outputs, (Source(name),))

    def _nearest(self, plan: Nearest) -> Select:
        return nearest(plan, self.open(plan.source), self.open(plan.source))

    def _renamed(self, plan: Plan, names: dict[str, str]) -> Select:
        """The columns of ids under other names; `g` is 0 where it has none."""
        select = self._sub(self.query(plan))
        # A constant is an INTEGER to DuckDB, and to compare one it converts a column.
        outputs = {
            name: Output(_BIGINT.filled([select.outputs[source].text]), Grade.COMPUTED)
            for name, source in names.items()
        }
        nothing = Output(_BIGINT.filled([literal(0)]), Grade.CONSTANT)
        return replace(select, outputs={"g": nothing, **outputs})

    def _shared(self, plan: Shared) -> Select:
        name = name_of(plan)
        if name not in self._first:
            self._first[name] = self.query(plan.source).text
        alias = self._alias()
        outputs = {column.name: _column(alias, column.name) for column in plan.columns}
        return Select(outputs, (Source(_AS.filled([name, alias])),))

    def _aggregation(self, plan: Aggregation) -> Select:
        keys = [Column(key) for key in plan.keys]
        read = [name for each in plan.aggregates for name in columns_of(each)]
        select = self._sparing(self.open(plan.source), read)
        # A number that stands among the keys would name a column by its place.
        select = self._sparing(select, plan.keys, Grade.COLUMN)
        outputs = zip(plan.columns, (*keys, *plan.aggregates), strict=True)
        grouped = _projected(select, outputs)
        # What is made of all rows is one row, also where no aggregate is asked for.
        return replace(grouped, tail=group_by(plan.keys, select))

    def _deduplicate(self, plan: Deduplicate) -> Select:
        select = self.open(plan.source)
        if not plan.order:
            return replace(select, is_distinct=True)
        variables = [c.name for c in plan.columns if c.is_variable]
        select = self._sparing(select, variables, Grade.COLUMN)
        order = order_by(plan.order, select)
        outputs = {
            name: output
            if name in variables
            else Output(first_of(output.text, order), Grade.COMPUTED)
            for name, output in select.outputs.items()
        }
        return replace(select, outputs=outputs, tail=group_by(variables, select))

    def _limit(self, source: Plan, offset: int, limit: int | None) -> Select:
        select = self.open(source)
        clauses = [order_by(source.order, select)]
        if limit is not None:
            clauses.append(_LIMIT.filled([literal(limit)]))
        if offset:
            clauses.append(_OFFSET.filled([literal(offset)]))
        return replace(select, tail=joined(" ", [each for each in clauses if each]))


_AS: Final = Template(":a AS :b")
_WITH: Final = Template("WITH :a :b")
_MATERIALIZED: Final = Template(":a AS MATERIALIZED (:b)")
_BIGINT: Final = Template("CAST(:a AS BIGINT)")
_VALUES: Final = Template("(VALUES :a) AS :b:c")
_EXISTS: Final = Template("EXISTS(:a)")
_NOT_EXISTS: Final = Template("NOT EXISTS(:a)")
_LIMIT: Final = Template("LIMIT :a")
_OFFSET: Final = Template("OFFSET :a")


def _is_table(plan: Plan) -> bool:
    """Whether the rows stand in a table: chosen and renamed perhaps, never computed."""
    while isinstance(plan, Projection | Selection):
        plan = plan.source
    if isinstance(plan, UnionAll):
        return all(map(_is_table, branches(plan)))
    return isinstance(plan, Scan | Rows)


def _column(alias: Sql, name: str) -> Output:
    return Output(joined(".", [alias, identifier(name)]), Grade.COLUMN)


def _projected(select: Select, outputs: Iterable[tuple[PlanColumn, Scalar]]) -> Select:
    written = {column.name: _output(column, s, select) for column, s in outputs}
    return replace(select, outputs=written)


def _output(column: PlanColumn, value: Scalar, select: Select) -> Output:
    match value:
        case Column(name):
            return select.outputs[name]
        case Constant(None):
            return Output(typed_null(column), Grade.CONSTANT)
        case Constant(constant):
            return Output(literal(constant), Grade.CONSTANT)
        case _:
            return Output(scalar(value, select.outputs), Grade.COMPUTED)


def _read_again(scalars: Iterable[Scalar]) -> set[str]:
    """The columns that are not just handed on, once."""
    again: set[str] = set()
    handed_on: set[str] = set()
    for each in scalars:
        if isinstance(each, Column) and each.name not in handed_on:
            handed_on.add(each.name)
        else:
            again.update(columns_of(each))
    return again
