"""SQLite files, through the standard library, opened so that nothing can be written.

SQLite types values, not columns: each row brings its own type (`Kind.TYPED`).  What a
column declares decides where a value allows it (1 in a BOOLEAN is true, '2020-02-30' in
a DATE is a string); else the value's own storage class does.
"""

import math
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

import pyarrow as pa

from geotriples.errors import SourceError
from geotriples.sources.base import Kind
from geotriples.sources.json import canonical_double
from geotriples.sources.schema import ForeignKey, Table
from geotriples.sources.selective import Condition
from geotriples.sources.sql import Identifier, SqlColumn
from ontologies.namespaces import XSD

_BATCH_ROWS: Final = 16_384

Scalar: TypeAlias = int | float | str | bytes
Typed: TypeAlias = tuple[str, str | None]
"""A lexical form and the IRI of its datatype; None for a plain string."""

TYPED: Final = pa.struct([("lexical", pa.string()), ("datatype", pa.string())])
_ZEROS: Final = re.compile(r"(\.\d*[1-9])0+")
_DECLARED: Final = re.compile(r"\s*([A-Za-z ]+)")


@dataclass(slots=True)
class SQLite:
    """A database file."""

    path: Path

    @property
    def name(self) -> str:
        """The file."""
        return str(self.path)

    def describe(self, query: str) -> Sequence[SqlColumn]:
        """The columns; of those that are columns of a table, with the declared type."""
        with closing(self._connect()) as connection:
            try:
                # Names come from the query itself: a view would make them unique.
                cursor = connection.execute(query)
                names = [one[0] for one in cursor.description or ()]
                cursor.close()
                connection.execute(f"CREATE TEMP VIEW described AS {query}")
                view = connection.execute("PRAGMA temp.table_info(described)")
                declared = [str(row[2]) for row in view]
            except sqlite3.Error as error:
                raise SourceError(self.name, str(error)) from error
        if not names:
            raise SourceError(self.name, "the query gives no columns")
        return [
            SqlColumn(name, Kind.TYPED, type_name, "{}", TYPED)
            for name, type_name in zip(names, declared, strict=True)
        ]

    def batches(self, query: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Stream the rows."""
        with closing(self._connect()) as connection:
            try:
                connection.execute(f"CREATE TEMP VIEW described AS {query}")
                view = connection.execute("PRAGMA temp.table_info(described)")
                readers = [_reader(str(row[2])) for row in view]
                cursor = connection.execute(query)
                while rows := cursor.fetchmany(_BATCH_ROWS):
                    columns = [
                        _array(values, one.type, read)
                        for values, one, read in zip(
                            zip(*rows, strict=True), schema, readers, strict=True
                        )
                    ]
                    yield pa.RecordBatch.from_arrays(columns, schema=schema)
            except (sqlite3.Error, OverflowError) as error:
                raise SourceError(self.name, str(error)) from error

    def tables(self) -> Sequence[Table]:
        """All tables but SQLite's own."""
        with closing(self._connect()) as connection:
            sql = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
            try:
                names = [str(row[0]) for row in connection.execute(sql)]
                own = [name for name in names if not name.startswith("sqlite_")]
                primary = {name: _primary_key(connection, name) for name in own}
                return [
                    Table(name, key, _foreign_keys(connection, name, primary))
                    for name, key in primary.items()
                ]
            except sqlite3.Error as error:
                raise SourceError(self.name, str(error)) from error

    def quote(self, identifier: Identifier) -> str:
        """In quotation marks."""
        return '"' + identifier.name.replace('"', '""') + '"'

    def matches(self, identifier: Identifier, name: str) -> bool:
        """SQLite does not heed the case of regular identifiers."""
        if identifier.is_delimited:
            return identifier.name == name
        return identifier.name.lower() == name.lower()

    def crs(self, srid: int) -> str | None:
        """None: geometries of SQLite are those of GeoPackage, which is a format."""
        del srid
        return None

    def condition(
        self, column: SqlColumn, condition: Condition, srid: int | None
    ) -> None:
        """Nothing: values are compared here by other rules than those of RDF."""
        del column, condition, srid

    def use_standard_sql(self) -> None:
        """It does already."""

    def _connect(self) -> sqlite3.Connection:
        if not self.path.is_file():
            raise SourceError(self.name, "does not exist")
        uri = f"{self.path.resolve().as_uri()}?mode=ro"
        try:
            return sqlite3.connect(uri, uri=True, check_same_thread=False)
        except sqlite3.Error as error:
            raise SourceError(self.name, str(error)) from error


def _primary_key(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    sql = "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk"
    return tuple(str(row[0]) for row in connection.execute(sql, [table]))


def _foreign_keys(
    connection: sqlite3.Connection, table: str, primary: Mapping[str, tuple[str, ...]]
) -> tuple[ForeignKey, ...]:
    """The keys; a parent's name may differ from the table's in letter case."""
    sql = (
        'SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?)'
        " ORDER BY id DESC, seq"
    )
    found: dict[int, ForeignKey] = {}
    by_name = {name.lower(): name for name in primary}
    for number, parent, child, column in connection.execute(sql, [table]):
        name = by_name.get(str(parent).lower(), str(parent))
        known = found.get(number, ForeignKey((), name, ()))
        columns = (*known.columns, str(child))
        # Without columns, a key refers to the parent's primary key.
        default = primary.get(name, ())[: len(columns)]
        parents = default if column is None else (*known.parents, str(column))
        found[number] = ForeignKey(columns, name, parents)
    return tuple(found.values())


def _array(
    values: Sequence[Scalar | None],
    arrow_type: pa.DataType,
    read: Callable[[Scalar], Typed],
) -> pa.Array:
    if arrow_type != TYPED:
        return pa.array(values).cast(arrow_type)
    pairs = [None if one is None else read(one) for one in values]
    lexical = [one and one[0] for one in pairs]
    datatype = [one and one[1] for one in pairs]
    return pa.StructArray.from_arrays(
        [pa.array(lexical, pa.string()), pa.array(datatype, pa.string())],
        fields=list(TYPED),
        mask=pa.array([one is None for one in pairs], pa.bool_()),
    )


def _reader(declared: str) -> Callable[[Scalar], Typed]:
    match = _DECLARED.match(declared)
    word = match[1].strip().upper() if match else ""
    wanted = _DECLARED_READERS.get(word.partition(" ")[0])

    def read(value: Scalar) -> Typed:
        if wanted is not None:
            typed = wanted(value)
            if typed is not None:
                return typed
        return _by_storage_class(value)

    return read


def _by_storage_class(value: Scalar) -> Typed:
    match value:
        case int():
            return str(value), XSD.term("integer")
        case float():
            return canonical_double(value), XSD.term("double")
        case bytes():
            return value.hex().upper(), XSD.term("hexBinary")
        case str():
            return value, None


def _boolean(value: Scalar) -> Typed | None:
    if value in {0, 1}:
        return ("true" if value else "false"), XSD.term("boolean")
    return None


def _decimal(value: Scalar) -> Typed | None:
    if isinstance(value, int):
        return str(value), XSD.term("decimal")
    if isinstance(value, float) and math.isfinite(value):
        text = format(Decimal(repr(value)), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text, XSD.term(
            "decimal"
        )
    return None


def _date(value: Scalar) -> Typed | None:
    return _parsed(date.fromisoformat, value, "date")


def _date_time(value: Scalar) -> Typed | None:
    return _parsed(datetime.fromisoformat, value, "dateTime")


def _time(value: Scalar) -> Typed | None:
    return _parsed(time.fromisoformat, value, "time")


def _parsed(
    parse: Callable[[str], date | datetime | time], value: Scalar, datatype: str
) -> Typed | None:
    """ISO 8601 as XSD writes it, from what may be ISO 8601."""
    if not isinstance(value, str):
        return None
    try:
        text = parse(value).isoformat()
    except ValueError:
        # Not the type that the column declares, but a string all the same.
        return None
    # No zeros at the end of a fraction (XSD 1.1 part 2, canonical forms).
    return _ZEROS.sub(r"\1", text), XSD.term(datatype)


_DECLARED_READERS: Final[Mapping[str, Callable[[Scalar], Typed | None]]] = (
    MappingProxyType(
        {
            "BOOLEAN": _boolean,
            "BOOL": _boolean,
            "DECIMAL": _decimal,
            "NUMERIC": _decimal,
            "DATE": _date,
            "DATETIME": _date_time,
            "TIMESTAMP": _date_time,
            "TIME": _time,
        }
    )
)
"""First word of a declared type to what it makes of a value; None where it does not."""
