"""Solutions as a Parquet file, GeoParquet where there is a geometry."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from strabon_store.results.arrow import Pieces, as_batches
from strabon_store.results.solutions import Tabular

_GROUP_ROWS: Final = 65_536
_GROUP_BYTES: Final = 1 << 26
_WKB: Final = ".wkb"


def serialize_parquet(result: Tabular) -> Iterator[bytes]:
    """The result as one Parquet file, in row groups; see `results.arrow` on columns.

    Geometries make it a GeoParquet 1.1 file, whose primary column is the first of them.
    """
    schema, batches = as_batches(result)
    pieces = Pieces()
    with pq.ParquetWriter(
        pa.PythonFile(pieces, "w"), _with_geo(schema), compression="zstd"
    ) as writer:
        for table in _groups(schema, batches):
            writer.write_table(table)
            yield pieces.take()
    yield pieces.take()


def _with_geo(schema: Any) -> Any:
    names = [name for name in schema.names if name.endswith(_WKB)]
    if not names:
        return schema
    # Without a CRS: OGC:CRS84, as the standard has it.
    columns = {name: {"encoding": "WKB", "geometry_types": []} for name in names}
    geo = {"version": "1.1.0", "primary_column": names[0], "columns": columns}
    return schema.with_metadata({"geo": json.dumps(geo)})


def _groups(schema: Any, batches: Iterator[Any]) -> Iterator[Any]:
    waiting, rows, size = [], 0, 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        size += batch.nbytes
        if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
            yield pa.Table.from_batches(waiting, schema)
            waiting, rows, size = [], 0, 0
    if waiting:
        yield pa.Table.from_batches(waiting, schema)
