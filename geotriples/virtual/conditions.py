"""Restrictions on statements -> SQL over rows, and what a source can apply itself."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from engines.virtual_graphs import Between, Meets, OneOf, Position, Restriction
from geotriples.geometry import crs_of_file
from geotriples.plan import QuadColumns
from geotriples.rows import Rows
from geotriples.sources.base import Kind, Source
from geotriples.sources.selective import BoxMeets, Condition, ValueBetween, ValueIn
from geotriples.term_queries import lexical_of
from geotriples.terms import TermColumn
from geotriples.values import text_literal
from geotriples.virtual.columns import geometry_column, number_column, template_of
from geotriples.virtual.windows import is_in_degrees, meets, window_in

_FEW: Final = 20
"""Terms that stand in the SQL; more stand in a table of their own."""

_SHOWN: Final = 3
_NUMBERS: Final = frozenset({Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE})

TableOf = Callable[[frozenset[str]], str]
"""Puts strings into a table with a column `value`, and says its name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the rows of a partition.

    Attributes:
        term: The column of terms.
        restriction: What must hold of it.
    """

    term: TermColumn
    restriction: Restriction

    def __str__(self) -> str:
        match self.restriction:
            case OneOf(_, lexicals):
                shown = ", ".join(sorted(lexicals)[:_SHOWN])
                more = len(lexicals) - _SHOWN
                return f"one of {shown}{f' and {more} more' if more > 0 else ''}"
            case Between(lowest, highest):
                return f"from {lowest:g} to {highest:g}"
            case Meets((west, south, east, north)):
                return f"meets the box {west:g} {south:g} {east:g} {north:g}"


def asked_of(
    quad: QuadColumns, restrictions: Iterable[Restriction]
) -> frozenset[Asked]:
    """Restrictions on a statement as what is asked of its columns."""
    return frozenset(Asked(_term(quad, one), one) for one in restrictions)


def _term(quad: QuadColumns, restriction: Restriction) -> TermColumn:
    if isinstance(restriction, OneOf):
        match restriction.position:
            case Position.SUBJECT:
                return quad.subject
            case Position.PREDICATE:
                return quad.predicate
            case Position.GRAPH if quad.graph is not None:
                return quad.graph
            case _:
                return quad.object
    return quad.object


def sql_of(
    asked: Asked, sides: Sequence[Rows], blank_prefix: str, table: TableOf
) -> exp.Expr | None:
    """The condition on rows; None where it cannot be said in SQL."""
    lexical = lexical_of(asked.term, blank_prefix)
    match asked.restriction:
        case OneOf(_, lexicals):
            return _among(lexical, lexicals, table)
        case Between(lowest, highest):
            number = exp.TryCast(this=lexical, to=exp.DataType.build("DOUBLE"))
            within = exp.Between(
                this=number, low=_double(lowest), high=_double(highest)
            )
            # What is no number here may be one in RDF.
            return exp.Coalesce(this=within, expressions=[exp.true()])
        case Meets(box):
            found = _first(geometry_column(asked.term.lexical, one) for one in sides)
            return None if found is None else meets(exp.column(found[0]), found[1], box)


def _among(lexical: exp.Expr, lexicals: frozenset[str], table: TableOf) -> exp.Expr:
    if len(lexicals) <= _FEW:
        values = [text_literal(one) for one in sorted(lexicals)]
        return exp.In(this=lexical, expressions=values)
    query = exp.select("value").from_(exp.table_(table(lexicals)))
    return exp.In(this=lexical, query=exp.Subquery(this=query))


def _double(value: float) -> exp.Expr:
    return exp.cast(exp.Literal.string(repr(value)), "DOUBLE")


def _first(found: Iterable[tuple[str, str] | None]) -> tuple[str, str] | None:
    return next((one for one in found if one is not None), None)


def source_conditions(
    asked: Iterable[Asked], rows: Rows, source: Source
) -> tuple[Condition, ...]:
    """What a source may apply to its rows itself."""
    found = (one for each in asked for one in _conditions(each, rows, source))
    return tuple(dict.fromkeys(found))


def _conditions(asked: Asked, rows: Rows, source: Source) -> Iterator[Condition]:
    lexical = asked.term.lexical
    match asked.restriction:
        case OneOf(_, lexicals):
            yield from _values(lexical, lexicals, rows, source)
        case Between(lowest, highest):
            name = number_column(lexical, rows)
            if name is None:
                return
            reference = rows.references[name]
            if source.column(reference).kind in _NUMBERS:
                yield ValueBetween(reference, lowest, highest)
        case Meets(box):
            found = geometry_column(lexical, rows)
            if found is None or not is_in_degrees(crs_of_file(found[1])):
                return
            window = window_in(found[1], box)
            if window is not None:
                yield BoxMeets(rows.references[found[0]], window)


def _values(
    lexical: exp.Expr,
    lexicals: frozenset[str],
    rows: Rows,
    source: Source,
) -> Iterator[Condition]:
    template = template_of(lexical)
    if template is None:
        return
    found = list(template.values(lexicals))
    for place, name in enumerate(template.columns):
        reference = rows.references.get(name)
        if reference is None:
            continue
        texts = dict.fromkeys(each[place] for each in found)
        column = source.column(reference)
        if column.is_list:
            continue
        if column.kind is Kind.STRING:
            yield ValueIn(reference, tuple(texts))
        elif column.kind is Kind.INTEGER:
            # Another spelling of a number is made by no row.
            numbers = (int(one) for one in texts if _is_canonical(one))
            yield ValueIn(reference, tuple(numbers))


def _is_canonical(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and str(int(text)) == text
