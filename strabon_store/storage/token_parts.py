r"""Tokens are taken apart, a column at a time.

What a literal says is cut out of the column as it stands; the few different ends of
literals, a language or a datatype, are read once each.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ontologies.geosparql.datatypes import GEOMETRY_DATATYPES
from strabon_store.algebra.terms import RDF_LANG_STRING, XSD_STRING
from strabon_store.relational.encoding import Tag
from strabon_store.results.decode import unescape
from strabon_store.storage.lines import buffers_of, find

_Column: TypeAlias = Any  # pyarrow ships no types
_Integers: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
_Bytes: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]

_PIECES: Final = 3
"""A token is what begins it, what it says, and what ends it."""


@dataclass(frozen=True, slots=True)
class TokenParts:
    """A column of tokens, taken apart; those that end alike stand together.

    Attributes:
        order: For each where it stood in the column; so they go into the dictionary in
            few runs that ascend, which are sorted fast.
        heads: Their first bytes: of `<`, `_` or `"`.
        lexical: What each says: IRI, label of a blank node, lexical form.
        ends: For each where in the next two lists its end stands.
        datatypes: The datatype that each end tells; None: it ends no literal.
        languages: The language, if any.
    """

    order: _Integers
    heads: _Bytes
    lexical: _Column
    ends: _Integers
    datatypes: list[str | None]
    languages: list[str | None]

    @property
    def datatype(self) -> _Column:
        """The datatypes of literals; NULL for others."""
        return pa.array(self.datatypes, pa.large_string()).take(pa.array(self.ends))

    @property
    def language(self) -> _Column:
        """The languages of those that have one."""
        return pa.array(self.languages, pa.large_string()).take(pa.array(self.ends))

    def tags(self) -> _Integers:
        """The kind that each has in the dictionary, as far as its end tells."""
        told = zip(self.datatypes, self.languages, strict=True)
        tags = np.array([int(_tag_of(*each)) for each in told], np.int64)[self.ends]
        tags[self.rows("_")] = Tag.BLANK
        return tags

    def rows(self, head: str) -> _Integers:
        """Where the tokens are that begin so."""
        return np.flatnonzero(self.heads == ord(head))

    def with_lexical(self, rows: _Integers, texts: _Column) -> "TokenParts":
        """The same, where some rows say something else."""
        is_other = np.zeros(len(self.heads), bool)
        is_other[rows] = True
        others = pa.array(texts, pa.large_string())
        lexical = pc.replace_with_mask(self.lexical, pa.array(is_other), others)
        return replace(self, lexical=lexical)


def take_apart(tokens: _Column) -> TokenParts:
    r"""Take a column of tokens of N-Quads apart.

    Examples:
        >>> tokens = ["<urn:a>", '"b\\n"@en', "<urn:c>"]
        >>> parts = take_apart(pa.array(tokens, pa.large_string()))
        >>> parts.lexical.to_pylist(), parts.language.to_pylist()
        (['urn:a', 'urn:c', 'b\n'], [None, None, 'en'])
    """
    data, offsets = buffers_of(tokens)
    heads = data[offsets[:-1]]
    is_literal = heads == ord('"')
    begins = offsets[:-1] + 1 + (heads == ord("_"))
    ends = offsets[1:] - (heads == ord("<"))
    if is_literal.any():
        # The last quote ends what it says: neither language nor datatype has one.
        quotes = find(data, '"')
        last = quotes[np.searchsorted(quotes, offsets[1:]) - 1]
        ends = np.where(is_literal, last, ends)
    edges = np.append(np.column_stack([offsets[:-1], begins, ends]), offsets[-1])
    buffers = [None, pa.py_buffer(edges), tokens.buffers()[2]]
    pieces = pa.Array.from_buffers(pa.large_string(), len(edges) - 1, buffers)
    places = np.arange(0, len(edges) - 1, _PIECES)
    tails = pieces.take(pa.array(places + 2)).dictionary_encode()
    told = _read_tails(tails.dictionary.to_pylist())
    numbers = tails.indices.to_numpy()
    order = _order(numbers, len(tails.dictionary))
    lexical = pieces.take(pa.array(places[order] + 1))
    parts = TokenParts(order, heads[order], lexical, numbers[order], *told)
    return _unescaped(parts, data, offsets)


def _order(numbers: _Integers, count: int) -> _Integers:
    """Where numbers stand when equal ones are brought together."""
    if count <= np.iinfo(np.uint16).max:
        # Those are sorted by counting.
        numbers = numbers.astype(np.uint16)
    return np.argsort(numbers, kind="stable")


def _read_tails(
    tails: Sequence[str],
) -> tuple[list[str | None], list[str | None]]:
    """The datatypes and the languages that ends of tokens tell."""
    datatypes: list[str | None] = []
    languages: list[str | None] = []
    for tail in tails:
        language = tail[2:] if tail.startswith('"@') else None
        if not tail.startswith('"'):
            datatypes.append(None)
        elif tail == '"':
            datatypes.append(XSD_STRING)
        else:
            datatypes.append(RDF_LANG_STRING if language else tail[4:-1])
        languages.append(language)
    return datatypes, languages


def _tag_of(datatype: str | None, language: str | None) -> Tag:
    """The kind of a term, but that what it says may give it another."""
    if language is not None:
        return Tag.LANGUAGE
    if datatype is None:
        return Tag.IRI
    if datatype == XSD_STRING:
        return Tag.STRING
    return Tag.GEOMETRY if datatype in GEOMETRY_DATATYPES else Tag.OTHER


def _unescaped(parts: TokenParts, data: _Bytes, offsets: _Integers) -> TokenParts:
    """The same, where backslashes in literals stand for what they escape."""
    places = find(data[: offsets[-1]], "\\")
    rows = np.unique(np.searchsorted(offsets, places, side="right") - 1)
    if not len(rows):
        return parts
    places_of = np.empty(len(parts.order), np.int64)
    places_of[parts.order] = np.arange(len(parts.order))
    rows = np.sort(places_of[rows])
    rows = rows[parts.heads[rows] == ord('"')]
    texts = parts.lexical.take(pa.array(rows)).to_pylist()
    return parts.with_lexical(rows, list(map(unescape, texts)))
