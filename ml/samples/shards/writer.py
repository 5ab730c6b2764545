"""Shards are written: all files, or none.

One sample is in memory at a time, and the rows of the index of some thousand.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from engines.whole_files import whole_directory
from ml.errors import InvalidSamples, OutputExists
from ml.samples.shards.errors import UnwritableShards
from ml.samples.shards.model import (
    ABOUT_PART,
    INDEX,
    LABEL_PART,
    MANIFEST,
    SPLIT_PREFIX,
    ArrayPart,
    Manifest,
    Sample,
    SampleSet,
    ShardFile,
    index_schema,
    padded,
)
from ontologies.progress import Progress, silent

SHARD_BYTES: Final = 256 * 2**20
"""A shard is closed when it has so many."""

_ROWS_AT_ONCE: Final = 8192
_END: Final = bytes(1024)
"""Two blocks of zeros end a tar."""


def write_shards(
    folder: Path,
    samples: SampleSet,
    *,
    shard_bytes: int = SHARD_BYTES,
    progress: Progress = silent,
) -> Manifest:
    """Write samples as shards; the same samples give the same bytes.

    Args:
        folder: Which must be absent, or empty.
        samples: Each is asked for once.
        shard_bytes: A shard is closed when it has so many.
        progress: Told of each sample.

    Raises:
        OutputExists: The folder holds something.
        InvalidSamples: There are none, one stands in twice, or they differ in parts.
        UnwritableShards: The disk is full, or the folder may not be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputExists(folder)
    try:
        with whole_directory(folder) as partial:
            return _Writer(partial, samples, shard_bytes, progress).write()
    except OSError as error:
        raise UnwritableShards(folder, str(error)) from error


@dataclass(slots=True)
class _Writer:
    """The files of one folder, on their way."""

    folder: Path
    about: SampleSet
    shard_bytes: int
    progress: Progress
    shards: list[ShardFile] = field(default_factory=list)
    arrays: dict[str, ArrayPart] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    seen: set[str] = field(default_factory=set)

    def write(self) -> Manifest:
        schema = index_schema(self.about.groups)
        index = self.folder / INDEX
        rows: list[dict[str, Any]] = []
        with closing(pq.ParquetWriter(index, schema, compression="zstd")) as table:
            for row in self._rows():
                rows.append(row)
                if len(rows) == _ROWS_AT_ONCE:
                    table.write_table(pa.Table.from_pylist(rows, schema))
                    rows.clear()
            table.write_table(pa.Table.from_pylist(rows, schema))
        if not self.seen:
            raise InvalidSamples(self.about.name, "there are none")
        manifest = self._manifest(_sha256(index))
        (self.folder / MANIFEST).write_text(manifest.text(), encoding="utf-8")
        return manifest

    def _manifest(self, index_sha256: str) -> Manifest:
        return Manifest(
            name=self.about.name,
            kind=self.about.kind,
            classes=self.about.classes,
            channels=self.about.channels,
            groups=self.about.groups,
            parts=self.parts,
            arrays=self.arrays,
            attributes=self.about.attributes,
            shards=tuple(self.shards),
            index_sha256=index_sha256,
        )

    def _rows(self) -> Iterator[dict[str, Any]]:
        """Writes the shards; the rows of the index."""
        with ExitStack() as last:
            shard: _Shard | None = None
            for number, sample in enumerate(self.about.samples):
                parts = self._encoded(sample)
                if shard is None:
                    shard = _Shard.begin(self.folder, len(self.shards))
                    last.callback(shard.stream.close)
                key = f"{number:08d}"
                offset = shard.add(key, parts)
                sizes = [len(each) for each in parts.values()]
                yield self._row(sample, key, offset, sizes)
                if shard.size >= self.shard_bytes:
                    self.shards.append(shard.end())
                    shard = None
                done = number + 1
                self.progress("write", done / max(self.about.count, done))
            if shard is not None:
                self.shards.append(shard.end())

    def _row(
        self, sample: Sample, key: str, offset: int, sizes: list[int]
    ) -> dict[str, Any]:
        start, end = sample.period or (None, None)
        return {
            "id": sample.id,
            "key": key,
            "shard": len(self.shards),
            "offset": offset,
            "sizes": sizes,
            "label": sample.label,
            **{f"{SPLIT_PREFIX}{k}": v for k, v in sample.groups.items()},
            "time_start": start,
            "time_end": end,
            "geometry": None if sample.place is None else shapely.to_wkb(sample.place),
        }

    def _encoded(self, sample: Sample) -> dict[str, bytes]:
        self._check(sample)
        encoded = {part: npy(array) for part, array in sample.arrays.items()}
        if sample.label is not None:
            encoded[LABEL_PART] = str(sample.label).encode()
        encoded[ABOUT_PART] = _about(sample)
        self.parts = self.parts or tuple(encoded)
        if tuple(encoded) != self.parts:
            reason = f"{sample.id} has the parts {[*encoded]}, not {[*self.parts]}"
            raise InvalidSamples(self.about.name, reason)
        return encoded

    def _check(self, sample: Sample) -> None:
        found = {
            part: ArrayPart(each.dtype.str, each.shape)
            for part, each in sample.arrays.items()
        }
        self.arrays = self.arrays or found
        problems = {
            "stands in it twice": sample.id in self.seen,
            f"has arrays {found}, not {self.arrays}": found != self.arrays,
            f"has the groups {[*sample.groups]}, not {[*self.about.groups]}": (
                set(sample.groups) != set(self.about.groups)
            ),
        }
        for problem, is_so in problems.items():
            if is_so:
                raise InvalidSamples(self.about.name, f"{sample.id} {problem}")
        self.seen.add(sample.id)


@dataclass(slots=True)
class _Shard:
    """One tar file, and the hash of what it has so far."""

    path: Path
    stream: BinaryIO
    digest: Any
    size: int = 0
    samples: int = 0

    @classmethod
    def begin(cls, folder: Path, number: int) -> "_Shard":
        path = folder / f"shard-{number:06d}.tar"
        return cls(path, path.open("wb"), hashlib.sha256())

    def add(self, key: str, parts: Mapping[str, bytes]) -> int:
        """Write the parts of a sample; where they begin."""
        offset = self.size
        for part, content in parts.items():
            self._put(header(f"{key}.{part}", len(content)))
            self._put(content.ljust(padded(len(content)), b"\0"))
        self.samples += 1
        return offset

    def _put(self, content: bytes) -> None:
        self.stream.write(content)
        self.digest.update(content)
        self.size += len(content)

    def end(self) -> ShardFile:
        self._put(_END)
        self.stream.close()
        sha256 = self.digest.hexdigest()
        return ShardFile(self.path.name, self.samples, self.size, sha256)


def header(name: str, size: int) -> bytes:
    """The header of a file in a tar, without owner or time, so that bytes repeat."""
    about = tarfile.TarInfo(name)
    about.size = size
    return about.tobuf(tarfile.USTAR_FORMAT)


def npy(array: NDArray[Any]) -> bytes:
    """An array in NumPy's format."""
    buffer = io.BytesIO()
    contiguous = np.ascontiguousarray(array).reshape(array.shape)
    np.lib.format.write_array(buffer, contiguous, allow_pickle=False)
    return buffer.getvalue()


def _about(sample: Sample) -> bytes:
    document = {"id": sample.id, "groups": dict(sample.groups)}
    return json.dumps(document, ensure_ascii=False, sort_keys=True).encode()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
