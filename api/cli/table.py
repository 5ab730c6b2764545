"""Solutions as a table for people: prefixed names, plain values, long ones cut."""

from typing import Final, assert_never

from rich.console import Console as RichConsole
from rich.table import Table
from rich.text import Text

from ontologies.namespaces import GEO, XSD, compact
from strabon_store.algebra.terms import IRI, BlankNode, Literal, Term
from strabon_store.results.graphs import Graph, Result

_NUMERIC: Final = {XSD.term(name) for name in ("integer", "decimal", "double", "float")}
_SHOWN: Final = 60
_PIPE_WIDTH: Final = 160
_LONG_PATH: Final = 6


def print_table(result: Result) -> None:
    """Print a result on stdout, with the number of its rows."""
    console = RichConsole()
    if not console.is_terminal:
        # Nobody can make a pipe wider.
        console = RichConsole(width=_PIPE_WIDTH)
    if isinstance(result, bool):
        console.print("yes" if result else "no")
        return
    if isinstance(result, Graph):
        result = result.solutions
    table = Table(*result.variables, header_style="bold")
    for row in result:
        table.add_row(*(_cell(term) for term in row))
    console.print(table)
    console.print(f"{table.row_count} row{'' if table.row_count == 1 else 's'}")


def _cell(term: Term | None) -> Text:
    if _is_number(term):
        return Text(show(term), justify="right")
    return Text(show(term), overflow="fold")


def _is_number(term: Term | None) -> bool:
    return isinstance(term, Literal) and term.datatype in _NUMERIC


def show(term: Term | None) -> str:
    """A term for people; nothing for an unbound variable.

    Examples:
        >>> show(IRI("http://www.opengis.net/ont/geosparql#Feature"))
        'geo:Feature'
        >>> show(Literal("12.3456789", XSD.term("double")))
        '12.3457'
    """
    match term:
        case None:
            return ""
        case IRI(value):
            return _show_iri(value)
        case BlankNode(label):
            return f"_:{label}"
        case Literal():
            return _show_literal(term)
        case _:
            assert_never(term)


def _show_iri(iri: str) -> str:
    """A prefixed name, or the end of the IRI, which tells resources apart.

    Examples:
        >>> _show_iri("https://w3id.org/pytheas/id/observation/15d87bc23a987005")
        '…/observation/15d87bc23a987005'
    """
    text = compact(iri)
    segments = iri.split("/")
    if not text.startswith("<") or len(segments) < _LONG_PATH:
        return text
    return f"…/{'/'.join(segments[-2:])}"


def _show_literal(literal: Literal) -> str:
    if literal.datatype == GEO.term("wktLiteral"):
        return _show_wkt(literal.lexical)
    if literal.datatype in {XSD.term("double"), XSD.term("float")}:
        try:
            return f"{float(literal.lexical):.6g}"
        except ValueError:
            return literal.lexical
    if len(literal.lexical) > _SHOWN:
        return f"{literal.lexical[: _SHOWN - 1]}…"
    return literal.lexical


def _show_wkt(text: str) -> str:
    """The type and the number of positions; nobody reads coordinates in a table.

    Examples:
        >>> _show_wkt("POLYGON ((0 0, 1 0, 1 1, 0 0))")
        'POLYGON, 4 positions'
    """
    wkt = text.rpartition(">")[2].strip()
    kind = wkt.partition("(")[0].strip()
    count = wkt.count(",") + 1
    return wkt if count == 1 else f"{kind}, {count} positions"
