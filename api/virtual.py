"""A mapping is asked in place: what it says of its sources, and no RDF stored.

sources --geotriples--> what a query reaches --strabon_store--> answer
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from geotriples.mapping.model import DatabaseAccess
from geotriples.reports import prepare_run
from geotriples.sources.places import Permissions
from geotriples.virtual.engines import Engines
from geotriples.virtual.graph import MappedGraph
from ontologies.namespaces import ID
from strabon_store.services import ServiceClient
from strabon_store.storage.memory import MemoryDatabases
from strabon_store.virtual.store import VirtualStore

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_NO_SOURCES: Final[Mapping[str, Path]] = MappingProxyType({})


class VirtualEngines:
    """Engines that several mappings may share."""

    def __init__(self, memory_limit: int | None = None) -> None:
        """Start them.

        Args:
            memory_limit: Bytes that what all queries reach may take together; 80 % of
                the machine's memory when None.
        """
        self.readers = Engines()
        self.databases = MemoryDatabases(memory_limit)

    def close(self) -> None:
        """Stop them; harmless when called again."""
        self.readers.close()
        self.databases.close()


def open_mapping(  # noqa: PLR0913 - as of a run of the mapping
    mapping: Path,
    *,
    sources: Mapping[str, Path] = _NO_SOURCES,
    parameters: Mapping[str, str] = _NOTHING,
    base: str = ID,
    database: DatabaseAccess | None = None,
    permissions: Permissions | None = None,
    services: ServiceClient | None = None,
    engines: VirtualEngines | None = None,
) -> VirtualStore:
    """A mapping as something that answers queries.

    Args:
        mapping: The mapping's file.
        sources: Files by the path or URL that the mapping gives them.
        parameters: Values by name.
        base: What relative IRIs are appended to.
        database: The database of logical tables that name none, as in R2RML.
        permissions: What the mapping may read beside its folder.
        services: Who asks the endpoints of SERVICE; None: nobody.
        engines: Who works, which whoever made them closes; None: engines of its own.

    Raises:
        MappingError: The mapping is wrong, or does not fit its sources.
    """
    prepare = partial(
        prepare_run, mapping, sources, parameters, base, database, permissions
    )
    readers = None if engines is None else engines.readers
    databases = None if engines is None else engines.databases
    graph = MappedGraph(prepare, sources, parameters, readers)
    return VirtualStore(graph, services=services, databases=databases)
