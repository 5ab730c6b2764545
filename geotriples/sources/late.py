"""Readers whose libraries take long to load: the first that needs one loads it.

GDAL, xarray and pystac take 0.4 s of CPU, as long as it takes to map 300,000 lines.
"""

# ruff: noqa: PLC0415 - what only some mappings need must not delay the others

from pathlib import Path

from geotriples.mapping.model import LogicalSource
from geotriples.sources.base import OpenSource, Source
from geotriples.sources.vector_formats import VectorFormat
from geotriples.sources.workspace import Workspace


def open_parquet(path: Path, source: LogicalSource, workspace: Workspace) -> Source:
    """A Parquet file."""
    from geotriples.sources.parquet import open_parquet as open_now

    return open_now(path, source, workspace)


def open_geoparquet(path: Path, source: LogicalSource, workspace: Workspace) -> Source:
    """A GeoParquet file."""
    from geotriples.sources.parquet import open_geoparquet as open_now

    return open_now(path, source, workspace)


def open_netcdf(path: Path, source: LogicalSource, workspace: Workspace) -> Source:
    """A NetCDF file."""
    from geotriples.sources.cube import open_netcdf as open_now

    return open_now(path, source, workspace)


def open_zarr(path: Path, source: LogicalSource, workspace: Workspace) -> Source:
    """A Zarr cube."""
    from geotriples.sources.cube import open_zarr as open_now

    return open_now(path, source, workspace)


def open_raster(path: Path, source: LogicalSource, workspace: Workspace) -> Source:
    """A raster of classes."""
    from geotriples.sources.raster import open_raster as open_now

    return open_now(path, source, workspace)


def open_safe(path: Path, source: LogicalSource, workspace: Workspace) -> Source:
    """The metadata of a Sentinel product."""
    from geotriples.sources.safe import open_safe as open_now

    return open_now(path, source, workspace)


def open_stac(path: Path, source: LogicalSource, workspace: Workspace) -> Source:
    """STAC items and catalogues."""
    from geotriples.sources.stac import open_stac as open_now

    return open_now(path, source, workspace)


def open_vector(kind: VectorFormat) -> OpenSource:
    """Files of a vector format."""

    def open_layer(path: Path, source: LogicalSource, workspace: Workspace) -> Source:
        from geotriples.sources.vector import open_vector as opener_of

        return opener_of(kind)(path, source, workspace)

    return open_layer
