"""Where bad statements go when a load is to go on without them."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from strabon_store.errors import LoadError


@dataclass(slots=True)
class Rejects:
    """A file of what was not loaded.

    A bad line stands as it stood, under a comment with its place and what is wrong
    with it. Where a parser cannot go on, a comment names the file, which was left out
    whole.

    Attributes:
        path: Where the file is written.
        lines: How many lines were set aside.
        files: How many files were.
    """

    path: Path
    lines: int = 0
    files: int = 0
    _stream: IO[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._stream = self.path.open("wb")
        except OSError as error:
            raise LoadError(
                f"cannot write bad statements to {self.path}: {error.strerror}"
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._stream is not None:
            self._stream.close()

    def add_line(self, problem: str, line: bytes) -> None:
        """Set a line aside."""
        self.lines += 1
        self._write(b"# %b\n%b\n" % (_comment(problem), line.rstrip(b"\r\n")))

    def add_file(self, problem: str) -> None:
        """Set a file aside."""
        self.files += 1
        self._write(b"# left out whole: %b\n" % _comment(problem))

    def _write(self, text: bytes) -> None:
        if self._stream is not None:
            self._stream.write(text)


def _comment(text: str) -> bytes:
    return " ".join(text.split()).encode("utf-8", "replace")
