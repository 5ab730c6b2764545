"""Blocks of lines, sorted by what they begin with -> lines in order, each once.

Most subjects are made by one row, and their block is as it will be in the file. Blocks
with the same key are taken apart, and their lines sorted: in memory, but for those of
very many rows, which go to a file that an engine sorts.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from geotriples.serialize import distinct

SortFile = Callable[[Path], Iterator[pa.Array]]
"""Sorts a file of Arrow batches (IPC, stream) with one column of strings."""

_HELD_BYTES: Final = 16 << 20


@dataclass(slots=True)
class Merge:
    """What joins blocks of the same key.

    Attributes:
        folder: Where lines of a key go that do not fit in memory.
        sort_file: Sorts them there.
        held_bytes: How many bytes of one key are held.
    """

    folder: Path
    sort_file: SortFile
    held_bytes: int = _HELD_BYTES
    _key: str | None = field(default=None, init=False)
    _held: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))
    _file: "_Overflow | None" = field(default=None, init=False)

    def texts(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Array]:
        """Columns of texts, each one or several lines.

        Args:
            batches: Keys, in order, and blocks: lines that begin with the key, in
                order and none twice; or empty.
        """
        for batch in batches:
            kept = batch.filter(pc.not_equal(batch.column(1), ""))
            if kept.num_rows:
                yield from self._batch(*kept.columns)
        yield from self._finished()

    def _batch(self, keys: pa.Array, blocks: pa.Array) -> Iterator[pa.Array]:
        """All keys of a batch but the last, of which more may follow."""
        starts = _starts(keys)
        if keys[0].as_py() == self._key:
            end = int(starts[1]) if len(starts) > 1 else len(keys)
            self._hold(blocks.slice(0, end))
            starts = starts[1:]
        if not len(starts):
            return
        yield from self._finished()
        last = int(starts[-1])
        if len(starts) > 1:
            first = int(starts[0])
            within = blocks.slice(first, last - first)
            yield _joined(within, starts[:-1] - first)
        self._key = keys[last].as_py()
        self._hold(blocks.slice(last))

    def _hold(self, blocks: pa.Array) -> None:
        if self._file is not None:
            self._file.add(blocks)
            return
        self._held = pa.concat_arrays([self._held, blocks])
        if self._held.nbytes > self.held_bytes:
            self._held = pc.unique(self._held)
        if self._held.nbytes > self.held_bytes // 2:
            self._file = _Overflow(self.folder / f"{uuid.uuid4().hex}.arrow")
            self._file.add(self._held)

    def _finished(self) -> Iterator[pa.Array]:
        """The lines of the key that is held."""
        held, file = self._held, self._file
        self._held, self._file = held.slice(0, 0), None
        if file is not None:
            yield from file.sorted(self.sort_file)
        elif len(held):
            yield _joined(held, np.zeros(1, np.int64))


def _starts(keys: pa.Array) -> Any:
    """Where each key begins."""
    is_new = pc.not_equal(keys.slice(1), keys.slice(0, len(keys) - 1))
    later = np.flatnonzero(is_new.to_numpy(zero_copy_only=False)) + 1
    return np.concatenate([np.zeros(1, np.int64), later])


def _joined(blocks: pa.Array, starts: Any) -> pa.Array:
    """Blocks of several keys; those of the same key are taken apart.

    Args:
        blocks: Sorted by key.
        starts: Where each key begins; the first is 0.
    """
    lengths = np.diff(starts, append=len(blocks))
    if (lengths == 1).all():
        return blocks
    groups = np.repeat(np.arange(len(starts)), lengths)
    is_alone = np.repeat(lengths == 1, lengths)
    lines, of_lines = _apart(blocks.filter(pa.array(~is_alone)), groups[~is_alone])
    texts = pa.concat_arrays([blocks.filter(pa.array(is_alone)), lines])
    order = np.argsort(np.concatenate([groups[is_alone], of_lines]), kind="stable")
    return texts.take(pa.array(order))


def _apart(blocks: pa.Array, groups: Any) -> tuple[pa.Array, Any]:
    """The lines of blocks, sorted, each once; and the group of each."""
    encoded = blocks.dictionary_encode()
    _, first = np.unique(encoded.indices.to_numpy(), return_index=True)
    listed = pc.split_pattern(blocks.take(pa.array(first)), "\n")
    lines = pc.list_flatten(listed)
    of_lines = groups[first][pc.list_parent_indices(listed).to_numpy()]
    # A line begins with its key, so groups stay in order.
    order = pc.sort_indices(lines).to_numpy()
    lines, of_lines = lines.take(pa.array(order)), of_lines[order]
    # What follows the last line feed of a block is an empty string.
    kept = np.concatenate([np.zeros(1, np.int64), _starts(lines)[1:]])
    kept = kept[
        pc.not_equal(lines.take(pa.array(kept)), "").to_numpy(zero_copy_only=False)
    ]
    ended = pc.binary_join_element_wise(lines.take(pa.array(kept)), "", "\n")
    return ended, of_lines[kept]


class _Overflow:
    """A file for the lines of a key."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._schema = pa.schema([("line", pa.string())])
        self._stream = pa.OSFile(str(path), "wb")
        self._writer = pa.ipc.new_stream(self._stream, self._schema)

    def add(self, blocks: pa.Array) -> None:
        """Write the lines of some blocks."""
        lines, _ = _apart(blocks, np.zeros(len(blocks), np.int64))
        self._writer.write_batch(pa.record_batch([lines], self._schema))

    def sorted(self, sort_file: SortFile) -> Iterator[pa.Array]:
        """The lines, each once; the file is removed."""
        self._writer.close()
        self._stream.close()
        yield from distinct(sort_file(self._path), is_marked=False)
        self._path.unlink()
