"""Files that are there whole, or not at all."""

import os
from collections.abc import Iterable
from pathlib import Path

from api.errors import UnwritableFile


def write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file under another name, and give it its own when it is complete.

    Whatever goes wrong on the way, a file that was there before is as it was.

    Raises:
        UnwritableFile: The file cannot be written where it should be.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            for piece in pieces:
                file.write(piece)
        partial.replace(path)
    except OSError as error:
        raise UnwritableFile(str(path), error.strerror or str(error)) from error
    finally:
        partial.unlink(missing_ok=True)
