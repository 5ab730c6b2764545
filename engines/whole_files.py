"""Files and directories that appear whole, and stay: written aside, synced, renamed."""

import glob
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def whole_file(target: Path) -> Iterator[IO[bytes]]:
    """A stream whose bytes become the file `target` when the block ends well.

    On any error there is no new file, and an old one stays as it is.

    Raises:
        OSError: The file cannot be written; its folder may not be there.
    """
    with _aside(target, is_directory=False) as path:
        with path.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        path.replace(target)
    sync_directory(target.parent)


@contextmanager
def whole_directory(target: Path) -> Iterator[Path]:
    """A directory to fill, which becomes `target` when the block ends well.

    What is missing of the way to it is made.

    Raises:
        OSError: It cannot be made, or `target` is there already and not empty.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with _aside(target, is_directory=True) as path:
        yield path
        for file in path.iterdir():
            sync_file(file)
        sync_directory(path)
        path.replace(target)
    sync_directory(target.parent)


@contextmanager
def scratch_directory(target: Path) -> Iterator[Path]:
    """A directory beside `target` for what is in work, gone when the block ends.

    What processes that were killed left of the same target goes before.
    """
    with _aside(target, is_directory=True) as path:
        yield path


@contextmanager
def _aside(target: Path, *, is_directory: bool) -> Iterator[Path]:
    """A place beside `target`, on the same file system; gone afterwards."""
    _remove_stale(target)
    name = f"{_prefix(target)}{os.getpid()}-{secrets.token_hex(8)}"
    place = target.with_name(name)
    # Made within, so that whoever is interrupted just then leaves nothing.
    try:
        place.mkdir(mode=0o700)
        yield place if is_directory else place / target.name
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _prefix(target: Path) -> str:
    return f".{target.name}.partial-"


def _remove_stale(target: Path) -> None:
    """Remove what processes that were killed left of the same target."""
    prefix = _prefix(target)
    for place in target.parent.glob(f"{glob.escape(prefix)}*"):
        maker = place.name.removeprefix(prefix).partition("-")[0]
        if maker.isdecimal() and not _is_alive(int(maker)):
            shutil.rmtree(place, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def sync_file(path: Path) -> None:
    """Wait until the file's bytes are on disk."""
    _sync(path, os.O_RDONLY)


def sync_directory(path: Path) -> None:
    """Wait until the names in the directory are on disk."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
