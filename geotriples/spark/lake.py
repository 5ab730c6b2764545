"""Lines -> a folder in the lake layout (`engines.lake`), written by Spark's tasks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from engines.lake import KEY, LAYOUT, predicate_key, rows_of_lines
from engines.spark.tables import transformed
from engines.whole_files import scratch_directory
from geotriples.errors import OutputError
from geotriples.lake import check_lake, replace_lake

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_KEYED = pa.schema([*LAYOUT, pa.field(KEY, pa.string())])


def write_lines_to_lake(lines: "DataFrame", folder: Path, blank_prefix: str) -> int:
    """Write distinct lines to a lake; one that is there is replaced at the end.

    Args:
        lines: One column, `line`, each line once.
        folder: Where to, on a disk that all tasks see.
        blank_prefix: What labels of blank nodes begin with.

    Returns:
        How many quads it has.

    Raises:
        OutputError: The place is taken, or the disk does not let us.
    """
    check_lake(folder)
    rows = transformed(lines, _KEYED, _Parsing(blank_prefix))
    try:
        with scratch_directory(folder) as scratch:
            parts = rows.repartition(KEY).sortWithinPartitions(KEY, *LAYOUT.names)
            options = {"compression": "zstd"}
            new = scratch / "new"
            parts.write.partitionBy(KEY).options(**options).parquet(
                f"file://{new.resolve()}"
            )
            files = new.rglob("*.parquet")
            count = sum(int(pq.read_metadata(one).num_rows) for one in files)
            replace_lake(new, folder)
    except OSError as error:
        raise OutputError(folder, f"cannot be written: {error.strerror}") from error
    return count


@dataclass(frozen=True, slots=True)
class _Parsing:
    """Lines of a task as rows, with the key of the folder that each goes to."""

    blank_prefix: str

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if batch.num_rows:
                texts = batch.column(0).to_pylist()
                lines = (text.encode() for text in texts)
                rows = rows_of_lines(lines, self.blank_prefix)
                predicates = rows.column("predicate").to_pylist()
                keys = pa.array(map(predicate_key, predicates), pa.string())
                columns = [*rows.columns, keys]
                yield pa.RecordBatch.from_arrays(columns, schema=_KEYED)
