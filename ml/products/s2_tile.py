"""The tile of a Sentinel-2 product, as `MTD_TL.xml` describes it (PSD 14 and 15).

Shape suffixes: Y, X the nodes of the angle grids, from north to south, west to east.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from ml.maps import Grid
from ml.products.errors import MissingGeolocation
from ml.products.georeference import canonical_crs
from ml.products.s2_bands import RESOLUTIONS_M
from ml.products.xml import Reader

_GEOCODING: Final = ".//Tile_Geocoding"


@dataclass(frozen=True, slots=True)
class MeanAngles:
    """Where the sun stands, or the satellite, on average over the tile.

    Attributes:
        zenith_deg: From the vertical.
        azimuth_deg: From north, clockwise.
    """

    zenith_deg: float
    azimuth_deg: float


@dataclass(frozen=True, slots=True, eq=False)
class AngleGrid:
    """Angles on nodes, the first of which is the upper left corner of the tile.

    Attributes:
        zenith_deg_YX: From the vertical; NaN where nothing was seen.
        azimuth_deg_YX: From north, clockwise.
        column_step_m: Between nodes, eastward.
        row_step_m: Between nodes, southward.
    """

    zenith_deg_YX: NDArray[np.float64]
    azimuth_deg_YX: NDArray[np.float64]
    column_step_m: float
    row_step_m: float


@dataclass(frozen=True, slots=True)
class Tile:
    """What the metadata of a tile say.

    Attributes:
        tile_id: Of the tiling grid (MGRS), for example `"T33UUP"`.
        sensing_time: When its middle was seen, UTC.
        grids: Where the pixels of each resolution (metres) lie.
        sun: Mean angles of the sun.
        view: Mean angles of view, by `bandId`.
        quality: Percentages, by the names of `Image_Content_QI`; empty for old L1C.
        xml: The document, for what is seldom asked for.
    """

    tile_id: str
    sensing_time: datetime
    grids: Mapping[int, Grid]
    sun: MeanAngles
    view: Mapping[int, MeanAngles]
    quality: Mapping[str, float]
    xml: Reader

    def sun_angles(self) -> AngleGrid:
        """Where the sun stands.

        Raises:
            UnreadableProduct: There is no such grid, or it is damaged.
        """
        return _angle_grid(self.xml, self.xml.find(".//Sun_Angles_Grid"))

    def view_angles(self, band_id: int) -> AngleGrid:
        """Whence a band was seen; where two detectors saw a node, their mean.

        Raises:
            UnreadableProduct: There is no such grid, or it is damaged.
        """
        path = f".//Viewing_Incidence_Angles_Grids[@bandId='{band_id}']"
        detectors = [_angle_grid(self.xml, e) for e in self.xml.iterate(path)]
        if not detectors:
            raise self.xml.damaged(f"it has no element {path}")
        zenith_DYX = np.stack([d.zenith_deg_YX for d in detectors])
        azimuth_DYX = np.stack([d.azimuth_deg_YX for d in detectors])
        return AngleGrid(
            zenith_deg_YX=_mean(zenith_DYX),
            # The mean of directions: 359 and 1 are north, not south.
            azimuth_deg_YX=np.degrees(
                np.arctan2(
                    _mean(np.sin(np.radians(azimuth_DYX))),
                    _mean(np.cos(np.radians(azimuth_DYX))),
                )
            )
            % 360,
            column_step_m=detectors[0].column_step_m,
            row_step_m=detectors[0].row_step_m,
        )


def read_tile(location: str, name: str, content: bytes) -> Tile:
    """The metadata of a tile.

    Raises:
        UnreadableProduct: They are damaged.
        MissingGeolocation: They do not say where the tile lies.
    """
    xml = Reader(location, name, content)
    return Tile(
        tile_id=_tile_id(xml),
        sensing_time=xml.time(".//SENSING_TIME"),
        grids=_grids(xml),
        sun=_mean_angles(xml, xml.find(".//Mean_Sun_Angle")),
        view={
            int(e.get("bandId", "-1")): _mean_angles(xml, e)
            for e in xml.iterate(".//Mean_Viewing_Incidence_Angle")
        },
        quality=_quality(xml),
        xml=xml,
    )


def _tile_id(xml: Reader) -> str:
    """The part of the granule's name that begins with T, as in `..._T33UUP_N05.09`."""
    text = xml.text(".//TILE_ID")
    # Another part begins so as well: TL, the type of the file.
    parts = [p for p in text.split("_") if p[:1] == "T" and p[1:3].isdigit()]
    if not parts:
        raise xml.damaged(f"TILE_ID {text!r} names no tile")
    return parts[-1]


def _grids(xml: Reader) -> dict[int, Grid]:
    geocoding = xml.find_optional(_GEOCODING)
    if geocoding is None:
        raise MissingGeolocation(xml.location, "Tile_Geocoding")
    crs = _crs(xml, xml.text("HORIZONTAL_CS_CODE", geocoding))
    return {r: _grid(xml, geocoding, r, crs) for r in RESOLUTIONS_M}


def _crs(xml: Reader, code: str) -> CRS:
    try:
        return canonical_crs(CRS.from_user_input(code))
    except CRSError as error:
        raise xml.damaged(f"HORIZONTAL_CS_CODE {code!r} is no CRS") from error


def _grid(xml: Reader, geocoding: Element, resolution_m: int, crs: CRS) -> Grid:
    size = xml.find_optional(f"Size[@resolution='{resolution_m}']", geocoding)
    place = xml.find_optional(f"Geoposition[@resolution='{resolution_m}']", geocoding)
    if size is None or place is None:
        reason = f"Size and Geoposition at {resolution_m} m"
        raise MissingGeolocation(xml.location, reason)
    x, y, dx, dy = (xml.number(n, place) for n in ("ULX", "ULY", "XDIM", "YDIM"))
    rows, columns = xml.integer("NROWS", size), xml.integer("NCOLS", size)
    if min(rows, columns) < 1 or dx == 0 or dy == 0:
        raise xml.damaged(f"the size of its grid at {resolution_m} m is not positive")
    return Grid(Affine(dx, 0, x, 0, dy, y), crs, rows, columns)


def _mean_angles(xml: Reader, element: Element) -> MeanAngles:
    return MeanAngles(
        xml.number("ZENITH_ANGLE", element), xml.number("AZIMUTH_ANGLE", element)
    )


def _angle_grid(xml: Reader, element: Element) -> AngleGrid:
    zenith = xml.find("Zenith", element)
    return AngleGrid(
        zenith_deg_YX=_values(xml, zenith),
        azimuth_deg_YX=_values(xml, xml.find("Azimuth", element)),
        column_step_m=xml.number("COL_STEP", zenith),
        row_step_m=xml.number("ROW_STEP", zenith),
    )


def _values(xml: Reader, element: Element) -> NDArray[np.float64]:
    # NaN belongs here: where a detector saw nothing.
    rows = [(e.text or "").split() for e in xml.iterate("Values_List/VALUES", element)]
    try:
        return np.array(rows, dtype=np.float64)
    except ValueError as error:
        raise xml.damaged(f"a grid of angles is damaged ({error})") from error


def _mean(values_DYX: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of what is no NaN; NaN where there is nothing else."""
    is_seen_DYX = np.isfinite(values_DYX)
    total_YX = np.where(is_seen_DYX, values_DYX, 0).sum(axis=0)
    count_YX = is_seen_DYX.sum(axis=0)
    return np.where(count_YX > 0, total_YX / np.maximum(count_YX, 1), np.nan)


def _quality(xml: Reader) -> dict[str, float]:
    found = {}
    for element in xml.iterate(".//Image_Content_QI/*"):
        try:
            found[element.tag] = float((element.text or "").strip())
        except ValueError:
            continue  # Some say how a number was had, such as AOT_RETRIEVAL_METHOD.
    cloudy = xml.find_optional(".//CLOUDY_PIXEL_PERCENTAGE")
    if cloudy is not None and "CLOUDY_PIXEL_PERCENTAGE" not in found:
        found["CLOUDY_PIXEL_PERCENTAGE"] = xml.number(".//CLOUDY_PIXEL_PERCENTAGE")
    return found
