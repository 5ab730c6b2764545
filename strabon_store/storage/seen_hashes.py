"""Which hashes may have come before: a filter in front of an exact look-up."""

from typing import Any, Final, TypeAlias

import numpy as np

_Hashes: TypeAlias = np.ndarray[Any, np.dtype[np.uint64]]
_Flags: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

_PLACES: Final = 1 << 26
"""A byte for each; those that no hash falls into are never touched."""


class SeenHashes:
    """A set of hashes that may say yes too often, and never no.

    Most terms of a block are new. To know that they are costs a look at one byte here,
    and a join with all terms of the load where they have to be looked for.

    Examples:
        >>> seen = SeenHashes()
        >>> seen.add(np.array([7], np.uint64))
        >>> seen.may_have(np.array([7, 8], np.uint64)).tolist()
        [True, False]
    """

    def __init__(self) -> None:
        """No hash yet."""
        self._is_seen = np.zeros(_PLACES, bool)

    def add(self, hashes: _Hashes) -> None:
        """Remember some."""
        self._is_seen[_place(hashes)] = True

    def may_have(self, hashes: _Hashes) -> _Flags:
        """Which of them may be among those that were added."""
        flags: _Flags = self._is_seen[_place(hashes)]
        return flags


def _place(hashes: _Hashes) -> np.ndarray[Any, np.dtype[np.int64]]:
    return (hashes & np.uint64(_PLACES - 1)).astype(np.int64)
