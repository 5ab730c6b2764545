"""Batches of statements as columns of terms become distinct terms and their places.

The twin of cutting lines and taking tokens apart, for terms that never were text.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engines.term_columns import StatementBatch, TermKind, Terms
from strabon_store.algebra.terms import RDF_LANG_STRING, XSD_STRING
from strabon_store.storage.lines import NO_GRAPH
from strabon_store.storage.token_parts import TokenParts

_Column: TypeAlias = Any  # pyarrow ships no types
_Places: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]

_NO_TERM = -2
"""Stands where a row has no term; distinct from the default graph's `NO_GRAPH`."""


class _Ending(NamedTuple):
    """What terms share: they are told apart by what they say alone."""

    kind: TermKind
    datatype: str | None
    language: str | None


@dataclass(slots=True)
class _Distinct:
    """The distinct terms of one ending, from several columns."""

    parts: list[_Column] = field(default_factory=list)
    rows: list[_Places] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)


def take_batch_apart(batch: StatementBatch) -> tuple[TokenParts, _Places]:
    """The distinct terms of a batch, and a row of their places for each statement.

    Examples:
        >>> iri = Terms(TermKind.IRI, "urn:p")
        >>> some = Terms(TermKind.LITERAL, pa.array(["a", None, "a"]), None, "en")
        >>> parts, places = take_batch_apart(
        ...     StatementBatch(3, (iri, some), ((0, 0, 1, None),))
        ... )
        >>> parts.lexical.to_pylist(), places.tolist()
        (['urn:p', 'a'], [[0, 0, 1, -1], [0, 0, 1, -1]])
    """
    by_ending: dict[_Ending, _Distinct] = {}
    for number, terms in enumerate(batch.columns):
        for ending, rows, lexical in _by_ending(terms, batch.rows):
            found = by_ending.setdefault(ending, _Distinct())
            found.parts.append(lexical)
            found.rows.append(rows)
            found.columns.append(number)
    places = [np.full(batch.rows, _NO_TERM, np.int64) for _ in batch.columns]
    texts: list[_Column] = []
    first = 0
    for each in by_ending.values():
        distinct = pa.chunked_array(each.parts).combine_chunks().dictionary_encode()
        numbers = distinct.indices.to_numpy() + first
        for column, rows, start in zip(
            each.columns, each.rows, _starts(each.parts), strict=True
        ):
            places[column][rows] = numbers[start : start + len(rows)]
        texts.append(distinct.dictionary)
        first += len(distinct.dictionary)
    return _parts(list(by_ending), texts), _statements(batch, places)


def _starts(parts: list[_Column]) -> list[int]:
    return [0, *np.cumsum([len(part) for part in parts])[:-1].tolist()]


def _by_ending(terms: Terms, count: int) -> Iterator[tuple[_Ending, _Places, _Column]]:
    """The rows of a column that end alike, and what they say."""
    lexical = _strings(terms.lexical, count)
    has_term = np.asarray(pc.is_valid(lexical))
    if not isinstance(terms.datatype, pa.Array | pa.ChunkedArray) and not isinstance(
        terms.language, pa.Array | pa.ChunkedArray
    ):
        rows = np.flatnonzero(has_term)
        said = lexical if len(rows) == count else lexical.take(pa.array(rows))
        yield _ending(terms.kind, terms.datatype, terms.language), rows, said
        return
    datatypes = _strings(terms.datatype, count).dictionary_encode()
    languages = _strings(terms.language, count).dictionary_encode()
    pairs = [
        each.indices.fill_null(len(each.dictionary)).to_numpy()
        for each in (datatypes, languages)
    ]
    codes = pairs[0].astype(np.int64) * (len(languages.dictionary) + 1) + pairs[1]
    for code in np.unique(codes[has_term]).tolist():
        rows = np.flatnonzero(has_term & (codes == code))
        ending = _ending(
            terms.kind,
            datatypes[int(rows[0])].as_py(),
            languages[int(rows[0])].as_py(),
        )
        yield ending, rows, lexical.take(pa.array(rows))


def _ending(kind: TermKind, datatype: str | None, language: str | None) -> _Ending:
    if kind is not TermKind.LITERAL:
        return _Ending(kind, None, None)
    if language is not None:
        # As pyoxigraph spells tags, which have no case (BCP 47, 2.1.1).
        return _Ending(kind, RDF_LANG_STRING, language.lower())
    return _Ending(kind, datatype or XSD_STRING, None)


def _strings(column: _Column | str | None, count: int) -> _Column:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pa.Array):
        return column.cast(pa.large_string())
    return pa.repeat(pa.scalar(column, pa.large_string()), count)


def _parts(endings: list[_Ending], texts: list[_Column]) -> TokenParts:
    sizes = [len(text) for text in texts]
    heads = [np.uint8(ord(each.kind.value)) for each in endings]
    return TokenParts(
        np.arange(sum(sizes)),
        np.repeat(np.array(heads, np.uint8), sizes),
        pa.concat_arrays(texts) if texts else pa.array([], pa.large_string()),
        np.repeat(np.arange(len(endings)), sizes),
        [each.datatype for each in endings],
        [each.language for each in endings],
    )


def _statements(batch: StatementBatch, places: list[_Places]) -> _Places:
    default = np.full(batch.rows, NO_GRAPH, np.int64)
    found = []
    for *triple, graph in batch.statements:
        columns = [places[int(one or 0)] for one in triple]
        columns.append(default if graph is None else places[graph])
        rows = np.column_stack(columns)
        found.append(rows[(rows != _NO_TERM).all(axis=1)])
    return np.concatenate(found) if found else np.zeros((0, 4), np.int64)
