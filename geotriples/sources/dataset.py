"""Tables that Arrow's dataset reader understands: what CSV and Parquet share."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from geotriples.errors import SourceError
from geotriples.sources.arrow_types import ROW_ONLY

_BATCH_ROWS: Final = 65_536


def read_columns(
    dataset: ds.Dataset,
    path: Path,
    references: Mapping[str, str],
    where: Any = None,
) -> pa.RecordBatchReader:
    """Stream the columns of a dataset, renamed, in the order of its rows.

    Args:
        dataset: The table.
        path: Its file, for errors.
        references: New name to name in the table; where there is none, a column
            of no meaning stands for the rows.
        where: A pyarrow expression that says which rows; None: all.

    Raises:
        SourceError: From the reader, where the file turns out to be broken.
    """
    schema = pa.schema(
        [
            pa.field(name, dataset.schema.field(column).type)
            for name, column in references.items()
        ]
    )
    columns = {name: pc.field(column) for name, column in references.items()}
    if not references:
        schema, columns = ROW_ONLY, {ROW_ONLY.names[0]: pc.scalar(value=True)}
    scanner = dataset.scanner(columns=columns, filter=where, batch_size=_BATCH_ROWS)
    return pa.RecordBatchReader.from_batches(schema, _batches(scanner, path))


def _batches(scanner: ds.Scanner, path: Path) -> Iterator[pa.RecordBatch]:
    try:
        for batch in scanner.to_reader():
            yield batch.replace_schema_metadata(None)
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceError(path, f"cannot be read: {error}") from error
