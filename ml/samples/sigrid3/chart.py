"""Ice charts as SIGRID-3 shapefiles: read."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError
from pyogrio.raw import read
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from ml.samples.sigrid3.codes import PolyType, UnknownCode, code_of
from ml.samples.sigrid3.dbase import NotDbase, read_table
from ml.samples.sigrid3.egg import Egg, contradictions
from ml.samples.sigrid3.errors import BadValue, InvalidChart, NoSuchRow, UnreadableChart
from ml.samples.sigrid3.fields import (
    POLY_TYPE,
    TABLES,
    cells_of,
    egg_of,
    fields_of,
)

GEOMETRY: Final = "geometry"
_AREA: Final = 2
_CURE: Final = "fetch the chart again, with the .shx, .dbf and .prj beside it"


@dataclass(frozen=True, slots=True)
class ChartPolygon:
    """One polygon of a chart.

    Attributes:
        row: Its row in the table, from 1.
        geometry: A Polygon or MultiPolygon in the CRS of the chart.
        egg: What the chart says of it.
    """

    row: int
    geometry: BaseGeometry
    egg: Egg


@dataclass(frozen=True, slots=True)
class IceChart:
    """An ice chart.

    Attributes:
        path: The `.shp`.
        crs: That of the `.prj`, exactly; x is east or longitude, y north or latitude.
        polygons: In the order of the file.
        refused: Places for which rows were left out; none unless asked for.
    """

    path: Path
    crs: CRS
    polygons: tuple[ChartPolygon, ...]
    refused: tuple[BadValue, ...] = ()

    def polygon(self, row: int) -> ChartPolygon:
        """The polygon in a row of the table.

        Raises:
            NoSuchRow: There is none, or it was left out.
        """
        found = next((one for one in self.polygons if one.row == row), None)
        if found is None:
            raise NoSuchRow(self.path, row)
        return found

    def contradictions(self) -> list[tuple[int, str]]:
        """What does not fit within the polygons: row, and what."""
        return [
            (one.row, what) for one in self.polygons for what in contradictions(one.egg)
        ]


def read_chart(path: Path, *, skip_bad: bool = False) -> IceChart:
    """The chart in a SIGRID-3 shapefile, version 1 to 3.

    Names of columns may be in any case, in the spelling of SIGRID-3 or of the Ice
    Objects Catalogue.  Columns that hold no codes of ice are not read.

    Args:
        path: The `.shp`.
        skip_bad: Leave rows out that hold what the code tables do not, and tell them
            in `refused`, instead of refusing the chart.

    Raises:
        UnreadableChart: A file is missing or broken, or it is no chart.
        InvalidChart: Rows are wrong, or with `skip_bad` all rows.
    """
    if not path.is_file():
        raise UnreadableChart(path, "there is no such file", "check the path")
    crs = _crs(path)
    # First, as it says what is wrong with the table in words.
    table = _table(path)
    geometries = _geometries(path, table)
    polygons: list[ChartPolygon] = []
    refused: list[BadValue] = []
    for index, geometry in enumerate(geometries):
        cells = {name: column[index] for name, column in table.items()}
        bad: list[BadValue] = []
        egg = _egg(index + 1, cells, bad)
        if shapely.get_dimensions(geometry) != _AREA:
            kind = "" if geometry is None else geometry.geom_type
            bad.append(BadValue(index + 1, GEOMETRY, kind, "is no polygon"))
        refused += bad
        if egg is not None and not bad:
            polygons.append(ChartPolygon(index + 1, geometry, egg))
    if refused and not (skip_bad and polygons):
        raise InvalidChart(path, refused)
    return IceChart(path, crs, tuple(polygons), tuple(refused))


def _geometries(path: Path, table: Mapping[str, Sequence[str]]) -> NDArray[Any]:
    try:
        _, _, encoded, _ = read(path, columns=[])
    except (DataSourceError, DataLayerError) as error:
        raise UnreadableChart(path, f"it is no shapefile ({error})", _CURE) from error
    if encoded is None or not len(encoded):
        raise UnreadableChart(path, "it holds no polygon", "name a chart of polygons")
    rows = len(next(iter(table.values())))
    if rows != len(encoded):
        reason = f"it has {len(encoded)} shapes and {rows} rows in its .dbf"
        raise UnreadableChart(path, reason, _CURE)
    return np.asarray(shapely.force_2d(shapely.from_wkb(encoded)))


def _table(path: Path) -> dict[str, list[str]]:
    file = _beside(path, ".dbf")
    try:
        table = read_table(file)
    except (NotDbase, OSError) as error:
        raise UnreadableChart(path, f"{file.name}: {error}", _CURE) from error
    names = {name.upper() for name in table}
    if POLY_TYPE not in names:
        cure = "name a chart of polygons, not of lines or points"
        raise UnreadableChart(path, "it has no column POLY_TYPE", cure)
    _check_columns(path, list(table))
    return {
        name: cells
        for name, cells in table.items()
        if name.upper() == POLY_TYPE or fields_of(name)
    }


def _check_columns(path: Path, names: Sequence[str]) -> None:
    """Refuse two columns for one thing (appendix A, section 2)."""
    filled = Counter(field for name in names for field in fields_of(name))
    twice = {field for field, count in filled.items() if count > 1}
    columns = [name for name in names if twice & set(fields_of(name))]
    if columns:
        reason = f"the columns {', '.join(columns)} say one thing twice"
        raise UnreadableChart(path, reason, "leave one of them out")


def _egg(row: int, cells: Mapping[str, str], bad: list[BadValue]) -> Egg | None:
    """The egg of a row; None, and more in `bad`, where a cell is wrong."""
    codes: dict[str, str | None] = {}
    poly_type = None
    for column, cell in cells.items():
        try:
            if column.upper() == POLY_TYPE:
                poly_type = _poly_type(cell)
            else:
                texts = cells_of(column, cell)
                codes |= {f: code_of(text, TABLES[f]) for f, text in texts.items()}
        except ValueError as error:
            bad.append(BadValue(row, column, cell.strip(), str(error)))
    return egg_of(poly_type, codes) if poly_type and not bad else None


def _poly_type(cell: str) -> PolyType:
    try:
        return PolyType(cell.strip().upper())
    except ValueError:
        known = ", ".join(PolyType)
        raise UnknownCode(f"is no type of polygon; there are {known}") from None


def _crs(path: Path) -> CRS:
    file = _beside(path, ".prj")
    if not file.is_file():
        cure = "put the .prj of the chart beside it"
        raise UnreadableChart(path, "no .prj names its CRS", cure)
    try:
        # The text itself: GDAL would put a CRS with a code in the place of one like it.
        return CRS.from_user_input(file.read_text("utf-8", "replace").strip())
    except CRSError as error:
        raise UnreadableChart(
            path, f"{file.name} is no CRS ({error})", _CURE
        ) from error


def _beside(path: Path, ending: str) -> Path:
    upper = path.with_suffix(ending.upper())
    return upper if upper.is_file() else path.with_suffix(ending)
