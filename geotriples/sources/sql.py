"""Tables and queries of relational databases: what their engines share.

A logical source is a table or a query of a database (`DatabaseAccess`).  Its columns
are read with their natural types (R2RML, section 10), in a transaction that can write
nothing, as a stream of Arrow batches: memory does not grow with the table.

A reference is a column's name.  In RML it is the name as the database gives it, letter
by letter; in R2RML it is an identifier of SQL (R2RML, section 5.1): delimited by
quotation marks, or regular, in which case the database says what letter case is worth.
"""

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from geotriples.errors import SourceError
from geotriples.mapping.model import LogicalSource
from geotriples.mapping.r2rml import BASE_TABLE, SQL_VIEW
from geotriples.sources.arrow_types import ROW_ONLY
from geotriples.sources.base import Column, Kind
from geotriples.sources.schema import Table
from geotriples.sources.selective import Condition
from ontologies.namespaces import RML

TABLES: Final = frozenset({BASE_TABLE, RML.term("SQL2008Table")})
"""Formulations in which the iterator names a table."""

QUERIES: Final = frozenset({SQL_VIEW, RML.term("SQL2008Query")})
"""Formulations in which the iterator is a query."""

_R2RML: Final = frozenset({BASE_TABLE, SQL_VIEW})
_PART: Final = re.compile(r'"((?:[^"]|"")+)"|`((?:[^`]|``)+)`|([^\W\d]\w*\$?[\w$]*)')
_FIRST_YEAR: Final = -719_162
_LAST_YEAR: Final = 2_932_896
_MICROSECONDS: Final = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Identifier:
    """A name in SQL: as it stands where it is delimited, else in any letter case."""

    name: str
    is_delimited: bool


@dataclass(frozen=True, slots=True)
class SqlColumn:
    """A column of a table or query.

    Attributes:
        name: As the database gives it.
        kind: What it holds; None where that makes no term.
        type_name: The database's name of its type, for messages.
        sql: How its values are selected; `{}` stands for the column.
        arrow_type: What arrives.
        srid: For a geometry, the SRID that its type declares, if it does.
    """

    name: str
    kind: Kind
    type_name: str
    sql: str
    arrow_type: pa.DataType
    srid: int | None = None


class Database(Protocol):
    """What the engines do each in its own way.  All calls may raise SourceError."""

    @property
    def name(self) -> str:
        """The database as messages call it, without a password."""

    def describe(self, query: str) -> Sequence[SqlColumn]:
        """The columns of a query, which is not run."""

    def batches(self, query: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """The rows of a query, by and by."""

    def tables(self) -> Sequence[Table]:
        """The base tables that the user sees without naming a schema, with keys."""

    def quote(self, identifier: Identifier) -> str:
        """An identifier as the database reads it."""

    def matches(self, identifier: Identifier, name: str) -> bool:
        """Whether an identifier of SQL stands for a column of this name."""

    def crs(self, srid: int) -> str | None:
        """A CRS by its number in the database, as pyproj reads it."""

    def condition(
        self, column: SqlColumn, condition: Condition, srid: int | None
    ) -> str | None:
        """A condition on a column as SQL; None where the database cannot tell.

        Args:
            column: The column.
            condition: What must hold of it.
            srid: Of a geometry, the SRID.
        """

    def use_standard_sql(self) -> None:
        """Read quotation marks and `||` as SQL 2008 does, where that is a choice."""


Batches: TypeAlias = Generator[pa.RecordBatch, None, None]


@dataclass(slots=True)
class SqlSource:
    """A table or a query of a database, its columns known."""

    database: Database
    query: str
    columns: Mapping[str, SqlColumn]
    has_identifiers: bool
    what: str
    _srids: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The database's name."""
        return self.database.name

    @property
    def row_count(self) -> int | None:
        """Unknown: counting would read the rows."""
        return None

    def explain(self, reference: str) -> str | None:
        """Whether there is such a column, and one CRS for a geometry."""
        try:
            column = self._find(reference)
        except ValueError as error:
            return str(error)
        if column.kind is not Kind.GEOMETRY:
            return None
        return self._explain_geometry(column)

    def _explain_geometry(self, column: SqlColumn) -> str | None:
        srids = self._srids_of(column)
        if len(srids) > 1:
            numbers = ", ".join(map(str, srids))
            return (
                f"column {column.name!r} of {self.what} has geometries in several "
                f"CRSs (SRID {numbers}); transform them to one in a query"
            )
        if srids and self.database.crs(srids[0]) is None:
            return (
                f"geometry column {column.name!r} of {self.what} has no known CRS "
                f"(SRID {srids[0]}); give it one in a query (ST_SetSRID)"
            )
        return None

    def column(self, reference: str) -> Column:
        """The natural kind of a column (R2RML 10.2), and a geometry's CRS."""
        column = self._find(reference)
        if column.kind is not Kind.GEOMETRY:
            return Column(column.kind)
        srids = self._srids_of(column)
        # Where there is no geometry, any CRS is that of all of them.
        return Column(Kind.GEOMETRY, self.database.crs(srids[0]) if srids else None)

    def read(self, references: Mapping[str, str]) -> pa.RecordBatchReader:
        """Stream the columns in a transaction that only reads."""
        return self.read_where(references, ())

    def applicable(self, conditions: Sequence[Condition]) -> tuple[Condition, ...]:
        """What the database can select by."""
        return tuple(one for one in conditions if self._condition(one) is not None)

    def read_where(
        self, references: Mapping[str, str], conditions: Sequence[Condition]
    ) -> pa.RecordBatchReader:
        """Stream the rows that the database selects."""
        schema = self._schema(references)
        return pa.RecordBatchReader.from_batches(
            schema, self.stream(references, conditions)
        )

    def _condition(self, condition: Condition) -> str | None:
        column = self._find(condition.reference)
        srid = None
        if column.kind is Kind.GEOMETRY:
            srids = self._srids_of(column)
            srid = srids[0] if srids else None
        return self.database.condition(column, condition, srid)

    def stream(
        self, references: Mapping[str, str], conditions: Sequence[Condition] = ()
    ) -> Generator[pa.RecordBatch, None, None]:
        """The batches of `read_where`; closing the iterator ends the query."""
        parts = [
            f"{self._select(self._find(text))} AS {self._quoted(name)}"
            for name, text in references.items()
        ] or [f"1 AS {ROW_ONLY.names[0]}_"]
        sql = f"SELECT {', '.join(parts)} FROM {self._relation()}"
        tests = [test for one in conditions if (test := self._condition(one))]
        if tests:
            sql += f" WHERE {' AND '.join(f'({test})' for test in tests)}"
        return self._batches(sql, self._schema(references))

    def _schema(self, references: Mapping[str, str]) -> pa.Schema:
        fields = [
            pa.field(name, self._find(text).arrow_type)
            for name, text in references.items()
        ]
        return pa.schema(fields) if fields else ROW_ONLY

    def _batches(
        self, sql: str, schema: pa.Schema
    ) -> Generator[pa.RecordBatch, None, None]:
        for batch in self.database.batches(sql, schema):
            for column, one in zip(batch.columns, schema, strict=True):
                self._check_years(column, one)
            yield batch

    def _check_years(self, column: pa.Array, one: pa.Field) -> None:
        """Dates without an xsd:date: infinite ones, and years beyond four digits."""
        scale = _scale(one.type)
        if scale is None or column.null_count == len(column):
            return
        number = pa.int32() if scale == 1 else pa.int64()
        low, high = pc.min_max(column.view(number)).as_py().values()
        if low < _FIRST_YEAR * scale or high >= (_LAST_YEAR + 1) * scale:
            raise SourceError(
                self.path,
                f"{self.what} holds a date that is infinite, before year 1 or after "
                "year 9999, which RDF cannot say; leave it out in a query",
            )

    def _find(self, reference: str) -> SqlColumn:
        if not self.has_identifiers:
            if reference in self.columns:
                return self.columns[reference]
            raise ValueError(self._absent(reference))
        identifier = parse_identifier(reference)
        found = [
            one
            for one in self.columns.values()
            if self.database.matches(identifier, one.name)
        ]
        if len(found) == 1:
            return found[0]
        raise ValueError(self._absent(reference))

    def _absent(self, reference: str) -> str:
        names = list(self.columns)
        text = f"{self.what} has no column {reference!r}; it has {names}"
        if self.has_identifiers and reference in self.columns:
            wanted = f'"{reference}"'
            text += f"; R2RML delimits names in which letter case counts: {wanted!r}"
        return text

    def _srids_of(self, column: SqlColumn) -> tuple[int, ...]:
        if column.srid:
            return (column.srid,)
        if column.name not in self._srids:
            name = self._quoted(column.name)
            sql = f"SELECT DISTINCT ST_SRID({name}) AS s FROM {self._relation()}"
            schema = pa.schema([pa.field("s", pa.int32())])
            batches = list(
                self.database.batches(f"{sql} WHERE {name} IS NOT NULL", schema)
            )
            found = {row["s"] for batch in batches for row in batch.to_pylist()}
            self._srids[column.name] = tuple(sorted(one or 0 for one in found))
        return self._srids[column.name]

    def _select(self, column: SqlColumn) -> str:
        return column.sql.format(self._quoted(column.name))

    def _quoted(self, name: str) -> str:
        return self.database.quote(Identifier(name, is_delimited=True))

    def _relation(self) -> str:
        # A query may end in a comment, which would take the bracket with it.
        return f"({self.query}\n) AS logical_rows"


def _scale(arrow_type: pa.DataType) -> int | None:
    """Units to a day, for types that have dates."""
    if pa.types.is_date32(arrow_type):
        return 1
    return _MICROSECONDS if pa.types.is_timestamp(arrow_type) else None


def open_sql(database: Database, source: LogicalSource) -> SqlSource:
    """Open a table or a query.

    Raises:
        SourceError: There is no such table, the query is wrong, or it has a column name
            twice.
    """
    text = source.iterator
    if text is None:
        raise SourceError(database.name, "no table and no query is named")
    if source.formulation == SQL_VIEW:
        database.use_standard_sql()
    if source.formulation in TABLES:
        query, what = f"SELECT * FROM {_table(database, text)}", f"table {text}"
    else:
        query, what = text.strip().rstrip(";").rstrip(), "the query"
    columns = database.describe(query)
    names = [one.name for one in columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SourceError(database.name, f"{what} has several columns named {twice}")
    by_name = {one.name: one for one in columns}
    return SqlSource(database, query, by_name, source.formulation in _R2RML, what)


def _table(database: Database, text: str) -> str:
    try:
        parts = parse_identifiers(text)
    except ValueError as error:
        raise SourceError(database.name, str(error)) from error
    return ".".join(map(database.quote, parts))


def parse_identifiers(text: str) -> tuple[Identifier, ...]:
    """A name with the schema or catalog in which it is (R2RML, section 5.1).

    Raises:
        ValueError: It is no name.

    Examples:
        >>> parse_identifiers('public."Country Info"')[1]
        Identifier(name='Country Info', is_delimited=True)
    """
    parts: list[Identifier] = []
    at = 0
    text = text.strip()
    while match := _PART.match(text, at):
        delimited = match[1] or match[2]
        name = delimited.replace('""', '"') if delimited else match[3]
        parts.append(Identifier(name, is_delimited=delimited is not None))
        at = match.end()
        if at == len(text):
            return tuple(parts)
        if text[at] != ".":
            break
        at += 1
    raise ValueError(
        f"{text!r} is no name in SQL; one with other characters than letters, digits "
        "and '_' stands in quotation marks"
    )


def parse_identifier(text: str) -> Identifier:
    """A name without a schema.

    Raises:
        ValueError: It is none.
    """
    parts = parse_identifiers(text)
    if len(parts) != 1:
        raise ValueError(f"{text!r} is the name of more than a column")
    return parts[0]
