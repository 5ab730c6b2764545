"""Where the files of `pytheas map run` go: to folders, or to a store of objects."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from geotriples.sinks import Written


class Run(Protocol):
    """What a run says of the files that it wrote."""

    @property
    def targets(self) -> "tuple[Written, ...]":
        """What the logical targets hold."""


_Run = TypeVar("_Run", bound=Run)


def is_object(output: str | Path | None) -> bool:
    """Whether an output is an object: `s3://bucket/key`."""
    from engines.objects import is_object_url

    return isinstance(output, str) and is_object_url(output)


def run_to_objects(output: str, run: Callable[[Path], _Run]) -> _Run:
    """Run to a folder that vanishes, and put its files when all of them are complete.

    Args:
        output: The URL of the object; other files go beside it.
        run: Writes to the file or folder that it is given.

    Raises:
        ObjectFailed: The place cannot be written, or is a folder that is there.
        OutputError: A logical target appends, which no object can.
    """
    from engines.objects import ObjectUrl, check_place, put_files

    url = ObjectUrl.of(output)
    # Before hours of work.
    check_place(url)
    with TemporaryDirectory(prefix="pytheas-output-") as name:
        folder = Path(name)
        report = run(folder / url.name)
        _check_targets(report)
        put_files(folder, url)
    return report


def local_copy(place: str, folder: Path) -> Path:
    """A file that is there, or an object as a file in a folder.

    Raises:
        ObjectFailed: It cannot be had.
    """
    from engines.objects import ObjectUrl, fetch_object

    if not is_object(place):
        return Path(place)
    return fetch_object(ObjectUrl.of(place), folder, 1 << 36)


def _check_targets(report: Run) -> None:
    from geotriples.errors import OutputError

    for one in report.targets:
        if one.appends:
            name = None if one.path is None else Path(one.path.name)
            raise OutputError(name, "appends, which an object cannot: give -o a file")
