"""What only the records of runs raise.

* MlError
  - TrackingError
    - NoSuchRun               there is no run of this name
    - UnreadableRun           a record is missing or broken
    - UnwritableRun           a record cannot be written
"""

from collections.abc import Iterable
from pathlib import Path

from ml.errors import MlError


class TrackingError(MlError):
    """Records of runs cannot be used."""


class NoSuchRun(TrackingError):
    """There is no run of this name, or several begin with it.

    Attributes:
        name: What was asked for.
    """

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        there = ", ".join(known) or "none"
        super().__init__(f"{name!r} names no run, or several; there are: {there}")


class UnreadableRun(TrackingError):
    """A record of a run is missing or broken.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(f"{path}: {reason}; remove the folder of this run")


class UnwritableRun(TrackingError):
    """A record of a run cannot be written; what was trained is not lost by it.

    Attributes:
        path: Its folder.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(f"{path}: {reason}; the run is not recorded")
