"""`rml:JSONPath`, `pyrml:JSONLines`: what the iterator leads to are rows.

A value keeps its type, row by row: numbers without fraction are xsd:integer, others
xsd:double, true and false xsd:boolean, the rest plain strings; null is no value.

A short document is held in memory, because it may be read several times; a long one is
read as a stream where the iterator allows it, and so are documents in lines.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa

from geotriples.errors import SourceError
from geotriples.mapping.model import ITERATION, LogicalSource
from geotriples.sources.arrow_types import ROW_ONLY, TYPED
from geotriples.sources.base import Column, Kind
from geotriples.sources.json_stream import (
    can_stream,
    refuse_constant,
    stream_lines,
    stream_rows,
)
from geotriples.sources.jsonpath import (
    Json,
    JsonPath,
    find,
    is_plural,
    parse_jsonpath,
)
from geotriples.sources.text import check_utf_8
from geotriples.sources.workspace import Workspace
from ontologies.namespaces import XSD

_BATCH_ROWS: Final = 16_384
_HELD_BYTES: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class JsonSource:
    """Rows of JSON.

    Attributes:
        path: The file.
        rows: Makes the rows, each time from the first.
        row_count: How many there are, where that is known.
        nulls: Strings that stand for no value.
    """

    path: Path
    rows: Callable[[], Iterable[Json]]
    row_count: int | None
    nulls: frozenset[str]

    def explain(self, reference: str) -> str | None:
        """Whether the reference is a path, and leads anywhere as far as is known."""
        try:
            path = parse_jsonpath(reference)
        except ValueError as error:
            return str(error)
        if not self.row_count or any(_leads(row, path) for row in self.rows()):
            return None
        return _nowhere(reference)

    def column(self, reference: str) -> Column:
        """Typed row by row; a list where the path may lead to several places."""
        if reference == ITERATION:
            return Column(Kind.STRING)
        return Column(Kind.TYPED, is_list=is_plural(parse_jsonpath(reference)))

    def read(self, references: Mapping[str, str]) -> pa.RecordBatchReader:
        """Evaluate the references on every row."""
        paths = {
            name: None if text == ITERATION else parse_jsonpath(text)
            for name, text in references.items()
        }
        fields = [pa.field(name, _type(path)) for name, path in paths.items()]
        schema = pa.schema(fields) if fields else ROW_ONLY
        batches = self._batches(
            schema, dict(zip(references.values(), paths.values(), strict=True))
        )
        return pa.RecordBatchReader.from_batches(schema, batches)

    def _batches(
        self, schema: pa.Schema, paths: Mapping[str, JsonPath | None]
    ) -> Iterator[pa.RecordBatch]:
        rows = enumerate(self.rows(), 1)
        unseen = {} if self.row_count is not None else dict(paths)
        while chunk := list(islice(rows, _BATCH_ROWS)):
            for reference, path in list(unseen.items()):
                if any(_leads(row, path) for _, row in chunk):
                    del unseen[reference]
            if not paths:
                columns = [pa.array([True] * len(chunk), pa.bool_())]
            else:
                columns = [
                    pa.array(
                        [self._cell(row, number, path) for number, row in chunk], kind
                    )
                    for kind, path in zip(schema.types, paths.values(), strict=True)
                ]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)
        for reference in unseen:
            raise SourceError(self.path, _nowhere(reference))

    def _cell(
        self, row: Json, number: int, path: JsonPath | None
    ) -> list[dict[str, str | None]] | dict[str, str | None] | str | None:
        if path is None:
            return json.dumps(row)
        values = [
            typed
            for value in find(row, path)
            if (typed := self._typed(value, number)) is not None
        ]
        if is_plural(path):
            return values
        return values[0] if values else None

    def _typed(self, value: Json, row: int) -> dict[str, str | None] | None:
        match value:
            case None:
                return None
            case bool():
                return _pair("true" if value else "false", "boolean")
            case int():
                return _pair(str(value), "integer")
            case float():
                return _pair(canonical_double(value), "double")
            case str():
                return None if value in self.nulls else self._text(value, row)
            case _:
                what = "an array" if isinstance(value, list) else "an object"
                raise SourceError(
                    self.path, f"row {row}: a reference leads to {what}, no value"
                )

    def _text(self, value: str, row: int) -> dict[str, str | None]:
        if not value.isascii() and any("\ud800" <= one <= "\udfff" for one in value):
            reason = f"row {row}: {value!r} holds half of a surrogate pair"
            raise SourceError(self.path, reason)
        return _pair(value, None)


def _type(path: JsonPath | None) -> pa.DataType:
    """Of values that a path leads to, or of the record itself, as text."""
    if path is None:
        return pa.string()
    return pa.list_(TYPED) if is_plural(path) else TYPED


def _leads(row: Json, path: JsonPath | None) -> bool:
    return path is None or next(iter(find(row, path)), _NOWHERE) is not _NOWHERE


def _nowhere(reference: str) -> str:
    return f"{reference!r} leads nowhere in any row"


_NOWHERE: Final = object()


def _pair(lexical: str, datatype: str | None) -> dict[str, str | None]:
    return {
        "lexical": lexical,
        "datatype": XSD.term(datatype) if datatype else None,
    }


def canonical_double(value: float) -> str:
    """The canonical lexical form of xsd:double (XSD 1.1 part 2, 3.3.5.2).

    Examples:
        >>> canonical_double(0.25), canonical_double(-1200.0), canonical_double(0.0)
        ('2.5E-1', '-1.2E3', '0.0E0')
    """
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    rest = "".join(map(str, digits[1:])) or "0"
    scale = int(exponent) + len(digits) - 1
    return f"{'-' * sign}{digits[0]}.{rest}E{scale if value else 0}"


def open_json(path: Path, source: LogicalSource, workspace: Workspace) -> JsonSource:
    """Open a JSON document; a short one is read.

    Raises:
        SourceError: It is absent, no JSON, or the iterator is no JSONPath.
    """
    iterator = _iterator(path, source)
    text = workspace.text(path, source.representation)
    if (
        _length(path, text) > _HELD_BYTES
        and isinstance(iterator, tuple)
        and can_stream(iterator)
    ):
        steps = iterator
        return JsonSource(path, lambda: stream_rows(text, steps), None, source.nulls)
    rows = list(find(_document(path, text), iterator))
    return JsonSource(path, lambda: rows, len(rows), source.nulls)


def open_json_lines(
    path: Path, source: LogicalSource, workspace: Workspace
) -> JsonSource:
    """Open a file with a JSON document in each line; the iterator applies to each.

    Raises:
        SourceError: It is absent, or the iterator is no JSONPath.
    """
    iterator = _iterator(path, source)
    text = workspace.text(path, source.representation)

    def rows() -> Iterator[Json]:
        for document in stream_lines(text, path):
            yield from find(document, iterator)

    return JsonSource(path, rows, None, source.nulls)


def _iterator(path: Path, source: LogicalSource) -> JsonPath:
    try:
        return parse_jsonpath(source.iterator or "$")
    except ValueError as error:
        raise SourceError(path, f"iterator: {error}") from error


def _length(path: Path, text: Path) -> int:
    try:
        return text.stat().st_size
    except FileNotFoundError as error:
        raise SourceError(path, "does not exist") from error


def _document(path: Path, text: Path) -> Json:
    try:
        document: Json = json.loads(text.read_bytes(), parse_constant=refuse_constant)
    except UnicodeDecodeError:
        check_utf_8(text)
        raise
    except (ValueError, OSError, RecursionError) as error:
        raise SourceError(path, f"is not JSON: {error}") from error
    return document
