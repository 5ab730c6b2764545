"""Databases -> entities: tables with their keys; foreign keys become joins."""

from pathlib import Path

from geotriples.bootstrap.columns import ColumnFacts, read_facts
from geotriples.bootstrap.entities import Entity, Field, Geometry, Link
from geotriples.mapping.model import DatabaseAccess, LogicalSource
from geotriples.sources.base import Kind
from geotriples.sources.schema import Table
from geotriples.sources.sql import Database, open_sql
from geotriples.sources.sql_catalog import open_database
from ontologies.namespaces import RML

_FORMULATION = RML.term("SQL2008Table")


def survey_database(access: DatabaseAccess) -> tuple[Entity, ...]:
    """The tables that the user of a database sees.

    Raises:
        SourceError: It cannot be read.
    """
    database = open_database(access, Path)
    tables = database.tables()
    known = {one.name for one in tables}
    return tuple(_entity(database, access, table, known) for table in tables)


def _entity(
    database: Database, access: DatabaseAccess, table: Table, known: set[str]
) -> Entity:
    iterator = '"' + table.name.replace('"', '""') + '"'
    logical = LogicalSource(table.name, _FORMULATION, access, iterator)
    source = open_sql(database, logical)
    wrong = {name: source.explain(name) for name in source.columns}
    good = [name for name, problem in wrong.items() if problem is None]
    facts = read_facts(source, good)
    geometry = next((one for one in facts.columns if one.kind is Kind.GEOMETRY), None)
    links = tuple(
        Link(
            f"{'_'.join(key.columns)} {key.table}",
            key.table,
            tuple(zip(key.columns, key.parents, strict=True)),
        )
        for key in table.foreign_keys
        if key.table in known
    )
    fields = [_field(one, facts.rows) for one in facts.columns if one is not geometry]
    return Entity(
        *(table.name, _FORMULATION, iterator, facts.rows, tuple(fields)),
        key=table.primary_key or facts.key,
        geometry=None
        if geometry is None
        else Geometry(
            geometry.reference,
            geometry.reference,
            crs=geometry.crs or "",
            is_column=True,
        ),
        links=links,
        notes=tuple(problem for problem in wrong.values() if problem is not None),
    )


def _field(one: ColumnFacts, rows: int) -> Field:
    missing = rows - one.present
    note = f"{missing:,} of {rows:,} have none" if missing else ""
    return Field(one.reference, one.reference, one.datatype, one.is_declared, note)
