"""What a run of a mapping would read, join and ask the engine, as text."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from geotriples.block_queries import blocks_query
from geotriples.mapping.model import DatabaseAccess
from geotriples.plan import Partition
from geotriples.reports import prepare_run
from geotriples.rows import Rows
from geotriples.sinks import line_parts
from geotriples.sources.catalog import SourceCatalog
from geotriples.sources.places import Permissions
from geotriples.values import concatenation


def explain(
    mapping: Path,
    sources: Mapping[str, Path],
    parameters: Mapping[str, str],
    base: str,
    database: DatabaseAccess | None = None,
    permissions: Permissions | None = None,
) -> str:
    """The sources with their columns, the partitions with their joins, and the SQL.

    Nothing is read but what says which columns the sources have.

    Raises:
        MappingNotFound: There is no such mapping.
        InvalidMapping: The mapping has problems, alone or with these sources.
    """
    prepared = prepare_run(mapping, sources, parameters, base, database, permissions)
    with prepared.catalog:
        relations = _Relations(prepared.catalog)
        query = blocks_query(prepared.partitions, relations).sql("duckdb", pretty=True)
        lines = [
            f"mapping {prepared.mapping_iri}",
            *(
                line
                for number, partition in enumerate(prepared.partitions, 1)
                for line in _partition(number, partition, prepared.catalog)
            ),
            "sql",
            *(f"  {name} is {what}" for name, what in relations.named.items()),
            *(f"  {line}" for line in query.splitlines()),
        ]
    return "\n".join(lines)


class _Relations:
    """Names for readings of sources that are not read."""

    def __init__(self, catalog: SourceCatalog) -> None:
        self.named: dict[str, str] = {}
        self._catalog = catalog

    def __call__(self, rows: Rows) -> str:
        name = f"reading_{len(self.named)}"
        self.named[name] = str(self._catalog.opened(rows.source).path)
        return name


def _partition(
    number: int, partition: Partition, catalog: SourceCatalog
) -> Iterator[str]:
    yield f"partition {number}"
    yield from _rows("source", partition.child, catalog)
    if partition.parent is not None:
        yield from _rows("joined with", partition.parent, catalog)
        for child, parent in partition.conditions:
            yield f"  where {child.sql('duckdb')} = {parent.sql('duckdb')}"
    for quad in partition.quads:
        targets = "".join(f" -> {one.path}" for one in quad.targets)
        line = concatenation(*line_parts(quad)[:-2]).sql("duckdb")
        yield f"  quad of {quad.node}{targets}: {line}"


def _rows(what: str, rows: Rows, catalog: SourceCatalog) -> Iterator[str]:
    if rows.derived is not None:
        for part in rows.derived.parts:
            yield from _rows(f"{what}, gathered,", part.child, catalog)
        return
    source = catalog.opened(rows.source)
    count = source.row_count
    told = "" if count is None else f", {count:,} rows"
    yield f"  {what} {source.path}{told}"
    yield from _columns(rows.references, catalog, rows)


def _columns(
    references: Mapping[str, str], catalog: SourceCatalog, rows: Rows
) -> Iterator[str]:
    for name, reference in references.items():
        column = catalog.column(rows.source, reference)
        told: Sequence[str] = [
            column.kind.name.lower(),
            *([f"in {column.crs.splitlines()[0][:60]}"] if column.crs else []),
            *(["a list"] if column.is_list else []),
        ]
        yield f"    {name}: {reference!r}, {', '.join(told)}"
