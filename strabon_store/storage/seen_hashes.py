"""Which hashes may have come before: a filter in front of an exact look-up."""

from typing import Any, Final, TypeAlias

import numpy as np

_Hashes: TypeAlias = np.ndarray[Any, np.dtype[np.uint64]]
_Flags: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

_PLACES: Final = 1 << 26
"""A byte for each."""

_FEW: Final = 50_000
"""Up to so many are not told apart: to look for all takes less than a table."""


class SeenHashes:
    """A set of hashes that may say yes too often, and never no.

    Most terms of a block are new. To know that they are costs a look at one byte here,
    and a join with all terms of the load where they have to be looked for.

    Examples:
        >>> seen = SeenHashes()
        >>> seen.add(np.arange(100_000, dtype=np.uint64))
        >>> seen.may_have(np.array([7, 100_007], np.uint64)).tolist()
        [True, False]
    """

    def __init__(self) -> None:
        """No hash yet."""
        self._count = 0
        self._few: list[_Hashes] = []
        self._is_seen: _Flags | None = None

    def add(self, hashes: _Hashes) -> None:
        """Remember some."""
        self._count += len(hashes)
        self._few.append(hashes)
        if self._count <= _FEW:
            return
        if self._is_seen is None:
            self._is_seen = np.zeros(_PLACES, bool)
        for some in self._few:
            self._is_seen[_place(some)] = True
        self._few.clear()

    def may_have(self, hashes: _Hashes) -> _Flags:
        """Which of them may be among those that were added."""
        if self._is_seen is None:
            return np.full(len(hashes), self._count > 0)
        flags: _Flags = self._is_seen[_place(hashes)]
        return flags


def _place(hashes: _Hashes) -> np.ndarray[Any, np.dtype[np.int64]]:
    return (hashes & np.uint64(_PLACES - 1)).astype(np.int64)
