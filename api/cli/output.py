"""Files that are there whole, or not at all."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from collections.abc import Iterable
from pathlib import Path


def write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file under another name, and give it its own when it is complete.

    Whatever goes wrong on the way, a file that was there before is as it was.

    Raises:
        UnwritableFile: The file cannot be written where it should be.
    """
    from api.errors import UnwritableFile
    from engines.whole_files import whole_file

    try:
        with whole_file(path) as file:
            for piece in pieces:
                file.write(piece)
    except OSError as error:
        raise UnwritableFile(str(path), error.strerror or str(error)) from error
