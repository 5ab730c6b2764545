"""Rows in Hilbert order: neighbours on the map are neighbours in the file."""

import numpy as np
from numpy.typing import NDArray


def hilbert_order(cells_N2: NDArray[np.int64]) -> NDArray[np.int64]:
    """The order in which a Hilbert curve visits cells (x, y); ties keep their order.

    Examples:
        >>> square = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        >>> square[hilbert_order(square)].tolist()
        [[0, 0], [0, 1], [1, 1], [1, 0]]
    """
    if not len(cells_N2):
        return np.zeros(0, np.int64)
    x, y = cells_N2.T.copy()
    distance = np.zeros(len(x), np.int64)
    for bit in range(int(max(x.max(), y.max(), 1)).bit_length() - 1, -1, -1):
        side = 1 << bit
        right, upper = (x & side) > 0, (y & side) > 0
        distance += side * side * ((3 * right) ^ upper)
        # Turn the quadrant so that the curve inside it starts where the last one ended.
        flip = right & ~upper
        x[flip], y[flip] = (
            side - 1 - (x[flip] & (side - 1)),
            side - 1 - (y[flip] & (side - 1)),
        )
        swap = ~upper
        x[swap], y[swap] = y[swap], x[swap]
        x &= side - 1
        y &= side - 1
    return np.argsort(distance, kind="stable")
