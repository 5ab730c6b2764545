"""Results of SPARQL queries as rows: of an RDF file, or of an endpoint (RML-IO).

The formulations are those of the results' formats, `formats:SPARQL_Results_CSV`,
`_TSV`, `_JSON` and `_XML`; the iterator is the query, a reference the name of a
variable.  A literal keeps its datatype whatever the format; unbound is no value.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import pyarrow as pa
import pyoxigraph as ox

from geotriples.errors import SourceError
from geotriples.mapping.model import LogicalSource, SparqlAccess
from geotriples.sources.arrow_types import ROW_ONLY, TYPED
from geotriples.sources.base import Column, Kind
from geotriples.sources.places import Places
from geotriples.sources.workspace import Workspace
from ontologies.namespaces import XSD, Namespace

FORMATS: Final = Namespace("http://www.w3.org/ns/formats/")
FORMULATIONS: Final = tuple(
    FORMATS.term(f"SPARQL_Results_{name}") for name in ("CSV", "TSV", "JSON", "XML")
)
_RESULTS: Final = "application/sparql-results+json"
_BATCH_ROWS: Final = 16_384
_COLUMN: Final = Column(Kind.TYPED)


@dataclass(frozen=True, slots=True)
class SparqlSource:
    """The solutions of a query.

    Attributes:
        path: The file that was asked, or that holds an endpoint's answer.
        variables: The variables that it selects.
        rows: The solutions.
    """

    path: Path
    variables: tuple[str, ...]
    rows: tuple[ox.QuerySolution, ...]

    @property
    def row_count(self) -> int | None:
        """The number of solutions."""
        return len(self.rows)

    def explain(self, reference: str) -> str | None:
        """Whether the query selects such a variable."""
        if reference in self.variables:
            return None
        known = list(self.variables)
        return f"the query selects no variable {reference!r}; it selects {known}"

    def column(self, reference: str) -> Column:
        """Typed row by row."""
        del reference
        return _COLUMN

    def read(self, references: Mapping[str, str]) -> pa.RecordBatchReader:
        """The values of the variables."""
        if not references:
            present = pa.array([True] * len(self.rows), pa.bool_())
            return pa.table([present], schema=ROW_ONLY).to_reader()
        schema = pa.schema([(name, TYPED) for name in references])
        names = list(references.values())
        return pa.RecordBatchReader.from_batches(schema, self._batches(schema, names))

    def _batches(self, schema: pa.Schema, names: list[str]) -> Iterator[pa.RecordBatch]:
        rows = iter(self.rows)
        while chunk := list(islice(rows, _BATCH_ROWS)):
            columns = [
                pa.array([_value(row[name]) for row in chunk], TYPED) for name in names
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def open_rdf(path: Path, source: LogicalSource, workspace: Workspace) -> SparqlSource:
    """Ask an RDF file.

    Raises:
        SourceError: It is absent or no RDF, or the query is not one.
    """
    plain = workspace.plain(path, source.representation)
    store = ox.Store()
    try:
        store.bulk_load(path=plain, format=_rdf_format(plain))
    except FileNotFoundError as error:
        raise SourceError(path, "does not exist") from error
    except (SyntaxError, ValueError, OSError) as error:
        raise SourceError(path, f"is not RDF: {error}") from error
    query = _query(path, source)
    try:
        # What a file's named graphs say is said by the file.
        found = store.query(query, use_default_graph_as_union=True)
    except (SyntaxError, ValueError, OSError) as error:
        raise SourceError(path, f"iterator: {error}") from error
    return _solutions(path, found)


def open_endpoint(
    access: SparqlAccess, source: LogicalSource, places: Places, workspace: Workspace
) -> SparqlSource:
    """Ask an endpoint, or what the run says stands for it.

    That is an RDF file, which is asked, or a file of results in XML or JSON.

    Raises:
        SourceError: It may not be asked or does not answer, or not with solutions.
    """
    if stand_in := places.named.get(access.endpoint):
        kind = ox.QueryResultsFormat.from_extension(stand_in.suffix[1:])
        if kind is None:
            return open_rdf(stand_in, source, workspace)
        return _answer(access.endpoint, stand_in, kind)
    separator = "&" if "?" in access.endpoint else "?"
    query = urlencode({"query": _query(access.endpoint, source)})
    url = f"{access.endpoint}{separator}{query}"
    answer = places.document(url, workspace.folder(), accept=_RESULTS)
    return _answer(access.endpoint, answer, ox.QueryResultsFormat.JSON)


def _answer(
    endpoint: str, path: Path, results_format: ox.QueryResultsFormat
) -> SparqlSource:
    try:
        found = ox.parse_query_results(path=path, format=results_format)
        return _solutions(path, found)
    except (SyntaxError, ValueError, OSError) as error:
        reason = f"does not answer with results in {results_format.name}: {error}"
        raise SourceError(endpoint, reason) from error


def _rdf_format(path: Path) -> ox.RdfFormat:
    known = ox.RdfFormat.from_extension(path.suffix.removeprefix("."))
    if known is None:
        raise SourceError(path, "ends in no file extension of RDF, such as .ttl")
    return known


def _query(place: Path | str, source: LogicalSource) -> str:
    if source.iterator is None:
        raise SourceError(place, "needs a query, as rml:iterator")
    return source.iterator


def _solutions(place: Path, found: object) -> SparqlSource:
    if not isinstance(found, ox.QuerySolutions):
        raise SourceError(place, "iterator: is no SELECT query")
    names = tuple(variable.value for variable in found.variables)
    return SparqlSource(place, names, tuple(found))


def _value(term: object) -> dict[str, str | None] | None:
    match term:
        case ox.Literal():
            is_plain = term.language or term.datatype.value == XSD.term("string")
            return _typed(term.value, None if is_plain else term.datatype.value)
        case ox.NamedNode():
            return _typed(term.value, None)
        case None:
            return None
        case _:
            return _typed(str(term), None)


def _typed(lexical: str, datatype: str | None) -> dict[str, str | None]:
    return {"lexical": lexical, "datatype": datatype}
