"""What a class map is, whoever made it: a model of ours or a foreign product.

Readers of products and classifiers of scenes end here; the vectorizer, the STAC item
and the writer of the map product start here.  Nothing here reads or writes a file.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Geod


@dataclass(frozen=True, slots=True)
class MapClass:
    """One class of a map.

    Attributes:
        index: Its value in the class map.
        code: Its notation in the concept scheme.
        iri: The IRI of its `skos:Concept`.
        label: The English preferred label.
        colour: Hexadecimal RGB (`"#88aacc"`), or None where the scheme suggests none.
    """

    index: int
    code: str
    iri: str
    label: str
    colour: str | None


@dataclass(frozen=True, slots=True)
class Grid:
    """Where pixels lie.

    Attributes:
        transform: (column, row) of a pixel's upper left corner -> (x, y) in `crs`.
        crs: The native CRS of the map; x is east or longitude, y north or latitude.
        height: Rows.
        width: Columns.
    """

    transform: Affine
    crs: CRS
    height: int
    width: int

    def locate(
        self, columns: NDArray[np.number], rows: NDArray[np.number]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The (x, y) in `crs` of places in the raster; (0, 0) is its first corner."""
        a, b, c, d, e, f = self.transform[:6]
        return a * columns + b * rows + c, d * columns + e * rows + f

    @property
    def pixel_area_m2(self) -> float:
        """The nominal area of one pixel.

        Planar in a projected CRS, whatever its unit; geodesic, of the pixel at the
        centre of the map, in a geographic one, where a pixel has no single area.
        """
        if self.crs.is_geographic:
            columns = self.width // 2 + np.array([0, 1, 1, 0])
            rows = self.height // 2 + np.array([0, 0, 1, 1])
            xs, ys = self.locate(columns, rows)
            geod = self.crs.get_geod() or Geod(ellps="WGS84")
            return abs(geod.polygon_area_perimeter(xs, ys)[0])
        metres = self.crs.axis_info[0].unit_conversion_factor
        return abs(self.transform.determinant) * metres**2

    @property
    def pixel_size_m(self) -> float:
        """The side of a square as large as one pixel."""
        return math.sqrt(self.pixel_area_m2)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Least x, least y, greatest x, greatest y in `crs`."""
        columns = np.array([0, self.width, self.width, 0])
        rows = np.array([0, 0, self.height, self.height])
        xs, ys = self.locate(columns, rows)
        return float(min(xs)), float(min(ys)), float(max(xs)), float(max(ys))


@dataclass(frozen=True, slots=True)
class Source:
    """The scene or product from which a map was made.

    Attributes:
        scene_id: Its identifier.
        path: Where it lies.
        platform: The satellite, for example `"sentinel-1"`, where it is one.
        product_type: For example `"EW_GRDM"`.
        time_start: Beginning of the observed period, UTC, or None where nobody says.
        time_end: End of it.
        crs_source: Who named the CRS: `"file"`, `"option"`, or a companion's name.
    """

    scene_id: str
    path: Path
    platform: str | None
    product_type: str | None
    time_start: datetime | None
    time_end: datetime | None
    crs_source: str


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """What assigned the classes.

    Attributes:
        name: Of the model, or of the series of products.
        version: First 12 hexadecimal digits of the sha256 of the parameters, or of the
            product.
    """

    name: str
    version: str


@dataclass(frozen=True, slots=True, eq=False)
class ClassMap:
    """Classes and their probabilities on a grid.

    Attributes:
        grid: Where the pixels lie.
        classes_HW: Index of the class of each pixel; anything where `valid_HW` is
            false.
        valid_HW: False where the map says nothing.
        probabilities_KHW: Probability of each class of `legend`, 0 to 1, in its order.
        legend: The classes that the map can hold.
        source: The scene.
        model: The classifier.
    """

    grid: Grid
    classes_HW: NDArray[np.int32]
    valid_HW: NDArray[np.bool_]
    probabilities_KHW: NDArray[np.float32]
    legend: Sequence[MapClass]
    source: Source
    model: ModelVersion


@dataclass(frozen=True, slots=True)
class Generalization:
    """How much a polygon may differ from its pixels.

    Attributes:
        mmu_m2: Minimum mapping unit: smaller regions join their largest neighbour.
        tolerance_px: Triangles of a shared edge up to about this size, squared, are cut
            off.
    """

    mmu_m2: float = 0.0
    tolerance_px: float = 0.0


@dataclass(frozen=True, slots=True)
class MapProduct:
    """The files of a finished map.

    Attributes:
        class_map: COG, one band of class indices.
        probabilities: COG, one band per class.
        polygons: GeoParquet.
        item: STAC item that describes the three.
    """

    class_map: Path
    probabilities: Path
    polygons: Path
    item: Path
