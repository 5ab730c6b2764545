"""Partitions -> SQL for columns of terms, and batches of its rows -> statements.

What a store loads has no text: each term that a row makes is a column, however many of
the row's statements it is part of.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyoxigraph as ox
from sqlglot import exp

from engines.term_columns import StatementBatch, StringColumn, TermKind, Terms
from geotriples.plan import Partition
from geotriples.statements import RelationOf, joined
from geotriples.terms import TermColumn
from geotriples.values import concatenation, text_literal


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a term: a column of the result, or the same in every row."""

    column: str | None = None
    constant: str | None = None

    def of(self, batch: pa.RecordBatch) -> StringColumn | str | None:
        return self.constant if self.column is None else batch.column(self.column)


@dataclass(frozen=True, slots=True)
class TermsQuery:
    """The terms of a partition's rows.

    Attributes:
        select: A column for each part that is not the same in every row.
        columns: Kind, lexical form, datatype and language of each term.
        statements: As in `StatementBatch`.
    """

    select: exp.Select
    columns: tuple[tuple[TermKind, _Part, _Part, _Part], ...]
    statements: tuple[tuple[int, int, int, int | None], ...]

    def statement_batch(self, batch: pa.RecordBatch) -> StatementBatch:
        """The statements of some rows of the query."""
        columns = [
            Terms(kind, _lexical(lexical.of(batch)), *(one.of(batch) for one in others))
            for kind, lexical, *others in self.columns
        ]
        return StatementBatch(batch.num_rows, tuple(columns), self.statements)


def _lexical(column: StringColumn | str | None) -> StringColumn | str:
    assert column is not None  # noqa: S101 - every term says something
    return column


def terms_query(
    partition: Partition,
    relation: RelationOf,
    blank_prefix: str,
    where: exp.Expr | None = None,
) -> TermsQuery:
    """The query for the terms that a partition's rows make.

    Args:
        partition: The rows and their quads.
        relation: Where the rows are.
        blank_prefix: What labels of blank nodes begin with, so that those of another
            run are others.
        where: Which rows, of those that there are.
    """
    parts = _Parts()
    numbers: dict[TermColumn, int] = {}
    columns = []
    for quad in partition.quads:
        for term in quad.terms:
            if term not in numbers:
                numbers[term] = len(numbers)
                columns.append(_column(term, parts, blank_prefix))
    statements = [
        (
            numbers[quad.subject],
            numbers[quad.predicate],
            numbers[quad.object],
            None if quad.graph is None else numbers[quad.graph],
        )
        for quad in partition.quads
    ]
    source = exp.Subquery(
        this=joined(partition, relation),
        alias=exp.TableAlias(this=exp.to_identifier("source")),
    )
    # Where every term is constant, there is still one for each row.
    selected = [exp.alias_(sql, name) for sql, name in parts.named.items()]
    select = exp.select(*(selected or [exp.alias_(exp.null(), "row")])).from_(source)
    if where is not None:
        select = select.where(where)
    return TermsQuery(select, tuple(columns), tuple(dict.fromkeys(statements)))


@dataclass(slots=True)
class _Parts:
    """Names for the columns of a query; equal ones have one name."""

    named: dict[exp.Expr, str] = field(default_factory=dict)

    def part(self, sql: exp.Expr | None) -> _Part:
        match sql:
            case None | exp.Null():
                return _Part()
            case exp.Literal(is_string=True):
                return _Part(constant=sql.name)
            case _:
                name = self.named.setdefault(sql, f"t{len(self.named)}")
                return _Part(column=name)


def _column(
    term: TermColumn, parts: _Parts, blank_prefix: str
) -> tuple[TermKind, _Part, _Part, _Part]:
    lexical = parts.part(valid_lexical(term, blank_prefix))
    if term.language is not None:
        return term.kind, lexical, *_ending(parts, None, term.language)
    return term.kind, lexical, *_ending(parts, term.datatype, None)


def valid_lexical(term: TermColumn, blank_prefix: str) -> exp.Expr:
    """IRI, label or lexical form; NULL where the row makes no valid term."""
    lexical = lexical_of(term, blank_prefix)
    if term.checks:
        valid = exp.and_(*(check.is_valid for check in term.checks))
        lexical = exp.case().when(valid, lexical)
    if term.language is not None:
        # Without its tag there is no literal.
        return _with(lexical, term.language)
    return lexical


def lexical_of(term: TermColumn, blank_prefix: str) -> exp.Expr:
    """IRI, lexical form, or label: those of blank nodes begin with the prefix."""
    if term.kind is not TermKind.BLANK_NODE:
        return term.lexical
    return concatenation(text_literal(blank_prefix), term.lexical)


def _with(lexical: exp.Expr, other: exp.Expr) -> exp.Expr:
    if isinstance(other, exp.Literal):
        return lexical
    missing = exp.Is(this=other, expression=exp.null())
    return exp.case().when(exp.not_(missing), lexical)


def _ending(
    parts: _Parts, datatype: exp.Expr | None, language: exp.Expr | None
) -> tuple[_Part, _Part]:
    return parts.part(datatype), parts.part(language)


def constant_batches(lines: Sequence[str]) -> Iterator[StatementBatch]:
    """Statements that depend on no row, from lines of N-Quads with literals."""
    for quad in ox.parse("".join(lines), ox.RdfFormat.N_QUADS):
        terms = [quad.subject, quad.predicate, quad.object]
        yield StatementBatch(1, tuple(map(_constant, terms)), ((0, 1, 2, None),))


_KINDS: Mapping[type, TermKind] = {
    ox.NamedNode: TermKind.IRI,
    ox.BlankNode: TermKind.BLANK_NODE,
    ox.Literal: TermKind.LITERAL,
}


def _constant(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> Terms:
    kind = _KINDS[type(term)]
    if isinstance(term, ox.Literal):
        return Terms(kind, term.value, term.datatype.value, term.language)
    assert isinstance(term, ox.NamedNode | ox.BlankNode)  # noqa: S101 - RDF 1.1
    return Terms(kind, term.value)
