"""Logical sources -> opened sources: which file, and which reader.

A path of the mapping is a name: the run may say which file it stands for.  Else it is a
path beside the mapping, and may not lead out of the mapping's folder.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from geotriples.errors import SourceError
from geotriples.mapping.model import (
    DatabaseAccess,
    FileAccess,
    LogicalSource,
    Problem,
    SourceKey,
    WebAccess,
)
from geotriples.sources.base import (
    PYRML,
    Column,
    OpenSource,
    Source,
)
from geotriples.sources.csv import open_csv
from geotriples.sources.json import open_json
from geotriples.sources.parquet import open_geoparquet, open_parquet
from geotriples.sources.sql_catalog import open_database_source
from ontologies.namespaces import RML

FORMULATIONS: Final[Mapping[str, OpenSource]] = MappingProxyType(
    {
        RML.term("CSV"): open_csv,
        RML.term("JSONPath"): open_json,
        PYRML.term("Parquet"): open_parquet,
        PYRML.term("GeoParquet"): open_geoparquet,
    }
)
"""Reference formulation to reader."""


@dataclass(slots=True)
class SourceCatalog:
    """The sources of one run, each opened once.

    Attributes:
        folder: Where the mapping lies.
        named: Files by the path that the mapping gives them.
        database: The database of logical sources that name none (R2RML).
    """

    folder: Path
    named: Mapping[str, Path]
    database: DatabaseAccess | None = None
    _opened: dict[SourceKey, Source | Problem] = field(default_factory=dict)

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

    def column(self, key: SourceKey, reference: str) -> Column:
        """What a reference of an opened source yields."""
        return self.opened(key).column(reference)

    def _open(self, source: LogicalSource) -> Source | Problem:
        if isinstance(source.access, DatabaseAccess):
            return self._open_database(source.access, source)
        opener = FORMULATIONS.get(source.formulation)
        if opener is None:
            known = ", ".join(f"<{iri}>" for iri in FORMULATIONS)
            message = (
                f"reference formulation <{source.formulation}> is not supported; "
                f"there are {known}"
            )
            return Problem(source.node, message)
        path = self._path(source)
        if isinstance(path, Problem):
            return path
        try:
            return opener(path, source)
        except SourceError as error:
            return Problem(source.node, str(error))

    def _open_database(
        self, access: DatabaseAccess, source: LogicalSource
    ) -> Source | Problem:
        wanted = access if access.dsn else self.database
        if wanted is None:
            message = "the mapping names no database; name one for the run (--database)"
            return Problem(source.node, message)
        try:
            # Only the mapping's own paths are kept to its folder.
            file = self._database_file if access.dsn else Path
            return open_database_source(wanted, source, file)
        except SourceError as error:
            return Problem(source.node, str(error))

    def _database_file(self, text: str) -> Path:
        path = self._file("database", text, None)
        if isinstance(path, Problem):
            raise SourceError(text, path.message)
        return path

    def _path(self, source: LogicalSource) -> Path | Problem:
        match source.access:
            case FileAccess(path, root):
                return self._file(source.node, path, root)
            case WebAccess(url):
                return Problem(source.node, f"<{url}>: this run fetches nothing")
            case DatabaseAccess():
                return Problem(source.node, "a database is no file")

    def _file(self, node: str, text: str, root: str | None) -> Path | Problem:
        if text in self.named:
            return self.named[text]
        if root not in {None, RML.term("MappingDirectory")}:
            return Problem(node, f"rml:root <{root}> is not supported")
        folder = self.folder.resolve()
        path = (folder / text).resolve()
        if path.is_relative_to(folder):
            return path
        return Problem(node, f"path {text!r} leads out of the mapping's folder")
