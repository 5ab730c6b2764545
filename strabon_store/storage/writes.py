"""Statements of one transaction, run in their order while the next are prepared."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Final, Self

_MOST: Final = 3
"""How many calls are to come at most, with the one that runs."""


class Writes:
    """A thread that runs what it is given, one after the other.

    A connection serves one thread at a time: as long as some of its statements are to
    be run here, nobody else may use it.

    Examples:
        >>> found = []
        >>> with Writes() as writes:
        ...     writes.later(found.append, 1)
        ...     writes.later(found.append, 2)
        >>> found
        [1, 2]
    """

    def __init__(self) -> None:
        """Nothing to run yet."""
        self._pool = ThreadPoolExecutor(1)
        self._coming: list[Future[Any]] = []
        self._has_failed = False

    def later(self, function: Callable[..., object], *arguments: object) -> None:
        """Call a function when those before have been called; not if one failed.

        Waits while many are still to be called: what they are given is in memory.

        Raises:
            Exception: What one that was called before has raised.
        """
        self._coming.append(self._pool.submit(self._call, function, arguments))
        self._wait(_MOST)

    def wait(self) -> None:
        """Until all have been called.

        Raises:
            Exception: What one of them has raised; those behind it are not called.
        """
        self._wait(0)

    def _call(self, function: Callable[..., object], arguments: Iterable[Any]) -> None:
        if self._has_failed:
            return
        try:
            function(*arguments)
        except BaseException:
            self._has_failed = True
            raise

    def _wait(self, most: int) -> None:
        while len(self._coming) > most:
            self._coming.pop(0).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self.wait()
        finally:
            self._pool.shutdown(cancel_futures=True)
