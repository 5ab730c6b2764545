"""Work that nobody can interrupt, waited for only as long as somebody wants to."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Final, TypeVar

_T = TypeVar("_T")

_TICK_S: Final = 0.1


def wait_for(work: Callable[[], _T], tick: Callable[[], None]) -> _T:
    """The result of some work on a thread of its own.

    No call of the network's can be interrupted, so who stops waiting leaves the thread
    to the timeouts of the work; the process does not wait for it either.

    Args:
        work: The work.
        tick: Called every now and then; raises what ends the waiting.

    Examples:
        >>> wait_for(lambda: 1, lambda: None)
        1
    """
    future: Future[_T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            future.set_exception(error)

    threading.Thread(target=run, name="waited for", daemon=True).start()
    while not future.done():
        tick()
        wait([future], _TICK_S)
    return future.result()
