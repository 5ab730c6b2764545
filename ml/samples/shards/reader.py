"""Shards are read: any sample at once, by the index."""

import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ml.samples.shards.errors import UnreadableShards
from ml.samples.shards.model import (
    BLOCK,
    INDEX,
    MANIFEST,
    SPLIT_PREFIX,
    Manifest,
    padded,
    parse_manifest,
)


@dataclass(frozen=True, slots=True, eq=False)
class Shards:
    """A folder of shards; samples are counted from 0, in the order of the index.

    Of each sample so many numbers are in memory as it has parts, and two more.

    Attributes:
        folder: The folder.
        manifest: What the samples are.
        shard_N: In which tar file each lies.
        offset_N: Where it begins there.
        size_NP: Bytes of each of its parts.
    """

    folder: Path
    manifest: Manifest
    shard_N: NDArray[np.int32]
    offset_N: NDArray[np.int64]
    size_NP: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.shard_N)

    def read(self, row: int) -> dict[str, bytes]:
        """All parts of a sample.

        Raises:
            UnreadableShards: The shard is missing, cut short, or not what was indexed.
        """
        sizes = self.size_NP[row].tolist()
        content = self._bytes(row, 0, sum(BLOCK + padded(size) for size in sizes))
        parts, at = {}, 0
        for part, size in zip(self.manifest.parts, sizes, strict=True):
            self._check(row, part, content[at : at + BLOCK])
            parts[part] = content[at + BLOCK : at + BLOCK + size]
            at += BLOCK + padded(size)
        return parts

    def array(self, row: int, part: str) -> NDArray[Any]:
        """One array of a sample; the other parts are not read.

        Raises:
            UnreadableShards: See `read`.
        """
        at = self.manifest.parts.index(part)
        sizes = self.size_NP[row].tolist()
        before = sum(BLOCK + padded(size) for size in sizes[:at])
        content = self._bytes(row, before, BLOCK + sizes[at])
        self._check(row, part, content[:BLOCK])
        return decode_npy(content[BLOCK:])

    def column(self, name: str) -> pa.ChunkedArray:
        """A column of the index, of all samples; it is read from the file.

        Args:
            name: `id`, `label`, `geometry`, ..., or a group of the manifest.
        """
        is_group = name in self.manifest.groups
        column = f"{SPLIT_PREFIX}{name}" if is_group else name
        return pq.read_table(self.folder / INDEX, columns=[column])[column]

    def verify(self) -> None:
        """Compare every file with the hash that the manifest has of it.

        Raises:
            UnreadableShards: A file is missing, or was changed.
        """
        _check_hash(self.folder / INDEX, self.manifest.index_sha256)
        for each in self.manifest.shards:
            _check_hash(self.folder / each.name, each.sha256)

    def _path(self, row: int) -> Path:
        return self.folder / self.manifest.shards[int(self.shard_N[row])].name

    def _bytes(self, row: int, skipped: int, size: int) -> bytes:
        path = self._path(row)
        try:
            # Opened for each: to open costs microseconds, and threads share nothing.
            descriptor = os.open(path, os.O_RDONLY)
            try:
                start = int(self.offset_N[row]) + skipped
                content = os.pread(descriptor, size, start)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise UnreadableShards(path, str(error)) from error
        if len(content) < size:
            raise UnreadableShards(path, f"is cut short: sample {row} is not in it")
        return content

    def _check(self, row: int, part: str, header: bytes) -> None:
        expected = f"{row:08d}.{part}".encode()
        if header[: len(expected) + 1] != expected + b"\0":
            reason = f"has no {expected.decode()} where the index says"
            raise UnreadableShards(self._path(row), reason)


def open_shards(folder: Path) -> Shards:
    """A folder of shards; only manifest and index are read.

    Raises:
        UnreadableShards: One of them is missing or broken, or they do not fit.
    """
    path = folder / MANIFEST
    try:
        manifest = parse_manifest(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableShards(path, str(error)) from error
    index = folder / INDEX
    _check_hash(index, manifest.index_sha256)
    table = pq.read_table(index, columns=["shard", "offset", "sizes"])
    if len(table) != manifest.count:
        reason = f"{len(table)} samples, where the manifest has {manifest.count}"
        raise UnreadableShards(index, reason)
    sizes = table["sizes"].combine_chunks().flatten().to_numpy()
    return Shards(
        folder,
        manifest,
        table["shard"].to_numpy(),
        table["offset"].to_numpy(),
        sizes.reshape(len(table), len(manifest.parts)),
    )


def is_shards(folder: Path) -> bool:
    """Whether a folder claims to be one of shards."""
    return (folder / MANIFEST).is_file()


def decode_npy(content: bytes) -> NDArray[Any]:
    """An array from NumPy's format; pickled objects are refused."""
    array: NDArray[Any] = np.lib.format.read_array(
        io.BytesIO(content), allow_pickle=False
    )
    return array


def _check_hash(path: Path, sha256: str) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableShards(path, str(error)) from error
    if found != sha256:
        raise UnreadableShards(path, "is not what the manifest has the hash of")
