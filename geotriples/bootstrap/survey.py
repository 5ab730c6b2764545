"""Any source -> the entities in it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq
from pyproj import CRS
from pyproj.exceptions import CRSError

from geotriples.bootstrap.columns import ColumnFacts, TableFacts, read_facts
from geotriples.bootstrap.databases import survey_database
from geotriples.bootstrap.documents import survey_json
from geotriples.bootstrap.entities import Entity, Field, Geometry
from geotriples.bootstrap.xml_documents import survey_xml
from geotriples.errors import SourceError
from geotriples.mapping.model import DatabaseAccess, FileAccess, LogicalSource, Problem
from geotriples.sources.base import Columnar, Kind, Source
from geotriples.sources.catalog import FORMULATIONS, SourceCatalog
from geotriples.sources.dsn import SCHEMES
from geotriples.sources.vector_files import layer_names
from ontologies.namespaces import PYRML, RML

_SEVERAL: Final = 2
_NO_VALUE: Final = frozenset({""})
_DATABASES: Final = (".db", ".sqlite", ".sqlite3")
_TABLES: Final[Mapping[str, Callable[[Path], str]]] = {
    ".csv": lambda _: RML.term("CSV"),
    ".tsv": lambda _: PYRML.term("TSV"),
    ".parquet": lambda path: PYRML.term(_parquet(path)),
    ".geoparquet": lambda path: PYRML.term(_parquet(path)),
}
_LAYERS: Final[Mapping[str, str]] = {
    ".shp": "Shapefile",
    ".fgb": "FlatGeobuf",
    ".gpkg": "GeoPackage",
    ".geojson": "GeoJSON",
    ".kml": "KML",
    ".gml": "GML",
}
"""Formats of vector files, which may have several layers."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What is in a source.

    Attributes:
        name: What people call it.
        path: The file; None for a database.
        database: The URL of a database; None for a file.
        nulls: Strings that stand for no value.
        entities: What was found.
    """

    name: str
    path: Path | None
    database: str | None
    nulls: frozenset[str]
    entities: tuple[Entity, ...]


def survey(source: str) -> Survey:
    """Read a source through, and say what is in it.

    Args:
        source: A file, or the URL of a database.

    Raises:
        SourceError: It cannot be read, or is of no kind that we know.
    """
    scheme = source.partition(":")[0].lower().removeprefix("jdbc:")
    if scheme in {*SCHEMES, "jdbc"}:
        entities = survey_database(DatabaseAccess(source))
        name = source.rpartition("/")[2].partition("?")[0].rpartition(":")[2]
        return Survey(Path(name).stem, None, source, frozenset(), entities)
    path = Path(source)
    if not path.is_file():
        raise SourceError(path, "does not exist")
    suffix = path.suffix.lower()
    if suffix in _DATABASES:
        entities = survey_database(DatabaseAccess(source))
        return Survey(path.stem, None, source, frozenset(), entities)
    documents = {
        ".json": survey_json,
        ".xml": survey_xml,
        **dict.fromkeys(_LAYERS, _layers),
    }
    if suffix in documents:
        return Survey(path.stem, path, None, frozenset(), documents[suffix](path))
    formulation = _TABLES[suffix](path) if suffix in _TABLES else ""
    if formulation not in FORMULATIONS:
        known = ", ".join([*_TABLES, *documents, *_DATABASES])
        reason = f"is of no kind that we make a mapping for; there are {known}"
        raise SourceError(path, reason)
    nulls = _NO_VALUE if suffix in {".csv", ".tsv"} else frozenset()
    return Survey(path.stem, path, None, nulls, (_table(path, formulation, nulls),))


def _layers(path: Path) -> tuple[Entity, ...]:
    """An entity for each layer of a vector file.

    Raises:
        SourceError: It cannot be read, or a geometry of it has no place.
    """
    formulation = PYRML.term(_LAYERS[path.suffix.lower()])
    names = layer_names(path)
    iterators = [None] if len(names) < _SEVERAL else names
    found = (_table(path, formulation, frozenset(), one) for one in iterators)
    return tuple(map(_with_fid, found))


def _with_fid(entity: Entity) -> Entity:
    """In a GeoPackage the feature's number is a primary key (OGC 12-128, 2.1.6.1.1)."""
    if entity.key or entity.formulation != PYRML.term("GeoPackage"):
        return entity
    return replace(entity, key=("fid",))


def _table(
    path: Path, formulation: str, nulls: frozenset[str], iterator: str | None = None
) -> Entity:
    source = opened(path, formulation, iterator, nulls)
    assert isinstance(source, Columnar)  # noqa: S101 - these formulations all are
    wrong = {name: source.explain(name) for name in source.names}
    good = [name for name, problem in wrong.items() if problem is None]
    notes = [problem for problem in wrong.values() if problem is not None]
    facts = read_facts(source, good, is_text=bool(nulls))
    return table_entity(iterator or path.stem, formulation, iterator, facts, notes)


def opened(
    path: Path, formulation: str, iterator: str | None, nulls: frozenset[str]
) -> Source:
    """A file as a source.

    Raises:
        SourceError: It cannot be read.
    """
    logical = LogicalSource(
        path.name, formulation, FileAccess(path.name), iterator, nulls
    )
    source = SourceCatalog(path.parent, {path.name: path}).open(logical)
    if isinstance(source, Problem):
        raise SourceError(path, source.message)
    return source


def table_entity(
    name: str,
    formulation: str,
    iterator: str | None,
    facts: TableFacts,
    notes: Sequence[str] = (),
) -> Entity:
    """The entity of a table, its geometries found among its columns."""
    geometry, taken = _geometry(facts.columns)
    fields = [
        as_field(one, facts.rows) for one in facts.columns if one.reference not in taken
    ]
    return Entity(
        *(name, formulation, iterator, facts.rows, tuple(fields), facts.key, geometry),
        notes=tuple(notes),
    )


def as_field(one: ColumnFacts, rows: int, name: str | None = None) -> Field:
    """A field from what its column holds."""
    missing = rows - one.present
    note = f"{missing:,} of {rows:,} have none" if missing else ""
    return Field(
        name or one.reference, one.reference, one.datatype, one.is_declared, note
    )


_LONGITUDES: Final = ("lon", "lng", "long", "longitude")
_LATITUDES: Final = ("lat", "latitude")
_NUMBERS: Final = ("integer", "decimal", "double")


def _geometry(columns: Sequence[ColumnFacts]) -> tuple[Geometry | None, set[str]]:
    """The first geometry column, or text in WKT, or a pair of coordinates."""
    for one in columns:
        if one.datatype is not None and one.datatype.endswith("#wktLiteral"):
            crs = _crs_name(one.crs) if one.crs else "as its literals say, else CRS84"
            is_column = one.kind is Kind.GEOMETRY
            found = Geometry(one.reference, one.reference, None, crs, is_column)
            return found, {one.reference}
    numbers = {
        one.reference.lower(): one.reference
        for one in columns
        if one.datatype is not None and one.datatype.partition("#")[2] in _NUMBERS
    }
    x = next((numbers[name] for name in _LONGITUDES if name in numbers), None)
    y = next((numbers[name] for name in _LATITUDES if name in numbers), None)
    if x is None or y is None:
        return None, set()
    # The numbers stay: they are what the source says, the point what we read in them.
    return Geometry("geometry", point=(x, y), crs="CRS84, by the columns' names"), set()


def _crs_name(text: str) -> str:
    try:
        crs = CRS(text)
    except CRSError:
        return text[:60]
    authority = crs.to_authority()
    return f"{crs.name} ({':'.join(authority)})" if authority else crs.name


def _parquet(path: Path) -> str:
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, ValueError) as error:
        raise SourceError(path, f"is not Parquet: {error}") from error
    return "GeoParquet" if b"geo" in metadata else "Parquet"
