"""The XML of a simulated Sentinel-2 product, with the structure of PSD 14 and 15.

What nobody reads who wants reflectances (spectral responses, auxiliary data, masks of
detectors) is left out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np
from numpy.typing import NDArray

from ml.errors import InvalidSimulation
from ml.products.s2_bands import (
    BANDS,
    NODATA,
    RESOLUTIONS_M,
    SATURATED,
    SCENE_CLASSES,
)
from ml.products.sentinel2 import FIRST_WITH_OFFSETS, L1C, L2A

ANGLE_STEP_M: Final = 5000
_PSD_15: Final = (5, 10)
_LEVEL_NAMES: Final = {L1C: "Level-1C", L2A: "Level-2A"}
_OFFSET: Final = -1000.0
_COARSEST_IN_FINEST: Final = 6
_FIRST_SOUTHERN: Final = 32_701
_SUN_DEG: Final = (40.0, 150.0)
_VIEW_DEG: Final = (3.0, 105.0)


@dataclass(frozen=True, slots=True)
class S2Acquisition:
    """What a simulated product is of.

    Attributes:
        start: When the data take began, UTC.
        level: `"L1C"` or `"L2A"`.
        baseline: Of the processing, for example `"05.09"`.
        tile_id: Its name in the tiling grid; that it lies there is not checked.
        epsg: The CRS of the tile, a zone of UTM.
        upper_left: Easting and northing of its corner, metres.
        size: Rows, and columns, of 10 m; a multiple of 6.
        platform: S2A, S2B or S2C.
        relative_orbit: 1 to 143.
        quantification: What a reflectance of 1 is.
        offset: Of every band; None for what the baseline has.
    """

    start: datetime
    level: str = L2A
    baseline: str = "05.09"
    tile_id: str = "T33UUP"
    epsg: int = 32633
    upper_left: tuple[float, float] = (300_000.0, 5_400_000.0)
    size: int = 10_980
    platform: str = "S2A"
    relative_orbit: int = 22
    quantification: int = 10_000
    offset: float | None = None

    def __post_init__(self) -> None:
        if self.size < _COARSEST_IN_FINEST or self.size % _COARSEST_IN_FINEST:
            reason = f"{self.size} is no multiple of {_COARSEST_IN_FINEST}"
            raise InvalidSimulation("size", reason)
        if self.level not in _LEVEL_NAMES:
            raise InvalidSimulation("level", f"{self.level!r} is neither L1C nor L2A")

    @property
    def added(self) -> float:
        """The offset of every band."""
        if self.offset is not None:
            return self.offset
        return _OFFSET if self._version >= FIRST_WITH_OFFSETS else 0.0

    @property
    def has_offsets(self) -> bool:
        """Whether the metadata have a list of offsets."""
        return self.offset is not None or self._version >= FIRST_WITH_OFFSETS

    @property
    def stamp(self) -> str:
        """When the data take began, as names have it."""
        return f"{self.start:%Y%m%dT%H%M%S}"

    @property
    def generated(self) -> datetime:
        """When the product was made: three hours later."""
        return self.start + timedelta(hours=3)

    @property
    def name(self) -> str:
        """The name of the product, with `.SAFE`."""
        return (
            f"{self.platform}_MSI{self.level}_{self.stamp}_N{self._compact}_"
            f"R{self.relative_orbit:03}_{self.tile_id}_"
            f"{self.generated:%Y%m%dT%H%M%S}.SAFE"
        )

    @property
    def granule(self) -> str:
        """The folder of the tile."""
        return f"GRANULE/{self.level}_{self.tile_id}_A016075_{self.stamp}"

    @property
    def _compact(self) -> str:
        return self.baseline.replace(".", "")

    @property
    def _version(self) -> tuple[int, ...]:
        return tuple(int(p) for p in self.baseline.split("."))

    @property
    def psd(self) -> int:
        """The issue of the specification that its metadata follow."""
        return 15 if self._version >= _PSD_15 else 14

    def image(self, band: str, resolution_m: int) -> str:
        """The file of a band, in the product."""
        name = f"{self.tile_id}_{self.stamp}_{band}"
        if self.level == L1C:
            return f"{self.granule}/IMG_DATA/{name}.jp2"
        folder = f"{self.granule}/IMG_DATA/R{resolution_m}m"
        return f"{folder}/{name}_{resolution_m}m.jp2"


def shares_of_classes(counts_K: NDArray[np.integer]) -> dict[str, float]:
    """The percentages that `Image_Content_QI` has, of how often a class occurs."""
    total = max(int(counts_K.sum()), 1)
    seen = max(total - int(counts_K[0]), 1)
    return {
        f"{c.name}_PERCENTAGE": float(
            100 * counts_K[c.value] / (total if c.value == 0 else seen)
        )
        for c in SCENE_CLASSES
    }


def cloudy(shares: Mapping[str, float]) -> float:
    """The percentage of clouds: of medium and high probability, and cirrus."""
    names = ("MEDIUM_PROBA_CLOUDS", "HIGH_PROBA_CLOUDS", "THIN_CIRRUS")
    return sum(shares.get(f"{name}_PERCENTAGE", 0.0) for name in names)


def product_xml(
    scene: S2Acquisition, images: Iterable[str], shares: Mapping[str, float]
) -> bytes:
    """`MTD_MSIL1C.xml` or `MTD_MSIL2A.xml`."""
    root = _root(scene, f"{_LEVEL_NAMES[scene.level]}_User_Product")
    info = SubElement(SubElement(root, "n1:General_Info"), "Product_Info")
    _product_info(info, scene, images)
    _characteristics(root[0], scene)
    quality = SubElement(root, "n1:Quality_Indicators_Info")
    _text(quality, "Cloud_Coverage_Assessment", cloudy(shares))
    if scene.level == L2A:
        content = SubElement(quality, "Image_Content_QI")
        for name, share in shares.items():
            _text(content, name, share)
    return _document(root)


def _product_info(info: Element, scene: S2Acquisition, images: Iterable[str]) -> None:
    start = _time(scene.start)
    values = {
        "PRODUCT_START_TIME": start,
        "PRODUCT_STOP_TIME": start,
        "PRODUCT_URI": scene.name,
        "PROCESSING_LEVEL": _LEVEL_NAMES[scene.level],
        "PRODUCT_TYPE": f"S2MSI{scene.level[1:]}",
        "PROCESSING_BASELINE": scene.baseline,
        "GENERATION_TIME": _time(scene.generated),
    }
    for name, value in values.items():
        _text(info, name, value)
    identifier = f"G{scene.platform}_{scene.stamp}_016075_N{scene.baseline}"
    datatake = SubElement(info, "Datatake", datatakeIdentifier=identifier)
    _text(datatake, "SPACECRAFT_NAME", f"Sentinel-{scene.platform[1:]}")
    _text(datatake, "DATATAKE_TYPE", "INS-NOBS")
    _text(datatake, "DATATAKE_SENSING_START", start)
    _text(datatake, "SENSING_ORBIT_NUMBER", scene.relative_orbit)
    _text(datatake, "SENSING_ORBIT_DIRECTION", "DESCENDING")
    organisation = SubElement(info, "Product_Organisation")
    granule = SubElement(
        SubElement(organisation, "Granule_List"),
        "Granule",
        datastripIdentifier=_identifier(scene, "DS"),
        granuleIdentifier=_identifier(scene, "TL"),
        imageFormat="JPEG2000",
    )
    for image in images:
        _text(granule, "IMAGE_FILE", image.removesuffix(".jp2"))


def _identifier(scene: S2Acquisition, kind: str) -> str:
    last = scene.tile_id if kind == "TL" else f"S{scene.stamp}"
    return (
        f"{scene.platform}_OPER_MSI_{scene.level}_{kind}_SIM0_"
        f"{scene.generated:%Y%m%dT%H%M%S}_A016075_{last}_N{scene.baseline}"
    )


def _characteristics(general: Element, scene: S2Acquisition) -> None:
    parent = SubElement(general, "Product_Image_Characteristics")
    for text, index in (("NODATA", NODATA), ("SATURATED", SATURATED)):
        special = SubElement(parent, "Special_Values")
        _text(special, "SPECIAL_VALUE_TEXT", text)
        _text(special, "SPECIAL_VALUE_INDEX", index)
    if scene.level == L1C:
        _text(parent, "QUANTIFICATION_VALUE", scene.quantification, unit="none")
        names = ("Radiometric_Offset_List", "RADIO_ADD_OFFSET")
    else:
        values = SubElement(parent, "QUANTIFICATION_VALUES_LIST")
        value = scene.quantification
        _text(values, "BOA_QUANTIFICATION_VALUE", value, unit="none")
        names = ("BOA_ADD_OFFSET_VALUES_LIST", "BOA_ADD_OFFSET")
    if scene.has_offsets:
        offsets = SubElement(parent, names[0])
        for band in BANDS:
            _text(offsets, names[1], f"{scene.added:g}", band_id=str(band.band_id))
    bands = SubElement(parent, "Spectral_Information_List")
    for band in BANDS:
        physical = f"B{band.name[1:].lstrip('0')}"
        attributes = {"bandId": str(band.band_id), "physicalBand": physical}
        one = SubElement(bands, "Spectral_Information", attributes)
        _text(one, "RESOLUTION", band.resolution_m)
        wavelength = SubElement(one, "Wavelength")
        _text(wavelength, "CENTRAL", band.centre_nm, unit="nm")


def tile_xml(scene: S2Acquisition, shares: Mapping[str, float]) -> bytes:
    """`MTD_TL.xml`."""
    root = _root(scene, f"{_LEVEL_NAMES[scene.level]}_Tile_ID")
    general = SubElement(root, "n1:General_Info")
    _text(general, "TILE_ID", _identifier(scene, "TL"), metadataLevel="Brief")
    _text(general, "DATASTRIP_ID", _identifier(scene, "DS"))
    _text(general, "SENSING_TIME", _time(scene.start + timedelta(seconds=9)))
    geometric = SubElement(root, "n1:Geometric_Info")
    _geocoding(geometric, scene)
    _angles(geometric, scene)
    content = SubElement(
        SubElement(root, "n1:Quality_Indicators_Info"), "Image_Content_QI"
    )
    _text(content, "CLOUDY_PIXEL_PERCENTAGE", cloudy(shares))
    if scene.level == L2A:
        for name, share in shares.items():
            _text(content, name, share)
    return _document(root)


def _geocoding(parent: Element, scene: S2Acquisition) -> None:
    geocoding = SubElement(parent, "Tile_Geocoding", metadataLevel="Brief")
    zone = f"{scene.epsg % 100:02}{'N' if scene.epsg < _FIRST_SOUTHERN else 'S'}"
    _text(geocoding, "HORIZONTAL_CS_NAME", f"WGS84 / UTM zone {zone}")
    _text(geocoding, "HORIZONTAL_CS_CODE", f"EPSG:{scene.epsg}")
    for resolution in RESOLUTIONS_M:
        size = SubElement(geocoding, "Size", resolution=str(resolution))
        for name in ("NROWS", "NCOLS"):
            _text(size, name, scene.size * 10 // resolution)
    for resolution in RESOLUTIONS_M:
        place = SubElement(geocoding, "Geoposition", resolution=str(resolution))
        x, y = scene.upper_left
        numbers = (x, y, resolution, -resolution)
        for name, value in zip(("ULX", "ULY", "XDIM", "YDIM"), numbers, strict=True):
            _text(place, name, f"{value:.0f}")


def sun_planes(scene: S2Acquisition) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Zenith and azimuth of the sun at the nodes, degrees: two tilted planes."""
    count = scene.size * 10 // ANGLE_STEP_M + 2
    rows, columns = np.mgrid[0:count, 0:count]
    zenith, azimuth = _SUN_DEG
    return zenith + 0.04 * rows - 0.02 * columns, azimuth + 0.01 * rows + 0.1 * columns


def _angles(parent: Element, scene: S2Acquisition) -> None:
    angles = SubElement(parent, "Tile_Angles", metadataLevel="Standard")
    zenith, azimuth = sun_planes(scene)
    _angle_grid(SubElement(angles, "Sun_Angles_Grid"), zenith, azimuth)
    mean = SubElement(angles, "Mean_Sun_Angle")
    _text(mean, "ZENITH_ANGLE", zenith.mean(), unit="deg")
    _text(mean, "AZIMUTH_ANGLE", azimuth.mean(), unit="deg")
    # Two detectors, of which each sees its side and the column between.
    columns = np.arange(zenith.shape[1])
    middle = len(columns) // 2
    for band in BANDS:
        for detector, is_seen in ((5, columns <= middle), (6, columns >= middle)):
            grid = SubElement(
                angles,
                "Viewing_Incidence_Angles_Grids",
                bandId=str(band.band_id),
                detectorId=str(detector),
            )
            seen = np.where(is_seen, 1.0, np.nan) * np.ones(zenith.shape)
            sign = 1 if detector % 2 else -1
            _angle_grid(
                grid, seen * (_VIEW_DEG[0] + 0.5 * sign), seen * _VIEW_DEG[1] + sign
            )
    means = SubElement(angles, "Mean_Viewing_Incidence_Angle_List")
    for band in BANDS:
        identified = {"bandId": str(band.band_id)}
        one = SubElement(means, "Mean_Viewing_Incidence_Angle", identified)
        _text(one, "ZENITH_ANGLE", _VIEW_DEG[0], unit="deg")
        _text(one, "AZIMUTH_ANGLE", _VIEW_DEG[1], unit="deg")


def _angle_grid(
    parent: Element, zenith: NDArray[np.float64], azimuth: NDArray[np.float64]
) -> None:
    for name, values in (("Zenith", zenith), ("Azimuth", azimuth)):
        element = SubElement(parent, name)
        _text(element, "COL_STEP", ANGLE_STEP_M, unit="m")
        _text(element, "ROW_STEP", ANGLE_STEP_M, unit="m")
        rows = SubElement(element, "Values_List")
        for row in values:
            text = " ".join("NaN" if np.isnan(v) else f"{v:.6g}" for v in row)
            _text(rows, "VALUES", text)


def manifest_xml(scene: S2Acquisition, files: Mapping[str, str]) -> bytes:
    """`manifest.safe`: the product, and its files with their MD5."""
    root = Element(
        "xfdu:XFDU",
        {
            "xmlns:gml": "http://www.opengis.net/gml",
            "xmlns:safe": "http://www.esa.int/safe/sentinel/1.1",
            "xmlns:xfdu": "urn:ccsds:schema:xfdu:1",
        },
    )
    metadata = SubElement(root, "metadataSection")
    period = _wrapped(metadata, "acquisitionPeriod", "safe:acquisitionPeriod")
    _text(period, "safe:startTime", _time(scene.start))
    orbit = _wrapped(metadata, "measurementOrbitReference", "safe:orbitReference")
    _text(orbit, "safe:orbitNumber", 16075, groundTrackDirection="descending")
    _text(orbit, "safe:relativeOrbitNumber", f"{scene.relative_orbit:03}")
    platform = _wrapped(metadata, "platform", "safe:platform")
    _text(platform, "safe:familyName", "SENTINEL")
    _text(platform, "safe:number", scene.platform[1:])
    objects = SubElement(root, "dataObjectSection")
    for number, (name, digest) in enumerate(files.items(), start=1):
        one = SubElement(objects, "dataObject", ID=f"object_{number}")
        stream = SubElement(one, "byteStream")
        SubElement(stream, "fileLocation", locatorType="URL", href=f"./{name}")
        _text(stream, "checksum", digest, checksumName="MD5")
    return _document(root)


def _wrapped(section: Element, identifier: str, tag: str) -> Element:
    one = SubElement(section, "metadataObject", ID=identifier)
    data = SubElement(SubElement(one, "metadataWrap"), "xmlData")
    return SubElement(data, tag)


def _root(scene: S2Acquisition, name: str) -> Element:
    schema = f"User_Product_{_LEVEL_NAMES[scene.level]}"
    if name.endswith("Tile_ID"):
        schema = f"S2_PDI_{_LEVEL_NAMES[scene.level]}_Tile_Metadata"
    # The namespace is a name; nobody is asked.
    namespace = f"https://psd-{scene.psd}.sentinel2.eo.esa.int/PSD/{schema}.xsd"
    return Element(f"n1:{name}", {"xmlns:n1": namespace})


def _text(parent: Element, tag: str, value: object, **attributes: str) -> None:
    SubElement(parent, tag, attributes).text = str(value)


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _document(root: Element) -> bytes:
    indent(root)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document
