"""An ice chart as a service would publish it, written by geopandas."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import geopandas
import shapely

# That of the labelled scenes of ExtremeEarth: a polar stereographic CRS without a code.
PRJ: Final = (
    'PROJCS["Stereographic",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",'
    'SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]],PROJECTION["Stereographic_North_Pole"],'
    'PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],'
    'PARAMETER["Central_Meridian",0.0],PARAMETER["Standard_Parallel_1",90.0],'
    'UNIT["Meter",1.0]]'
)

SIDE_M: Final = 40_000.0
CODES: Final = ("CT", "CA", "SA", "FA", "CB", "SB", "FB", "CC", "SC", "FC", "CF")
ROWS: Final = (
    # POLY_TYPE, then as in CODES; one column of squares from west to east.
    ("I", "91", "70", "95", "06", "20", "87", "05", "", "", "", "0605"),
    ("I", "46", "30", "87", "04", "20", "85", "03", "", "", "", "-9-9"),
    ("I", "92", "-9", "93", "08", "-9", "-9", "-9", "", "", "", "08-9"),
    ("W", "01", "", "", "", "", "", "", "", "", "", ""),
    ("L", "", "", "", "", "", "", "", "", "", "", ""),
    ("I", "80", "30", "84", "03", "30", "85", "03", "20", "81", "22", "0399"),
)


def squares(count: int, x: float = -120_000.0, y: float = -20_000.0) -> list[object]:
    """Neighbours in a row; the pole lies in the middle of them."""
    return [
        shapely.box(x + i * SIDE_M, y, x + (i + 1) * SIDE_M, y + SIDE_M)
        for i in range(count)
    ]


def write_service_chart(
    path: Path,
    rows: tuple[tuple[str, ...], ...] = ROWS,
    names: tuple[str, ...] = CODES,
    geometries: Sequence[object] | None = None,
    prj: str = PRJ,
) -> Path:
    """A shapefile with these rows; columns are POLY_TYPE and `names`."""
    table = dict(zip(("POLY_TYPE", *names), zip(*rows, strict=True), strict=True))
    frame = geopandas.GeoDataFrame(
        {name: list(cells) for name, cells in table.items()},
        geometry=squares(len(rows)) if geometries is None else geometries,
        crs=prj,
    )
    frame.to_file(path)
    path.with_suffix(".prj").write_text(prj)
    return path
