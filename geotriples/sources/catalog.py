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
from geotriples.mapping.model import LogicalSource, Problem, SourceKey
from geotriples.sources.base import (
    PYRML,
    Column,
    LogicalSourceOptions,
    OpenSource,
    Source,
)
from geotriples.sources.csv import open_csv
from geotriples.sources.json import open_json
from geotriples.sources.parquet import open_geoparquet, open_parquet
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
    """

    folder: Path
    named: Mapping[str, Path]
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
        opener = FORMULATIONS.get(source.formulation)
        if opener is None:
            known = ", ".join(f"<{iri}>" for iri in FORMULATIONS)
            message = (
                f"reference formulation <{source.formulation}> is not supported; "
                f"there are {known}"
            )
            return Problem(source.node, message)
        path = self._path(source.path)
        if path is None:
            message = f"path {source.path!r} leads out of the mapping's folder"
            return Problem(source.node, message)
        try:
            return opener(path, LogicalSourceOptions(source.iterator, source.nulls))
        except SourceError as error:
            return Problem(source.node, str(error))

    def _path(self, text: str) -> Path | None:
        if text in self.named:
            return self.named[text]
        folder = self.folder.resolve()
        path = (folder / text).resolve()
        return path if path.is_relative_to(folder) else None
