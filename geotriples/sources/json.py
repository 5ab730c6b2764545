"""`rml:JSONPath`: the parts of a JSON document to which the iterator leads are rows.

A value keeps its type, row by row: numbers without fraction are xsd:integer, others
xsd:double, true and false xsd:boolean, the rest plain strings; null is no value.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final, NoReturn

import pyarrow as pa

from geotriples.errors import SourceError
from geotriples.mapping.model import ITERATION, LogicalSource
from geotriples.sources.base import Column, Kind
from geotriples.sources.dataset import ROW_ONLY
from geotriples.sources.jsonpath import (
    Json,
    Step,
    find,
    has_wildcard,
    parse_jsonpath,
)
from ontologies.namespaces import XSD

_BATCH_ROWS: Final = 16_384
_TYPED: Final = pa.struct([("lexical", pa.string()), ("datatype", pa.string())])


@dataclass(frozen=True, slots=True)
class JsonSource:
    """A JSON document in memory, with its rows found."""

    path: Path
    rows: list[Json]
    nulls: frozenset[str]

    @property
    def row_count(self) -> int | None:
        """The number of places to which the iterator leads."""
        return len(self.rows)

    def explain(self, reference: str) -> str | None:
        """Whether the reference is a path; one that leads nowhere is no problem."""
        try:
            parse_jsonpath(reference)
        except ValueError as error:
            return str(error)
        return None

    def column(self, reference: str) -> Column:
        """Typed row by row; a list where the path has a wildcard."""
        if reference == ITERATION:
            return Column(Kind.STRING)
        is_list = has_wildcard(parse_jsonpath(reference))
        return Column(Kind.TYPED, is_list=is_list)

    def read(self, references: Mapping[str, str]) -> pa.RecordBatchReader:
        """Evaluate the references on every row."""
        if not references:
            present = pa.array([True] * len(self.rows), pa.bool_())
            return pa.table([present], schema=ROW_ONLY).to_reader()
        paths = {
            name: None if text == ITERATION else parse_jsonpath(text)
            for name, text in references.items()
        }
        fields = [pa.field(name, _type(steps)) for name, steps in paths.items()]
        schema = pa.schema(fields)
        return pa.RecordBatchReader.from_batches(schema, self._batches(schema, paths))

    def _batches(
        self, schema: pa.Schema, paths: Mapping[str, tuple[Step, ...] | None]
    ) -> Iterator[pa.RecordBatch]:
        for start in range(0, len(self.rows), _BATCH_ROWS):
            rows = range(start, min(start + _BATCH_ROWS, len(self.rows)))
            columns = [
                pa.array([self._cell(row, steps) for row in rows], field.type)
                for field, steps in zip(schema, paths.values(), strict=True)
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    def _cell(
        self, row: int, steps: tuple[Step, ...] | None
    ) -> list[dict[str, str | None]] | dict[str, str | None] | str | None:
        if steps is None:
            return json.dumps(self.rows[row])
        values = [
            typed
            for value in find(self.rows[row], steps)
            if (typed := self._typed(value, row)) is not None
        ]
        if has_wildcard(steps):
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
                    self.path, f"row {row + 1}: a reference leads to {what}, no value"
                )

    def _text(self, value: str, row: int) -> dict[str, str | None]:
        if not value.isascii() and any("\ud800" <= one <= "\udfff" for one in value):
            reason = f"row {row + 1}: {value!r} holds half of a surrogate pair"
            raise SourceError(self.path, reason)
        return _pair(value, None)


def _type(steps: tuple[Step, ...] | None) -> pa.DataType:
    """Of values that a path leads to, or of the record itself, as text."""
    if steps is None:
        return pa.string()
    return pa.list_(_TYPED) if has_wildcard(steps) else _TYPED


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


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def open_json(path: Path, source: LogicalSource) -> JsonSource:
    """Read a JSON document and find its rows.

    Raises:
        SourceError: It is absent, no JSON, or the iterator is no JSONPath.
    """
    try:
        document = json.loads(path.read_bytes(), parse_constant=_refuse_constant)
    except FileNotFoundError as error:
        raise SourceError(path, "does not exist") from error
    except (ValueError, OSError) as error:
        raise SourceError(path, f"is not JSON: {error}") from error
    try:
        steps = parse_jsonpath(source.iterator or "$")
    except ValueError as error:
        raise SourceError(path, f"iterator: {error}") from error
    return JsonSource(path, list(find(document, steps)), source.nulls)
