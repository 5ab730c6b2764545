"""The primitives of terms, made known to a connection of DuckDB.

The local engine works with such a connection, and so does a task of another engine for
what that cannot say itself: there is one implementation of each primitive.
"""

from collections.abc import Callable
from importlib.resources import files
from typing import Final

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

from geotriples.geometry import PRIMITIVES
from geotriples.records import records, values

Guard = Callable[[Callable[..., pa.Array]], Callable[..., pa.Array]]
"""Wraps a function on columns: says which thread runs it, and what becomes of errors.

pyproj keeps its contexts by thread, and crashes on those of DuckDB, which Python
forgets after each call.
"""


def install_primitives(connection: duckdb.DuckDBPyConnection, guard: Guard) -> None:
    """Make the macros and the functions on columns known to a connection."""
    macros = files("geotriples").joinpath("primitives.sql").read_text("utf-8")
    connection.execute(macros)
    for name, primitive in PRIMITIVES.items():
        connection.create_function(
            name,
            guard(primitive.call),
            list(primitive.argument_types),
            "VARCHAR",
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )
    for name, call in _RECORDS.items():
        connection.create_function(
            name,
            guard(call),
            ["VARCHAR"] * 3,
            _RECORD_TYPES[name],
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )


_RECORDS: Final = {"rdf_records": records, "rdf_values": values}
_RECORD_TYPES: Final = {
    "rdf_records": "VARCHAR[]",
    "rdf_values": "STRUCT(lexical VARCHAR, datatype VARCHAR)[]",
}
