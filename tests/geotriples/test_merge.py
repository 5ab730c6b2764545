"""Blocks of lines become the sorted set of their lines, however they are cut."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geotriples.merge import Merge

Row = tuple[str, Sequence[str]]

_ROWS = st.lists(
    st.tuples(
        st.sampled_from(["<a> ", "<ab> ", "_:b ", "<é> "]),
        st.lists(st.sampled_from(["p", "q", "é", "r\x85s"]), max_size=3, unique=True),
    ),
    max_size=40,
)


def _sort_file(path: Path) -> Iterator[pa.Array]:
    with pa.OSFile(str(path)) as stream, pa.ipc.open_stream(stream) as reader:
        lines = [line for batch in reader for line in batch.column(0).to_pylist()]
    for line in sorted(lines, key=str.encode):
        yield pa.array([line])


def _batches(rows: Sequence[Row], size: int) -> Iterator[pa.RecordBatch]:
    rows = sorted(rows, key=lambda one: one[0].encode())
    blocks = [
        "".join(f"{key}{end}\n" for end in sorted(ends, key=str.encode))
        for key, ends in rows
    ]
    batch = pa.record_batch(
        [[key for key, _ in rows], blocks],
        pa.schema([("key", pa.string()), ("lines", pa.string())]),
    )
    for start in range(0, len(rows), size):
        yield batch.slice(start, size)


@given(_ROWS, st.integers(1, 9), st.sampled_from([0, 40, 1 << 20]))
def test_the_lines_are_those_of_the_blocks_in_order_and_once(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], size: int, held: int
) -> None:
    folder = tmp_path_factory.mktemp("merge")
    merge = Merge(folder, _sort_file, held_bytes=held)
    texts = [one for column in merge.texts(_batches(rows, size)) for one in column]
    found = "".join(one.as_py() for one in texts)
    lines = {f"{key}{end}\n" for key, ends in rows for end in ends}
    assert found == "".join(sorted(lines, key=str.encode))
    assert not list(folder.iterdir())
