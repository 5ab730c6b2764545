"""The lake layout: quads as a folder of Parquet files, for whoever reads Parquet.

    roads.lake/
      predicate_key=name-1f3a9c02/part-0.parquet    the quads of one predicate
      predicate_key=asWKT-77b1e0d4/part-0.parquet
      _SUCCESS                                      there when all files are

A row is a quad, each once, with its terms as columns (`LAYOUT`). The key of a folder is
the end of the predicate's IRI and of its hash: IRIs may be longer than names of files
may be. Blank nodes have labels that no other run has, so lakes can be read together.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyoxigraph as ox

from engines.errors import SourceUnreadable
from engines.term_columns import StatementBatch, StringColumn, TermKind, Terms
from ontologies.namespaces import RDF, XSD

ENDING: Final = ".lake"
"""What names of such folders end with."""

SUCCESS: Final = "_SUCCESS"
KEY: Final = "predicate_key"
"""The column that is the name of a folder."""

LAYOUT: Final = pa.schema(
    [
        # An IRI, or `_:` and the label of a blank node, as no IRI begins.
        pa.field("subject", pa.string(), nullable=False),
        pa.field("predicate", pa.string(), nullable=False),
        # An IRI, a label without `_:`, or a lexical form: see the kind.
        pa.field("object", pa.string(), nullable=False),
        pa.field("object_kind", pa.string(), nullable=False),
        # Of literals, xsd:string and rdf:langString included.
        pa.field("datatype", pa.string()),
        pa.field("language", pa.string()),
        # As a subject; NULL in the default graph.
        pa.field("graph", pa.string()),
    ]
)
"""The columns of each file."""

_KINDS: Final[Mapping[TermKind, str]] = MappingProxyType(
    {
        TermKind.IRI: "iri",
        TermKind.BLANK_NODE: "blank",
        TermKind.LITERAL: "literal",
    }
)
_BLANK: Final = "_:"
_NAME: Final = re.compile(r"[A-Za-z0-9]{1,40}$")
_READ_ROWS: Final = 1 << 16
_STRING: Final = XSD.term("string")
_TAGGED: Final = RDF.term("langString")


def is_lake(path: Path) -> bool:
    """Whether a path is, or is to be, such a folder.

    Examples:
        >>> is_lake(Path("roads.lake")), is_lake(Path("roads.nq"))
        (True, False)
    """
    return path.suffix == ENDING


def predicate_key(iri: str) -> str:
    """The key of a predicate's folder.

    Examples:
        >>> predicate_key("http://example.org/name")
        'name-b60e9e58'
    """
    found = _NAME.search(iri)
    name = found[0] if found else "predicate"
    return f"{name}-{hashlib.sha256(iri.encode()).hexdigest()[:8]}"


def rows_of(batch: StatementBatch) -> Iterator[pa.RecordBatch]:
    """The rows of statements, for each statement on its own."""
    for subject, predicate, object_, graph in batch.statements:
        columns = batch.columns
        rows = _rows(
            batch.rows,
            columns[subject],
            columns[predicate],
            columns[object_],
            None if graph is None else columns[graph],
        )
        if rows.num_rows:
            yield rows


def _rows(
    count: int, subject: Terms, predicate: Terms, object_: Terms, graph: Terms | None
) -> pa.RecordBatch:
    columns = [
        _node(subject, count),
        _column(predicate.lexical, count),
        _column(object_.lexical, count),
        _column(_KINDS[object_.kind], count),
        *_type(object_, count),
        _column(None, count) if graph is None else _node(graph, count),
    ]
    rows = pa.RecordBatch.from_arrays(columns, names=LAYOUT.names)
    needed = columns[:3] if graph is None else [*columns[:3], columns[-1]]
    is_whole = reduce(pc.and_, map(pc.is_valid, needed))
    return rows.filter(is_whole).cast(LAYOUT)


def _node(terms: Terms, count: int) -> StringColumn:
    labels = _column(terms.lexical, count)
    if terms.kind is not TermKind.BLANK_NODE:
        return labels
    return pc.binary_join_element_wise(_BLANK, labels, "")


def _type(terms: Terms, count: int) -> tuple[StringColumn, StringColumn]:
    """Datatypes and languages."""
    none = _column(None, count)
    if terms.kind is not TermKind.LITERAL:
        return none, none
    if terms.language is not None:
        tags = _column(terms.language, count)
        return pc.if_else(pc.is_valid(tags), _TAGGED, _STRING), tags
    return pc.fill_null(_column(terms.datatype, count), _STRING), none


def _column(value: StringColumn | str | None, count: int) -> StringColumn:
    if value is None or isinstance(value, str):
        return pa.repeat(pa.scalar(value, pa.string()), count)
    return value.cast(pa.string())


def rows_of_lines(lines: Iterable[bytes], blank_prefix: str) -> pa.RecordBatch:
    """The rows of lines of N-Quads.

    Args:
        lines: Each a quad.
        blank_prefix: What labels of blank nodes begin with, so that those of another
            run are others.
    """
    quads = ox.parse(b"".join(lines), ox.RdfFormat.N_QUADS)
    found = [_row(quad, blank_prefix) for quad in quads]
    return pa.RecordBatch.from_pylist(found, schema=LAYOUT)


def _row(quad: ox.Quad, prefix: str) -> dict[str, str | None]:
    row: dict[str, str | None] = {
        "subject": _label(quad.subject, prefix),
        "predicate": quad.predicate.value,
        "object_kind": _KINDS[TermKind.LITERAL],
    }
    match quad.object:
        case ox.Literal(value=value, datatype=datatype, language=language):
            row |= {"object": value, "datatype": datatype.value, "language": language}
        case ox.BlankNode(value=value):
            row |= {"object": f"{prefix}{value}"}
            row["object_kind"] = _KINDS[TermKind.BLANK_NODE]
        case other:
            row |= {"object": _label(other, prefix)}
            row["object_kind"] = _KINDS[TermKind.IRI]
    if not isinstance(quad.graph_name, ox.DefaultGraph):
        row["graph"] = _label(quad.graph_name, prefix)
    return row


def _label(node: Any, prefix: str) -> str:
    blank = isinstance(node, ox.BlankNode)
    return f"{_BLANK}{prefix}{node.value}" if blank else str(node.value)


def read_lake(folder: Path) -> Iterator[StatementBatch]:
    """The quads of a lake, in the order of its files.

    Raises:
        SourceUnreadable: It is none, is not complete, or a file of it is broken.
    """
    check_whole(folder)
    for path in sorted(folder.glob(f"{KEY}=*/*.parquet")):
        try:
            with pq.ParquetFile(path) as file:
                if missing := set(LAYOUT.names) - set(file.schema_arrow.names):
                    reason = f"is not of the lake layout: it has no {sorted(missing)}"
                    raise SourceUnreadable(path, reason)
                for batch in file.iter_batches(_READ_ROWS, columns=LAYOUT.names):
                    yield from statements_of(batch)
        except (pa.ArrowException, OSError, ValueError) as error:
            reason = f"cannot be read: {error}"
            raise SourceUnreadable(path, reason) from error


def check_whole(folder: Path) -> None:
    """Refuse what is no lake, or is not complete.

    Raises:
        SourceUnreadable: It is not.
    """
    if not (folder / SUCCESS).is_file():
        reason = f"is no lake, or not complete: it has no {SUCCESS}"
        raise SourceUnreadable(folder, reason)


def statements_of(rows: pa.RecordBatch) -> Iterator[StatementBatch]:
    """Rows as statements: one batch for each kind that their terms have."""
    subject = pc.starts_with(rows.column("subject"), _BLANK)
    graph = pc.fill_null(pc.starts_with(rows.column("graph"), _BLANK), False)  # noqa: FBT003
    has_graph = pc.is_valid(rows.column("graph"))
    for subject_kind, by_subject in _split(subject):
        for graph_kind, by_graph in _split(graph):
            for kind, name in _KINDS.items():
                is_kind = pc.equal(rows.column("object_kind"), name)
                for named in (True, False):
                    wanted = [by_subject, by_graph, is_kind, pc.equal(has_graph, named)]
                    part = rows.filter(reduce(pc.and_, wanted))
                    if part.num_rows:
                        yield _statements(part, subject_kind, kind, graph_kind, named)


def _split(is_blank: Any) -> Iterator[tuple[TermKind, Any]]:
    yield TermKind.IRI, pc.invert(is_blank)
    yield TermKind.BLANK_NODE, is_blank


def _statements(
    rows: pa.RecordBatch,
    subject: TermKind,
    kind: TermKind,
    graph: TermKind,
    named: bool,  # noqa: FBT001 - a part of what rows have in common
) -> StatementBatch:
    tags = rows.column("language")
    columns = [
        Terms(subject, _unmarked(rows.column("subject"), subject)),
        Terms(TermKind.IRI, rows.column("predicate")),
        Terms(
            kind,
            rows.column("object"),
            rows.column("datatype"),
            tags if tags.null_count < len(tags) else None,
        ),
    ]
    if named:
        columns.append(Terms(graph, _unmarked(rows.column("graph"), graph)))
    statement = (0, 1, 2, 3 if named else None)
    return StatementBatch(rows.num_rows, tuple(columns), (statement,))


def _unmarked(nodes: Any, kind: TermKind) -> Any:
    if kind is not TermKind.BLANK_NODE:
        return nodes
    return pc.utf8_slice_codeunits(nodes, len(_BLANK))
