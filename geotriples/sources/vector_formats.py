"""Vector formats that GDAL reads for us."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

_NO_OPTIONS: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class VectorFormat:
    """A format, as GDAL knows it.

    Attributes:
        name: Its local name in `pyrml:`.
        drivers: GDAL's drivers for it.
        endings: Of its files in archives.
        begin: How a file begins; empty where that is checked otherwise.
        root: Local name of an XML document's root; None for what is no XML, empty for
            any.
        is_crs84: Whether the format's own specification says longitude and latitude.
        options: How GDAL opens it.
    """

    name: str
    drivers: frozenset[str]
    endings: tuple[str, ...]
    begin: bytes = b""
    root: str | None = None
    is_crs84: bool = False
    options: Mapping[str, Any] = field(default_factory=lambda: _NO_OPTIONS)


FORMATS: Final = (
    VectorFormat(
        "Shapefile", frozenset({"ESRI Shapefile"}), (".shp",), b"\x00\x00\x27\x0a"
    ),
    VectorFormat("GeoPackage", frozenset({"GPKG"}), (".gpkg",), b"SQLite format 3"),
    VectorFormat("FlatGeobuf", frozenset({"FlatGeobuf"}), (".fgb",), b"fgb"),
    VectorFormat(
        "GeoJSON",
        frozenset({"GeoJSON", "GeoJSONSeq"}),
        (".geojson", ".json", ".geojsonl"),
        b"{",
        is_crs84=True,
    ),
    VectorFormat(
        "KML", frozenset({"LIBKML", "KML"}), (".kml",), root="kml", is_crs84=True
    ),
    VectorFormat(
        "GML",
        frozenset({"GML"}),
        (".gml", ".xml"),
        root="",
        # Schemas are not fetched.
        options=MappingProxyType({"DOWNLOAD_SCHEMA": "NO"}),
    ),
)
"""Every vector format."""
