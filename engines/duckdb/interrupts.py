"""Interrupts that functions in Python hear of.

DuckDB looks for an interrupt between two vectors. A function in Python has 2,048 rows
at a time, which can take minutes, and is not told for whom it works. So a cursor knows
its number by a variable, SQL hands that to the function (`CONNECTION`), and who
interrupts the cursor notes the number.
"""

from collections.abc import Iterator, Sequence
from itertools import count, pairwise
from typing import Any, Final, Protocol
from weakref import WeakKeyDictionary

import duckdb
import numpy as np
import numpy.typing as npt

_VARIABLE: Final = "pytheas_connection"
CONNECTION: Final = f"getvariable('{_VARIABLE}')"
"""What SQL writes for the number of the cursor by which it is executed."""

_COUNT: Final = count(1)
_NUMBERS: Final[WeakKeyDictionary[Any, int]] = WeakKeyDictionary()
_INTERRUPTED: Final[set[int]] = set()


class Interruptible(Protocol):
    """A cursor, or what stands for one."""

    def interrupt(self) -> None:
        """Stop what is executed."""
        ...


class Interrupted(Exception):
    """A function was told to stop; DuckDB makes an error of its own of it."""


def number(cursor: duckdb.DuckDBPyConnection) -> None:
    """Let functions know the cursor for which they work."""
    _NUMBERS[cursor] = next(_COUNT)
    cursor.execute(f"SET VARIABLE {_VARIABLE} = {_NUMBERS[cursor]}")


def interrupt(cursor: Interruptible) -> None:
    """Stop what is executed, functions too; what follows as well, until `resume`."""
    if cursor in _NUMBERS:
        _INTERRUPTED.add(_NUMBERS[cursor])
    cursor.interrupt()


def resume(cursor: Interruptible) -> None:
    """Let functions work for the cursor again."""
    if cursor in _NUMBERS:
        _INTERRUPTED.discard(_NUMBERS[cursor])


class Patience:
    """What a function asks whether to go on."""

    def __init__(self, numbers: Any) -> None:
        """Of the argument that is `CONNECTION`, an array of the same in each row."""
        self._number = numbers[0].as_py() if len(numbers) else None

    def check(self) -> None:
        """Go on, unless somebody interrupted the cursor.

        Raises:
            Interrupted: Somebody did.
        """
        if self._number in _INTERRUPTED:
            raise Interrupted("the query was interrupted")

    def blocks(
        self, weights: "Sequence[float] | npt.NDArray[Any]", most: float
    ) -> Iterator[slice]:
        """Consecutive rows in blocks of about a weight, with a check before each.

        Examples:
            >>> patience = Patience([])
            >>> [(b.start, b.stop) for b in patience.blocks([3, 3, 9, 1], 5)]
            [(0, 1), (1, 2), (2, 4)]
        """
        group = np.cumsum(weights) // most
        cuts = np.flatnonzero(np.diff(group)) + 1
        for begin, end in pairwise([0, *cuts.tolist(), len(group)]):
            self.check()
            yield slice(begin, end)
