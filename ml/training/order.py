"""The order in which samples are seen: of the seed and the step alone.

Epochs follow each other without a gap, so every batch is full, and step s can be told
without those before it.
"""

import numpy as np
from numpy.typing import NDArray


def rows_of_step(count: int, batch: int, step: int, seed: int) -> NDArray[np.int64]:
    """The samples of a step, in their order.

    Args:
        count: How many samples there are.
        batch: How many a step sees.
        step: From 0.
        seed: Of the run.

    Examples:
        >>> seen = [row for step in range(3) for row in rows_of_step(6, 4, step, 1)]
        >>> sorted(seen[:6]) == sorted(seen[6:]) == [0, 1, 2, 3, 4, 5]
        True
    """
    places = np.arange(step * batch, (step + 1) * batch)
    epochs, within = np.divmod(places, count)
    orders = {
        epoch: np.random.default_rng([seed, epoch]).permutation(count)
        for epoch in np.unique(epochs).tolist()
    }
    return np.array(
        [orders[epoch][at] for epoch, at in zip(epochs.tolist(), within, strict=True)],
        dtype=np.int64,
    )
