"""What only the feature store raises.

* MlError
  - FeatureStoreError
    - NoSuchEntry             a group, view, feature, commit or data set is not there
    - EntryExists             a name and version that is taken
    - InvalidFeatures         a name, key or type that cannot be
    - InvalidRows             rows that do not fit their group
    - InvalidQuery            a query that has no answer, or not just one
    - CorruptFeatures         a file is missing, or not what was written
    - UnwritableFeatures      the disk is full, or the folder may not be written
"""

from collections.abc import Iterable
from pathlib import Path

from ml.errors import MlError


class FeatureStoreError(MlError):
    """The feature store cannot do what it is asked for."""


class NoSuchEntry(FeatureStoreError):
    """What is asked for is not there.

    Attributes:
        what: Its kind and name.
        known: What there is.
    """

    def __init__(self, what: str, known: Iterable[object]) -> None:
        self.what, self.known = what, tuple(map(str, known))
        there = ", ".join(self.known) or "none"
        super().__init__(f"there is no {what}; there are: {there}")


class EntryExists(FeatureStoreError):
    """A name and version that is taken by something else."""


class InvalidFeatures(FeatureStoreError):
    """A name, key, event time or type that a group cannot have."""


class InvalidRows(FeatureStoreError):
    """Rows do not fit their group; none of them was written.

    Attributes:
        group: Its name and version.
        reason: What is wrong, with the column or the row.
    """

    def __init__(self, group: str, reason: str) -> None:
        self.group, self.reason = group, reason
        super().__init__(f"{group}: {reason}; nothing was inserted")


class InvalidQuery(FeatureStoreError):
    """A query that has no answer, or not just one."""


class CorruptFeatures(FeatureStoreError):
    """A file of the store is missing, or not what was written.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(f"{path}: {reason}; restore it from a copy")


class UnwritableFeatures(FeatureStoreError):
    """The store cannot be written; what was there is as it was.

    Attributes:
        path: Where.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(f"{path}: {reason}; nothing was written")
