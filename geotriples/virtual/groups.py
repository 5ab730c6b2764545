"""Groups of rows, counted by the engine that reads them: `engines.virtual_graphs`.

A row stands for one solution of its statements where no other row has its subject.  So
rows are counted in place of statements.  Whether a row makes a term, and whether two
rows make the same, is told by the columns that the term is made of wherever these say
it: text is made of what is left, a row for each group.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pyarrow as pa
from sqlglot import exp

from engines.term_columns import StringColumn, TermKind, Terms
from engines.virtual_graphs import Grouping, Groups, Measure, Place, Position
from geotriples.execution import Execution
from geotriples.plan import Partition, QuadColumns
from geotriples.rows import Rows
from geotriples.sources.base import Kind
from geotriples.statements import RelationOf, joined
from geotriples.term_queries import valid_lexical
from geotriples.terms import TermColumn
from geotriples.virtual.columns import geometry_column, number_column, template_of
from geotriples.virtual.scans import MappedStatement, narrowed_partition
from ontologies.namespaces import XSD

_PLAIN: Final = frozenset({Kind.INTEGER, Kind.STRING})
"""Kinds of columns whose different values are different text."""

_NUMBERS: Final = {XSD.term("integer"): Kind.INTEGER, XSD.term("double"): Kind.DOUBLE}
_SOURCE: Final = "source"


@dataclass(frozen=True, slots=True)
class Counting:
    """Counts the rows of a mapping's statements.

    Attributes:
        statements: The statements, by number.
        execution: Who reads.
        relation: Where the rows of a reading are; each is read once.
        blank_prefix: What labels of blank nodes begin with.
    """

    statements: Sequence[MappedStatement]
    execution: Execution
    relation: RelationOf
    blank_prefix: str

    def groups(self, grouping: Grouping) -> Groups | None:
        """Groups of rows; None where they cannot be counted for statements.

        Raises:
            MappingError: A source cannot be read.
        """
        chosen = [self.statements[number] for number in grouping.statements]
        whole = chosen[0].partition
        if any(one.partition is not whole for one in chosen):
            return None
        rows = self._rows(whole, [one.quad for one in chosen])
        query = _GroupsQuery(rows, grouping)
        if not query.is_possible or not self._has_own_subjects(whole, chosen[0].quad):
            return None
        table = self._table(query.select(self.relation))
        return None if table.num_rows > grouping.most else query.groups(table)

    def _has_own_subjects(self, whole: Partition, quad: QuadColumns) -> bool:
        """Whether no two rows make one subject."""
        subject = quad.subject
        rows = self._rows(whole, [QuadColumns("", subject, subject, subject, None)])
        distinct = exp.Count(
            this=exp.Distinct(expressions=[_tuple(rows.told(subject))])
        )
        select = exp.select(
            exp.alias_(exp.Count(this=exp.Star()), "made"), exp.alias_(distinct, "own")
        )
        where = exp.and_(*rows.presence([subject]))
        row = self._table(rows.over(select, self.relation).where(where)).to_pylist()[0]
        return bool(row["made"] == row["own"])

    def _rows(self, whole: Partition, quads: Sequence[QuadColumns]) -> "_Rows":
        partition = narrowed_partition(whole, quads)
        return _Rows(partition, self.execution, self.blank_prefix)

    def _table(self, select: exp.Select) -> pa.Table:
        batches = list(self.execution.batches(select.sql("duckdb")))
        # No rows come as no batch, which would tell the columns.
        none = pa.table(
            {name: pa.nulls(0, pa.string()) for name in select.named_selects}
        )
        return pa.Table.from_batches(batches) if batches else none


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a partition, and what their columns say of terms.

    Attributes:
        partition: The rows, with the columns of the statements in question.
        execution: Who reads.
        blank_prefix: What labels of blank nodes begin with.
    """

    partition: Partition
    execution: Execution
    blank_prefix: str

    def over(self, select: exp.Select, relation: RelationOf) -> exp.Select:
        """A SELECT over the rows."""
        return select.from_(_subquery(joined(self.partition, relation)))

    def lexical(self, term: TermColumn) -> exp.Expr:
        """The lexical form, NULL where the row makes no term."""
        return valid_lexical(term, self.blank_prefix)

    def presence(self, terms: Iterable[TermColumn]) -> list[exp.Expr]:
        """What must hold of a row that makes all of some terms."""
        found = (one for term in terms for one in self._presence(term))
        return [
            exp.not_(exp.Is(this=one.copy(), expression=exp.null()))
            for one in dict.fromkeys(found)
        ] or [exp.true()]

    def _presence(self, term: TermColumn) -> Sequence[exp.Expr]:
        """What is NULL where a row makes no term, nothing where each row does."""
        lexical = self.lexical(term)
        if isinstance(lexical, exp.Literal):
            return ()
        columns = None if term.checks or term.language else self._makers(term)
        return [lexical] if columns is None else columns

    def _makers(self, term: TermColumn) -> Sequence[exp.Expr] | None:
        """The columns without which there is no term, and with which there is one."""
        template = template_of(term.lexical)
        if template is not None:
            return [exp.column(name) for name in template.columns]
        for rows in self._sides:
            if (name := number_column(term.lexical, rows)) is not None:
                return [exp.column(name)]
            if (found := geometry_column(term.lexical, rows)) is not None:
                return [exp.column(found[0])]
        return None

    def told(self, term: TermColumn) -> list[exp.Expr]:
        """What is equal in two rows exactly where they make the same term."""
        return self.origin(term) or [
            one
            for one in (self.lexical(term), term.datatype, term.language)
            if one is not None
        ]

    def origin(self, term: TermColumn) -> list[exp.Expr]:
        """The same, of nothing but columns of the source; empty where these differ."""
        template = template_of(term.lexical)
        if template is None or not _is_uniform(term) or term.checks:
            return []
        kinds = {self._kind(name) for name in template.columns}
        return [exp.column(n) for n in template.columns] if kinds <= _PLAIN else []

    def number(self, term: TermColumn) -> exp.Expr | None:
        """The number whose text a term is; None where it is none, or not plain."""
        datatype = term.datatype
        if term.checks or not isinstance(datatype, exp.Literal):
            return None
        names = [number_column(term.lexical, rows) for rows in self._sides]
        name = next((one for one in names if one is not None), None)
        kind = _NUMBERS.get(datatype.name)
        if name is None or kind is None or self._kind(name) is not kind:
            return None
        column = exp.column(name)
        return _double(column) if kind is Kind.DOUBLE else exp.cast(column, "HUGEINT")

    def _kind(self, name: str) -> Kind | None:
        """What a column of a source holds; None where a row has several values."""
        for rows in self._sides:
            if rows.derived is None and name in rows.references:
                reference = rows.references[name]
                column = self.execution.catalog.column(rows.source, reference)
                return None if column.is_list else column.kind
        return None

    @property
    def _sides(self) -> tuple[Rows, ...]:
        """The rows of the child, and of the parent where there is one."""
        parent = self.partition.parent
        return (self.partition.child, *(() if parent is None else (parent,)))


@dataclass(frozen=True)
class _GroupsQuery:
    """The query of a grouping: groups by columns first, then the text of their keys.

    Attributes:
        rows: The rows, whose statements are in the order of the grouping.
        grouping: What is asked.
    """

    rows: _Rows
    grouping: Grouping

    @property
    def is_possible(self) -> bool:
        """Whether each measure that is of a number has one."""
        pairs = zip(self.grouping.measures, self._numbers, strict=True)
        return all(m is Measure.DISTINCT or n is not None for (m, _), n in pairs)

    @cached_property
    def _numbers(self) -> list[exp.Expr | None]:
        return [
            None if measure is Measure.DISTINCT else self.rows.number(self._term(place))
            for measure, place in self.grouping.measures
        ]

    def select(self, relation: RelationOf) -> exp.Select:
        """A row for each group, and one more than there may be."""
        keys = [self._key(number) for number in range(len(self.grouping.keys))]
        # Equal columns are grouped by once.
        by = list(dict.fromkeys(one for key in keys for one in key.by))
        told = [
            exp.alias_(self._measured(number), f"m{number}")
            for number in range(len(self.grouping.measures))
        ]
        count = exp.alias_(exp.Count(this=exp.Star()), "rows")
        needed = [term for quad in self.rows.partition.quads for term in quad.terms[:3]]
        grouped = self.rows.over(exp.select(*by, count, *told), relation)
        grouped = grouped.where(exp.and_(*self.rows.presence(needed)))
        if by:
            names = [exp.column(one.alias_or_name) for one in by]
            grouped = grouped.group_by(*names).limit(self.grouping.most + 1)
        texts = [one for key in keys for one in key.texts]
        kept = [exp.column("rows"), *(exp.column(one.alias) for one in told)]
        return exp.select(*texts, *kept).from_(_subquery(grouped))

    def _key(self, number: int) -> "_Key":
        """How rows are grouped by a key, and the columns of its text."""
        term = self._term(self.grouping.keys[number])
        names = [f"k{number}", f"d{number}"]
        lexical = self.rows.lexical(term)
        parts = [lexical, term.datatype or exp.null()]
        if origin := self.rows.origin(term):
            pairs = zip(parts, names, strict=True)
            return _Key(origin, [exp.alias_(part, name) for part, name in pairs])
        by = [exp.alias_(part, name) for part, name in zip(parts, names, strict=True)]
        return _Key(by, [exp.column(name) for name in names])

    def _measured(self, number: int) -> exp.Expr:
        measure, place = self.grouping.measures[number]
        term, raw = self._term(place), self._numbers[number]
        if measure is Measure.DISTINCT or raw is None:
            told = _tuple(self.rows.told(term))
            return exp.Count(this=exp.Distinct(expressions=[told]))
        lexical = self.rows.lexical(term)
        match measure:
            case Measure.SUM:
                total = exp.Sum(this=raw)
                is_integer = self._is_integer(number)
                return exp.cast(total, "VARCHAR") if is_integer else total
            case Measure.LEAST:
                return _ordered(exp.ArgMin(this=lexical, expression=raw), raw)
            case Measure.GREATEST:
                return _ordered(exp.ArgMax(this=lexical, expression=raw), raw)

    def groups(self, table: pa.Table) -> Groups | None:
        """What a table of groups says; None where a measure has no value."""
        count = range(len(self.grouping.measures))
        measured = [table.column(f"m{number}").to_pylist() for number in count]
        counts = table.column("rows").to_pylist()
        if any(None in one for one in measured):
            return None
        found = [
            tuple(map(int, one)) if self._is_integer(number) else tuple(one)
            for number, one in enumerate(measured)
        ]
        keys = tuple(
            Terms(self._term(place).kind, *_texts(table, number))
            for number, place in enumerate(self.grouping.keys)
        )
        return Groups(keys, tuple(counts), tuple(found))

    def _is_integer(self, number: int) -> bool:
        """Whether a measure is an integer; a sum, which may be long, comes as text."""
        measure, _ = self.grouping.measures[number]
        is_sum = measure is Measure.SUM and isinstance(self._numbers[number], exp.Cast)
        return is_sum or measure is Measure.DISTINCT

    def _term(self, place: Place) -> TermColumn:
        quad = self.rows.partition.quads[self.grouping.statements.index(place.number)]
        match place.position:
            case Position.SUBJECT:
                return quad.subject
            case Position.PREDICATE:
                return quad.predicate
            case _:
                return quad.object


@dataclass(frozen=True, slots=True)
class _Key:
    """A key: what rows are grouped by, and its text as what groups have it."""

    by: Sequence[exp.Expr]
    texts: Sequence[exp.Expr]


def _texts(table: pa.Table, number: int) -> tuple[StringColumn, StringColumn | None]:
    """Lexical forms and datatypes of a key."""
    datatypes = table.column(f"d{number}")
    has_none = datatypes.null_count == len(datatypes)
    return table.column(f"k{number}"), None if has_none else datatypes


def _is_uniform(term: TermColumn) -> bool:
    """Whether all terms have one datatype, and no language."""
    is_literal = term.kind is TermKind.LITERAL
    constants = (exp.Literal, exp.Null)
    is_one = term.datatype is None or isinstance(term.datatype, constants)
    return not is_literal or (is_one and term.language is None)


def _tuple(parts: Iterable[exp.Expr]) -> exp.Expr:
    return exp.Anonymous(this="row", expressions=[one.copy() for one in parts])


def _subquery(query: exp.Query) -> exp.Subquery:
    return exp.Subquery(
        this=query, alias=exp.TableAlias(this=exp.to_identifier(_SOURCE))
    )


def _double(column: exp.Expr) -> exp.Expr:
    """A float or double as the double that its text is read as: 0.1 is 0.1."""
    text = exp.cast(column.copy(), "VARCHAR")
    is_single = exp.EQ(
        this=exp.Anonymous(this="typeof", expressions=[column.copy()]),
        expression=exp.Literal.string("FLOAT"),
    )
    widened = exp.cast(column.copy(), "DOUBLE")
    return exp.case().when(is_single, exp.cast(text, "DOUBLE")).else_(widened)


def _ordered(extreme: exp.Expr, raw: exp.Expr) -> exp.Expr:
    """An extreme; NULL where there is a NaN, which is neither less nor greater."""
    number = exp.cast(raw.copy(), "DOUBLE")
    is_nan = exp.Anonymous(this="isnan", expressions=[number])
    has_nan = exp.Anonymous(this="bool_or", expressions=[is_nan])
    return exp.case().when(exp.not_(has_nan), extreme)
