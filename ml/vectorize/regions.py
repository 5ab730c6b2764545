"""Which pixels belong together: regions of one class, joined by their sides.

Two pixels that meet in a corner alone are not joined: polygons made of such regions
never share interior points (OGC Simple Features, 6.1.11).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

OUTSIDE: Final = 0
"""The label of pixels that belong to no region."""

_NOBODY: Final = -1
_LABEL_BITS: Final = 32


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """A labelled raster.

    Attributes:
        labels_HW: 1 to `count`, in the order of the regions' first pixels; `OUTSIDE`
            elsewhere.
        class_index_N: Index of the class of each region, at label - 1.
        first_N2: Row and column of its first pixel, row by row.
        n_pixels_N: How many pixels it has.
    """

    labels_HW: NDArray[np.int32]
    class_index_N: NDArray[np.int32]
    first_N2: NDArray[np.int64]
    n_pixels_N: NDArray[np.int64]

    @property
    def count(self) -> int:
        """The number of regions."""
        return len(self.class_index_N)


def find_regions(classes_HW: NDArray[np.int32], valid_HW: NDArray[np.bool_]) -> Regions:
    """The 4-connected regions of equal class among the valid pixels.

    Examples:
        >>> regions = find_regions(
        ...     np.array([[5, 6], [6, 6]], np.int32), np.ones((2, 2), bool)
        ... )
        >>> regions.labels_HW.tolist(), regions.class_index_N.tolist()
        ([[1, 2], [2, 2]], [5, 6])
    """
    labels_HW = np.zeros(classes_HW.shape, np.int32)
    count = 0
    for index in np.unique(classes_HW[valid_HW]):
        member_HW = valid_HW & (classes_HW == index)
        own_HW, found = ndimage.label(member_HW)
        labels_HW[member_HW] = own_HW[member_HW] + count
        count += found
    return _in_raster_order(labels_HW, classes_HW, count)


def _in_raster_order(
    labels_HW: NDArray[np.int32], classes_HW: NDArray[np.int32], count: int
) -> Regions:
    flat = labels_HW.ravel()
    first = np.full(count + 1, flat.size, np.int64)
    # Written backwards, so that the first pixel of a label is written last.
    first[flat[::-1]] = np.arange(flat.size - 1, -1, -1)
    order = np.argsort(first[1:], kind="stable")
    rank = np.zeros(count + 1, np.int32)
    rank[1 + order] = np.arange(1, count + 1)
    relabelled = rank[flat]
    places = first[1:][order]
    return Regions(
        labels_HW=relabelled.reshape(labels_HW.shape),
        class_index_N=classes_HW.ravel()[places],
        first_N2=np.stack(np.divmod(places, labels_HW.shape[1]), axis=1),
        n_pixels_N=np.bincount(relabelled, minlength=count + 1)[1:],
    )


def merge_small_regions(
    classes_HW: NDArray[np.int32], valid_HW: NDArray[np.bool_], minimum_px: int
) -> NDArray[np.int32]:
    """The classes, with regions under `minimum_px` joined to their largest neighbour.

    What is left under the minimum has no neighbour at all: it is an island in nodata.
    (GDAL's sieve does not promise that: it leaves small regions among small ones.)
    Nodata stays as it is.
    """
    if minimum_px <= 1:
        return classes_HW
    while True:
        regions = find_regions(classes_HW, valid_HW)
        neighbour_N = _largest_neighbours(regions)
        joins_N = (regions.n_pixels_N < minimum_px) & (neighbour_N != _NOBODY)
        if not joins_N.any():
            return classes_HW
        class_index_N = _classes_after_joining(regions, joins_N, neighbour_N)
        classes_HW = classes_HW.copy()
        classes_HW[valid_HW] = class_index_N[regions.labels_HW[valid_HW] - 1]


def _largest_neighbours(regions: Regions) -> NDArray[np.int64]:
    """Position of the largest region beside each; the earlier one of equals."""
    pairs_M2 = _adjacent(regions.labels_HW) - 1
    own_M, other_M = np.concatenate([pairs_M2, pairs_M2[:, ::-1]]).T
    # Sorted so that the neighbour to keep is written last.
    order = np.lexsort((-other_M, regions.n_pixels_N[other_M]))
    neighbour_N = np.full(regions.count, _NOBODY, np.int64)
    neighbour_N[own_M[order]] = other_M[order]
    return neighbour_N


def _adjacent(labels_HW: NDArray[np.int32]) -> NDArray[np.int64]:
    """Each pair of labels that share a side of a pixel, once."""
    sides = (
        (labels_HW[:, :-1], labels_HW[:, 1:]),
        (labels_HW[:-1], labels_HW[1:]),
    )
    packed = []
    for first, second in sides:
        meets = (first != second) & (first != OUTSIDE) & (second != OUTSIDE)
        low = np.minimum(first[meets], second[meets]).astype(np.int64)
        high = np.maximum(first[meets], second[meets])
        packed.append((low << _LABEL_BITS) | high)
    unique = np.unique(np.concatenate(packed))
    low, high = unique >> _LABEL_BITS, unique & ((1 << _LABEL_BITS) - 1)
    return np.stack([low, high], axis=1)


def _classes_after_joining(
    regions: Regions, joins_N: NDArray[np.bool_], neighbour_N: NDArray[np.int64]
) -> NDArray[np.int32]:
    """The class of each region, once chains took that of their largest member."""
    joining = np.flatnonzero(joins_N)
    links = coo_array(
        (np.ones(len(joining), np.int8), (joining, neighbour_N[joining])),
        shape=(regions.count, regions.count),
    )
    count, chain_N = connected_components(links, directed=False)
    largest_C = np.zeros(count, np.int64)
    order = np.lexsort((-np.arange(regions.count), regions.n_pixels_N))
    largest_C[chain_N[order]] = order
    class_index_N: NDArray[np.int32] = regions.class_index_N[largest_C[chain_N]]
    return class_index_N
