"""Files of the store: written whole, numbered by who comes first."""

import errno
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from engines.whole_files import (
    scratch_directory,
    sync_directory,
    whole_directory,
    whole_file,
)
from ml.features.errors import CorruptFeatures, UnwritableFeatures


def read_json(path: Path) -> dict[str, Any]:
    """A document.

    Raises:
        CorruptFeatures: It is missing or broken.
    """
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CorruptFeatures(path, str(error)) from error
    return document


def json_bytes(document: Mapping[str, Any]) -> bytes:
    """A document as it is kept."""
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True).encode()


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document; one that is there is replaced.

    Raises:
        UnwritableFeatures: It cannot be written.
    """
    with _writing(path), whole_file(path) as stream:
        stream.write(json_bytes(document))


def claim_json(path: Path, document: Mapping[str, Any]) -> bool:
    """Write a document where none is; whether it was written.

    Of processes that claim one path at a time, one succeeds.

    Raises:
        UnwritableFeatures: It cannot be written.
    """
    with _writing(path), scratch_directory(path) as scratch:
        file = scratch / path.name
        with file.open("wb") as stream:
            stream.write(json_bytes(document))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            # A link is made only where nothing is, by one process at a time.
            os.link(file, path)
        except FileExistsError:
            return False
        sync_directory(path.parent)
        return True


def claim_folder(folder: Path, documents: Mapping[str, Mapping[str, Any]]) -> bool:
    """The same for a folder: all of its documents appear, by their names, or none.

    Raises:
        UnwritableFeatures: It cannot be written.
    """
    with _writing(folder):
        try:
            with whole_directory(folder) as partial:
                for name, document in documents.items():
                    (partial / name).write_bytes(json_bytes(document))
        except OSError as error:
            if is_taken(error):
                return False
            raise
    return True


def is_taken(error: OSError) -> bool:
    """Whether it says that a folder of this name is there, and not empty."""
    return error.errno in {errno.ENOTEMPTY, errno.EEXIST}


def write_table(path: Path, table: pa.Table) -> str:
    """Write a table as Parquet; its SHA-256.

    Raises:
        UnwritableFeatures: It cannot be written.
    """
    with _writing(path):
        with whole_file(path) as stream:
            pq.write_table(table, stream, compression="zstd")
        return sha256_of(path)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file.

    Raises:
        CorruptFeatures: It is missing.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CorruptFeatures(path, str(error)) from error


def check_sha256(path: Path, sha256: str) -> None:
    """Refuse a file that is not what was written.

    Raises:
        CorruptFeatures: It is missing, or was changed.
    """
    if sha256_of(path) != sha256:
        raise CorruptFeatures(path, "is not what was written")


def numbers(folder: Path) -> list[int]:
    """The numbers that name documents or folders in a folder, in order."""
    return sorted(int(p.stem) for p in folder.glob("*") if p.stem.isdecimal())


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise UnwritableFeatures(path, str(error)) from error
