"""Where queries put what does not fit in memory: a folder of each process's own.

DuckDB removes its files when it closes; what a killed process left is removed by the
next one that opens the store for writing, which nobody shares.
"""

import os
import shutil
from pathlib import Path
from typing import Final

_PREFIX: Final = "spill-"


def spill_folder(location: Path) -> Path:
    """The folder of this process in the directory of a store."""
    return location / f"{_PREFIX}{os.getpid()}"


def remove_abandoned(location: Path) -> None:
    """Remove what others left behind; only for who has the store alone."""
    for folder in location.glob(f"{_PREFIX}*"):
        if folder != spill_folder(location):
            shutil.rmtree(folder, ignore_errors=True)
