"""The manifest of a Sentinel-1 SAFE product: what it is, and which files it has.

SAFE is the Standard Archive Format for Europe; the manifest follows the Sentinel-1
Product Specification, S1-RS-MDA-52-7441, section 5.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ml.errors import MissingBands, UnsuitableProduct
from ml.products.files import ProductFiles, find_part, read_part
from ml.products.xml import Reader

MANIFEST: Final = "manifest.safe"

_SCHEMAS: Final = {
    "annotation": "s1Level1ProductSchema",
    "calibration table": "s1Level1CalibrationSchema",
    "noise table": "s1Level1NoiseSchema",
    "measurement": "s1Level1MeasurementSchema",
}
_FOLDERS: Final = {
    "annotation": r"annotation/",
    "calibration table": r"annotation/calibration/calibration-",
    "noise table": r"annotation/calibration/noise-",
    "measurement": r"measurement/",
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the manifest says.

    Attributes:
        product_id: The name of the product, without `.SAFE`.
        platform: For example `"sentinel-1a"`.
        mode: Instrument mode: EW, IW, SM or WV.
        product_type: GRD, SLC or OCN.
        polarizations: In the order of the manifest.
        start: Beginning of the acquisition, UTC.
        stop: End of it.
        orbit_pass: `"ascending"` or `"descending"`.
        absolute_orbit: Its number.
        relative_orbit: Its number within the cycle.
        processor: Version of the Instrument Processing Facility (IPF), such as 3.52.
        objects: Kind of file (see `part_name`) and polarization -> href.
    """

    product_id: str
    platform: str
    mode: str
    product_type: str
    polarizations: tuple[str, ...]
    start: datetime
    stop: datetime
    orbit_pass: str
    absolute_orbit: int
    relative_orbit: int
    processor: str
    objects: dict[tuple[str, str], str]


def read_manifest(files: ProductFiles) -> Manifest:
    """The manifest of a Sentinel-1 product.

    Raises:
        MissingPart: There is none.
        UnreadableProduct: It lacks something that every manifest has.
        UnsuitableProduct: It is of another mission.
    """
    xml = Reader(files.location, MANIFEST, read_part(files, "manifest", [MANIFEST]))
    family = xml.text(".//platform/familyName")
    if "1" not in family:
        raise UnsuitableProduct(
            files.location,
            f"it is a product of {family}, not of Sentinel-1",
            "take a GRD product of Sentinel-1",
        )
    polarizations = tuple(
        (e.text or "").strip()
        for e in xml.iterate(".//transmitterReceiverPolarisation")
    )
    return Manifest(
        product_id=files.name.removesuffix(".SAFE"),
        platform=f"sentinel-1{xml.text('.//platform/number').lower()}",
        mode=xml.text(".//instrumentMode/mode"),
        product_type=xml.text(".//productType"),
        polarizations=polarizations,
        start=xml.time(".//acquisitionPeriod/startTime"),
        stop=xml.time(".//acquisitionPeriod/stopTime"),
        orbit_pass=xml.text(".//orbitProperties/pass").lower(),
        absolute_orbit=xml.integer(".//orbitReference/orbitNumber"),
        relative_orbit=xml.integer(".//orbitReference/relativeOrbitNumber"),
        processor=xml.find(".//facility/software").get("version", "unknown"),
        objects=_objects(xml, polarizations),
    )


def _objects(xml: Reader, polarizations: tuple[str, ...]) -> dict[tuple[str, str], str]:
    kinds = {schema: kind for kind, schema in _SCHEMAS.items()}
    objects = {}
    for element in xml.iterate(".//dataObject"):
        kind = kinds.get(element.get("repID", ""))
        href = xml.find(".//fileLocation", element).get("href", "")
        if kind is None:
            continue
        for polarization in polarizations:
            if re.search(rf"-{polarization}[-.]", href, re.IGNORECASE):
                objects[kind, polarization] = href
    return objects


def part_name(
    files: ProductFiles, manifest: Manifest, kind: str, polarization: str
) -> str:
    """The file of a kind for one polarization.

    It has the manifest's name, or, where people renamed the files, another one in the
    same folder that names the polarization.

    Args:
        files: The product.
        manifest: Its manifest.
        kind: `annotation`, `calibration table`, `noise table` or `measurement`.
        polarization: For example `"HH"`.

    Raises:
        MissingPart: There is no such file, or it is empty.
        MissingBands: The product does not have the polarization.
    """
    if polarization not in manifest.polarizations:
        raise MissingBands(files.location, [polarization], manifest.polarizations)
    renamed = re.compile(
        rf"{_FOLDERS[kind]}([^/]*-)?{polarization}([-.][^/]*)?\.(xml|tiff?)$",
        re.IGNORECASE,
    )
    others = [name for name in files.sizes() if renamed.match(name)]
    href = manifest.objects.get((kind, polarization))
    names = [*([href] if href else []), *others]
    folder = f"{_FOLDERS[kind]}*-{polarization.lower()}-*"
    return find_part(files, f"{kind} of {polarization}", names or [folder])
