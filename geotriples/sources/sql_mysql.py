"""MySQL and MariaDB, through PyMySQL: rows are streamed, not stored by the client.

Values arrive as text and are read by Arrow into their types (R2RML, section 10.2).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import pyarrow as pa
import pymysql
from pymysql import converters
from pymysql.constants import FIELD_TYPE
from pymysql.cursors import SSCursor

from geotriples.errors import SourceError
from geotriples.sources.base import Kind
from geotriples.sources.dsn import ServerAddress
from geotriples.sources.schema import ForeignKey, Table, keys_to_tables
from geotriples.sources.selective import Condition
from geotriples.sources.sql import Identifier, SqlColumn

_BATCH_ROWS: Final = 16_384
_BINARY: Final = 63
"""The character set that is none."""

_INTEGER: Final = (Kind.INTEGER, "{}", pa.int64())
_UNSIGNED: Final = (Kind.INTEGER, "{}", pa.uint64())
_STRING: Final = (Kind.STRING, "{}", pa.string())
_BYTES: Final = (Kind.BINARY, "{}", pa.binary())
_BOOLEAN: Final = (Kind.BOOLEAN, "{}", pa.bool_())
_DECIMAL: Final = (Kind.DECIMAL, "{}", pa.string())

_TYPES: Final[Mapping[int, tuple[Kind, str, pa.DataType]]] = MappingProxyType(
    {
        **dict.fromkeys(
            (FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.LONG, FIELD_TYPE.INT24),
            _INTEGER,
        ),
        FIELD_TYPE.YEAR: _INTEGER,
        FIELD_TYPE.LONGLONG: _INTEGER,
        FIELD_TYPE.BIT: (Kind.INTEGER, "{} + 0", pa.uint64()),
        FIELD_TYPE.FLOAT: (Kind.DOUBLE, "{}", pa.float32()),
        FIELD_TYPE.DOUBLE: (Kind.DOUBLE, "{}", pa.float64()),
        FIELD_TYPE.DECIMAL: _DECIMAL,
        FIELD_TYPE.NEWDECIMAL: _DECIMAL,
        FIELD_TYPE.DATE: (Kind.DATE, "{}", pa.date32()),
        FIELD_TYPE.NEWDATE: (Kind.DATE, "{}", pa.date32()),
        # A TIME may have more than 24 hours, which no time type holds.
        FIELD_TYPE.TIME: (Kind.TIME, "{}", pa.string()),
        FIELD_TYPE.DATETIME: (Kind.DATE_TIME, "{}", pa.timestamp("us")),
        FIELD_TYPE.TIMESTAMP: (Kind.DATE_TIME, "{}", pa.timestamp("us")),
        FIELD_TYPE.GEOMETRY: (Kind.GEOMETRY, "ST_AsBinary({})", pa.binary()),
    }
)
"""Type to kind, how it is selected, and what arrives; others are text or bytes."""

_DECIMALS: Final = frozenset({FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL})
_TRIMMED: Final = "TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM {}))"
"""Without the zeros that pad a fraction (XSD 1.1 part 2, canonical xsd:decimal)."""

_TYPE_NAMES: Final = {
    number: name for name, number in vars(FIELD_TYPE).items() if name.isupper()
}


_TABLES_SQL: Final = """
    SELECT table_name FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name
"""
_KEYS_SQL: Final = """
    SELECT table_name, constraint_name, column_name, referenced_table_name,
      referenced_column_name
    FROM information_schema.key_column_usage
    WHERE table_schema = DATABASE()
      AND (constraint_name = 'PRIMARY' OR referenced_table_name IS NOT NULL)
    ORDER BY table_name, constraint_name, ordinal_position
"""


class _Stream(SSCursor):
    """A cursor that streams, knows the protocol's types, and can stop."""

    _result: Any
    connection: Any

    def fields(self) -> list[Any]:
        return list(self._result.fields)

    def abandon(self) -> None:
        """Leave unread what there is: `close` would read it to its end."""
        if self._result is not None:
            self._result.unbuffered_active = False
            self._result.connection = None
        connection, self.connection, self._result = self.connection, None, None
        if connection.open:
            connection._force_close()  # noqa: SLF001 - `close` would send a farewell


@dataclass(slots=True)
class MySQL:
    """A database of a MySQL or MariaDB server."""

    address: ServerAddress
    is_standard: bool = False
    _axis_order: str | None = field(default=None)

    @property
    def name(self) -> str:
        """The address without the password."""
        return self.address.name

    def describe(self, query: str) -> Sequence[SqlColumn]:
        """The columns, as the server answers for no rows."""
        with closing(self._connect()) as connection:
            sql = f"SELECT * FROM ({query}\n) AS described LIMIT 0"
            try:
                with connection.cursor(_Stream) as cursor:
                    cursor.execute(sql)
                    fields = cursor.fields()
                self._axis_order = _axis_order(connection)
            except pymysql.MySQLError as error:
                raise self._error(error) from error
        return [self._column(one) for one in fields]

    def batches(self, query: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Stream the rows."""
        cursor = self._connect().cursor(_Stream)
        try:
            cursor.execute(query)
            while rows := cursor.fetchmany(_BATCH_ROWS):
                yield self._batch(rows, schema)
        except pymysql.MySQLError as error:
            raise self._error(error) from error
        finally:
            cursor.abandon()

    def tables(self) -> Sequence[Table]:
        """The tables of the database."""
        names = [str(row[0]) for row in self._rows(_TABLES_SQL)]
        found: dict[tuple[str, str], ForeignKey] = {}
        for table, name, child, parent, column in self._rows(_KEYS_SQL):
            known = found.get((table, name), ForeignKey((), parent or "", ()))
            parents = (*known.parents, column) if column else ()
            key = ForeignKey((*known.columns, child), known.table, parents)
            found[table, name] = key
        keys = [(of, name == "PRIMARY", key) for (of, name), key in found.items()]
        return keys_to_tables(names, keys)

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(self._connect()) as connection, connection.cursor() as cursor:
            try:
                cursor.execute(sql)
                return list(cursor.fetchall())
            except pymysql.MySQLError as error:
                raise self._error(error) from error

    def quote(self, identifier: Identifier) -> str:
        """In back-quotes, which stand in every mode."""
        return "`" + identifier.name.replace("`", "``") + "`"

    def matches(self, identifier: Identifier, name: str) -> bool:
        """MySQL does not heed the case of regular column names."""
        if identifier.is_delimited:
            return identifier.name == name
        return identifier.name.lower() == name.lower()

    def crs(self, srid: int) -> str | None:
        """Numbers are those of EPSG; 0 is none."""
        return f"EPSG:{srid}" if srid else None

    def condition(
        self, column: SqlColumn, condition: Condition, srid: int | None
    ) -> None:
        """Nothing: values are compared here by other rules than those of RDF."""
        del column, condition, srid

    def use_standard_sql(self) -> None:
        """Quotation marks delimit names, and `||` puts strings together."""
        self.is_standard = True

    def _connect(self) -> Any:
        one = self.address
        try:
            connection = pymysql.connect(
                host=one.host or "localhost",
                port=one.port or 3306,
                user=one.username,
                password=one.password or "",
                database=one.database,
                charset="utf8mb4",
                unix_socket=one.options.get("unix_socket"),
                # Values stay text: Arrow reads them faster than Python does.
                conv=dict(converters.encoders.items()),
            )
            mode = "@@sql_mode, ',PIPES_AS_CONCAT,ANSI_QUOTES'"
            with connection.cursor() as cursor:
                if self.is_standard:
                    cursor.execute(f"SET SESSION sql_mode = CONCAT({mode})")
                cursor.execute("SET SESSION TRANSACTION READ ONLY")
                cursor.execute("START TRANSACTION READ ONLY")
        except pymysql.MySQLError as error:
            raise self._error(error) from error
        return connection

    def _column(self, one: Any) -> SqlColumn:
        type_name = _TYPE_NAMES.get(one.type_code, "unknown").lower()
        kind, sql, arrow_type = _type(one)
        if kind is Kind.GEOMETRY and self._axis_order:
            sql = f"ST_AsBinary({{}}, '{self._axis_order}')"
        return SqlColumn(one.name, kind, type_name, sql, arrow_type)

    def _batch(self, rows: Sequence[Any], schema: pa.Schema) -> pa.RecordBatch:
        columns = zip(*rows, strict=True)
        try:
            arrays = [
                _array(values, one.type)
                for values, one in zip(columns, schema, strict=True)
            ]
        except pa.ArrowInvalid as error:
            reason = (
                f"a value is not of its column's type: {error}; where it is a zero "
                "date, make it NULL in a query (NULLIF)"
            )
            raise SourceError(self.name, reason) from error
        return pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _error(self, error: Exception) -> SourceError:
        text = error.args[1] if len(error.args) > 1 else str(error)
        return SourceError(self.name, self.address.without_password(str(text)))


def _type(one: Any) -> tuple[Kind, str, pa.DataType]:
    if one.type_code == FIELD_TYPE.TINY and one.length == 1:
        return _BOOLEAN
    if one.type_code == FIELD_TYPE.LONGLONG and one.flags & _UNSIGNED_FLAG:
        return _UNSIGNED
    if one.type_code in _DECIMALS and one.scale:
        return (Kind.DECIMAL, _TRIMMED, pa.string())
    if one.type_code in _TYPES:
        return _TYPES[one.type_code]
    is_text = one.charsetnr != _BINARY or one.type_code == FIELD_TYPE.JSON
    return _STRING if is_text else _BYTES


_UNSIGNED_FLAG: Final = 32


def _array(values: Sequence[Any], arrow_type: pa.DataType) -> pa.Array:
    if pa.types.is_binary(arrow_type):
        as_bytes = [one.encode() if isinstance(one, str) else one for one in values]
        return pa.array(as_bytes, arrow_type)
    texts = pa.array(
        [one.decode() if isinstance(one, bytes) else one for one in values], pa.string()
    )
    if pa.types.is_boolean(arrow_type):
        return texts.cast(pa.int64()).cast(arrow_type)
    return texts.cast(arrow_type)


def _axis_order(connection: Any) -> str | None:
    """MySQL 8 writes latitude first for some CRSs; MariaDB knows no such option."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT VERSION()")
        version = str(cursor.fetchone()[0])
    is_mysql_8 = "mariadb" not in version.lower() and not version.startswith("5.")
    return "axis-order=long-lat" if is_mysql_8 else None
