"""Queries for DuckDB: what a group holds as of a commit, and joins as of a time.

SQL is built as a tree, so names and values are quoted by what knows how.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias, assert_never

import duckdb
import pyarrow as pa
from sqlglot import exp

from engines.duckdb.session import connect
from ml.features.conditions import (
    And,
    Comparison,
    Condition,
    IsNull,
    Not,
    OneOf,
    Or,
    Value,
)
from ml.features.errors import CorruptFeatures, InvalidQuery
from ml.features.schema import Schema

# Features begin with a letter, so these names are never theirs.
_FILE: Final = "_file"
_NUMBER: Final = "_number"
_DELETED: Final = "_deleted"
_PLACE: Final = "_place"

_COMPARISONS: Final[dict[str, type[exp.Binary]]] = {
    "==": exp.EQ,
    "!=": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}

Aliases: TypeAlias = dict[tuple[str, int], str]


@dataclass(frozen=True, slots=True)
class Source:
    """The rows of a group as of a commit.

    Attributes:
        group: Its name and version.
        schema: Its features.
        files: Of its commits: path, number, and whether it took rows away.
        condition: What its rows must fulfil; None for all.
    """

    group: tuple[str, int]
    schema: Schema
    files: tuple[tuple[str, int, bool], ...]
    condition: Condition | None


@dataclass(frozen=True, slots=True)
class Right:
    """What is joined.

    Attributes:
        source: Its rows.
        pairs: Features of the base, and those of the source that must equal them.
        is_inner: Whether rows of the base to which nothing belongs are left out.
    """

    source: Source
    pairs: tuple[tuple[str, str], ...]
    is_inner: bool


def run(
    base: Source,
    rights: Sequence[Right],
    condition: Condition | None,
    outputs: Sequence[tuple[int, str, str]],
) -> pa.Table:
    """The rows of a query, in the order of the key of the base.

    Raises:
        CorruptFeatures: A file is missing or broken.
        InvalidQuery: A condition compares what cannot be compared.
    """
    sources = [base, *(one.source for one in rights)]
    query = _query(base, rights, condition, outputs)
    with connect(spatial=False) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for place, source in enumerate(sources):
            connection.register(f"commits_{place}", _commits(source))
        try:
            found = connection.execute(query.sql("duckdb")).to_arrow_table()
        except duckdb.IOException as error:
            raise CorruptFeatures(Path(base.files[0][0]).parent, str(error)) from error
        except (duckdb.ConversionException, duckdb.BinderException) as error:
            raise InvalidQuery(str(error)) from error
    types = [sources[at].schema.arrow([name]).types[0] for at, name, _ in outputs]
    names = [name for _, _, name in outputs]
    return found.cast(pa.schema(list(zip(names, types, strict=True))))


def _commits(source: Source) -> pa.Table:
    files, numbers, deleted = zip(*source.files, strict=True)
    return pa.table({_FILE: files, _NUMBER: numbers, _DELETED: deleted})


def _query(
    base: Source,
    rights: Sequence[Right],
    condition: Condition | None,
    outputs: Sequence[tuple[int, str, str]],
) -> exp.Select:
    columns = [
        _column(name, f"g{at}").as_(alias, quoted=True) for at, name, alias in outputs
    ]
    query = exp.select(*columns).from_(_rows(base, 0))
    aliases = {base.group: "g0"}
    for place, right in enumerate(rights, 1):
        aliases[right.source.group] = f"g{place}"
        query.append("joins", _join(base, right, place))
    if condition is not None:
        query = query.where(_condition(condition, aliases))
    return query.order_by(*(_column(name, "g0") for name in base.schema.row_key))


def _join(base: Source, right: Right, place: int) -> exp.Join:
    alias = f"g{place}"
    on: list[exp.Expr] = [
        exp.EQ(this=_column(left, "g0"), expression=_column(name, alias))
        for left, name in right.pairs
    ]
    since = right.source.schema.event_time
    as_of: dict[str, str] = {}
    if since is not None and base.schema.event_time is not None:
        time = _column(base.schema.event_time, "g0")
        on.append(exp.GTE(this=time, expression=_column(since, alias)))
        as_of = {"method": "ASOF"}
    side = {} if right.is_inner else {"side": "LEFT"}
    return exp.Join(this=_rows(right.source, place), on=exp.and_(*on), **as_of, **side)


def _rows(source: Source, place: int) -> exp.Subquery:
    """The newest row of each key, unless it was taken away."""
    files = exp.Array(expressions=[exp.Literal.string(f) for f, _, _ in source.files])
    read = exp.Anonymous(
        this="read_parquet",
        expressions=[
            files,
            exp.EQ(this=exp.column("filename"), expression=exp.Literal.string(_FILE)),
            exp.EQ(this=exp.column("union_by_name"), expression=exp.true()),
        ],
    )
    latest = exp.Window(
        this=exp.RowNumber(),
        partition_by=[_column(name) for name in source.schema.row_key],
        order=exp.Order(expressions=[exp.Ordered(this=_column(_NUMBER), desc=True)]),
    )
    ranked = (
        exp.select(
            *(_column(name) for name in source.schema.names),
            _column(_DELETED),
            latest.as_(_PLACE, quoted=True),
        )
        .from_(exp.Table(this=read))
        .join(exp.to_table(f"commits_{place}"), using=[exp.to_identifier(_FILE)])
    )
    newest = (
        exp.select(*(_column(name) for name in source.schema.names))
        .from_(ranked.subquery("ranked"))
        .where(
            exp.EQ(this=_column(_PLACE), expression=exp.Literal.number(1)),
            exp.Not(this=_column(_DELETED)),
        )
    )
    if source.condition is not None:
        newest = newest.where(_condition(source.condition, {source.group: "ranked"}))
    return newest.subquery(f"g{place}")


def _column(name: str, table: str | None = None) -> exp.Column:
    return exp.column(name, table=table, quoted=True)


def _condition(condition: Condition, aliases: Aliases) -> exp.Expr:
    match condition:
        case Comparison(group, feature, operator, value):
            kind = _COMPARISONS[operator]
            column = _column(feature, aliases[group])
            return kind(this=column, expression=_literal(value))
        case OneOf(group, feature, values):
            column = _column(feature, aliases[group])
            return column.isin(*map(_literal, values)) if values else exp.false()
        case IsNull(group, feature):
            return exp.Is(this=_column(feature, aliases[group]), expression=exp.null())
        case And(parts):
            return exp.and_(*(_condition(part, aliases) for part in parts))
        case Or(parts):
            return exp.or_(*(_condition(part, aliases) for part in parts))
        case Not(part):
            return exp.not_(_condition(part, aliases))
        case _:
            assert_never(condition)


def _literal(value: Value) -> exp.Expr:
    return exp.convert(value)
