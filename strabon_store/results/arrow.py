"""Solutions as Arrow tables, and these as an IPC stream: for analysts, and exact.

Of each variable `v` there are two columns, and a third for geometries:

| column | holds |
|---|---|
| `v` | the value: native where all terms are literals of one datatype, else text |
| `v.term` | the term in N-Triples, where `v` and its metadata do not say it exactly |
| `v.wkb` | geometries as WKB in CRS84, marked as GeoArrow's `geoarrow.wkb` |

What the terms of a column are is decided by the first rows; a term of another kind that
comes later stands in `v.term` alone, and no row is lost. See `docs/results.md`.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ontologies.namespaces import GEO
from strabon_store.results.columns import (
    Batch,
    Strings,
    TermColumn,
    TermKind,
    TermType,
)
from strabon_store.results.geometries import wkb_in_crs84
from strabon_store.results.native import LOCAL, NATIVES, ZONED, Native
from strabon_store.results.ntriples import NTRIPLES
from strabon_store.results.solutions import Tabular
from strabon_store.results.text import CellStyle

_SAMPLE_ROWS: Final = 8192
_SAMPLE_BYTES: Final = 1 << 25
_LARGEST: Final = 1 << 24
"""Bytes of lexical forms in a record batch, if it has more than one row."""

_WKT: Final = GEO.term("wktLiteral")
_GEOARROW: Final = {
    b"ARROW:extension:name": b"geoarrow.wkb",
    b"ARROW:extension:metadata": json.dumps(
        {"crs": "OGC:CRS84", "crs_type": "authority_code"}
    ).encode(),
}
_VALUES: Final = CellStyle(
    lambda kind: ("_:", "") if kind.kind is TermKind.BLANK_NODE else ("", ""),
    lambda column: column.lexical,
)


class ColumnKind(StrEnum):
    """What the terms of a column are, as the metadata of its field says."""

    RESOURCE = "resource"
    LITERAL = "literal"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class ArrowColumn:
    """How a variable becomes columns.

    Attributes:
        name: The variable.
        kind: What its terms are.
        type: The type of all of them, when they are literals.
        native: How they are values; None: text.
    """

    name: str
    kind: ColumnKind
    type: TermType | None = None
    native: Native | None = None

    @property
    def is_geometry(self) -> bool:
        """Whether there is a column of WKB."""
        return self.type is not None and self.type.datatype == _WKT

    @property
    def fields(self) -> list[Any]:
        """The fields of an Arrow schema."""
        said = {"pytheas:kind": str(self.kind)}
        if self.type is not None:
            said["pytheas:datatype"] = self.type.datatype
            if self.type.language is not None:
                said["pytheas:language"] = self.type.language
        kind = pa.string() if self.native is None else self.native.type
        fields = [
            pa.field(self.name, kind, metadata=said),
            pa.field(f"{self.name}.term", pa.string()),
        ]
        if self.is_geometry:
            wkb = pa.field(f"{self.name}.wkb", pa.binary(), metadata=_GEOARROW)
            fields.append(wkb)
        return fields

    def arrays(self, column: TermColumn) -> list[Any]:
        """The arrays of some rows, one for each field."""
        fits = self._fits(column)
        values, exact = self._values(column, fits)
        arrays = [values, _terms_where(pc.invert(pc.and_kleene(fits, exact)), column)]
        if self.is_geometry:
            arrays.append(wkb_in_crs84(_texts_where(fits, column.lexical)))
        return arrays

    def _fits(self, column: TermColumn) -> Any:
        """Whether each term is of the kind that the column is for."""
        match self.kind:
            case ColumnKind.RESOURCE:
                fit = [each.kind is not TermKind.LITERAL for each in column.types]
            case ColumnKind.LITERAL:
                fit = [each == self.type for each in column.types]
            case ColumnKind.MIXED:
                fit = [True] * len(column.types)
        index = (
            np.zeros(len(column), np.int64) if column.index is None else column.index
        )
        return pa.array(np.array(fit)[index])

    def _values(self, column: TermColumn, fits: Any) -> tuple[Any, Any]:
        """The values, and whether each says all of its term that the kind does not."""
        exact = pa.repeat(self.kind is not ColumnKind.MIXED, len(column))
        values = _texts_where(fits, _VALUES.cells(column))
        if self.native is None:
            return values, exact
        return self.native.read(values)


def _texts_where(flags: Any, texts: Strings) -> Strings:
    """Texts where flags are set, NULL elsewhere."""
    if pc.all(flags).as_py():
        return texts
    # Not by `if_else`, whose arrays keep the bytes of what became NULL.
    rows = np.arange(len(texts))
    return texts.take(pa.array(rows, mask=~flags.to_numpy(zero_copy_only=False)))


def _terms_where(flags: Any, column: TermColumn) -> Strings:
    """Terms where flags are set, NULL elsewhere; no others are written."""
    flags = pc.fill_null(flags, False).to_numpy(zero_copy_only=False)  # noqa: FBT003
    if not flags.any():
        return pa.nulls(len(column), pa.string())
    cells = NTRIPLES.cells(column.take(np.flatnonzero(flags)))
    return cells.take(pa.array(np.cumsum(flags) - 1, mask=~flags))


def arrow_batches(
    variables: tuple[str, ...], batches: Iterable[Batch]
) -> tuple[Any, Iterator[Any]]:
    """The schema of some solutions, and their record batches.

    Args:
        variables: The header.
        batches: The solutions; the first of them are read at once.
    """
    remaining = iter(batches)
    sample = list(_sample(remaining))
    columns = [
        _column(name, [batch.columns[i] for batch in sample])
        for i, name in enumerate(variables)
    ]
    schema = pa.schema([field for each in columns for field in each.fields])
    return schema, (
        _record_batch(schema, columns, part)
        for batch in chain(sample, remaining)
        for part in batch.parts(_LARGEST)
    )


def _sample(batches: Iterator[Batch]) -> Iterator[Batch]:
    rows = size = 0
    for batch in batches:
        yield batch
        rows += batch.length
        size += batch.text_bytes
        if rows >= _SAMPLE_ROWS or size >= _SAMPLE_BYTES:
            return


def _record_batch(schema: Any, columns: list[ArrowColumn], batch: Batch) -> Any:
    arrays = [
        array
        for column, terms in zip(columns, batch.columns, strict=True)
        for array in column.arrays(terms)
    ]
    if not arrays:
        return pa.record_batch(pa.array([{}] * batch.length, pa.struct([])))
    return pa.record_batch(arrays, schema=schema)


def _column(name: str, seen: list[TermColumn]) -> ArrowColumn:
    types = {each for column in seen for each in _types_in(column)}
    if all(each.kind is not TermKind.LITERAL for each in types):
        return ArrowColumn(name, ColumnKind.RESOURCE)
    if len(types) > 1:
        return ArrowColumn(name, ColumnKind.MIXED)
    (only,) = types
    native = NATIVES.get(only.datatype)
    if native is ZONED and not _has_zone(seen):
        native = LOCAL
    return ArrowColumn(name, ColumnKind.LITERAL, only, native)


def _types_in(column: TermColumn) -> Iterable[TermType]:
    bound = column.lexical.is_valid().to_numpy(zero_copy_only=False)
    if column.index is None:
        return column.types if bound.any() else ()
    return [column.types[each] for each in np.unique(column.index[bound])]


def _has_zone(seen: list[TermColumn]) -> bool:
    zoned = (
        pc.any(pc.match_substring_regex(column.lexical, "(?:Z|[-+][0-9]{2}:[0-9]{2})$"))
        for column in seen
    )
    return any(each.as_py() for each in zoned)


class Pieces:
    """A file that is read as it is written.

    Attributes:
        closed: Whether it is; Arrow asks.
    """

    def __init__(self) -> None:
        self.closed = False
        self._written: list[bytes] = []
        self._length = 0

    def write(self, data: Any) -> int:
        """Take some bytes."""
        piece = bytes(data)
        self._written.append(piece)
        self._length += len(piece)
        return len(piece)

    def tell(self) -> int:
        """How many bytes were written."""
        return self._length

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """No more is written."""
        self.closed = True

    def take(self) -> bytes:
        """What was written since it was last asked for."""
        taken, self._written = b"".join(self._written), []
        return taken


def as_batches(result: Tabular) -> tuple[Any, Iterator[Any]]:
    """The schema of a result and its record batches; of ASK, one boolean."""
    if isinstance(result, bool):
        batch = pa.record_batch([pa.array([result])], ["boolean"])
        return batch.schema, iter([batch])
    return arrow_batches(result.variables, result.batches())


def serialize_arrow(result: Tabular) -> Iterator[bytes]:
    """The result as a stream of the Arrow IPC format."""
    schema, batches = as_batches(result)
    pieces = Pieces()
    with pa.ipc.new_stream(pa.PythonFile(pieces, "w"), schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            yield pieces.take()
    yield pieces.take()
