"""Files of vector formats: which they are, their layers, and the CRS that they name."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.parsers import expat

import pyogrio
from pyogrio.errors import DataSourceError
from pyproj import CRS
from pyproj.exceptions import CRSError

from geotriples.errors import SourceError
from geotriples.mapping.model import Representation
from geotriples.sources.vector_formats import VectorFormat
from geotriples.sources.workspace import Workspace
from geotriples.sources.xml_stream import root_of

_CRS84: Final = "OGC:CRS84"
_SAME_AS_CRS84: Final = frozenset({"EPSG:4326", "EPSG:4979"})
_BOM: Final = b"\xef\xbb\xbf"
_BLANKS: Final = b" \t\r\n\x1e"
_ARCHIVES: Final = frozenset({".zip", ".kmz"})


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """A layer: its name, its CRS if the file names one, and its features if told."""

    layer: str
    crs: str | None
    features: int | None


def find_file(
    path: Path,
    kind: VectorFormat,
    representation: Representation,
    workspace: Workspace,
) -> Path:
    """The file of a format; of an archive, the only one in it.

    Raises:
        SourceError: There is none, or it is of another format.
    """
    file = _unpacked(path, kind, representation, workspace)
    try:
        with file.open("rb") as stream:
            start = (
                stream.read(512).removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\x1e")
            )
    except FileNotFoundError as error:
        raise SourceError(path, "does not exist") from error
    except OSError as error:
        raise SourceError(path, f"cannot be read: {error}") from error
    if kind.root is None and not start.startswith(kind.begin):
        raise SourceError(path, f"is not {kind.name}")
    if kind.root is not None:
        _check_root(path, file, kind)
    if kind.name == "Shapefile":
        _check_length(path, file)
    if kind.name != "GML":
        return file
    _check_well_formed(path, file)
    return _alone(file, workspace)


def _unpacked(
    path: Path,
    kind: VectorFormat,
    representation: Representation,
    workspace: Workspace,
) -> Path:
    compression = representation.compression
    if compression is None and path.suffix.lower() in _ARCHIVES:
        compression = "zip"
    if compression not in {"zip", "tar", "targz", "targzip", "tarxz"}:
        return workspace.plain(path, representation)
    files = workspace.plain_files(path, compression)
    found = [one for one in files if one.suffix.lower() in kind.endings]
    if len(found) != 1:
        names = ", ".join(sorted(one.name for one in found)) or "none"
        reason = f"should hold one file of {kind.name}, and holds {names}"
        raise SourceError(path, reason)
    return found[0]


def _check_root(path: Path, file: Path, kind: VectorFormat) -> None:
    tag: str = root_of(path, file, None).tag
    local = tag.rpartition("}")[2]
    if kind.root not in {"", local} or local == "OGRVRTDataSource":
        raise SourceError(path, f"is not {kind.name}: its root is {local!r}")


def _check_length(path: Path, file: Path) -> None:
    """Refuse a shapefile shorter than its header says; GDAL makes it null geometries.

    ESRI Shapefile Technical Description: the length, in words of 16 bits, is in bytes
    24 to 27.
    """
    with file.open("rb") as stream:
        told = 2 * int.from_bytes(stream.read(28)[24:], "big")
    if file.stat().st_size < told:
        reason = f"is cut off: {file.stat().st_size:,} of {told:,} bytes are here"
        raise SourceError(path, reason)


def _check_well_formed(path: Path, file: Path) -> None:
    """Refuse what GDAL would read as far as it goes."""
    parser = expat.ParserCreate()
    try:
        with file.open("rb") as stream:
            parser.ParseFile(stream)
    except expat.ExpatError as error:
        reason = f"line {error.lineno}, column {error.offset + 1}: is not XML: {error}"
        raise SourceError(path, reason) from error


def _alone(file: Path, workspace: Workspace) -> Path:
    """A link to a file, beside which GDAL may put what it found out about it."""
    folder = workspace.folder()
    for one in (file, file.with_suffix(".xsd")):
        if one.exists():
            (folder / one.name).symlink_to(one.resolve())
    return folder / file.name


def layer_names(path: Path) -> list[str]:
    """The layers of a vector file, in their order.

    Raises:
        SourceError: It cannot be opened.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return [str(name) for name, _ in pyogrio.list_layers(path)]
    except (DataSourceError, OSError, RuntimeError) as error:
        raise SourceError(path, f"cannot be read: {error}") from error


def layer_info(
    path: Path,
    file: Path,
    kind: VectorFormat,
    layer: str | None,
    options: Mapping[str, Any],
) -> LayerInfo:
    """The layer of a name, or the only one.

    Raises:
        SourceError: There is none, or there are several.
    """
    # What GDAL warns of here, it tells as an error when features are read.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        names = [str(name) for name, _ in pyogrio.list_layers(file)]
        chosen = _chosen(path, names, layer)
        info = pyogrio.read_info(file, layer=chosen, **options)
    if info["driver"] not in kind.drivers:
        raise SourceError(path, f"is not {kind.name}, but {info['driver']}")
    count = int(info["features"])
    crs = crs_of(path, file, kind, info["crs"])
    return LayerInfo(chosen, crs, count if count >= 0 else None)


def _chosen(path: Path, names: list[str], layer: str | None) -> str:
    if layer is None and len(names) == 1:
        return names[0]
    if layer is not None and layer in names:
        return layer
    known = ", ".join(names) or "none"
    wanted = "no layer" if layer is None else f"layer {layer!r}, which is not there,"
    reason = f"the iterator names {wanted} of {len(names)}: {known}"
    raise SourceError(path, reason)


def crs_of(path: Path, file: Path, kind: VectorFormat, told: str | None) -> str | None:
    """The CRS that a file names, as pyproj reads it; None where it names none.

    That of a shapefile is the text of its `.prj`, exactly: GDAL would put a CRS with a
    code in the place of one that is like it.

    Raises:
        SourceError: It cannot be read.
    """
    if kind.name != "Shapefile":
        if kind.is_crs84 and told in _SAME_AS_CRS84:
            return _CRS84
        is_none = told is None or "Undefined" in told[:40] or "Unknown" in told[:40]
        return None if is_none else told
    projection = next((one for one in _companions(file, ".prj") if one.is_file()), None)
    if projection is None:
        return None
    text = projection.read_text("utf-8", "replace").strip()
    try:
        return CRS.from_user_input(text).to_wkt()
    except CRSError as error:
        raise SourceError(path, f"{projection.name} is no CRS: {error}") from error


def _companions(file: Path, ending: str) -> tuple[Path, ...]:
    return (file.with_suffix(ending), file.with_suffix(ending.upper()))
