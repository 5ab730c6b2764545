"""What the Sentinel-2 Product Specification Document says of bands and scene classes.

S2-PDGS-TAS-DI-PSD, issue 14 and 15: `bandId` of the metadata, the physical bands, and
the classes of the scene classification (SCL) of Level-2A.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

RESOLUTIONS_M: Final = (10, 20, 60)
SCL: Final = "SCL"
CIRRUS: Final = "B10"
"""Which Level-2A does not have."""
NODATA: Final = 0
SATURATED: Final = 65_535


@dataclass(frozen=True, slots=True)
class SpectralBand:
    """A band of the MultiSpectral Instrument (MSI).

    Attributes:
        name: As file names have it, for example `"B8A"`.
        band_id: `bandId` of the metadata.
        resolution_m: Of the instrument.
        centre_nm: Central wavelength, of Sentinel-2A.
        width_nm: Full width at half maximum.
        common_name: What STAC's extension `eo` calls it.
    """

    name: str
    band_id: int
    resolution_m: int
    centre_nm: float
    width_nm: float
    common_name: str


BANDS: Final = (
    SpectralBand("B01", 0, 60, 442.7, 21, "coastal"),
    SpectralBand("B02", 1, 10, 492.7, 66, "blue"),
    SpectralBand("B03", 2, 10, 559.8, 36, "green"),
    SpectralBand("B04", 3, 10, 664.6, 31, "red"),
    SpectralBand("B05", 4, 20, 704.1, 15, "rededge071"),
    SpectralBand("B06", 5, 20, 740.5, 15, "rededge075"),
    SpectralBand("B07", 6, 20, 782.8, 20, "rededge078"),
    SpectralBand("B08", 7, 10, 832.8, 106, "nir"),
    SpectralBand("B8A", 8, 20, 864.7, 21, "nir08"),
    SpectralBand("B09", 9, 60, 945.1, 20, "nir09"),
    SpectralBand("B10", 10, 60, 1373.5, 31, "cirrus"),
    SpectralBand("B11", 11, 20, 1613.7, 91, "swir16"),
    SpectralBand("B12", 12, 20, 2202.4, 175, "swir22"),
)

BAND_BY_NAME: Final[Mapping[str, SpectralBand]] = MappingProxyType(
    {band.name: band for band in BANDS}
)
_BY_COMMON_NAME: Final = {band.common_name: band.name for band in BANDS}
_OTHER_NAMES: Final = {
    "rededge1": "B05",
    "rededge2": "B06",
    "rededge3": "B07",
    "nir narrow": "B8A",
}

CROP_BANDS: Final = (
    *("B02", "B03", "B04", "B05", "B06", "B07"),
    *("B08", "B8A", "B11", "B12"),
)
"""What is chosen where nobody says: the bands at 10 and 20 m."""


def default_bands(offered: Collection[str]) -> tuple[str, ...]:
    """The ten of 10 and 20 m where all are offered, else the spectral ones.

    Examples:
        >>> default_bands(["B04", "VH", "B02"])
        ('B04', 'B02')
    """
    if set(CROP_BANDS) <= set(offered):
        return CROP_BANDS
    return tuple(name for name in offered if name in BAND_BY_NAME)


def band_name(text: str) -> str:
    """A band as file names have it; what is no name of a band comes back upper case.

    Examples:
        >>> band_name("b2"), band_name("B8A"), band_name("nir"), band_name("scl")
        ('B02', 'B8A', 'B08', 'SCL')
        >>> band_name("S2-L2A-B11"), band_name("B04_10m"), band_name("ndvi")
        ('B11', 'B04', 'NDVI')
    """
    lower = text.strip().lower()
    known = _BY_COMMON_NAME.get(lower) or _OTHER_NAMES.get(lower)
    if known:
        return known
    # Providers put level and resolution around it.
    for part in reversed(lower.replace("_", "-").split("-")):
        number = part.removeprefix("b")
        padded = f"B{number.upper():0>2}"
        if part != number and padded in BAND_BY_NAME:
            return padded
    return lower.upper()


@dataclass(frozen=True, slots=True)
class SceneClass:
    """A class of the scene classification.

    Attributes:
        value: Of the pixels.
        name: As the Level-2A quality indicators call it.
        title: For people.
        colour: Red, green, blue, as ESA draws it.
    """

    value: int
    name: str
    title: str
    colour: tuple[int, int, int]


SCENE_CLASSES: Final = (
    SceneClass(0, "NODATA_PIXEL", "no data", (0, 0, 0)),
    SceneClass(1, "SATURATED_DEFECTIVE_PIXEL", "saturated or defective", (255, 0, 0)),
    SceneClass(2, "DARK_FEATURES", "dark features, topographic shadow", (47, 47, 47)),
    SceneClass(3, "CLOUD_SHADOW", "cloud shadow", (100, 50, 0)),
    SceneClass(4, "VEGETATION", "vegetation", (0, 160, 0)),
    SceneClass(5, "NOT_VEGETATED", "bare soil", (255, 230, 90)),
    SceneClass(6, "WATER", "water", (0, 0, 255)),
    SceneClass(7, "UNCLASSIFIED", "unclassified", (128, 128, 128)),
    SceneClass(8, "MEDIUM_PROBA_CLOUDS", "cloud, medium probability", (192, 192, 192)),
    SceneClass(9, "HIGH_PROBA_CLOUDS", "cloud, high probability", (255, 255, 255)),
    SceneClass(10, "THIN_CIRRUS", "thin cirrus", (100, 200, 255)),
    SceneClass(11, "SNOW_ICE", "snow or ice", (255, 150, 255)),
)
