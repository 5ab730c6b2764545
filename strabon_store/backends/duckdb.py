"""A relational plan becomes DuckDB's SQL: one query tree per node, scalars by table.

The same plan gives the same text, always.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, assert_never

import sqlglot
from sqlglot import exp

from engines.duckdb.dialect import NATIVE, NECESSARY, RELATE
from engines.duckdb.functions import PATTERN_SEPARATOR
from ontologies.geosparql.relations import RELATIONS
from strabon_store.algebra.terms import XSD_STRING
from strabon_store.backends.duckdb_operators import (
    AGGREGATES,
    FUNCTIONS,
    GEOMETRY,
    OPERATORS,
    SUBSTRING,
)
from strabon_store.backends.duckdb_spellings import TERMS
from strabon_store.backends.share_scalars import Spelling, share_scalars
from strabon_store.errors import InternalError
from strabon_store.relational.encoding import Encoding, Plain, TermId, Typed
from strabon_store.relational.layout import GEOMETRIES
from strabon_store.relational.nodes import (
    Aggregation,
    Deduplicate,
    Join,
    Limit,
    Lookup,
    One,
    Plan,
    PlanColumn,
    Projection,
    Rows,
    Scan,
    Selection,
    SemiJoin,
    Sort,
    SortKey,
    UnionAll,
)
from strabon_store.relational.scalars import Call, Column, Constant, Scalar
from strabon_store.relational.values import (
    ANY_IRI,
    XSD_BOOLEAN,
    XSD_INTEGER,
)

_DIALECT: Final = "duckdb"
_SPELLINGS: Final = {**TERMS, **OPERATORS, **FUNCTIONS, **AGGREGATES, **GEOMETRY}
_RELATION: Final = "relation:"
_LETTERS: Final = "abcdef"
_PLACEHOLDER: Final = re.compile(r"(?<!:):([a-f])\b")
_DECODED: Final = ("lexical", "datatype", "language")
"""What of the dictionary a stored term needs to be written out."""


@dataclass(frozen=True, slots=True)
class GeneratedQuery:
    """SQL and how to read what it returns.

    Attributes:
        sql: The text.
        tree: The same as a tree.
        columns: The variables in order, with their encodings; a `TermId` variable `v`
            comes as `v.id`, `v.lexical`, `v.datatype`, `v.language`, others as `v`.
    """

    sql: str
    tree: exp.Query
    columns: tuple[PlanColumn, ...]

    @property
    def pretty(self) -> str:
        """The text, broken into lines."""
        return self.tree.sql(dialect=_DIALECT, pretty=True)


def generate(plan: Plan) -> GeneratedQuery:
    """The SQL of a whole plan, its terms joined with the dictionary at the end."""
    plan = share_scalars(plan, spelling)
    variables = tuple(column for column in plan.columns if column.is_variable)
    whole = plan
    for column in variables:
        if column.encoding == TermId():
            whole = Lookup(whole, column.name, "terms", _DECODED)
    outputs = [each for column in variables for each in _outputs(column)]
    query = _select(outputs).from_(_Generator().source(whole))
    if plan.order:
        query = query.order_by(*_ordering(plan.order))
    return GeneratedQuery(query.sql(dialect=_DIALECT), query, variables)


def _outputs(column: PlanColumn) -> Iterable[exp.Expr]:
    if column.encoding != TermId():
        yield _column(column.name)
        return
    yield _column(column.name).as_(_name(f"{column.name}.id"))
    for part in _DECODED:
        yield _column(f"{column.name}.{part}")


class _Generator:
    """Nodes to SQL; numbers its subqueries, which is all that it remembers."""

    def __init__(self) -> None:
        self._numbers = itertools.count()

    def source(self, plan: Plan) -> exp.Subquery:
        """The plan as a subquery with a name of its own."""
        return self.query(plan).subquery(f"q{next(self._numbers)}")

    def query(self, plan: Plan) -> exp.Query:
        """The plan as a query."""
        match plan:
            case One():
                return _select([])
            case Rows():
                return _rows(plan)
            case Scan():
                return _scan(plan)
            case Join() | SemiJoin():
                return self._join(plan)
            case Lookup():
                return self._lookup(plan)
            case UnionAll(left, right):
                sides = self.query(left), self.query(right)
                return exp.union(*sides, distinct=False)
            case _:
                return self._unary(plan)

    def _unary(self, plan: Plan) -> exp.Query:
        match plan:
            case Selection(source, condition):
                chosen = exp.select("*").from_(self.source(source))
                return chosen.where(scalar(condition))
            case Projection(source, columns, scalars):
                outputs = list(map(_output, columns, scalars))
                return _select(outputs).from_(self.source(source))
            case Aggregation():
                return self._aggregation(plan)
            case Deduplicate(source):
                return self._deduplicate(plan, source)
            case Sort(source):
                return self.query(source)
            case Limit(source, offset, limit):
                return self._limit(source, offset, limit)
            case _:
                raise InternalError(f"no SQL for {type(plan).__name__}")

    def _join(self, plan: Join | SemiJoin) -> exp.Query:
        left, right = self.source(plan.left), self.source(plan.right)
        condition = scalar(plan.condition)
        if isinstance(plan, Join):
            kind = "left" if plan.is_outer else "inner"
            joined = exp.select("*").from_(left)
            return joined.join(right, on=condition, join_type=kind)
        partner = exp.select("1").from_(right).where(condition)
        test: exp.Expr = exp.Exists(this=partner)
        if plan.is_anti:
            test = exp.Not(this=test)
        return exp.select("*").from_(left).where(test)

    def _lookup(self, plan: Lookup) -> exp.Query:
        source = self.source(plan.source)
        alias = f"k{next(self._numbers)}"
        parts = [
            exp.column(part, table=alias).as_(_name(f"{plan.variable}.{part}"))
            for part in plan.parts
        ]
        everything = exp.Column(this=exp.Star(), table=exp.to_identifier(source.alias))
        table = exp.to_table(plan.table).as_(alias)
        key = exp.Column(this=_name(plan.variable), table=_name(source.alias))
        condition: exp.Expr = key.eq(exp.column("id", table=alias))
        if plan.table == GEOMETRIES.name:
            # Engines disagree on invalid geometries; to us they have none.
            condition = exp.and_(condition, exp.column("is_valid", table=alias))
        found = exp.select(everything, *parts).from_(source)
        return found.join(table, on=condition, join_type="left")

    def _aggregation(self, plan: Aggregation) -> exp.Query:
        keys = [_column(key) for key in plan.keys]
        columns = plan.columns[len(plan.keys) :]
        outputs = map(_output, columns, plan.aggregates)
        grouped = _select([*keys, *outputs]).from_(self.source(plan.source))
        return grouped.group_by(*(key.copy() for key in keys)) if keys else grouped

    def _deduplicate(self, plan: Deduplicate, source: Plan) -> exp.Query:
        if not plan.order:
            return exp.select("*").distinct().from_(self.source(source))
        variables = [_column(c.name) for c in plan.columns if c.is_variable]
        keys = [
            exp.func("first", _column(c.name)).as_(_name(c.name))
            for c in plan.columns
            if not c.is_variable
        ]
        chosen = exp.select(*variables, *keys).from_(self.source(source))
        return chosen.group_by(*(each.copy() for each in variables))

    def _limit(self, source: Plan, offset: int, limit: int | None) -> exp.Query:
        query = exp.select("*").from_(self.source(source))
        if source.order:
            query = query.order_by(*_ordering(source.order))
        if limit is not None:
            query = query.limit(limit)
        return query.offset(offset) if offset else query


def _select(outputs: Sequence[exp.Expr]) -> exp.Select:
    # SQL has no row without columns; solutions that bind nothing get one of NULLs.
    return exp.select(*(outputs or [exp.Null().as_(_name("."))]))


def _ordering(order: tuple[SortKey, ...]) -> list[exp.Ordered]:
    # Unbound comes first in the order of 15.1, and last when that is reversed.
    return [
        exp.Ordered(
            this=_column(key.column),
            desc=key.descending,
            nulls_first=not key.descending,
        )
        for key in order
    ]


def _rows(plan: Rows) -> exp.Query:
    names = [_name(column.name) for column in plan.columns]
    if not plan.rows or not names:
        nulls = [
            _typed_null(column.encoding).as_(_name(column.name))
            for column in plan.columns
        ]
        return _select(nulls).where(exp.false())
    selects = [exp.select(*map(_cell, plan.columns, row)) for row in plan.rows]
    return selects[0] if len(selects) == 1 else exp.union(*selects, distinct=False)


def _cell(column: PlanColumn, value: object) -> exp.Expr:
    cell = _typed_null(column.encoding) if value is None else exp.convert(value)
    return cell.as_(_name(column.name))


def _scan(plan: Scan) -> exp.Query:
    outputs = [
        exp.column(source).as_(_name(column.name))
        for source, column in zip(plan.sources, plan.columns, strict=True)
    ]
    query = _select(outputs).from_(exp.to_table(plan.table))
    return query.where(*(scalar(each) for each in plan.conditions))


def _output(column: PlanColumn, value: Scalar) -> exp.Expr:
    if value == Constant(None):
        return _typed_null(column.encoding).as_(_name(column.name))
    return scalar(value).as_(_name(column.name))


def _typed_null(encoding: Encoding | None) -> exp.Expr:
    # A bare NULL is an integer to DuckDB, and UNION would make it everybody's type.
    return exp.cast(exp.Null(), _sql_type(encoding), dialect=_DIALECT)


def _sql_type(encoding: Encoding | None) -> str:
    match encoding:
        case TermId():
            return "BIGINT"
        case Typed(datatype):
            named = {
                XSD_BOOLEAN: "BOOLEAN",
                XSD_INTEGER: "BIGINT",
                XSD_STRING: "VARCHAR",
                ANY_IRI: "VARCHAR",
            }
            fallback = "TIMESTAMP" if "date" in datatype else "DOUBLE"
            return named.get(datatype, fallback)
        case Plain() | None:
            return "VARCHAR"
        case _:
            assert_never(encoding)


def _name(name: str) -> exp.Identifier:
    # DuckDB folds the case of identifiers, quoted or not; `?a` and `?A` are two.
    folded = "".join(f"^{c.lower()}" if c != c.lower() else c for c in name)
    return exp.to_identifier(folded, quoted=True)


def _column(name: str) -> exp.Column:
    return exp.Column(this=_name(name))


def scalar(value: Scalar) -> exp.Expr:
    """The SQL expression of a scalar."""
    match value:
        case Column(name):
            return _column(name)
        case Constant(bytes() as blob):
            return exp.func("unhex", exp.Literal.string(blob.hex().upper()))
        case Constant(float() as number) if not math.isfinite(number):
            return exp.cast(exp.Literal.string(str(number)), "DOUBLE")
        case Constant(constant):
            return exp.convert(constant)
        case Call(operation, arguments):
            return exp.paren(_call(operation, [scalar(each) for each in arguments]))
        case _:
            assert_never(value)


def _call(operation: str, arguments: list[exp.Expr]) -> exp.Expr:
    if operation.startswith(_RELATION):
        return _relation(operation.removeprefix(_RELATION), *arguments)
    if special := _SPECIAL.get(operation):
        return special(arguments)
    if operation not in _SPELLINGS:
        raise InternalError(f"DuckDB has no spelling for {operation!r}")
    return _filled(_SPELLINGS[operation], arguments)


@lru_cache(maxsize=512)
def _template(text: str) -> exp.Expr:
    return sqlglot.parse_one(text, dialect=_DIALECT)


@lru_cache(maxsize=512)
def spelling(operation: str, arguments: int) -> Spelling:
    """How long an operation is in SQL, and how often it writes each argument."""
    if operation.startswith(_RELATION):
        return Spelling(2 * len(operation), (2,) * arguments)
    text = _SPELLINGS.get(operation, "")
    if operation == "substring":
        text = SUBSTRING[arguments]
    if not text:
        return Spelling(len(operation), (1,) * arguments)
    used = Counter(_PLACEHOLDER.findall(text))
    copies = tuple(used[letter] for letter in _LETTERS[:arguments])
    return Spelling(len(text), copies)


def _filled(text: str, arguments: list[exp.Expr]) -> exp.Expr:
    values = dict(zip(_LETTERS, arguments, strict=False))

    def fill(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Placeholder) and node.name in values:
            return values[node.name].copy()
        return node

    return _template(text).transform(fill)


def _relation(name: str, left: exp.Expr, right: exp.Expr) -> exp.Expr:
    if native := NATIVE[name]:
        return exp.func(native, left, right)
    blobs = [
        exp.cast(exp.func("ST_AsWKB", each.copy()), "BLOB") for each in (left, right)
    ]
    patterns = PATTERN_SEPARATOR.join(RELATIONS[name].patterns)
    exact = exp.func(RELATE, *blobs, exp.Literal.string(patterns))
    necessary = exp.func(str(NECESSARY[name]), left, right)
    return exp.and_(necessary, exact)


def _case(arguments: list[exp.Expr]) -> exp.Expr:
    *pairs, otherwise = arguments
    case = exp.Case()
    for condition, result in zip(pairs[::2], pairs[1::2], strict=True):
        case = case.when(condition, result)
    return case.else_(otherwise)


def _is_one_of(arguments: list[exp.Expr]) -> exp.Expr:
    needle, *haystack = arguments
    return exp.In(this=needle, expressions=haystack)


def _regex(arguments: list[exp.Expr]) -> exp.Expr:
    # TRY: a malformed pattern is an error of the expression, not of the query.
    return exp.func("try", exp.func("regexp_matches", *arguments))


def _replace(arguments: list[exp.Expr]) -> exp.Expr:
    text, pattern, replacement = arguments
    # XPath writes groups as $1, RE2 as \1.
    groups = _filled(r"regexp_replace(:a, '\$(\d)', '\\\1', 'g')", [replacement])
    parts = (text, pattern, groups, exp.Literal.string("g"))
    return exp.func("try", exp.func("regexp_replace", *parts, dialect=_DIALECT))


def _concat(arguments: list[exp.Expr]) -> exp.Expr:
    first, *rest = arguments
    joined = first
    for each in rest:
        joined = exp.DPipe(this=joined, expression=each, safe=True)
    return joined


def _common_language(arguments: list[exp.Expr]) -> exp.Expr:
    first, *rest = arguments
    same = exp.and_(*(first.copy().eq(each) for each in rest))
    return exp.Case().when(same, first).else_(exp.Literal.string(""))


def _extreme(*, descending: bool) -> Callable[[list[exp.Expr]], exp.Expr]:
    def build(arguments: list[exp.Expr]) -> exp.Expr:
        chosen, *keys = arguments
        ordered = [
            exp.Ordered(this=key, desc=descending, nulls_first=False) for key in keys
        ]
        return exp.func("first", exp.Order(this=chosen, expressions=ordered))

    return build


def _count_distinct_rows(arguments: list[exp.Expr]) -> exp.Expr:
    row = exp.func("row", *arguments)
    return exp.Count(this=exp.Distinct(expressions=[row]))


_SPECIAL: Final[dict[str, Callable[[list[exp.Expr]], exp.Expr]]] = {
    "case": _case,
    "coalesce": lambda arguments: exp.func("coalesce", *arguments),
    "is_one_of": _is_one_of,
    "regex": _regex,
    "replace": _replace,
    "concat": _concat,
    "common_language": _common_language,
    "substring": lambda arguments: _filled(SUBSTRING[len(arguments)], arguments),
    "first_of": _extreme(descending=False),
    "last_of": _extreme(descending=True),
    "count_distinct_rows": _count_distinct_rows,
}
