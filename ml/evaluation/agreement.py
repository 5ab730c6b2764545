"""How far two maps say the same: agreement, which is not accuracy.

Shape suffixes: H rows, W columns, K classes.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.errors import UnsuitableProduct
from ml.maps import ClassMap


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two maps of one place, compared pixel by pixel.

    Attributes:
        pixels: Where both say something.
        agreement: The share of them that has one class in both.
        expected: The share that would, if either map were shuffled.
        kappa: Cohen's, how much of what is left the maps agree beyond that; None
            where nothing is left.
        classes: IRIs of the classes that one of them has there.
        counts: Pixels, the class of the first by row, of the second by column.
    """

    pixels: int
    agreement: float
    expected: float
    kappa: float | None
    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    def as_json(self) -> dict[str, Any]:
        """The same for `json.dumps`."""
        return asdict(self)

    def __str__(self) -> str:
        kappa = "none" if self.kappa is None else f"{self.kappa:.3f}"
        lines = [
            f"pixels             {self.pixels}",
            f"agreement          {self.agreement:.3f}",
            f"by chance          {self.expected:.3f}",
            f"kappa              {kappa}",
        ]
        for k, iri in enumerate(self.classes):
            first = sum(self.counts[k])
            second = sum(row[k] for row in self.counts)
            name = iri.rpartition("/")[2]
            lines.append(f"  {name}: {first} and {second}, both {self.counts[k][k]}")
        return "\n".join(lines)


def compare_maps(first: ClassMap, second: ClassMap, path: Path) -> Agreement:
    """Compare two maps; classes are the same where their IRIs are.

    Args:
        first: A map.
        second: Another on the same grid.
        path: Of the second, for errors.

    Raises:
        UnsuitableProduct: Their grids differ, or no pixel has a class in both.
    """
    shapes = [(each.grid.height, each.grid.width) for each in (first, second)]
    is_same = shapes[0] == shapes[1] and np.allclose(
        first.grid.bounds, second.grid.bounds
    )
    if not is_same or not first.grid.crs.equals(
        second.grid.crs, ignore_axis_order=True
    ):
        cure = "bring both to one grid"
        raise UnsuitableProduct(path, "it lies on another grid than the map", cure)
    both_HW = first.valid_HW & second.valid_HW
    if not both_HW.any():
        cure = "compare maps of one place"
        raise UnsuitableProduct(path, "no pixel has a class in both maps", cure)
    return _agreement(_iris(first, both_HW), _iris(second, both_HW))


def _iris(class_map: ClassMap, both_HW: NDArray[np.bool_]) -> NDArray[np.str_]:
    iri_of = {each.index: each.iri for each in class_map.legend}
    found, place = np.unique(class_map.classes_HW[both_HW], return_inverse=True)
    return np.array([iri_of[index] for index in found.tolist()])[place]


def _agreement(first: NDArray[np.str_], second: NDArray[np.str_]) -> Agreement:
    classes, place = np.unique(np.concatenate([first, second]), return_inverse=True)
    rows, columns = place[: len(first)], place[len(first) :]
    counts_KK = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(counts_KK, (rows, columns), 1)
    shares_KK = counts_KK / counts_KK.sum()
    agreed = float(np.trace(shares_KK))
    expected = float(shares_KK.sum(1) @ shares_KK.sum(0))
    return Agreement(
        pixels=len(first),
        agreement=agreed,
        expected=expected,
        kappa=None if expected == 1 else (agreed - expected) / (1 - expected),
        classes=tuple(classes.tolist()),
        counts=tuple(tuple(row) for row in counts_KK.tolist()),
    )
