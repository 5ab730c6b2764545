"""The types that DuckDB has for the encodings of terms."""

from typing import Final, assert_never

from ontologies.geosparql.datatypes import WKT_LITERAL
from strabon_store.algebra.terms import XSD_STRING
from strabon_store.backends.sql import Sql, Template, function, literal
from strabon_store.relational.encoding import Encoding, Plain, TermId, Typed
from strabon_store.relational.layout import GEOMETRIES, TERMS
from strabon_store.relational.numbers import XSD_DECIMAL, XSD_INTEGER
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.values import ANY_IRI, XSD_BOOLEAN

_PARTS: Final = {
    column.name: Sql(column.type)
    for table in (TERMS, GEOMETRIES)
    for column in table.columns
}
"""The types of what is looked up."""

_AS: Final = Template(":a AS :b")


def typed_null(column: PlanColumn) -> Sql:
    """A NULL in a column.

    A bare NULL is an integer to DuckDB, and UNION would make it everybody's type.
    """
    kind = sql_type(column.encoding)
    if column.encoding is None:
        part = column.name.rpartition(".")[2]
        kind = _PARTS.get(part, kind)
    return function("CAST", _AS.filled([literal(None), kind]))


def sql_type(encoding: Encoding | None) -> Sql:
    """The type of a column of this encoding."""
    match encoding:
        case TermId():
            return Sql("BIGINT")
        case Typed(datatype):
            named = {
                XSD_BOOLEAN: "BOOLEAN",
                XSD_INTEGER: "HUGEINT",
                XSD_DECIMAL: "DECIMAL(38, 18)",
                XSD_STRING: "VARCHAR",
                # Packed, see `engines.geosparql.packing`.
                WKT_LITERAL: "BLOB",
                ANY_IRI: "VARCHAR",
            }
            fallback = "TIMESTAMP" if "date" in datatype else "DOUBLE"
            return Sql(named.get(datatype, fallback))
        case Plain() | None:
            return Sql("VARCHAR")
        case _:
            assert_never(encoding)
