"""Statements -> a folder of Parquet in the lake layout (`engines.lake`), whole or not.

Statements are set aside by predicate as they come; then DuckDB sorts the quads of each,
and leaves out what repeats: the same input gives the same bytes.
"""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engines.duckdb import connect
from engines.duckdb.failures import wrap_error
from engines.duckdb.session import Spill
from engines.exchange import replace_directory
from engines.lake import KEY, LAYOUT, SUCCESS, predicate_key, rows_of
from engines.term_columns import StatementBatch
from engines.whole_files import scratch_directory, sync_file
from geotriples.errors import OutputError

_MEMORY: Final = 512 << 20
_COLUMNS: Final = ", ".join(LAYOUT.names)


def check_lake(folder: Path) -> None:
    """Refuse a place that cannot become a lake, before any work is done.

    Raises:
        OutputError: Something else is there, or its folder is not.
    """
    if not folder.parent.is_dir():
        raise OutputError(folder, "is in a folder that does not exist")
    if folder.exists() and not (folder / SUCCESS).is_file():
        raise OutputError(folder, "is there and no lake that a run has completed")


def write_lake(batches: Iterable[StatementBatch], folder: Path) -> int:
    """Write statements to a lake; one that is there is replaced when all are written.

    Returns:
        How many quads it has.

    Raises:
        OutputError: The place is taken, or the disk is full or does not let us.
    """
    check_lake(folder)
    try:
        with scratch_directory(folder) as scratch:
            keys = _set_aside(batches, scratch / "raw")
            count = _write(keys, scratch / "raw", scratch / "new", scratch / "spill")
            replace_lake(scratch / "new", folder)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(folder, f"cannot be written: {reason}") from error
    return count


def replace_lake(new: Path, folder: Path) -> None:
    """Put a lake that is complete in the place of another, which is at `new` then.

    Raises:
        OSError: The disk does not let us.
    """
    (new / SUCCESS).touch()
    for path in (new, *new.rglob("*")):
        sync_file(path)
    replace_directory(new, folder)


def _set_aside(batches: Iterable[StatementBatch], raw: Path) -> dict[str, str]:
    """Write rows by predicate, as they come; key of each to the predicate."""
    keys: dict[str, str] = {}
    for number, rows in enumerate(chain.from_iterable(map(rows_of, batches))):
        for predicate in pc.unique(rows.column("predicate")).to_pylist():
            key = predicate_key(predicate)
            keys[key] = predicate
            part = rows.filter(pc.equal(rows.column("predicate"), predicate))
            (raw / key).mkdir(parents=True, exist_ok=True)
            table = pa.Table.from_batches([part])
            pq.write_table(table, raw / key / f"{number}.parquet", compression="lz4")
    return keys


def _write(keys: Iterable[str], raw: Path, new: Path, spill: Path) -> int:
    """Sort what was set aside of each predicate, and write it; how much there is."""
    count = 0
    new.mkdir()
    with connect(memory_limit=_MEMORY, spill=Spill(spill)) as connection:
        for key in sorted(keys):
            target = new / f"{KEY}={key}" / "part-0.parquet"
            target.parent.mkdir()
            rows = connection.read_parquet(str(raw / key / "*.parquet"))
            try:
                rows.distinct().order(_COLUMNS).write_parquet(
                    str(target), compression="zstd"
                )
            except duckdb.Error as error:
                raise wrap_error(error) from error
            count += pq.read_metadata(target).num_rows
    return count
