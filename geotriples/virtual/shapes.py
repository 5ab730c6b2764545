"""Columns of terms -> what is known of their terms without a row."""

from sqlglot import exp

from engines.term_columns import TermKind
from engines.virtual_graphs import TermShape
from geotriples.terms import TermColumn
from geotriples.values import XSD_STRING
from ontologies.namespaces import RDF

_LANG_STRING = RDF.term("langString")


def term_shape(term: TermColumn, blank_prefix: str) -> TermShape:
    """The shape of a column's terms.

    Args:
        term: The column.
        blank_prefix: What labels of blank nodes begin with.
    """
    pieces = _pieces(term.lexical)
    if term.kind is TermKind.BLANK_NODE:
        pieces = _merged([blank_prefix, *pieces])
    if term.kind is not TermKind.LITERAL:
        return TermShape(term.kind, pieces)
    if term.language is not None:
        tag = _text(term.language)
        language = None if tag is None else tag.lower()
        return TermShape(term.kind, pieces, _LANG_STRING, language)
    return TermShape(term.kind, pieces, _datatype(term.datatype))


def _datatype(sql: exp.Expr | None) -> str | None:
    if sql is None or isinstance(sql, exp.Null):
        return XSD_STRING
    return _text(sql)


def _text(sql: exp.Expr) -> str | None:
    return sql.name if isinstance(sql, exp.Literal) and sql.is_string else None


def flattened(sql: exp.Expr) -> list[exp.Expr]:
    """The operands of `a || b || ...`."""
    match sql:
        case exp.DPipe(this=left, expression=right):
            return [*flattened(left), *flattened(right)]
        case exp.Paren(this=inner):
            return flattened(inner)
        case _:
            return [sql]


def _pieces(sql: exp.Expr) -> tuple[str | None, ...]:
    return _merged([_text(part) for part in flattened(sql)])


def _merged(pieces: list[str | None]) -> tuple[str | None, ...]:
    """Neighbors of one sort made one."""
    merged: list[str | None] = []
    for piece in pieces:
        last = merged[-1] if merged else ""
        if merged and piece is None and last is None:
            continue
        if merged and piece is not None and last is not None:
            merged[-1] = last + piece
        else:
            merged.append(piece)
    return tuple(merged)
