"""Files as DuckDB relations: CSV, TSV, JSON, NDJSON, Parquet and GeoParquet.

A relation is lazy; what is read here is as much as it takes to know that the file is
there and is what it says.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
from pyproj.exceptions import CRSError

from engines.errors import SourceUnreadable
from ontologies.geosparql.crs import CRS84_IRI, Crs, crs_from_iri, crs_from_pyproj


@dataclass(frozen=True, slots=True)
class Source:
    """A file as a relation.

    Attributes:
        relation: Its rows; geometry columns are WKB, in BLOB.
        crs: The CRS of each geometry column; empty for a file without geometry.
    """

    relation: duckdb.DuckDBPyRelation
    crs: Mapping[str, Crs]


def read_source(
    connection: duckdb.DuckDBPyConnection, path: Path, *, all_text: bool = False
) -> Source:
    """A file as a relation, by the ending of its name.

    Args:
        connection: Where the relation lives.
        path: `.csv`, `.tsv`, `.json`, `.ndjson`, `.jsonl`, `.geojsonl` or `.parquet`.
        all_text: Leave CSV and TSV columns as text instead of guessing their types.

    Raises:
        SourceUnreadable: The file is missing, empty, broken, of another kind, or a
            GeoParquet file whose CRS is unknown.
    """
    if not path.is_file():
        raise SourceUnreadable(path, "there is no such file")
    if not path.stat().st_size:
        raise SourceUnreadable(path, "it is empty")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(_READERS)
        raise SourceUnreadable(path, f"its name must end in one of {known}")
    try:
        return reader(connection, path, all_text=all_text)
    except duckdb.Error as error:
        raise SourceUnreadable(path, str(error)) from error


def geometry_columns(path: Path) -> Mapping[str, Crs]:
    """The geometry columns of a GeoParquet file and their CRSs, primary column first.

    Empty for a Parquet file without the `geo` metadata. A column that names no CRS is
    in CRS84 (GeoParquet 1.1, "crs").

    Raises:
        SourceUnreadable: Not a Parquet file, broken metadata, an encoding other than
            WKB, or a CRS that is stated to be unknown.
    """
    try:
        metadata = pq.read_schema(path).metadata or {}
        geo = json.loads(metadata.get(b"geo", b"{}"))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SourceUnreadable(path, str(error)) from error
    columns = geo.get("columns", {})
    primary = geo.get("primary_column")
    names = sorted(columns, key=lambda name: name != primary)
    return {name: _column_crs(path, name, columns[name]) for name in names}


def _column_crs(path: Path, name: str, column: Mapping[str, Any]) -> Crs:
    if column.get("encoding") != "WKB":
        reason = f"column {name} is encoded as {column.get('encoding')}, not as WKB"
        raise SourceUnreadable(path, reason)
    if "crs" not in column:
        return crs_from_iri(CRS84_IRI)
    if column["crs"] is None:
        reason = f"the CRS of column {name} is unknown; write it into the file first"
        raise SourceUnreadable(path, reason)
    try:
        return crs_from_pyproj(pyproj.CRS.from_json_dict(column["crs"]))
    except CRSError as error:
        raise SourceUnreadable(path, f"the CRS of column {name}: {error}") from error


def _read_csv(
    connection: duckdb.DuckDBPyConnection, path: Path, *, all_text: bool
) -> Source:
    return Source(connection.read_csv(str(path), all_varchar=all_text), {})


def _read_tsv(
    connection: duckdb.DuckDBPyConnection, path: Path, *, all_text: bool
) -> Source:
    relation = connection.read_csv(str(path), delimiter="\t", all_varchar=all_text)
    return Source(relation, {})


def _read_json(
    connection: duckdb.DuckDBPyConnection, path: Path, *, all_text: bool
) -> Source:
    del all_text  # its values are typed
    return Source(connection.read_json(str(path)), {})


def _read_ndjson(
    connection: duckdb.DuckDBPyConnection, path: Path, *, all_text: bool
) -> Source:
    del all_text  # its values are typed
    return Source(connection.read_json(str(path), format="newline_delimited"), {})


def _read_parquet(
    connection: duckdb.DuckDBPyConnection, path: Path, *, all_text: bool
) -> Source:
    del all_text  # its values are typed
    crs = geometry_columns(path)
    relation = connection.read_parquet(str(path))
    # DuckDB decodes GeoParquet by itself, into GEOMETRY typed with the CRS, and would
    # refuse to mix two; WKB with the CRS beside it is the same for all readers.
    decoded = [
        duckdb.ColumnExpression(name)
        if not str(kind).startswith("GEOMETRY")
        else duckdb.FunctionExpression("ST_AsWKB", duckdb.ColumnExpression(name)).alias(
            name
        )
        for name, kind in zip(relation.columns, relation.types, strict=True)
    ]
    return Source(relation.select(*decoded), crs)


class _Reader(Protocol):
    def __call__(
        self, connection: duckdb.DuckDBPyConnection, path: Path, *, all_text: bool
    ) -> Source: ...


_READERS: Final[Mapping[str, _Reader]] = {
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".json": _read_json,
    ".ndjson": _read_ndjson,
    ".jsonl": _read_ndjson,
    ".geojsonl": _read_ndjson,
    ".parquet": _read_parquet,
}
