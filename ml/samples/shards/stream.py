"""Samples one after another: in an order that depends on the seed and the epoch alone.

Every process has its own part of it.  How many threads read ahead changes nothing, and
whoever knows how many samples a process has seen goes on from there.
"""

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.samples.shards.reader import Shards

_AHEAD: Final = 4
"""Samples that wait to be taken, for each thread."""


def epoch_rows(
    count: int, seed: int, epoch: int, *, rank: int = 0, ranks: int = 1, done: int = 0
) -> NDArray[np.int64]:
    """The samples of one process in one epoch, in their order.

    Args:
        count: How many samples there are.
        seed: Of the order.
        epoch: From 0.
        rank: Of the process, from 0.
        ranks: How many processes there are.
        done: How many of them the process has seen.

    Examples:
        >>> parts = [epoch_rows(5, 1, 0, rank=rank, ranks=2) for rank in (0, 1)]
        >>> sorted(np.concatenate(parts).tolist())
        [0, 1, 2, 3, 4]
    """
    order = np.random.default_rng([seed, epoch]).permutation(count)
    return order[rank::ranks][done:]


def stream(
    shards: Shards, rows: Iterable[int], *, workers: int = 2
) -> Generator[dict[str, bytes], None, None]:
    """The parts of samples in the order of `rows`, read ahead by some threads.

    At most four samples for each thread are in memory.

    Raises:
        UnreadableShards: A shard is missing or broken.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix="shards")
    waiting: deque[Future[dict[str, bytes]]] = deque()
    try:
        for row in rows:
            waiting.append(pool.submit(shards.read, int(row)))
            if len(waiting) >= _AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
