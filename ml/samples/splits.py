"""Splits into training and test samples that do not leak.

A split is a fold number for each sample: what stands in fold f is predicted by a model
that was trained on all other folds.  What lies near each other, or is one object seen
twice, belongs into one fold; `check_split` finds what does not.

Shape suffixes: N samples.
"""

from collections.abc import Iterator
from typing import Any, Final

import h3
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from engines.geodesy.distance import within_distance
from ml.errors import InvalidSplit

Folds = NDArray[np.int64]

OBJECT: Final = "object"
"""The group of samples that show one object: a parcel seen in two years."""

_EARTH_RADIUS_M: Final = 6_371_008.8
_SHOWN: Final = 3
_METRES_PER_DEGREE: Final = 110_500.0
"""Of a meridian, at least."""
_NEAR_A_POLE: Final = 89.0


def stratified_folds(labels_N: NDArray[np.int64], count: int, seed: int = 0) -> Folds:
    """Folds that have as many of each class, as nearly as they can.

    Raises:
        InvalidSplit: There are fewer than two folds, or fewer samples than folds.
    """
    if not 1 < count <= len(labels_N):
        raise InvalidSplit(f"{len(labels_N)} samples make no {count} folds")
    rng = np.random.default_rng(seed)
    folds_N = np.empty(len(labels_N), np.int64)
    for label in np.unique(labels_N):
        rows = rng.permutation(np.flatnonzero(labels_N == label))
        folds_N[rows] = np.arange(len(rows)) % count
    return folds_N


def grouped_folds(groups_N: NDArray[Any], count: int, seed: int = 0) -> Folds:
    """Folds of whole groups, as equal in samples as groups allow.

    Args:
        groups_N: What must stay together: an object, a cell.
        count: How many folds.
        seed: Of the order in which groups of equal size are dealt out.

    Raises:
        InvalidSplit: There are fewer groups than folds.
    """
    found, index_N, sizes = np.unique(groups_N, return_inverse=True, return_counts=True)
    if not 1 < count <= len(found):
        raise InvalidSplit(f"samples in {len(found)} groups make no {count} folds")
    order = np.random.default_rng(seed).permutation(len(found))
    fold_of_group = np.empty(len(found), np.int64)
    filled = np.zeros(count, np.int64)
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        fold_of_group[group] = filled.argmin()
        filled[filled.argmin()] += sizes[group]
    return fold_of_group[index_N]


def leave_one_out(groups_N: NDArray[Any]) -> Folds:
    """A fold for each group: region, year, scene.

    Raises:
        InvalidSplit: There is only one group.

    Examples:
        >>> leave_one_out(np.array(["north", "south", "north"])).tolist()
        [0, 1, 0]
    """
    found, folds_N = np.unique(groups_N, return_inverse=True)
    if len(found) < 2:  # noqa: PLR2004 - to leave one out, another must be there
        raise InvalidSplit(f"all samples are of one group, {found.tolist()}")
    return folds_N.astype(np.int64)


def spatial_blocks(
    lonlat_N2: NDArray[np.float64], resolution: int, count: int, seed: int = 0
) -> Folds:
    """Folds of whole cells of H3, as equal in samples as cells allow.

    Args:
        lonlat_N2: Degrees in CRS84.
        resolution: Of the cells: 3 has edges of about 69 km, 5 of about 10 km.
        count: How many folds.
        seed: Of the order in which cells of equal size are dealt out.

    Raises:
        InvalidSplit: The samples lie in fewer cells than there are to be folds.
    """
    cells_N = np.array([h3.latlng_to_cell(y, x, resolution) for x, y in lonlat_N2])
    return grouped_folds(cells_N, count, seed)


def check_split(
    folds_N: Folds,
    objects_N: NDArray[Any],
    lonlat_N2: NDArray[np.float64] | None = None,
    apart_m: float = 0,
) -> None:
    """Refuse a split that leaks.

    Args:
        folds_N: The split.
        objects_N: What each sample shows: a parcel, a scene.
        lonlat_N2: Where it lies, degrees in CRS84; None to look at objects only.
        apart_m: How far samples of different folds must be from each other, metres.

    Raises:
        InvalidSplit: One object stands in two folds, or two samples of different folds
            are nearer; with some of them.
    """
    if shared := [*_shared(folds_N, objects_N)]:
        raise InvalidSplit(
            f"{len(shared)} objects stand in several folds: {shared[:_SHOWN]}"
        )
    if lonlat_N2 is None or apart_m <= 0:
        return
    near = _near(folds_N, lonlat_N2, apart_m)
    if len(near):
        rows = near[:_SHOWN].tolist()
        raise InvalidSplit(
            f"{len(near)} pairs of different folds lie within {apart_m:g} m: "
            f"rows {rows}"
        )


def check_footprints(
    folds_N: Folds, footprints_N: NDArray[Any], apart_m: float = 0
) -> None:
    """Refuse a split in which footprints of different folds overlap, or are near.

    Args:
        folds_N: The split.
        footprints_N: Geometries in CRS84; of None nothing is known.
        apart_m: How far they must be from each other, metres; with 0 they may touch.

    Raises:
        InvalidSplit: Two of different folds are nearer; with some of them.
    """
    boxes = np.array([_widened(one, apart_m) for one in footprints_N], dtype=object)
    left, right = shapely.STRtree(boxes).query(boxes, predicate="intersects")
    is_pair = (left < right) & (folds_N[left] != folds_N[right])
    left, right = left[is_pair], right[is_pair]
    one, other = footprints_N[left], footprints_N[right]
    if apart_m > 0:
        is_leak = within_distance(one, other, apart_m)
    else:
        # Neighbours that share an edge show different places.
        is_leak = shapely.intersects(one, other) & ~shapely.touches(one, other)
    if is_leak.any():
        pairs = np.column_stack([left, right])[is_leak]
        raise InvalidSplit(
            f"footprints of {len(pairs)} pairs of different folds overlap, or lie "
            f"within {apart_m:g} m: rows {pairs[:_SHOWN].tolist()}"
        )


def _widened(footprint: Any, metres: float) -> Any:
    """A box, or at the antimeridian two, beyond which nothing is so near."""
    if footprint is None or footprint.is_empty:
        return shapely.GeometryCollection()
    west, south, east, north = footprint.bounds
    up = metres / _METRES_PER_DEGREE
    south, north = max(south - up, -90.0), min(north + up, 90.0)
    widest = max(abs(south), abs(north))
    if widest >= _NEAR_A_POLE:
        return shapely.box(-180, south, 180, north)
    aside = up / np.cos(np.radians(widest))
    parts = [
        shapely.box(west - aside + turn, south, east + aside + turn, north)
        for turn in (-360, 0, 360)
    ]
    globe = shapely.box(-180, -90, 180, 90)
    return shapely.intersection(shapely.union_all(parts), globe)


def _shared(folds_N: Folds, objects_N: NDArray[Any]) -> Iterator[str]:
    pairs = np.unique(
        np.column_stack([objects_N.astype(str), folds_N.astype(str)]), axis=0
    )
    objects, counts = np.unique(pairs[:, 0], return_counts=True)
    yield from objects[counts > 1].tolist()


def _near(
    folds_N: Folds, lonlat_N2: NDArray[np.float64], apart_m: float
) -> NDArray[np.int64]:
    """Pairs of rows of different folds; the chord is no longer than the arc."""
    longitude, latitude = np.radians(lonlat_N2).T
    places_N3 = _EARTH_RADIUS_M * np.column_stack(
        [
            np.cos(latitude) * np.cos(longitude),
            np.cos(latitude) * np.sin(longitude),
            np.sin(latitude),
        ]
    )
    pairs = cKDTree(places_N3).query_pairs(apart_m, output_type="ndarray")
    kept: NDArray[np.int64] = pairs[folds_N[pairs[:, 0]] != folds_N[pairs[:, 1]]]
    return kept
