"""What only the preparation of products raises.

* MlError
  - ProductError
    - MissingNoise            the product carries no usable noise table
    - MissingSceneClasses     clouds are to go, and nobody says where they are
    - MixedLevels             reflectances at the top and the bottom of the air
    - DifferentTiles          products lie on different grids
    - NoOverlap               a product lies elsewhere
  - UnsuitableCrs           a CRS that the grid of a scene cannot have
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ml.errors import MlError, ProductError


class MissingNoise(ProductError):
    """The product carries no noise table that could be subtracted.

    Attributes:
        polarization: Whose table it is.
    """

    def __init__(self, path: Path | str, polarization: str, reason: str) -> None:
        self.polarization = polarization
        super().__init__(
            path,
            f"the noise table of {polarization} {reason}; keep the noise with "
            "--keep-noise, or take the product as a newer processor made it",
        )


class MissingSceneClasses(ProductError):
    """Clouds are to be masked, and the product has no scene classification."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(
            path,
            "it has no scene classification (SCL), so nobody knows its clouds; take "
            "the Level-2A product, or keep every pixel with --no-mask",
        )


class MixedLevels(ProductError):
    """Products of several levels cannot be one series.

    Attributes:
        levels: A product of each level.
    """

    def __init__(self, path: Path | str, levels: Mapping[str, str]) -> None:
        self.levels = dict(levels)
        said = "; ".join(f"{name} is {level}" for level, name in levels.items())
        super().__init__(
            path,
            f"the products are of different levels: {said}; L1C is reflectance at the "
            "top of the atmosphere, L2A at the surface: give products of one of them",
        )


class DifferentTiles(ProductError):
    """Products lie on different grids, and nobody says on which they are wanted.

    Attributes:
        tiles: Their names.
    """

    def __init__(self, path: Path | str, tiles: Sequence[str]) -> None:
        self.tiles = tuple(tiles)
        super().__init__(
            path,
            f"the products are of different tiles: {', '.join(tiles)}; make a cube of "
            f"each, or warp all onto the grid of one with --onto {tiles[0]}",
        )


class NoOverlap(ProductError):
    """A product, or the part that is wanted, lies elsewhere than the grid.

    Attributes:
        where: The grid, in words.
    """

    def __init__(self, path: Path | str, where: str) -> None:
        self.where = where
        super().__init__(
            path,
            f"nothing of it lies on {where}; leave the product out, or name another "
            "place with --onto or --bounds",
        )


class UnsuitableCrs(MlError):
    """A CRS that the grid of a scene cannot have.

    Attributes:
        text: What names the CRS.
    """

    def __init__(self, text: str, reason: str) -> None:
        self.text = text
        super().__init__(
            f"{text} does not fit this scene: {reason}; use a projected CRS in metres "
            "that covers it, for example EPSG:3413 or EPSG:5938 in the Arctic"
        )
