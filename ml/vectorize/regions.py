"""Which pixels belong together: regions of one class, joined by their sides.

Two pixels that meet in a corner alone are not joined: polygons made of such regions never share
interior points (OGC Simple Features, 6.1.11).
"""

from dataclasses import dataclass

import numpy as np
import rasterio.features
from numpy.typing import NDArray
from scipy import ndimage

OUTSIDE = 0
"""The label of pixels that belong to no region."""


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """A labelled raster.

    Attributes:
        labels_HW: 1 to `count`, in the order of the regions' first pixels; `OUTSIDE` elsewhere.
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
    # Written backwards, so that the first pixel of a label is the last one to be written.
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
    """The classes, where each region under `minimum_px` has joined its largest neighbour.

    One pass of the sieve can join two small regions into one that is still small, so passes
    follow until nothing changes.  What is left under the minimum has no neighbour at all: an
    island in nodata.  Nodata stays as it is.
    """
    if minimum_px <= 1:
        return classes_HW
    while True:
        sieved_HW: NDArray[np.int32] = rasterio.features.sieve(
            classes_HW, size=minimum_px, mask=valid_HW, connectivity=4
        )
        sieved_HW = np.where(valid_HW, sieved_HW, classes_HW)
        if np.array_equal(sieved_HW, classes_HW):
            return sieved_HW
        classes_HW = sieved_HW
