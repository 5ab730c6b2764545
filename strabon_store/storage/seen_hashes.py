"""Which hashes may have come before: a filter in front of an exact look-up."""

from typing import Any, Final, TypeAlias

import numpy as np

_Hashes: TypeAlias = np.ndarray[Any, np.dtype[np.uint64]]
_Flags: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
_Bytes: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]

_PLACES: Final = 1 << 26
"""A bit for each: 8 MiB, so that most of it is near the processor."""

_BITS: Final = 8

_FEW: Final = 50_000
"""Up to so many are not told apart: to look for all takes less than a table."""


class SeenHashes:
    """A set of hashes that may say yes too often, and never no.

    Most terms of a block are new. To know that they are costs a look at one bit here,
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
        self._seen: _Bytes | None = None

    def add(self, hashes: _Hashes) -> None:
        """Remember some."""
        self._count += len(hashes)
        self._few.append(hashes)
        if self._count <= _FEW:
            return
        if self._seen is None:
            self._seen = np.zeros(_PLACES // _BITS, np.uint8)
        for some in self._few:
            _set_bits(self._seen, some)
        self._few.clear()

    def may_have(self, hashes: _Hashes) -> _Flags:
        """Which of them may be among those that were added."""
        if self._seen is None:
            return np.full(len(hashes), self._count > 0)
        places, bits = _places(hashes)
        flags: _Flags = self._seen[places] >> bits & 1 != 0
        return flags


def _set_bits(seen: _Bytes, hashes: _Hashes) -> None:
    """Set the bits of hashes, one of each byte at a time: a byte may have several."""
    places, bits = _places(hashes)
    for bit in range(_BITS):
        seen[places[bits == bit]] |= np.uint8(1 << bit)


def _places(hashes: _Hashes) -> tuple[np.ndarray[Any, np.dtype[np.int64]], _Bytes]:
    """The bytes of hashes, and their bits in them."""
    bits = (hashes % np.uint64(_BITS)).astype(np.uint8)
    places = hashes // np.uint64(_BITS) % np.uint64(_PLACES // _BITS)
    return places.astype(np.int64), bits
