"""The Direct Mapping of a database (W3C, 2012), written as R2RML.

A table is a class; a row is an IRI made of its primary key, or a blank node; a column
is a property of literals; a foreign key is a property that leads to the row to which it
refers.  The mapping is text, to be run as it is or to be edited first.
"""

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote

from geotriples.mapping.grammar import is_iri_character
from geotriples.sources.schema import ForeignKey, Table
from geotriples.sources.sql import Database, Identifier, SqlColumn

_HEAD: Final = "@prefix rr: <http://www.w3.org/ns/r2rml#> .\n@base <{base}> .\n"


def direct_mapping(database: Database, base: str) -> str:
    """The Direct Mapping of every table that the user of the database sees.

    Args:
        database: Where the tables are.
        base: What the IRIs of rows, classes and properties begin with.

    Returns:
        An R2RML mapping in Turtle, for `run(..., base=base, database=...)`.

    Raises:
        SourceError: The database cannot be read.
    """
    tables = database.tables()
    known = {one.name for one in tables}
    parts = [_HEAD.format(base=base)]
    for table in tables:
        relation = database.quote(Identifier(table.name, is_delimited=True))
        query = f"SELECT * FROM {relation}"  # noqa: S608 - the name is quoted
        columns = database.describe(query)
        parts.append("\n".join(_triples_map(table, columns, known)))
    return "\n".join(parts)


def _triples_map(
    table: Table, columns: Sequence[SqlColumn], known: set[str]
) -> Iterator[str]:
    yield f"<#{encoded(table.name)}>"
    if table.primary_key:
        yield f"    rr:logicalTable [ rr:tableName {_text(_delimited(table.name))} ] ;"
        yield f"    rr:subjectMap [ rr:template {_text(_row_template(table))} ;"
    else:
        row = _row_name(columns)
        query = _text(_rows(table, columns, row))
        yield f"    rr:logicalTable [ rr:sqlQuery {query} ] ;"
        template = f"{_escaped(encoded(table.name))} {{{_escaped(_delimited(row))}}}"
        yield f"    rr:subjectMap [ rr:template {_text(template)} ;"
        yield "        rr:termType rr:BlankNode ;"
    yield f"        rr:class <{encoded(table.name)}> ]"
    for column in columns:
        yield "    ; " + _property(
            f"{encoded(table.name)}#{encoded(column.name)}",
            f"rr:column {_text(_delimited(column.name))}",
        )
    for key in table.foreign_keys:
        if key.table in known:
            yield "    ; " + _reference(table, key)
    yield "    .\n"


def _property(predicate: str, object_map: str) -> str:
    return (
        f"rr:predicateObjectMap [ rr:predicate <{predicate}> ;\n"
        f"        rr:objectMap [ {object_map} ] ]"
    )


def _reference(table: Table, key: ForeignKey) -> str:
    """A reference property (Direct Mapping, section 3): `T#ref-a;b`."""
    name = ";".join(map(encoded, key.columns))
    conditions = "".join(
        f" ;\n            rr:joinCondition [ rr:child {_text(_delimited(child))} ;"
        f" rr:parent {_text(_delimited(parent))} ]"
        for child, parent in zip(key.columns, key.parents, strict=True)
    )
    parent = f"rr:parentTriplesMap <#{encoded(key.table)}>{conditions}"
    return _property(f"{encoded(table.name)}#ref-{name}", parent)


def _row_template(table: Table) -> str:
    """The row node of a table with a primary key: `T/a={a};b={b}`."""
    values = ";".join(
        f"{_escaped(encoded(one))}={{{_escaped(_delimited(one))}}}"
        for one in table.primary_key
    )
    return f"{_escaped(encoded(table.name))}/{values}"


def _rows(table: Table, columns: Sequence[SqlColumn], row: str) -> str:
    """Rows with numbers: equal rows may change theirs, and nobody could tell."""
    order = ", ".join(one.sql.format(_delimited(one.name)) for one in columns)
    name = _delimited(table.name)
    number = f"ROW_NUMBER() OVER (ORDER BY {order}) AS {_delimited(row)}"
    return f"SELECT {number}, {name}.* FROM {name}"  # noqa: S608 - names are quoted


def _row_name(columns: Sequence[SqlColumn]) -> str:
    names = {one.name.lower() for one in columns}
    name = "row_number_"
    while name in names:
        name += "_"
    return name


def encoded(name: str) -> str:
    """A name in an IRI (R2RML 7.3, IRI-safe): letters of any script stay.

    Examples:
        >>> encoded("Country Info"), encoded("植物")
        ('Country%20Info', '植物')
    """
    return "".join(
        one if is_iri_character(one) else quote(one, safe="") for one in name
    )


def _delimited(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _escaped(text: str) -> str:
    """Text or a name in a template (R2RML 7.3)."""
    return text.replace("\\", "\\\\").replace("{", "\\{").replace("}", "\\}")


def _text(text: str) -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"}
    return '"' + "".join(escapes.get(one, one) for one in text) + '"'
