"""Vector files of every format, written by geopandas, with what is in them."""

from pathlib import Path
from typing import Final

import geopandas
import shapely

POLAR: Final = """PROJCS["Stereographic/WGS 84",GEOGCS["GCS_WGS_1984",
DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],
PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],
PROJECTION["Stereographic"],PARAMETER["False_Easting",0.0],
PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",0.0],
PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",90.0],
UNIT["Meter",1.0]]""".replace("\n", "")
"""The CRS of the ice charts of ExtremeEarth: no authority has a code for it."""

ENDINGS: Final = {
    "Shapefile": ".shp",
    "GeoPackage": ".gpkg",
    "FlatGeobuf": ".fgb",
    "GeoJSON": ".geojson",
    "KML": ".kml",
    "GML": ".gml",
}
_DRIVERS: Final = {"Shapefile": "ESRI Shapefile", "GeoPackage": "GPKG"}
# Those whose specification says longitude and latitude.
GEOGRAPHIC: Final = frozenset({"GeoJSON", "KML"})


def features(crs: str = "EPSG:3413") -> geopandas.GeoDataFrame:
    """Two polygons near the pole, one with a hole."""
    square = shapely.box(-600_000, -1_500_000, -400_000, -1_300_000)
    hole = shapely.box(-550_000, -1_450_000, -500_000, -1_400_000)
    geometries = [square.difference(hole), shapely.box(10_000, 10_000, 20_000, 30_000)]
    frame = geopandas.GeoDataFrame(
        {"name": ["Øst", "b"], "count": [7, 8], "share": [0.5, 1.25]},
        geometry=geometries,
        crs="EPSG:3413",
    )
    return frame.to_crs(crs)


def write(
    folder: Path, kind: str, frame: geopandas.GeoDataFrame, name: str = "f"
) -> Path:
    """A file of a format."""
    path = folder / f"{name}{ENDINGS[kind]}"
    frame.to_file(path, driver=_DRIVERS.get(kind, kind))
    return path
