"""Two outputs of runs -> what one says more, and what it no longer says.

Both are N-Quads in sorted order, as runs write them, and are read side by side: memory
does not grow with them.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from geotriples.errors import OutputError, SourceError
from geotriples.sinks import check_folder, written_file


@dataclass(frozen=True, slots=True)
class Difference:
    """How two outputs differ.

    Attributes:
        added: How many quads only the later one has.
        removed: How many only the earlier one has.
        added_path: The file of the first.
        removed_path: The file of the second.
    """

    added: int
    removed: int
    added_path: Path
    removed_path: Path

    def as_json(self) -> dict[str, object]:
        """The same for a report."""
        return {
            "added": self.added,
            "removed": self.removed,
            "added_path": str(self.added_path),
            "removed_path": str(self.removed_path),
        }

    def __str__(self) -> str:
        return (
            f"{self.added:,} quads more in {self.added_path}\n"
            f"{self.removed:,} quads less in {self.removed_path}"
        )


def check_sorted_output(path: Path) -> None:
    """Refuse an output that cannot be compared.

    Raises:
        OutputError: It is not plain N-Quads, or in no folder.
    """
    if path.suffix not in {".nq", ".nt"}:
        raise OutputError(path, "cannot be compared; a plain .nq or .nt can")
    for each in difference_paths(path):
        check_folder(each)


def difference_paths(output: Path) -> tuple[Path, Path]:
    """Where what an output says more stands, and what it no longer says.

    Examples:
        >>> [one.name for one in difference_paths(Path("roads.nq"))]
        ['roads.added.nq', 'roads.removed.nq']
    """
    kinds = ("added", "removed")
    added, removed = (
        output.with_name(f"{output.stem}.{kind}{output.suffix}") for kind in kinds
    )
    return added, removed


def write_difference(before: Path, after: Path, output: Path) -> Difference:
    """Write how two outputs differ, beside one of them.

    Args:
        before: The earlier one.
        after: The later one.
        output: What the files are named by.

    Raises:
        SourceError: One cannot be read, or is not sorted.
        OutputError: A file cannot be written.
    """
    added_path, removed_path = difference_paths(output)
    with ExitStack() as stack:
        old = _lines(before, stack.enter_context(_opened(before)))
        new = _lines(after, stack.enter_context(_opened(after)))
        more = stack.enter_context(written_file(added_path))
        less = stack.enter_context(written_file(removed_path))
        added, removed = _compare(old, new, more, less)
    return Difference(added, removed, added_path, removed_path)


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise SourceError(path, error.strerror or "cannot be read") from error


def _lines(path: Path, stream: IO[bytes]) -> Iterator[bytes]:
    last = b""
    for line in stream:
        if line <= last:
            reason = "is not sorted: compare outputs of runs, as they were written"
            raise SourceError(path, reason)
        last = line
        yield line


def _compare(
    old: Iterator[bytes], new: Iterator[bytes], more: IO[bytes], less: IO[bytes]
) -> tuple[int, int]:
    added = removed = 0
    here, there = next(old, None), next(new, None)
    while here is not None or there is not None:
        if here == there:
            here, there = next(old, None), next(new, None)
        elif there is None or (here is not None and here < there):
            less.write(here or b"")
            removed, here = removed + 1, next(old, None)
        else:
            more.write(there)
            added, there = added + 1, next(new, None)
    return added, removed
