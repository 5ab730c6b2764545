"""PostgreSQL and PostGIS, through libpq and Arrow (ADBC).

Values arrive in the binary form of COPY.  What has a natural mapping (R2RML, section
10.2) keeps its type; a geometry is WKB; everything else is the text that PostgreSQL
makes of it.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

import adbc_driver_manager
import pyarrow as pa
from adbc_driver_postgresql import dbapi

from geotriples.errors import SourceError
from geotriples.sources.base import Kind
from geotriples.sources.dsn import ServerAddress
from geotriples.sources.schema import ForeignKey, Table, keys_to_tables
from geotriples.sources.selective import Condition
from geotriples.sources.sql import Identifier, SqlColumn
from geotriples.sources.sql_conditions import condition_sql

_TEXT: Final = (Kind.STRING, "{}::text", pa.string())
_INTEGER: Final = (Kind.INTEGER, "{}", pa.int64())
_GEOMETRY: Final = (Kind.GEOMETRY, "ST_AsBinary({})", pa.binary())

_TYPES: Final[Mapping[str, tuple[Kind, str, pa.DataType]]] = MappingProxyType(
    {
        "bool": (Kind.BOOLEAN, "{}", pa.bool_()),
        "int2": (Kind.INTEGER, "{}", pa.int16()),
        "int4": (Kind.INTEGER, "{}", pa.int32()),
        "int8": _INTEGER,
        "oid": (Kind.INTEGER, "{}::int8", pa.int64()),
        # Arrow's decimals have 76 digits at most, PostgreSQL's any number.
        "numeric": (Kind.DECIMAL, "trim_scale({})::text", pa.string()),
        "float4": (Kind.DOUBLE, "{}", pa.float32()),
        "float8": (Kind.DOUBLE, "{}", pa.float64()),
        "bpchar": (Kind.STRING, "{}", pa.string()),
        "varchar": (Kind.STRING, "{}", pa.string()),
        "text": (Kind.STRING, "{}", pa.string()),
        "date": (Kind.DATE, "{}", pa.date32()),
        "time": (Kind.TIME, "{}", pa.time64("us")),
        # 12:00:00+02 is PostgreSQL's form of 12:00:00+02:00.
        "timetz": (
            Kind.TIME,
            r"regexp_replace({}::text, '([+-]\d\d)$', '\1:00')",
            pa.string(),
        ),
        "timestamp": (Kind.DATE_TIME, "{}", pa.timestamp("us")),
        "timestamptz": (Kind.DATE_TIME_UTC, "{}", pa.timestamp("us", "UTC")),
        "bytea": (Kind.BINARY, "{}", pa.binary()),
        "geometry": _GEOMETRY,
        "geography": _GEOMETRY,
    }
)
"""Type to kind, how it is selected, and what arrives."""

_NOISE: Final = re.compile(r"^[A-Z_]+: (?:.*?ERROR: )?(?:\[libpq\] )?")
"""What ADBC puts before the message of the server."""

_READ_ONLY: Final = "-c default_transaction_read_only=on"


_TABLES_SQL: Final = """
    SELECT relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND pg_table_is_visible(c.oid)
      AND nspname NOT IN ('pg_catalog', 'information_schema')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND deptype = 'e')
    ORDER BY relname
"""
_NAMES_SQL: Final = """
    coalesce((SELECT json_agg(attname ORDER BY place)
      FROM unnest({numbers}) WITH ORDINALITY AS k (number, place)
      JOIN pg_attribute ON attrelid = {table} AND attnum = number), '[]')::text
"""
_KEYS_SQL: Final = f"""
    SELECT c.relname::text, contype::text,
      {_NAMES_SQL.format(numbers="conkey", table="conrelid")},
      p.relname::text, {_NAMES_SQL.format(numbers="confkey", table="confrelid")}
    FROM pg_constraint JOIN pg_class c ON c.oid = conrelid
      LEFT JOIN pg_class p ON p.oid = confrelid
    WHERE contype IN ('p', 'f') AND pg_table_is_visible(c.oid)
    ORDER BY conname
"""


@dataclass(slots=True)
class PostgreSQL:
    """A database of a PostgreSQL server; every reading has a connection of its own."""

    address: ServerAddress
    _crss: dict[int, str | None] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The address without the password."""
        return self.address.name

    def describe(self, query: str) -> Sequence[SqlColumn]:
        """The columns, as the server plans the query."""
        with closing(self._connect()) as connection:
            cursor = connection.cursor()
            try:
                schema = cursor.adbc_execute_schema(query)
            except adbc_driver_manager.Error as error:
                raise self._error(error) from error
            finally:
                cursor.close()
        return [_column(one) for one in schema]

    def batches(self, query: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Stream the rows."""
        with (
            closing(self._connect()) as connection,
            closing(connection.cursor()) as cursor,
        ):
            try:
                cursor.execute(query)
                for batch in cursor.fetch_record_batch():
                    yield _plain(batch, schema)
            except (adbc_driver_manager.Error, pa.ArrowException, OSError) as error:
                raise self._error(error) from error

    def tables(self) -> Sequence[Table]:
        """Tables on the search path; those of extensions are not the user's."""
        names = [row["name"] for row in self._rows(_TABLES_SQL, "name")]
        keys = [
            (
                row["name"],
                row["type"] == "p",
                ForeignKey(
                    tuple(json.loads(row["columns"])),
                    row["parent"] or "",
                    tuple(json.loads(row["parents"])),
                ),
            )
            for row in self._rows(
                _KEYS_SQL, "name", "type", "columns", "parent", "parents"
            )
        ]
        return keys_to_tables(names, keys)

    def _rows(self, sql: str, *names: str) -> list[dict[str, str]]:
        schema = pa.schema([pa.field(name, pa.string()) for name in names])
        return [row for one in self.batches(sql, schema) for row in one.to_pylist()]

    def quote(self, identifier: Identifier) -> str:
        """In quotation marks, a regular identifier in lower case."""
        name = identifier.name if identifier.is_delimited else identifier.name.lower()
        return '"' + name.replace('"', '""') + '"'

    def matches(self, identifier: Identifier, name: str) -> bool:
        """PostgreSQL folds regular identifiers to lower case."""
        wanted = identifier.name
        return name == (wanted if identifier.is_delimited else wanted.lower())

    def crs(self, srid: int) -> str | None:
        """By `spatial_ref_sys`: authority and code, else the text of the definition."""
        if srid not in self._crss:
            sql = (
                "SELECT coalesce(auth_name || ':' || auth_srid, srtext) AS crs "
                f"FROM spatial_ref_sys WHERE srid = {srid:d}"
            )
            rows = self._rows(sql, "crs")
            self._crss[srid] = rows[0]["crs"] if rows else None
        return self._crss[srid]

    def condition(
        self, column: SqlColumn, condition: Condition, srid: int | None
    ) -> str | None:
        """A condition that an index can help with."""
        return condition_sql(column, condition, srid, self.quote)

    def use_standard_sql(self) -> None:
        """It does already."""

    def _connect(self) -> Any:
        one = self.address
        host = f"[{one.host}]" if one.host and ":" in one.host else one.host or ""
        user = quote(one.username, safe="") if one.username else ""
        if one.password:
            user += ":" + quote(one.password, safe="")
        port = f":{one.port}" if one.port else ""
        options = {"application_name": "pytheas", **one.options, "options": _READ_ONLY}
        query = "&".join(f"{key}={quote(text)}" for key, text in options.items())
        uri = (
            f"postgresql://{user + '@' if user else ''}{host}{port}"
            f"/{quote(one.database, safe='')}?{query}"
        )
        try:
            return dbapi.connect(uri)
        except adbc_driver_manager.Error as error:
            raise self._error(error) from error

    def _error(self, error: Exception) -> SourceError:
        text = str(error).partition("Query was:")[0]
        text = _NOISE.sub("", " ".join(text.split()))
        return SourceError(self.name, self.address.without_password(text))


def _key(row: Mapping[str, str]) -> ForeignKey:
    columns, parents = json.loads(row["columns"]), json.loads(row["parents"])
    return ForeignKey(tuple(columns), row["parent"] or "", tuple(parents))


def _column(one: pa.Field) -> SqlColumn:
    metadata = one.metadata or {}
    type_name = metadata.get(b"POSTGRESQL:type", b"unknown").decode()
    kind, sql, arrow_type = _TYPES.get(type_name, _TEXT)
    srid = None
    if type_name in {"geometry", "geography"}:
        srid = _srid(int(metadata.get(b"POSTGRESQL:typmod", b"-1")))
    return SqlColumn(one.name, kind, type_name, sql, arrow_type, srid)


def _srid(typmod: int) -> int | None:
    """The SRID in a PostGIS type modifier: 21 bits above the type (gserialized.h)."""
    if typmod < 0:
        return None
    srid = (typmod >> 8) & 0x1FFFFF
    return srid or None


def _plain(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Storage in place of ADBC's extension types, and no metadata."""
    columns = [
        column.storage if isinstance(column, pa.ExtensionArray) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(
        [one.cast(two.type) for one, two in zip(columns, schema, strict=True)],
        schema=schema,
    )
