"""`pyrml:SAFE`: what a Sentinel product says of itself, from a folder or a `.zip`.

SAFE is the Standard Archive Format for Europe; its `manifest.safe` is read as the
product specifications of Sentinel-1 (S1-RS-MDA-52-7441) and Sentinel-2 (S2-PDGS-TAS-DI-
PSD) say.  The iterator says what is a row:

* `product`, the default: the product, with its footprint as `geometry` in OGC:CRS84;
* `annotations`: a measurement, from the annotation files of Sentinel-1;
* `files`: a file that the manifest lists.

Every column that there may be is a reference; one that a product does not fill has no
values.  Times are in UTC.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.dataset as ds
import shapely

from engines.geodesy.wrap import wrap
from geotriples.errors import SourceError
from geotriples.mapping.model import LogicalSource
from geotriples.sources.arrow_types import is_list, kind_of, value_type
from geotriples.sources.base import Column, Kind
from geotriples.sources.dataset import read_columns
from geotriples.sources.safe_files import MANIFEST, SafeFiles, open_safe_files
from geotriples.sources.workspace import Workspace

_GEOMETRY: Final = "geometry"
_CRS84: Final = "OGC:CRS84"
_TIME: Final = pa.timestamp("us", tz="UTC")
_TEXT: Final = pa.string()
_TEXTS: Final = pa.list_(_TEXT)
_LEAST_CORNERS: Final = 3
Element: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class _Field:
    """A column: its type, and paths of local names that lead to its value, best first.

    `a/b/@c` is an attribute; `|` stands between paths.
    """

    name: str
    path: str
    type: pa.DataType = _TEXT

    def of(self, root: Element) -> object:
        """The value below an element; of several the first, where it is no list."""
        texts = [text for path in self.path.split("|") for text in _texts(root, path)]
        if self.type == _TEXTS:
            return list(dict.fromkeys(texts))
        return _read(texts[0], self.type) if texts else None


_PRODUCT: Final = (
    _Field("family", "platform/familyName"),
    _Field("number", "platform/number"),
    _Field("instrument", "platform/instrument/familyName/@abbreviation"),
    _Field("mode", "instrumentMode/mode"),
    _Field("swath", "instrumentMode/swath", _TEXTS),
    _Field("product_type", "standAloneProductInformation/productType"),
    _Field("product_class", "standAloneProductInformation/productClassDescription"),
    _Field("timeliness", "productTimelinessCategory"),
    _Field("polarisation", "transmitterReceiverPolarisation", _TEXTS),
    _Field("data_take", "missionDataTakeID", pa.int64()),
    _Field("slice", "sliceNumber", pa.int64()),
    _Field("slices", "totalSlices", pa.int64()),
    _Field("start", "acquisitionPeriod/startTime", _TIME),
    _Field("stop", "acquisitionPeriod/stopTime", _TIME),
    _Field("orbit", "orbitReference/orbitNumber", pa.int64()),
    _Field("relative_orbit", "orbitReference/relativeOrbitNumber", pa.int64()),
    _Field("cycle", "orbitReference/cycleNumber", pa.int64()),
    _Field("pass", "orbitProperties/pass|orbitNumber/@groundTrackDirection"),
    _Field("ascending_node_time", "orbitProperties/ascendingNodeTime", _TIME),
    _Field("processed", "processing/@stop|processing/@start", _TIME),
    _Field("processor", "processing/facility/software/@name"),
    _Field("processor_version", "processing/facility/software/@version"),
)
_SENTINEL_2: Final = (
    _Field("start", "Product_Info/PRODUCT_START_TIME", _TIME),
    _Field("stop", "Product_Info/PRODUCT_STOP_TIME", _TIME),
    _Field("product_type", "Product_Info/PRODUCT_TYPE"),
    _Field("processor_version", "Product_Info/PROCESSING_BASELINE"),
    _Field("processed", "Product_Info/GENERATION_TIME", _TIME),
    _Field("cloud_cover", "Cloud_Coverage_Assessment", pa.float64()),
)
"""What `MTD_MSI*.xml` of Sentinel-2 says better than its manifest."""

_ANNOTATION: Final = (
    _Field("mission", "adsHeader/missionId"),
    _Field("product_type", "adsHeader/productType"),
    _Field("polarisation", "adsHeader/polarisation"),
    _Field("mode", "adsHeader/mode"),
    _Field("swath", "adsHeader/swath"),
    _Field("start", "adsHeader/startTime", _TIME),
    _Field("stop", "adsHeader/stopTime", _TIME),
    _Field("orbit", "adsHeader/absoluteOrbitNumber", pa.int64()),
    _Field("data_take", "adsHeader/missionDataTakeId", pa.int64()),
    _Field("pass", "productInformation/pass"),
    _Field("projection", "productInformation/projection"),
    _Field("radar_frequency", "productInformation/radarFrequency", pa.float64()),
    _Field("range_pixel_spacing", "imageInformation/rangePixelSpacing", pa.float64()),
    _Field(
        "azimuth_pixel_spacing", "imageInformation/azimuthPixelSpacing", pa.float64()
    ),
    _Field("samples", "imageInformation/numberOfSamples", pa.int64()),
    _Field("lines", "imageInformation/numberOfLines", pa.int64()),
    _Field("incidence_angle", "imageInformation/incidenceAngleMidSwath", pa.float64()),
)
_FILE: Final = (
    _Field("media_type", "byteStream/@mimeType"),
    _Field("size", "byteStream/@size", pa.int64()),
    _Field("href", "fileLocation/@href"),
    _Field("checksum", "checksum"),
    _Field("checksum_name", "checksum/@checksumName"),
)


@dataclass(frozen=True, slots=True)
class SafeSource:
    """Rows of a product.

    Attributes:
        path: The folder, archive or manifest.
        table: The rows.
    """

    path: Path
    table: pa.Table

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in their order."""
        return tuple(self.table.schema.names)

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return int(self.table.num_rows)

    def explain(self, reference: str) -> str | None:
        """Whether there is such a column."""
        if reference in self.names:
            return None
        return f"{self.path.name} has no {reference!r}; it has {list(self.names)}"

    def column(self, reference: str) -> Column:
        """The natural kind of a column; the footprint with its CRS."""
        if reference == _GEOMETRY:
            return Column(Kind.GEOMETRY, _CRS84)
        arrow_type = self.table.schema.field(reference).type
        kind = kind_of(value_type(arrow_type))
        if kind is None:
            raise KeyError(reference)
        return Column(kind, is_list=is_list(arrow_type))

    def read(self, references: Mapping[str, str]) -> pa.RecordBatchReader:
        """The columns with their types."""
        return read_columns(ds.dataset(self.table), self.path, references)


def open_safe(path: Path, source: LogicalSource, workspace: Workspace) -> SafeSource:
    """Read the metadata of a product.

    Raises:
        SourceError: It is absent or no product, or the iterator is none.
    """
    del workspace  # nothing is unpacked
    kind = source.iterator or "product"
    if kind not in _ROWS:
        known = ", ".join(_ROWS)
        raise SourceError(path, f"the iterator is {kind!r}; there are {known}")
    with open_safe_files(path) as files:
        return SafeSource(path, _ROWS[kind](files))


def _product(files: SafeFiles) -> pa.Table:
    root = files.xml(MANIFEST)
    row = {one.name: one.of(root) for one in _PRODUCT}
    if row["family"] is None:
        raise SourceError(files.path, f"{MANIFEST} names no platform: it is no product")
    row = {"identifier": files.name, "platform": _platform(row), **row}
    row["pass"] = str(row["pass"]).upper() if row["pass"] else None
    row["cloud_cover"] = None
    names = [name for name in files.names() if _is_metadata(name)]
    for name in names[:1]:
        further = files.xml(name)
        told = {one.name: one.of(further) for one in _SENTINEL_2}
        row.update({key: value for key, value in told.items() if value is not None})
    row[_GEOMETRY] = _footprint(files.path, root)
    types = {one.name: one.type for one in (*_PRODUCT, *_SENTINEL_2)}
    types[_GEOMETRY] = pa.binary()
    schema = pa.schema([(name, types.get(name, _TEXT)) for name in row])
    return pa.Table.from_pylist([row], schema)


def _is_metadata(name: str) -> bool:
    """Whether a file is the metadata of a product of Sentinel-2."""
    return "/" not in name and name.startswith("MTD_MSI") and name.endswith(".xml")


def _platform(row: Mapping[str, object]) -> str:
    """Such as `Sentinel-1A`; SENTINEL-1 with A, or SENTINEL with 2A, in manifests."""
    mission = str(row["family"]).rpartition("-")[2].removeprefix("SENTINEL")
    return f"Sentinel-{mission}{row['number'] or ''}"


def _annotations(files: SafeFiles) -> pa.Table:
    rows = [
        {
            "identifier": files.name,
            "href": name,
            **{one.name: one.of(root) for one in _ANNOTATION},
        }
        for name in files.names()
        if PurePosixPath(name).parent == PurePosixPath("annotation")
        if name.endswith(".xml")
        if (root := files.xml(name)).tag == "product"
    ]
    return _table(rows, ("identifier", "href"), _ANNOTATION)


def _files(files: SafeFiles) -> pa.Table:
    rows = [
        {
            "identifier": files.name,
            "id": str(one.get("ID")),
            **{each.name: each.of(one) for each in _FILE},
        }
        for one in files.xml(MANIFEST).iterfind(".//{*}dataObject")
    ]
    for row in rows:
        row["href"] = str(row["href"]).removeprefix("./")
    return _table(rows, ("identifier", "id"), _FILE)


def _table(
    rows: Sequence[dict[str, Any]], first: Sequence[str], fields: Sequence[_Field]
) -> pa.Table:
    columns = [*((name, _TEXT) for name in first), *((f.name, f.type) for f in fields)]
    return pa.Table.from_pylist(list(rows), pa.schema(columns))


_ROWS: Final[Mapping[str, Callable[[SafeFiles], pa.Table]]] = {
    "product": _product,
    "annotations": _annotations,
    "files": _files,
}
"""Iterator to what makes the rows."""


def _texts(root: Element, path: str) -> Iterator[str]:
    way, _, key = path.partition("/@")
    for element in root.iterfind(
        ".//" + "/".join(f"{{*}}{one}" for one in way.split("/"))
    ):
        if text := _text(element, key or None):
            yield text


def _text(element: Element, key: str | None) -> str:
    """The text of an element, or of an attribute of it."""
    text = element.text if key is None else element.get(key)
    return (text or "").strip()


def _read(text: str, arrow_type: pa.DataType) -> object:
    """A value of a type; None where it is none, as in a list of nothing."""
    try:
        if arrow_type == _TIME:
            found = datetime.fromisoformat(text)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        if arrow_type == pa.int64():
            return int(text)
        return float(text) if arrow_type == pa.float64() else text
    except ValueError:
        return None


def _footprint(path: Path, root: Element) -> bytes | None:
    """The frames of a product: latitudes and longitudes, in rings that may be open."""
    rings = [
        _ring(path, " ".join(one.itertext()))
        for one in root.iterfind(".//{*}footPrint/{*}coordinates")
    ]
    if not rings:
        return None
    cut = wrap(
        shapely.polygons([shapely.linearrings(ring) for ring in rings])
    ).geometries
    return bytes(shapely.to_wkb(shapely.union_all(cut) if len(cut) > 1 else cut[0]))


def _ring(path: Path, text: str) -> list[tuple[float, float]]:
    try:
        numbers = [float(one) for one in text.replace(",", " ").split()]
        pairs = zip(numbers[1::2], numbers[::2], strict=True)
        ring = list(pairs)
    except ValueError as error:
        raise SourceError(path, f"has a broken footprint: {error}") from error
    if len(ring) < _LEAST_CORNERS:
        raise SourceError(path, f"has a broken footprint: {len(ring)} corners")
    return ring
