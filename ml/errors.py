"""Every exception that this package raises.

* MlError
  - ProductError            a product cannot become a class map
    - UnreadableProduct       empty, truncated, or not of the format
    - MissingCrs              nobody says in which CRS the grid lies
    - ConflictingCrs          two sources of the CRS disagree
    - UnknownClass            a code that the class scheme does not hold
    - NoValidPixels           every pixel is nodata
  - InvalidCoverage         polygons overlap or leave gaps (a bug of ours)
  - OutputExists            the output folder is taken
  - UnreadablePolygons      not a polygon table that we wrote
"""

from collections.abc import Sequence
from pathlib import Path

from ontologies.errors import PytheasError


class MlError(PytheasError):
    """Something about scenes, models or maps that the user can cure."""


class ProductError(MlError):
    """A product cannot become a class map.

    Attributes:
        path: The product.
    """

    def __init__(self, path: Path, message: str) -> None:
        self.path = path
        super().__init__(f"{path}: {message}")


class UnreadableProduct(ProductError):
    """The file is empty, truncated, or not what its reader expects.

    Attributes:
        reason: What is wrong with it.
    """

    def __init__(self, path: Path, reason: str, cure: str) -> None:
        self.reason = reason
        super().__init__(path, f"{reason}; {cure}")


class MissingCrs(ProductError):
    """Neither the product, nor the user, nor a companion names the CRS.

    Attributes:
        looked_at: The companion files that were asked.
    """

    def __init__(self, path: Path, looked_at: Sequence[Path]) -> None:
        self.looked_at = tuple(looked_at)
        companions = ", ".join(p.name for p in looked_at) or "there is none"
        super().__init__(
            path,
            "the product declares no CRS, and no companion in its folder with the same "
            f"x and y coordinates declares one (looked at: {companions}); "
            "name it with --crs, for example --crs EPSG:32631",
        )


class ConflictingCrs(ProductError):
    """Two sources of the CRS disagree.

    Attributes:
        claims: Source of the claim, and the CRS that it names.
    """

    def __init__(self, path: Path, claims: Sequence[tuple[str, str]]) -> None:
        self.claims = tuple(claims)
        said = "; ".join(f"{source} says {name}" for source, name in claims)
        super().__init__(
            path, f"the CRS is contradictory: {said}; correct the one that is wrong"
        )


class UnknownClass(ProductError):
    """A class code that the class scheme does not hold.

    Attributes:
        code: The code or class name.
        count: How many pixels carry it.
        first: Row and column of the first of them, or None where no pixel is at fault.
    """

    def __init__(
        self, path: Path, code: object, count: int, first: tuple[int, int] | None
    ) -> None:
        self.code = code
        self.count = count
        self.first = first
        where = f", the first at row {first[0]}, column {first[1]}" if first else ""
        super().__init__(
            path,
            f"class {code!r} is not in the class scheme ({count} pixels{where}); "
            "correct the product, or declare the code as nodata or in a class table",
        )


class NoValidPixels(ProductError):
    """Every pixel is nodata, so there is no map to make."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path, "every pixel is nodata; check the product's extent and nodata value"
        )


class InvalidCoverage(MlError):
    """Polygons overlap or leave gaps: an invariant of the vectorizer is broken.

    Attributes:
        count: How many polygons have an edge that no neighbour shares exactly.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(
            f"{count} polygons are no valid coverage after simplification; "
            "use a smaller tolerance and report this as a bug"
        )


class OutputExists(MlError):
    """The output folder holds something already.

    Attributes:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"{path}: the output folder is not empty; name another, or remove it first"
        )


class UnreadablePolygons(MlError):
    """A file is not a polygon table of this package.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(f"{path}: {reason}; make the map again")
