"""Logical sources -> opened sources: which file, and which reader."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

from geotriples.errors import SourceError
from geotriples.mapping.model import (
    DatabaseAccess,
    FileAccess,
    LogicalSource,
    Problem,
    SourceKey,
    SparqlAccess,
    WebAccess,
)
from geotriples.sources.base import Column, OpenSource, Source
from geotriples.sources.csv import open_csv, open_tsv
from geotriples.sources.json import open_json, open_json_lines
from geotriples.sources.late import (
    open_geoparquet,
    open_netcdf,
    open_parquet,
    open_raster,
    open_safe,
    open_stac,
    open_vector,
    open_zarr,
)
from geotriples.sources.places import Permissions, Places
from geotriples.sources.sparql import FORMULATIONS as SPARQL_RESULTS
from geotriples.sources.sparql import open_endpoint, open_rdf
from geotriples.sources.sql_catalog import open_database_source
from geotriples.sources.vector_formats import FORMATS as VECTOR_FORMATS
from geotriples.sources.workspace import Workspace
from geotriples.sources.xml import open_xml
from ontologies.namespaces import PYRML, RML

FORMULATIONS: Final[Mapping[str, OpenSource]] = MappingProxyType(
    {
        RML.term("CSV"): open_csv,
        PYRML.term("TSV"): open_tsv,
        RML.term("JSONPath"): open_json,
        PYRML.term("JSONLines"): open_json_lines,
        RML.term("XPath"): open_xml,
        PYRML.term("Parquet"): open_parquet,
        PYRML.term("GeoParquet"): open_geoparquet,
        PYRML.term("NetCDF"): open_netcdf,
        PYRML.term("Raster"): open_raster,
        PYRML.term("SAFE"): open_safe,
        PYRML.term("STAC"): open_stac,
        PYRML.term("Zarr"): open_zarr,
        **{PYRML.term(one.name): open_vector(one) for one in VECTOR_FORMATS},
        **dict.fromkeys(SPARQL_RESULTS, open_rdf),
    }
)
"""Reference formulation to reader."""


@dataclass(slots=True)
class SourceCatalog:
    """The sources of one run, each opened once; closed with the run.

    Attributes:
        folder: Where the mapping lies.
        named: Files by the path that the mapping gives them.
        database: The database of logical sources that name none (R2RML).
        named: Files by the path or URL that the mapping gives them.
        permissions: What the mapping may read beside its folder.
    """

    folder: Path
    named: Mapping[str, Path]
    database: DatabaseAccess | None = None
    permissions: Permissions = field(default_factory=Permissions)
    _opened: dict[SourceKey, Source | Problem] = field(default_factory=dict)
    _workspace: Workspace = field(init=False)
    _places: Places = field(init=False)

    def __post_init__(self) -> None:
        self._workspace = Workspace(self.permissions)
        self._places = Places(self.folder, self.named, self.permissions)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove what was unpacked and fetched."""
        self._workspace.close()

    def open(self, source: LogicalSource) -> Source | Problem:
        """The source, or what is wrong with it."""
        if source.key not in self._opened:
            self._opened[source.key] = self._open(source)
        return self._opened[source.key]

    def opened(self, key: SourceKey) -> Source:
        """A source that `open` has opened, and found nothing wrong with.

        Raises:
            KeyError: It was not, or there was.
        """
        source = self._opened[key]
        if isinstance(source, Problem):
            raise KeyError(key)
        return source

    def has_made(self, path: Path | str) -> bool:
        """Whether a file was unpacked or fetched by this run, and is here alone."""
        return isinstance(path, Path) and self._workspace.holds(path)

    def column(self, key: SourceKey, reference: str) -> Column:
        """What a reference of an opened source yields."""
        return self.opened(key).column(reference)

    def _open(self, source: LogicalSource) -> Source | Problem:
        try:
            match source.access:
                case DatabaseAccess() as access:
                    return self._open_database(access, source)
                case SparqlAccess() as access:
                    return open_endpoint(access, source, self._places, self._workspace)
                case FileAccess() as access:
                    return self._open_file(self._places.file(access), source)
                case WebAccess(url):
                    path = self._places.document(url, self._workspace.folder())
                    return self._open_file(path, source)
        except SourceError as error:
            return Problem(source.node, str(error))

    def _open_file(self, path: Path, source: LogicalSource) -> Source | Problem:
        opener = FORMULATIONS.get(source.formulation)
        if opener is not None:
            return opener(path, source, self._workspace)
        known = ", ".join(f"<{iri}>" for iri in FORMULATIONS)
        message = (
            f"reference formulation <{source.formulation}> is not supported; "
            f"there are {known}"
        )
        return Problem(source.node, message)

    def _open_database(
        self, access: DatabaseAccess, source: LogicalSource
    ) -> Source | Problem:
        wanted = access if access.dsn else self.database
        if wanted is None:
            message = "the mapping names no database; name one for the run (--database)"
            return Problem(source.node, message)
        # Only the mapping's own paths are kept to where it may read.
        file = self._database_file if access.dsn else Path
        return open_database_source(wanted, source, file)

    def _database_file(self, text: str) -> Path:
        return self._places.file(FileAccess(text))
