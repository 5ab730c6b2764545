"""Folders that tasks write to, on a disk that all of them see or in an object store.

The files of a run are there together: on a disk they are hidden until all are written,
in an object store `_SUCCESS` is put when they are.  What an earlier run left goes then.
"""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import IO, Final, Protocol

from engines.objects import (
    ObjectUrl,
    check_place,
    delete_below,
    is_object_url,
    names_below,
    put_bytes,
    put_file,
)
from geotriples.errors import OutputError

SUCCESS: Final = "_SUCCESS"
"""The name of the empty file that says that a folder is whole."""


class Folder(Protocol):
    """Where the files of one run go; it travels to the tasks.

    Methods raise `OutputError` where a disk, and `ObjectFailed` where an object store
    does not let them.
    """

    def check(self) -> None:
        """Refuse a place with files that no run has completed, before any work."""

    def file(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """In a task: a file to write, which is kept when the block ends well."""

    def commit(self, names: Sequence[str]) -> None:
        """Let these files be there, those of an earlier run not, and `_SUCCESS`."""

    def abandon(self) -> None:
        """Remove what tasks have written and nobody has committed."""


def folder_of(location: str) -> Folder:
    """The folder of a path, or of a URL `s3://bucket/folder`.

    Raises:
        OutputError: It is another URL.
        ObjectFailed: The URL names no bucket or no folder.
    """
    if is_object_url(location):
        return ObjectFolder(ObjectUrl.of(location))
    if "://" in location:
        raise OutputError(Path(location), "is no path, and no URL s3://bucket/folder")
    return DiskFolder(Path(location).resolve())


def _new_run() -> str:
    return uuid.uuid4().hex[:12]


@dataclass(frozen=True, slots=True)
class DiskFolder:
    """A folder on a disk.

    Attributes:
        path: The folder.
        run: What tells the files of this run from those of others.
    """

    path: Path
    run: str = field(default_factory=_new_run)

    def check(self) -> None:
        """As `Folder.check`."""
        with self._told():
            names = self._names()
        if names and SUCCESS not in names:
            reason = f"has files that no run has completed, such as {names[0]}"
            raise OutputError(self.path, reason)

    @contextmanager
    def file(self, name: str) -> Iterator[IO[bytes]]:
        """As `Folder.file`: with a name that begins with a dot."""
        with self._told():
            self.path.mkdir(parents=True, exist_ok=True)
            with self._hidden(name).open("wb") as file:
                yield file

    def commit(self, names: Sequence[str]) -> None:
        """As `Folder.commit`."""
        with self._told():
            self.path.mkdir(parents=True, exist_ok=True)
            for name in sorted(self._old(), key=lambda name: name != SUCCESS):
                (self.path / name).unlink()
            for name in names:
                self._hidden(name).rename(self.path / name)
            (self.path / SUCCESS).touch()

    def abandon(self) -> None:
        """As `Folder.abandon`."""
        for file in self.path.glob(f".{self.run}-*"):
            file.unlink(missing_ok=True)

    def _names(self) -> list[str]:
        if not self.path.exists():
            return []
        return sorted(one.name for one in self.path.iterdir())

    def _old(self) -> list[str]:
        return [one for one in self._names() if not one.startswith(f".{self.run}-")]

    def _hidden(self, name: str) -> Path:
        return self.path / f".{self.run}-{name}"

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = f"cannot be written: {error.strerror or error}"
            raise OutputError(self.path, reason) from error


@dataclass(frozen=True, slots=True)
class ObjectFolder:
    """A folder in an object store, where names cannot change: they tell the run.

    Attributes:
        url: The folder.
        run: What tells the files of this run from those of others.
    """

    url: ObjectUrl
    run: str = field(default_factory=_new_run)

    def check(self) -> None:
        """As `Folder.check`."""
        check_place(self.url)

    @contextmanager
    def file(self, name: str) -> Iterator[IO[bytes]]:
        """As `Folder.file`: written to a disk of the task, and put whole."""
        with TemporaryDirectory(prefix="pytheas-part-") as folder:
            path = Path(folder) / name
            with path.open("wb") as file:
                yield file
            put_file(path, self.url.below(self._name(name)))

    def commit(self, names: Sequence[str]) -> None:
        """As `Folder.commit`."""
        old = set(names_below(self.url)) - set(map(self._name, names))
        delete_below(self.url, old & {SUCCESS})
        delete_below(self.url, old - {SUCCESS})
        put_bytes(b"", self.url.below(SUCCESS))

    def abandon(self) -> None:
        """As `Folder.abandon`."""
        own = {one for one in names_below(self.url) if f"-{self.run}." in one}
        delete_below(self.url, own)

    def _name(self, name: str) -> str:
        stem, dot, ending = PurePath(name).name.partition(".")
        return f"{stem}-{self.run}{dot}{ending}"
