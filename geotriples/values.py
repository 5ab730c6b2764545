"""Values of a row as SQL trees, and their natural mapping to RDF (R2RML 10.2).

The trees use standard SQL and the `rdf_*` primitives, which each engine spells for
itself (`primitives.sql` for DuckDB), so a plan is the same for every engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Final, Protocol

from sqlglot import exp

from geotriples.sources.base import Kind
from ontologies.namespaces import GEO, XSD

WKT_LITERAL: Final = GEO.term("wktLiteral")
XSD_STRING: Final = XSD.term("string")

NATURAL_DATATYPES: Final[Mapping[Kind, str]] = {
    Kind.STRING: XSD_STRING,
    Kind.BOOLEAN: XSD.term("boolean"),
    Kind.INTEGER: XSD.term("integer"),
    Kind.DECIMAL: XSD.term("decimal"),
    Kind.DOUBLE: XSD.term("double"),
    Kind.DATE: XSD.term("date"),
    Kind.TIME: XSD.term("time"),
    Kind.DATE_TIME: XSD.term("dateTime"),
    Kind.DATE_TIME_UTC: XSD.term("dateTime"),
    Kind.BINARY: XSD.term("hexBinary"),
    Kind.GEOMETRY: WKT_LITERAL,
}
"""Natural mapping of typed values (R2RML 10.2)."""


@dataclass(frozen=True, slots=True)
class Check:
    """A condition without which a row's value makes no valid term.

    Attributes:
        node: The term map.
        value: The value that is judged.
        is_valid: The condition.
        reason: What is wrong where it does not hold.
    """

    node: str
    value: exp.Expr
    is_valid: exp.Expr
    reason: str


@dataclass(frozen=True, slots=True)
class Value:
    """A value per row, as the engine holds it.

    Attributes:
        sql: The column.
        kind: What it holds.
        crs: For a geometry, its CRS as pyproj reads it.
        datatype: What the natural mapping makes of it, where the kind does not say.
        is_iri: Whether every value is known to be an absolute IRI.
        is_list: Whether the column holds a list of such values.
        checks: What must hold of the arguments that it was made from.
    """

    sql: exp.Expr
    kind: Kind
    crs: str | None = None
    datatype: str | None = None
    is_iri: bool = False
    is_list: bool = False
    checks: tuple[Check, ...] = ()


class Computing(Protocol):
    """Where columns can be worked out."""

    def compute(self, sql: exp.Expr) -> exp.Expr:
        """The column that holds `sql`, worked out once however often it is used."""


class Scope(Computing, Protocol):
    """What the term maps of one triples map are evaluated in."""

    @property
    def base(self) -> str:
        """What relative IRIs are appended to."""

    def resolve(self, reference: str) -> Value:
        """The column of a reference; of several values, one in each row."""

    def resolve_all(self, reference: str) -> Value:
        """The column of a reference; a list where a row may have several values."""

    def each(self, sql: exp.Expr) -> exp.Expr:
        """The column of the elements of a list, each in a row of its own."""

    def row_label(self) -> exp.Expr:
        """A string that no other row has, of this triples map or another."""


def lexical_form(value: Value, scope: Computing) -> exp.Expr:
    """The natural lexical form (R2RML 10.2, XSD canonical forms)."""
    sql = value.sql
    match value.kind:
        case Kind.STRING:
            return sql
        case Kind.DOUBLE:
            text = scope.compute(exp.cast(sql, "VARCHAR"))
            return exp.func("RDF_DOUBLE_TEXT", text)
        case Kind.DATE_TIME:
            return exp.func("RDF_DATE_TIME", sql)
        case Kind.DATE_TIME_UTC:
            return exp.func("RDF_DATE_TIME_UTC", sql)
        case Kind.BINARY:
            return exp.func("HEX", sql)
        case Kind.GEOMETRY:
            crs = text_literal(value.crs or "")
            return scope.compute(exp.func("RDF_WKT_LITERAL", sql, crs))
        case Kind.TYPED:
            return _struct_field(sql, "lexical")
        case _:
            return exp.cast(sql, "VARCHAR")


def natural_datatype(value: Value) -> exp.Expr:
    """The datatype of the natural mapping; NULL for a plain string."""
    if value.kind is Kind.TYPED:
        return _struct_field(value.sql, "datatype")
    datatype = value.datatype or NATURAL_DATATYPES[value.kind]
    return exp.null() if datatype == XSD_STRING else text_literal(datatype)


def text_literal(text: str) -> exp.Expr:
    """A string constant."""
    return exp.Literal.string(text)


def concatenation(*parts: exp.Expr) -> exp.Expr:
    """`a || b || ...`: NULL as soon as one part is; neighboring constants are one."""
    merged: list[exp.Expr] = []
    for part in parts:
        if merged and _is_text(part) and _is_text(merged[-1]):
            merged[-1] = text_literal(merged[-1].name + part.name)
        else:
            merged.append(part)
    return reduce(lambda left, right: exp.DPipe(this=left, expression=right), merged)


def _is_text(sql: exp.Expr) -> bool:
    return isinstance(sql, exp.Literal) and sql.is_string


def _struct_field(sql: exp.Expr, name: str) -> exp.Expr:
    return exp.StructExtract(this=sql, expression=text_literal(name))
